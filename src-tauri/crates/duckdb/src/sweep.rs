//! Finding the rows of a table whose key is not in the source any more, and letting them go.
//!
//! The keys of the source are staged as 64-bit hashes of their bytes. Hashes are put into buckets by their first bits,
//! and in each bucket those of the source are weighed against those of the table; only rows of buckets that do not
//! balance are looked up one by one. So a table from which little has gone costs one pass over the hashes of either
//! side. A row is let go only where no key of the source has its hash, so no collision can cost a row; one would keep a
//! row that has gone (with 100 million keys, one in 200 billion).

use crate::error::{self, Touching};
use crate::feed::{FeedSender, FeedShape};
use crate::introspect;
use crate::merge;
use crate::quote;
use crate::session::{Running, Session};
use crate::state::{self, StateChange};
use crate::types::DuckType;
use crate::worker::{Group, Worker};
use firn_connector::switches;
use firn_connector::{
    DELETED_AT, Error, KeyStage, Result, SweepCommit, SweepCount, SweepOutcome, TargetTable, Vanished, WriteMode,
    WritePlan,
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// How many of a hash's bits lie below those that name its bucket: there are 2^18 buckets, a few megabytes of sums.
const BELOW_BUCKET: u32 = 64 - 18;

/// Every temporary table of a sweep, or of a replacement that counts what it takes out; the first is filled outside the
/// transaction, the others are made in it.
const TABLES: [&str; 9] = [
    "firn_keys",
    "firn_before",
    "firn_buckets",
    "firn_doubtful",
    "firn_suspects",
    "firn_candidates",
    "firn_vanished",
    "firn_marked",
    "firn_returned",
];

/// The table under a sweep: SQL for its name, the hash of a row's key, and the rows that count.
pub(crate) struct Swept {
    pub(crate) table: String,
    pub(crate) hash: String,
    /// Rows whose key is whole.
    keyed: String,
    /// Rows that are not marked.
    pub(crate) live: String,
    marks: bool,
}

impl Swept {
    pub(crate) fn new(session: &Session, plan: &WritePlan, found: &TargetTable) -> Result<Self> {
        let names: Vec<String> = plan.key.iter().map(|at| quote::identifier(&plan.columns[*at].name)).collect();
        let values: Vec<String> =
            names.iter().zip(key_types(plan, found)?).map(|(name, ty)| exact(name, &ty)).collect();
        let keyed: Vec<String> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
        let marks = found.has_marks();
        let keyed = keyed.join(" AND ");
        let live = if marks { format!("{keyed} AND {} IS NULL", quote::identifier(DELETED_AT)) } else { keyed.clone() };
        Ok(Self {
            table: quote::table(session.lease().catalog(), &plan.table),
            hash: format!("hash({})", values.join(", ")),
            keyed,
            live,
            marks,
        })
    }
}

/// Returns the types the key columns have in the table, which may be wider than the plan's.
fn key_types(plan: &WritePlan, found: &TargetTable) -> Result<Vec<String>> {
    let ty = |at: &usize| {
        let name = &plan.columns[*at].name;
        let column = found.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name));
        column.map(|c| c.ty.clone()).ok_or_else(|| {
            Error::configuration(format!("the key column {name} is not in the target")).on_table(&plan.table)
        })
    };
    plan.key.iter().map(ty).collect()
}

/// Writes a value so that it is equal to nothing but itself: a text as its bytes, whatever the column's collation.
fn exact(value: &str, ty: &str) -> String {
    match DuckType::read(ty) {
        DuckType::Named(name) if name == "VARCHAR" || name == "JSON" => format!("encode({value}::VARCHAR)"),
        _ => value.to_owned(),
    }
}

/// Returns the statement that stages the keys of a feed.
fn fill_keys(plan: &WritePlan, types: &[String], filtered: bool, feed: &str) -> String {
    let names: Vec<String> = (0..plan.key.len()).map(merge::staged).collect();
    // In the types of the table: the hash of a number depends on its width.
    let values: Vec<String> =
        names.iter().zip(types).map(|(name, ty)| exact(&format!("CAST({name} AS {ty})"), ty)).collect();
    let whole: Vec<String> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
    let inside = if filtered { merge::staged(plan.key.len()) } else { "true".to_owned() };
    let listed = if filtered { format!("{}, {inside}", names.join(", ")) } else { names.join(", ") };
    format!(
        "INSERT INTO temp.firn_keys SELECT hash({}), coalesce({inside}, false) FROM {feed} AS f ({listed}) WHERE {}",
        values.join(", "),
        whole.join(" AND ")
    )
}

/// Writes the bucket of a hash.
pub(crate) fn bucket(hash: &str) -> String {
    format!("({hash} >> {BELOW_BUCKET})")
}

/// Returns the statement that finds the buckets, in `firn_buckets`, in which hashes kept aside and those of the table's
/// live rows do not balance.
pub(crate) fn find_buckets(swept: &Swept, kept: &str) -> String {
    let Swept { table, hash, live, .. } = swept;
    format!(
        "CREATE OR REPLACE TEMPORARY TABLE firn_buckets AS SELECT bucket FROM (\
           SELECT {} AS bucket, 1 AS weight, h FROM {kept} \
           UNION ALL SELECT {}, -1, {hash} FROM {table} WHERE {live}) \
         GROUP BY bucket HAVING sum(weight) <> 0 OR bit_xor(h) <> 0",
        bucket("h"),
        bucket(hash)
    )
}

/// Returns the statements that find the live rows that have vanished, in `firn_vanished`, and those outside the
/// table's condition, which are the rest of `firn_candidates`.
fn find_vanished(swept: &Swept) -> [(&'static str, String); 5] {
    let Swept { table, hash, live, .. } = swept;
    let own = bucket(hash);
    let buckets = find_buckets(swept, "temp.firn_keys WHERE inside");
    let doubtful = format!(
        "CREATE OR REPLACE TEMPORARY TABLE firn_doubtful AS SELECT rowid AS place, {hash} AS h FROM {table} \
         WHERE {live} AND {own} IN (SELECT bucket FROM temp.firn_buckets)"
    );
    let suspects = format!(
        "CREATE OR REPLACE TEMPORARY TABLE firn_suspects AS SELECT h FROM temp.firn_keys \
         WHERE inside AND {} IN (SELECT bucket FROM temp.firn_buckets)",
        bucket("h")
    );
    let without = |name: &str, from: &str, hashes: &str| {
        format!(
            "CREATE OR REPLACE TEMPORARY TABLE {name} AS SELECT place, h FROM temp.{from} AS r \
             WHERE NOT EXISTS (SELECT 1 FROM ({hashes}) AS k WHERE k.h = r.h)"
        )
    };
    // Those of a condition that lets few rows through are many; only the ones a candidate asks for are kept.
    let outside = "SELECT h FROM temp.firn_keys WHERE NOT inside AND h IN (SELECT h FROM temp.firn_candidates)";
    [
        ("weighing the keys", buckets),
        ("looking up rows in doubt", doubtful),
        ("looking up keys in doubt", suspects),
        ("comparing the keys", without("firn_candidates", "firn_doubtful", "SELECT h FROM temp.firn_suspects")),
        ("comparing the keys", without("firn_vanished", "firn_candidates", outside)),
    ]
}

/// Returns the statements that find marked rows whose key is in the source again, in `firn_returned`.
fn find_returned(swept: &Swept) -> [String; 2] {
    let Swept { table, hash, keyed, .. } = swept;
    let mark = quote::identifier(DELETED_AT);
    [
        format!(
            "CREATE OR REPLACE TEMPORARY TABLE firn_marked AS SELECT rowid AS place, {hash} AS h FROM {table} \
             WHERE {keyed} AND {mark} IS NOT NULL"
        ),
        "CREATE OR REPLACE TEMPORARY TABLE firn_returned AS SELECT place FROM temp.firn_marked WHERE h IN \
         (SELECT h FROM temp.firn_keys WHERE h IN (SELECT h FROM temp.firn_marked))"
            .to_owned(),
    ]
}

impl Worker {
    /// Takes keys until the feed ends.
    pub(crate) fn begin_sweep(
        &mut self,
        keys: &KeyStage,
        running: Running,
        reply: oneshot::Sender<Result<FeedSender>>,
    ) {
        self.abandon();
        let prepared = self.prepare_keys(keys);
        drop(running);
        let (plan, filtered) = (Arc::clone(&self.plan), keys.filtered);
        let prepared = prepared
            .map(|(shape, types)| (shape, move |_catalog: &str, feed: &str| fill_keys(&plan, &types, filtered, feed)));
        self.fill(prepared, Touching::Else, "staging keys", reply, |rows| Group::Keys { rows });
    }

    fn prepare_keys(&mut self, keys: &KeyStage) -> Result<(FeedShape, Vec<String>)> {
        let found = self.found()?;
        let types = key_types(&self.plan, &found)?;
        self.keys_staged = true;
        let make = "CREATE OR REPLACE TEMPORARY TABLE firn_keys (h UBIGINT, inside BOOLEAN)";
        self.session.execute("making the stage of keys", make)?;
        let mut fed: Vec<DuckType> =
            self.plan.key.iter().map(|at| DuckType::read(&self.plan.columns[*at].ddl)).collect();
        if keys.filtered {
            fed.push(DuckType::read("BOOLEAN"));
        }
        Ok((FeedShape { schema: Arc::clone(&keys.schema), types: fed, ordered: false }, types))
    }

    pub(crate) fn found(&self) -> Result<TargetTable> {
        let missing = || self.misused("keys are compared with a table that is not there");
        introspect::inspect(&self.session, &self.plan.table)?.ok_or_else(missing)
    }

    /// Compares the staged keys with the table, inside the transaction that may let rows go.
    pub(crate) fn weigh(&mut self, running: Running) -> Result<SweepCount> {
        let keys = match std::mem::replace(&mut self.group, Group::None) {
            Group::Keys { rows } => rows,
            Group::Failed(error) => return Err(error),
            _ => return Err(self.misused("keys were compared before they were staged")),
        };
        self.open_transaction(WriteMode::Upsert)?;
        let swept = Swept::new(&self.session, &self.plan, &self.found()?)?;
        for (doing, statement) in find_vanished(&swept) {
            self.session.execute(doing, &statement)?;
        }
        let mut count = SweepCount {
            live: self.count(&format!("{} WHERE {}", swept.table, swept.live))?,
            vanished: self.count("temp.firn_vanished")?,
            keys,
            ..SweepCount::default()
        };
        count.outside = self.count("temp.firn_candidates")?.saturating_sub(count.vanished);
        if swept.marks {
            for statement in find_returned(&swept) {
                self.session.execute("comparing the keys of marked rows", &statement)?;
            }
            count.returned = self.count("temp.firn_returned")?;
            count.marked = self.count("temp.firn_marked")?.saturating_sub(count.returned);
        }
        self.group = Group::Weighed { count, marks: swept.marks };
        drop(running);
        Ok(count)
    }

    pub(crate) fn count(&self, rows: &str) -> Result<u64> {
        let query = format!("SELECT count(*) FROM {rows}");
        let count: i64 = self
            .session
            .connection()
            .query_row(&query, [], |row| row.get(0))
            .map_err(|e| error::other("counting rows")(e).on_table(&self.plan.table))?;
        Ok(count.unsigned_abs())
    }

    /// Lets the rows go that were found to have vanished, and commits.
    pub(crate) fn sweep(&mut self, commit: &SweepCommit, running: Running) -> Result<SweepOutcome> {
        let (count, marks) = match std::mem::replace(&mut self.group, Group::None) {
            Group::Weighed { count, marks } => (count, marks),
            Group::Failed(error) => return Err(error),
            _ => return Err(self.misused("rows were swept before their keys were compared")),
        };
        let plan = Arc::clone(&self.plan);
        let table = quote::table(self.session.lease().catalog(), &plan.table);
        let mark = quote::identifier(DELETED_AT);
        let change = |doing: &str, sql: String| {
            let done = self.session.connection().execute(&sql, []);
            done.map(|n| n as u64).map_err(|e| error::failure(Touching::Else, doing, &e).on_table(&plan.table))
        };
        let mut outcome = SweepOutcome::default();
        if marks && count.returned > 0 {
            let sql = format!("UPDATE {table} SET {mark} = NULL WHERE rowid IN (SELECT place FROM temp.firn_returned)");
            outcome.returned = change("taking marks off rows that are back", sql)?;
        }
        outcome.deleted = match commit.vanished {
            Vanished::Mark if !marks => {
                return Err(self.misused(&format!("the target has no column {DELETED_AT}")));
            }
            Vanished::Mark => change(
                "marking deleted rows",
                format!(
                    "UPDATE {table} SET {mark} = current_timestamp \
                     WHERE rowid IN (SELECT place FROM temp.firn_vanished)"
                ),
            )?,
            Vanished::Delete => {
                let _memory = merge::reserve_deletes(&self.session, &plan.table, count.vanished + count.marked)?;
                let places = if marks && count.marked > 0 {
                    "SELECT place FROM temp.firn_vanished UNION ALL \
                     (SELECT place FROM temp.firn_marked EXCEPT SELECT place FROM temp.firn_returned)"
                } else {
                    "SELECT place FROM temp.firn_vanished"
                };
                change("deleting rows", format!("DELETE FROM {table} WHERE rowid IN ({places})"))?
            }
        };
        switches::pass("duckdb.swept");
        let store = StateChange {
            source: &plan.source,
            target: &plan.table,
            state: &commit.state,
            seen: &commit.seen,
            epoch: self.epoch,
        };
        // As with every commit: from here on it runs to its end.
        drop(running);
        let turn = self.session.lease().turn();
        state::store(&self.session, &store)?;
        switches::pass("duckdb.before_sweep_commit");
        let committed = self.session.connection().execute_batch("COMMIT");
        committed.map_err(|e| error::failure(Touching::Else, "committing", &e))?;
        drop(turn);
        self.in_transaction = false;
        self.shaped = true;
        if commit.vanished == Vanished::Delete {
            self.session.lease().note_thinned(&plan.table);
        }
        switches::pass("duckdb.after_sweep_commit");
        self.drop_keys();
        Ok(outcome)
    }

    /// Drops whatever a sweep has left.
    pub(crate) fn drop_keys(&mut self) {
        if !std::mem::take(&mut self.keys_staged) {
            return;
        }
        let drops: Vec<String> = TABLES.iter().map(|name| format!("DROP TABLE IF EXISTS temp.{name};")).collect();
        if let Err(error) = self.session.execute("dropping the stage of keys", &drops.concat()) {
            // The next sweep makes them anew.
            tracing::debug!(error = %error.chain(), "the stage of keys stays");
        }
    }
}
