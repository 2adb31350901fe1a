//! Batches into a table: COPY (FORMAT binary) inside a transaction of the caller's.
//!
//! COPY in binary checks no types: eight bytes for a `bigint` are a `double precision`, too. So the table is looked at
//! in the transaction itself, and the encoder is made for what is found there, never for what a caller believes.

use crate::encode::{EncodeError, Encoder, Oids, Unfit, staged};
use crate::error::from_sqlx;
use crate::quote::{Value, fill, ident, table as quoted_table};
use crate::session::column;
use crate::transaction::PgTransaction;
use crate::types::{TypeCatalog, parse};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::BytesMut;
use firn_catalog::{PgType, TableName};
use firn_connector::{Error, ErrorKind, Result, Side};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::postgres::PgDatabaseError;
use std::pin::Pin;

/// Bytes that are gathered before they are sent.
const PIECE_BYTES: usize = 1 << 20;
/// Bytes after which a COPY is ended and another begun in the same transaction: a server that has turned a row down says so
/// at the end only.
const COPY_BYTES: usize = 64 << 20;
/// Most rows that are encoded at a time.
const SLICE_ROWS: usize = 4096;

/// What is done with a row that has a value which its column's type does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnfit {
    /// The load fails and names the row and the column.
    Stop,
    /// The row is left out and reported, but no more than so many; one more stops the load.
    LeaveOut(usize),
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The row, from 0 over all batches.
    pub row: u64,
    /// The column that is unfit; of several the first.
    pub column: String,
    /// What is wrong with its value.
    pub why: Unfit,
}

/// What a load did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Rows that are in the table now, as the server counted them.
    pub rows: u64,
    /// Rows that were left out, in order.
    pub left_out: Vec<LeftOut>,
}

#[derive(Debug, Deserialize)]
struct ColumnRow {
    name: String,
    #[serde(rename = "type")]
    oid: u32,
    typmod: i32,
    dimensions: i32,
    printed: String,
    generated: bool,
}

/// A table as a load sees it: the columns that are written, with their types as the server has them.
#[derive(Debug)]
pub struct PostgresLoad {
    table: TableName,
    columns: Vec<LoadColumn>,
    oids: Oids,
    side: Side,
}

#[derive(Debug)]
struct LoadColumn {
    name: String,
    ty: PgType,
    /// The type as the server prints it, for casts.
    printed: String,
}

impl PostgresLoad {
    /// Looks at the table as the transaction sees it. `columns` are the names of the columns that are written, in the
    /// order of the batches' columns; the others get their defaults.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the table or a column is not there, [`ErrorKind::Configuration`] for a column that
    /// the server computes or that is named twice.
    pub async fn open(transaction: &mut PgTransaction, table: &TableName, columns: &[String]) -> Result<Self> {
        let opened = Self::open_named(transaction, table, columns).await;
        opened.map_err(|error| error.on_table(table))
    }

    async fn open_named(transaction: &mut PgTransaction, table: &TableName, columns: &[String]) -> Result<Self> {
        let side = transaction.side();
        let relation = quoted_table(table);
        let sql =
            fill(include_str!("../../../../sql/postgres/load_columns.sql"), &[("relation", Value::Text(&relation))])?;
        let row = transaction.run(sql).await?.pop();
        let described = row.as_ref().map(|row| column::<Option<&str>>(row, "columns", side)).transpose()?.flatten();
        let Some(described) = described else {
            return Err(Error::new(side, ErrorKind::NotFound, "there is no such table")
                .with_hint("Check schema and name, capital letters included."));
        };
        let found: Vec<ColumnRow> = parse(described, side)?;
        let mut chosen: Vec<&ColumnRow> = Vec::new();
        for name in columns {
            let Some(row) = found.iter().find(|row| row.name == *name) else {
                let message = format!("the table has no column `{name}`");
                return Err(Error::new(side, ErrorKind::NotFound, message)
                    .with_hint("Check the name, capital letters included."));
            };
            let problem = if row.generated {
                "is computed by the server and cannot be written"
            } else if chosen.iter().any(|other| other.name == *name) {
                "is named twice"
            } else {
                chosen.push(row);
                continue;
            };
            return Err(Error::new(side, ErrorKind::Configuration, format!("column `{name}` {problem}"))
                .with_hint("Leave it out of the columns of the load."));
        }
        let types = TypeCatalog::load_in(transaction, chosen.iter().map(|row| row.oid)).await?;
        let columns = chosen.into_iter().map(|row| LoadColumn {
            name: row.name.clone(),
            ty: types.resolve(row.oid, row.typmod, row.dimensions),
            printed: row.printed.clone(),
        });
        Ok(Self { table: table.clone(), columns: columns.collect(), oids: types.oids(), side })
    }

    /// Returns the types of the columns, in the order they were named.
    pub fn types(&self) -> impl Iterator<Item = &PgType> {
        self.columns.iter().map(|column| &column.ty)
    }

    /// Copies the batches of a stream into the table. All of one load have one schema, whose columns are those named
    /// to [`PostgresLoad::open`], in that order.
    ///
    /// Nothing is true before the transaction is committed. After an error the transaction can only be rolled back.
    ///
    /// # Errors
    /// [`ErrorKind::RowRefused`] where a value does not fit its column or the server turns a row down, with the row
    /// and the column; [`ErrorKind::Configuration`] where the schema and the table do not go together; the stream's own.
    pub async fn run<S>(&self, transaction: &mut PgTransaction, batches: S, on_unfit: OnUnfit) -> Result<Loaded>
    where
        S: Stream<Item = Result<RecordBatch>> + Send,
    {
        let loaded = self.run_named(transaction, std::pin::pin!(batches), on_unfit).await;
        loaded.map_err(|error| error.on_table(&self.table))
    }

    async fn run_named<S>(
        &self,
        transaction: &mut PgTransaction,
        mut batches: Pin<&mut S>,
        on_unfit: OnUnfit,
    ) -> Result<Loaded>
    where
        S: Stream<Item = Result<RecordBatch>> + Send,
    {
        let Some(first) = batches.next().await.transpose()? else { return Ok(Loaded::default()) };
        let stage = self.stage();
        let mut feed = self.feed(&first.schema(), stage.as_ref(), on_unfit)?;
        if let Some(stage) = &stage {
            transaction.run(stage.create.clone()).await?;
        }
        let (connection, watch) = transaction.enter()?;
        let copied = watch.wait(feed.copy(connection, first, batches)).await;
        // The server's words are looked at before they become one error among others.
        let copied = match copied {
            Ok(Err(error @ sqlx::Error::Database(_))) => {
                let refused = self.server_error(error, &feed);
                transaction.leave(Ok(Ok(Err(refused))))
            }
            other => transaction.leave(other),
        };
        copied??;
        let mut loaded = feed.loaded;
        if let Some(stage) = stage {
            let rows = transaction.run(stage.insert).await?;
            let inserted: i64 = rows.last().map(|row| column(row, "inserted", self.side)).transpose()?.unwrap_or(0);
            loaded.rows = inserted.unsigned_abs();
        }
        Ok(loaded)
    }

    /// Returns what sends the rows, to the table or to its stage.
    fn feed(&self, schema: &SchemaRef, stage: Option<&Stage>, on_unfit: OnUnfit) -> Result<Feed<'_>> {
        let types: Vec<PgType> =
            self.columns.iter().map(|column| staged(&column.ty).unwrap_or_else(|| column.ty.clone())).collect();
        let encoder = Encoder::new(schema, &types, &self.oids).map_err(|error| self.encode_error(error))?;
        let statement = match stage {
            Some(stage) => stage.copy.clone(),
            None => {
                let names: Vec<String> = self.columns.iter().map(|column| ident(&column.name)).collect();
                format!("COPY {} ({}) FROM STDIN (FORMAT binary)", quoted_table(&self.table), names.join(", "))
            }
        };
        let pending = BytesMut::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
        Ok(Feed { load: self, encoder, statement, on_unfit, pending, rows: 0, loaded: Loaded::default() })
    }

    /// Returns the statements of a staging table, where a column is sent as text for the server to cast.
    fn stage(&self) -> Option<Stage> {
        if !self.columns.iter().any(|column| staged(&column.ty).is_some()) {
            return None;
        }
        let name = |at: usize| format!("c{at}");
        let (mut declared, mut names, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (at, column) in self.columns.iter().enumerate() {
            let stage = name(at);
            match staged(&column.ty) {
                Some(text) => {
                    declared.push(format!("{stage} {text}"));
                    values.push(format!("{stage}::{}", column.printed));
                }
                None => {
                    declared.push(format!("{stage} {}", column.printed));
                    values.push(stage);
                }
            }
            names.push(ident(&column.name));
        }
        let stages: Vec<String> = (0..self.columns.len()).map(name).collect();
        // Another load of the transaction may come after this one.
        let create = format!("CREATE TEMPORARY TABLE firn_load ({}) ON COMMIT DROP", declared.join(", "));
        let insert = format!(
            "WITH moved AS (INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM pg_temp.firn_load RETURNING 1) \
             SELECT count(*) AS inserted FROM moved; DROP TABLE pg_temp.firn_load",
            quoted_table(&self.table),
            names.join(", "),
            values.join(", "),
        );
        let copy = format!("COPY pg_temp.firn_load ({}) FROM STDIN (FORMAT binary)", stages.join(", "));
        Some(Stage { create, copy, insert })
    }

    fn encode_error(&self, error: EncodeError) -> Error {
        let (kind, hint) = match &error {
            EncodeError::Value { .. } => {
                (ErrorKind::RowRefused, Some("Correct the value, or widen the column of the table."))
            }
            EncodeError::Unsupported { .. } | EncodeError::ColumnCount { .. } => {
                (ErrorKind::Configuration, Some("Change the type of the column, or cast it in the query."))
            }
            _ => (ErrorKind::Other, None),
        };
        let mut failure = Error::new(self.side, kind, error.to_string()).caused_by(error);
        failure.hint = hint.map(str::to_owned);
        failure
    }

    /// Turns what the server says about a COPY into an error that names the row, where the server does.
    fn server_error(&self, error: sqlx::Error, feed: &Feed<'_>) -> Error {
        let place = error.as_database_error().and_then(|error| {
            let error = error.try_downcast_ref::<PgDatabaseError>()?;
            let is_data = matches!(error.code().get(..2), Some("22" | "23"));
            is_data.then(|| place(error.r#where()?)).flatten()
        });
        let failure = from_sqlx(error, self.side);
        let Some((line, rest)) = place else { return failure };
        let column = self.columns.iter().enumerate().find_map(|(at, column)| {
            (rest.ends_with(&format!(" {}", column.name)) || rest.ends_with(&format!(" c{at}"))).then_some(&column.name)
        });
        let column = column.map(|name| format!(", column {name}")).unwrap_or_default();
        let message = format!("row {}{column}: {}", feed.row_of_line(line), failure.message);
        Error { kind: ErrorKind::RowRefused, message, ..failure }
    }
}

/// Reads `COPY held, line 3, column v`, in whatever language: the number, and what follows it.
fn place(context: &str) -> Option<(u64, String)> {
    let line = context.lines().find(|line| line.starts_with("COPY "))?;
    let mut parts = line.split(", ").skip(1);
    let number = parts.find_map(|part| part.rsplit(' ').next()?.parse().ok())?;
    Some((number, parts.next().unwrap_or_default().to_owned()))
}

/// The statements of a staging table.
struct Stage {
    create: String,
    copy: String,
    /// Moves the rows on and drops the stage.
    insert: String,
}

/// A load in progress.
struct Feed<'a> {
    load: &'a PostgresLoad,
    encoder: Encoder,
    statement: String,
    on_unfit: OnUnfit,
    /// What is encoded and not sent yet.
    pending: BytesMut,
    /// Rows taken from batches.
    rows: u64,
    /// What ended COPYs have taken, and rows that were left out.
    loaded: Loaded,
}

impl Feed<'_> {
    /// Sends every batch. The outer error is the connection's or the server's, the inner one of the rows; after that one
    /// the server has been told to forget the COPY.
    async fn copy<S>(
        &mut self,
        connection: &mut PgConnection,
        first: RecordBatch,
        mut batches: Pin<&mut S>,
    ) -> sqlx::Result<Result<()>>
    where
        S: Stream<Item = Result<RecordBatch>> + Send,
    {
        let mut rest = Some(Rest::new(first));
        while let Some(mut at) = rest.take() {
            let mut copy = connection.copy_in_raw(&self.statement).await?;
            let mut sent = 0;
            self.pending.clear();
            Encoder::begin(&mut self.pending);
            loop {
                if let Err(error) = self.encode(&at.take()) {
                    copy.abort("a row does not fit").await?;
                    return Ok(Err(error));
                }
                if self.pending.len() >= PIECE_BYTES {
                    sent += self.pending.len();
                    copy.send(&self.pending[..]).await?;
                    self.pending.clear();
                }
                if at.is_empty() {
                    at = match batches.next().await {
                        Some(Ok(batch)) => Rest::new(batch),
                        None => break,
                        Some(Err(error)) => {
                            copy.abort("the rows ended early").await?;
                            return Ok(Err(error));
                        }
                    };
                }
                if sent >= COPY_BYTES {
                    rest = Some(at);
                    break;
                }
            }
            Encoder::end(&mut self.pending);
            copy.send(&self.pending[..]).await?;
            self.loaded.rows += copy.finish().await?;
        }
        Ok(Ok(()))
    }

    fn encode(&mut self, batch: &RecordBatch) -> Result<()> {
        match self.on_unfit {
            OnUnfit::Stop => {
                self.encoder.encode(batch, &mut self.pending).map_err(|error| self.load.encode_error(error))?;
            }
            OnUnfit::LeaveOut(most) => {
                let unfit = self.encoder.encode_fitting(batch, &mut self.pending);
                let unfit = unfit.map_err(|error| self.load.encode_error(error))?;
                let left_out = unfit.into_iter().map(|one| LeftOut {
                    row: self.rows + one.row as u64,
                    column: self.load.columns.get(one.column).map(|c| c.name.clone()).unwrap_or_default(),
                    why: one.why,
                });
                self.loaded.left_out.extend(left_out);
                if self.loaded.left_out.len() > most {
                    let message = format!("more than {most} rows do not fit into their columns");
                    let hint = "Correct the values, or widen the columns of the table.";
                    return Err(Error::new(self.load.side, ErrorKind::RowRefused, message).with_hint(hint));
                }
            }
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Returns the row, from 1 over all batches, that is a line of the COPY at hand.
    fn row_of_line(&self, line: u64) -> u64 {
        let mut row = self.loaded.rows + line;
        for left_out in &self.loaded.left_out {
            if left_out.row < row {
                row += 1;
            }
        }
        row
    }
}

/// What is left of a batch. A large one is sent in pieces while it is encoded.
struct Rest {
    batch: RecordBatch,
    /// Rows that are encoded at once.
    step: usize,
}

impl Rest {
    fn new(batch: RecordBatch) -> Self {
        let bytes_of_row = batch.get_array_memory_size() / batch.num_rows().max(1) + 1;
        Self { batch, step: (PIECE_BYTES / bytes_of_row).clamp(16, SLICE_ROWS) }
    }

    fn is_empty(&self) -> bool {
        self.batch.num_rows() == 0
    }

    fn take(&mut self) -> RecordBatch {
        let rows = self.batch.num_rows();
        let now = rows.min(self.step);
        let taken = self.batch.slice(0, now);
        self.batch = self.batch.slice(now, rows - now);
        taken
    }
}
