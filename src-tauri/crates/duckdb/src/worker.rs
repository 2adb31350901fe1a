//! The thread of a writer: one connection, one group of rows at a time.
//!
//! ```text
//! idle ── begin ──► filling (DuckDB pulls the feed) ── end of feed ──► filled ── commit ──► idle
//!                      │ error, or the feed given up                     │ error
//!                      └──────────────► failed ◄─────────────────────────┘ ── told once ──► idle
//! ```
//! Rows of an append or a replacement go straight into the table, inside the transaction that will carry the state.
//! Rows of an upsert go into a stage first, outside any transaction of the file.

use crate::connect::Reservation;
use crate::error::{self, Touching};
use crate::feed::{self, FeedSender, FeedShape};
use crate::merge;
use crate::schema::CREATE_SCHEMA;
use crate::session::{Running, Session};
use crate::state::{self, StateChange};
use crate::types::DuckType;
use crate::width::Width;
use arrow::datatypes::{DataType, Field, Schema};
use firn_connector::switches::{self, Protection};
use firn_connector::{
    Commit, CommitOutcome, Error, ErrorKind, KeyStage, Result, Side, SweepCommit, SweepCount, SweepOutcome, WriteMode,
    WritePlan,
};
use std::sync::{Arc, mpsc};
use tokio::sync::oneshot;

/// What a writer asks of its thread.
pub(crate) enum Job {
    Begin {
        mode: WriteMode,
        running: Running,
        reply: oneshot::Sender<Result<FeedSender>>,
    },
    Commit {
        commit: Commit,
        running: Running,
        reply: oneshot::Sender<Result<CommitOutcome>>,
    },
    BeginSweep {
        keys: KeyStage,
        running: Running,
        reply: oneshot::Sender<Result<FeedSender>>,
    },
    Weigh {
        running: Running,
        reply: oneshot::Sender<Result<SweepCount>>,
    },
    Sweep {
        commit: SweepCommit,
        running: Running,
        reply: oneshot::Sender<Result<SweepOutcome>>,
    },
    Discard {
        running: Running,
        reply: oneshot::Sender<()>,
    },
    /// Why the group stopped taking rows.
    Failure {
        running: Running,
        reply: oneshot::Sender<Error>,
    },
}

/// The group of rows being written, or the sweep that goes on in its place.
pub(crate) enum Group {
    None,
    /// In the table, in the open transaction.
    Written {
        mode: WriteMode,
        rows: u64,
    },
    /// In the stage.
    Staged {
        rows: u64,
    },
    /// Keys of the source, in their stage.
    Keys {
        rows: u64,
    },
    /// Keys that have been compared, in the open transaction.
    Weighed {
        count: SweepCount,
        /// Whether the table has a column for marks.
        marks: bool,
    },
    Failed(Error),
}

/// Where the rows of a complete group are, and how many.
#[derive(Clone, Copy)]
enum Filled {
    Table(u64),
    Stage(u64),
}

pub(crate) struct Worker {
    _memory: Reservation,
    /// What a replacement takes beside it, while there is one.
    replacing: Option<Reservation>,
    pub(crate) session: Session,
    width: Width,
    pub(crate) plan: Arc<WritePlan>,
    pub(crate) epoch: i64,
    pub(crate) group: Group,
    pub(crate) in_transaction: bool,
    /// Whether the plan's DDL has been committed.
    pub(crate) shaped: bool,
    /// Whether a sweep, or a replacement, has left tables of its own.
    pub(crate) keys_staged: bool,
    /// Rows that the replacement in progress has deleted.
    pub(crate) emptied: u64,
}

impl Worker {
    pub(crate) fn new(session: Session, plan: Arc<WritePlan>, epoch: i64) -> Result<Self> {
        state::ensure(&session)?;
        // Lets every thread write row groups of its own; a table has no order anyway.
        session.execute("preparing to write", "SET SESSION preserve_insertion_order = false")?;
        let width = Width::of(plan.columns.len());
        let memory = session.lease().reserve(width.memory)?;
        if let Some(bytes) = width.log_bytes {
            let set = format!("SET GLOBAL checkpoint_threshold = '{}KiB'", bytes / 1024);
            session.execute("preparing to write", &set)?;
        }
        Ok(Self {
            _memory: memory,
            replacing: None,
            session,
            width,
            plan,
            epoch,
            group: Group::None,
            in_transaction: false,
            shaped: false,
            keys_staged: false,
            emptied: 0,
        })
    }

    /// Works until the writer has gone.
    pub(crate) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            match job {
                Job::Begin { mode, running, reply } => self.begin(mode, running, reply),
                Job::Commit { commit, running, reply } => {
                    let done = self.commit(&commit, running);
                    self.answer(reply, done);
                }
                Job::BeginSweep { keys, running, reply } => self.begin_sweep(&keys, running, reply),
                Job::Weigh { running, reply } => {
                    let weighed = self.weigh(running);
                    self.answer(reply, weighed);
                }
                Job::Sweep { commit, running, reply } => {
                    let swept = self.sweep(&commit, running);
                    self.answer(reply, swept);
                }
                Job::Discard { running, reply } => {
                    self.abandon();
                    drop(running);
                    let _cancelled = reply.send(());
                }
                Job::Failure { running, reply } => {
                    let failure = match std::mem::replace(&mut self.group, Group::None) {
                        Group::Failed(error) => error,
                        _ => self.misused("rows were staged after the group had ended"),
                    };
                    self.abandon();
                    drop(running);
                    let _cancelled = reply.send(failure);
                }
            }
        }
        self.abandon();
    }

    fn answer<T>(&mut self, reply: oneshot::Sender<Result<T>>, done: Result<T>) {
        let done = done.map_err(|e| self.failed(e));
        // Nobody listens where the caller was cancelled; the outcome is in the database.
        let _cancelled = reply.send(done);
    }

    fn begin(&mut self, mode: WriteMode, running: Running, reply: oneshot::Sender<Result<FeedSender>>) {
        self.abandon();
        let prepared = match mode {
            WriteMode::Append | WriteMode::Replace => self.open_transaction(mode),
            WriteMode::Upsert => self.session.execute("making the stage", &merge::make_stage(&self.plan)),
        };
        // From here on the group ends with its feed.
        drop(running);
        let plan = Arc::clone(&self.plan);
        let fill = move |catalog: &str, feed: &str| match mode {
            WriteMode::Append | WriteMode::Replace => merge::append(catalog, &plan, feed),
            WriteMode::Upsert => merge::fill_stage(feed),
        };
        let prepared = prepared.map(|()| (self.feed_shape(mode), fill));
        self.fill(prepared, Touching::Rows, "writing rows", reply, |rows| match mode {
            WriteMode::Append | WriteMode::Replace => Group::Written { mode, rows },
            WriteMode::Upsert => Group::Staged { rows },
        });
    }

    /// Opens a feed, hands its sender over and lets DuckDB pull it to its end; then the group is what `filled` makes of
    /// the number of rows. `prepared` has the feed's shape and the statement that pulls it, by catalog and feed.
    pub(crate) fn fill(
        &mut self,
        prepared: Result<(FeedShape, impl FnOnce(&str, &str) -> String)>,
        touching: Touching,
        doing: &str,
        reply: oneshot::Sender<Result<FeedSender>>,
        filled: impl FnOnce(u64) -> Group,
    ) {
        let (shape, statement) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return self.answer(reply, Err(error)),
        };
        let (handle, sender) = feed::open(shape);
        if reply.send(Ok(sender)).is_err() {
            return self.abandon();
        }
        let statement = statement(self.session.lease().catalog(), &handle.sql());
        let pulled = self.session.connection().execute(&statement, []);
        drop(handle);
        self.group = match pulled {
            Ok(rows) => filled(rows as u64),
            Err(error) => {
                let error = error::failure(touching, doing, &error);
                let given_up = error::cause(&error).is_some_and(|c| c.text.contains(feed::GIVEN_UP));
                Group::Failed(self.failed(if given_up { Error::cancelled(Side::Target) } else { error }))
            }
        };
    }

    fn feed_shape(&self, mode: WriteMode) -> FeedShape {
        let mut types: Vec<DuckType> = self.plan.columns.iter().map(|c| DuckType::read(&c.ddl)).collect();
        let mut schema = Arc::clone(&self.plan.schema);
        if mode == WriteMode::Upsert {
            schema = with_ordinal(&schema);
            types.push(DuckType::read("BIGINT"));
        }
        // The rows of a replacement say by their order which of two with one key is newer.
        let ordered = self.width.threads == 1 || (mode == WriteMode::Replace && !self.plan.key.is_empty());
        FeedShape { schema, types, ordered }
    }

    /// Begins the transaction of a group and brings the table to the plan's shape.
    pub(crate) fn open_transaction(&mut self, mode: WriteMode) -> Result<()> {
        let shaping = format!("bringing {} to its shape", self.plan.table);
        let statements = if self.shaped { &[][..] } else { &self.plan.ddl[..] };
        for statement in statements.iter().filter(|s| s.starts_with(CREATE_SCHEMA)) {
            // On its own: two tables that make one schema in two open transactions would refuse each other. An
            // empty schema says nothing about rows.
            let _turn = self.session.lease().turn();
            self.session.execute(&shaping, statement)?;
        }
        self.session.execute("beginning a transaction", "BEGIN TRANSACTION")?;
        self.in_transaction = true;
        for statement in statements.iter().filter(|s| !s.starts_with(CREATE_SCHEMA)) {
            self.session.execute(&shaping, statement)?;
        }
        if mode == WriteMode::Replace {
            self.replacing = Some(self.session.lease().reserve(self.width.replacing)?);
            self.empty()?;
        }
        Ok(())
    }

    fn commit(&mut self, commit: &Commit, running: Running) -> Result<CommitOutcome> {
        let mode = commit.mode;
        let filled = match std::mem::replace(&mut self.group, Group::None) {
            Group::Failed(error) => return Err(error),
            // The state moves on, over a table of the right shape. A replacement has to be begun: emptying a table
            // is not what a forgotten call may do.
            Group::None if mode != WriteMode::Replace => {
                self.open_transaction(WriteMode::Append)?;
                Filled::Table(0)
            }
            Group::Written { mode: begun, rows } if begun == mode => Filled::Table(rows),
            Group::Staged { rows } if mode == WriteMode::Upsert => Filled::Stage(rows),
            _ => return Err(self.misused("a group was not begun in the mode it is committed in")),
        };
        switches::pass("duckdb.staged");
        let plan = Arc::clone(&self.plan);
        let change = StateChange {
            source: &plan.source,
            target: &plan.table,
            state: &commit.state,
            seen: &commit.seen,
            epoch: self.epoch,
        };
        if !switches::on(Protection::AtomicCursor) {
            let apart = self.session.lease().session()?;
            apart.transaction("storing the cursor", |s| state::store(s, &change))?;
        }
        let outcome = match filled {
            Filled::Table(rows) => {
                let replaces = mode == WriteMode::Replace;
                let duplicates = if replaces { merge::settle(&self.session, &self.plan)? } else { 0 };
                let merged = rows - duplicates;
                let removed = if replaces { self.removed(merged)? } else { 0 };
                CommitOutcome { merged, duplicates, removed }
            }
            Filled::Stage(rows) => {
                self.open_transaction(WriteMode::Upsert)?;
                merge::upsert(&self.session, &self.plan, rows)?
            }
        };
        // An interrupted COMMIT says so even where it has committed: from here on it runs to its end.
        drop(running);
        let turn = self.session.lease().turn();
        if switches::on(Protection::AtomicCursor) {
            state::store(&self.session, &change)?;
        }
        switches::pass("duckdb.before_commit");
        let committed = self.session.connection().execute_batch("COMMIT");
        committed.map_err(|e| error::failure(Touching::Rows, "committing", &e))?;
        drop(turn);
        self.in_transaction = false;
        self.replacing = None;
        if mode != WriteMode::Append {
            self.session.lease().note_thinned(&plan.table);
        }
        switches::pass("duckdb.after_commit");
        self.shaped = true;
        if matches!(filled, Filled::Stage(_)) {
            self.drop_stage();
        }
        self.drop_keys();
        Ok(outcome)
    }

    /// Takes back everything of a group that failed.
    pub(crate) fn failed(&mut self, error: Error) -> Error {
        let lease = self.session.lease();
        if error::is_fatal(&error) {
            lease.give_up();
        }
        let may_grow = error::is_out_of_memory(&error) && error.kind == ErrorKind::Other;
        let grown = may_grow && lease.allow_more_memory().unwrap_or(false);
        self.abandon();
        let error = error.on_table(&self.plan.table);
        if grown {
            let message = format!("{}; it may take twice the memory from now on", error.message);
            return Error { kind: ErrorKind::Transient, message, ..error };
        }
        error
    }

    pub(crate) fn abandon(&mut self) {
        self.group = Group::None;
        if std::mem::take(&mut self.in_transaction) {
            self.session.rollback();
        }
        self.replacing = None;
        self.drop_stage();
        self.drop_keys();
    }

    fn drop_stage(&self) {
        if let Err(error) = self.session.execute("dropping the stage", &merge::drop_stage()) {
            // The next group makes its stage anew.
            tracing::debug!(error = %error.chain(), "the stage stays");
        }
    }

    pub(crate) fn misused(&self, message: &str) -> Error {
        Error::new(Side::Engine, ErrorKind::Other, message).on_table(&self.plan.table)
    }
}

/// Adds the column that holds the order of staging.
pub(crate) fn with_ordinal(schema: &Schema) -> Arc<Schema> {
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(merge::ORDINAL, DataType::Int64, false)));
    Arc::new(Schema::new(fields))
}
