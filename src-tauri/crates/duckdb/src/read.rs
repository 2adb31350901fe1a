//! Reading a table back as Arrow, window by window, in one transaction.

use crate::error::{self, Touching};
use crate::introspect;
use crate::quote;
use crate::session::{Session, stoppable};
use crate::types::DuckType;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use firn_catalog::{Watermark, WatermarkKind};
use firn_connector::{Error, ErrorKind, Result, Side, TargetRead, TargetScope, TargetStream, TargetView};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedMutexGuard, mpsc};

/// Rows of one of DuckDB's vectors: windows are multiples of it.
const VECTOR_ROWS: u64 = 2_048;
/// Rows of the first window, before it is known how wide rows are.
const FIRST_WINDOW: u64 = 4 * VECTOR_ROWS;
/// Most rows of a window: one row group.
const MOST_WINDOW: u64 = 60 * VECTOR_ROWS;
/// Bytes a window should come to.
const WINDOW_BYTES: u64 = 8 << 20;
/// Batches that wait for whoever reads the stream.
const WAITING_BATCHES: usize = 2;

/// A table in a transaction of its own.
pub(crate) struct DuckdbView {
    session: Arc<Mutex<Session>>,
    /// Held by the stream that is alive.
    reading: Arc<tokio::sync::Mutex<()>>,
    read: Arc<TargetRead>,
    list: Arc<str>,
    /// Row numbers of the table are below this.
    end: u64,
    schema: SchemaRef,
}

impl DuckdbView {
    /// Begins a transaction and looks at the table.
    pub(crate) async fn open(session: Session, read: TargetRead) -> Result<Self> {
        let read = Arc::new(read);
        let shared = Arc::clone(&read);
        let (running, guard) = stoppable(&session.interrupt_handle());
        let opened = tokio::task::spawn_blocking(move || {
            let looked = look(&session, &shared);
            drop(running);
            looked.map(|(list, end, schema)| (session, list, end, schema))
        });
        let opened = opened.await;
        guard.disarm();
        let (session, list, end, schema) = opened.map_err(|e| stopped().caused_by(e))??;
        Ok(Self {
            session: Arc::new(Mutex::new(session)),
            reading: Arc::default(),
            read,
            list: list.into(),
            end,
            schema,
        })
    }
}

fn stopped() -> Error {
    Error::new(Side::Target, ErrorKind::Other, "reading the target did not come to an end")
}

/// Returns the columns to select, the number after the last row, and the schema of what comes.
fn look(session: &Session, read: &TargetRead) -> Result<(String, u64, SchemaRef)> {
    let failed = |e| error::other("reading the target")(e).on_table(&read.table);
    // Row numbers keep their meaning as long as the transaction lasts.
    session.execute("beginning a transaction", "BEGIN TRANSACTION READ ONLY")?;
    let Some(found) = introspect::inspect(session, &read.table)? else {
        let message = "the table is not in the target";
        return Err(Error::new(Side::Target, ErrorKind::NotFound, message).on_table(&read.table));
    };
    let column = |name: &String| {
        let present = found.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
            Error::new(Side::Target, ErrorKind::NotFound, format!("the column {name} is not in the target"))
                .on_table(&read.table)
        })?;
        let name = quote::identifier(name);
        Ok(match readable(&DuckType::read(&present.ty)) {
            None => name,
            Some(ty) => format!("{name}::{ty}"),
        })
    };
    let list = read.columns.iter().map(column).collect::<Result<Vec<String>>>()?.join(", ");
    // Otherwise a UUID comes as text, and what Arrow has no type for as something else.
    session.execute("preparing to read", "SET SESSION arrow_lossless_conversion = true")?;
    let table = quote::table(session.lease().catalog(), &read.table);
    let end: i64 = session
        .connection()
        .query_row(&format!("SELECT coalesce(max(rowid) + 1, 0) FROM {table}"), [], |row| row.get(0))
        .map_err(failed)?;
    let mut statement = session.connection().prepare(&format!("SELECT {list} FROM {table} LIMIT 0")).map_err(failed)?;
    let schema = statement.query_arrow([]).map_err(failed)?.get_schema();
    Ok((list, end.unsigned_abs(), schema))
}

/// Returns the type a column is cast to before it is read: its own, with text in the place of every part that Arrow
/// does not carry exactly; `None` where it carries all of them.
pub(crate) fn readable(ty: &DuckType) -> Option<String> {
    let or_itself = |part: &DuckType| readable(part).unwrap_or_else(|| part.ddl());
    match ty {
        DuckType::Integer(bytes) => (*bytes > 8).then(|| "VARCHAR".to_owned()),
        DuckType::Float(_) | DuckType::Decimal(..) => None,
        DuckType::List(item) => Some(format!("{}[]", readable(item)?)),
        DuckType::Array(item, size) => Some(format!("{}[{size}]", readable(item)?)),
        DuckType::Map(key, value) => {
            let (new_key, new_value) = (readable(key), readable(value));
            (new_key.is_some() || new_value.is_some()).then(|| format!("MAP({}, {})", or_itself(key), or_itself(value)))
        }
        DuckType::Struct(fields) => {
            let list = fields.iter().map(|(name, ty)| format!("{} {}", quote::identifier(name), or_itself(ty)));
            let changed = fields.iter().any(|(_, ty)| readable(ty).is_some());
            changed.then(|| format!("STRUCT({})", list.collect::<Vec<_>>().join(", ")))
        }
        DuckType::Named(name) => {
            let others = ["TIME WITH TIME ZONE", "TIMETZ", "BIT", "UHUGEINT", "HUGEINT", "VARINT", "BIGNUM", "ENUM"];
            others.iter().any(|other| name.starts_with(other)).then(|| "VARCHAR".to_owned())
        }
    }
}

/// Writes the condition of a scope; `None` where every row belongs to it.
///
/// # Errors
/// [`ErrorKind::Configuration`] for a watermark before our era, which the two servers write in two ways.
fn condition(scope: &TargetScope) -> Result<Option<String>> {
    match scope {
        TargetScope::Whole => Ok(None),
        TargetScope::From { column, least } => {
            let name = quote::identifier(column);
            let literal = watermark_literal(*least)?;
            Ok(Some(format!("({name} >= {literal} OR {name} IS NULL)")))
        }
    }
}

fn watermark_literal(mark: Watermark) -> Result<String> {
    let ty = match mark.kind() {
        WatermarkKind::Timestamptz => "TIMESTAMPTZ",
        WatermarkKind::Timestamp => "TIMESTAMP",
        WatermarkKind::Date => "DATE",
        WatermarkKind::Integer => return Ok(mark.text()),
    };
    // DuckDB writes years before it another way than PostgreSQL.
    if !mark.is_of_our_era() && !mark.is_infinite() {
        return Err(Error::configuration("a target is not read from a watermark before our era on"));
    }
    Ok(format!("{}::{ty}", quote::literal(&mark.text())))
}

/// What a reading thread works on.
struct Reading {
    session: Arc<Mutex<Session>>,
    read: Arc<TargetRead>,
    list: Arc<str>,
    end: u64,
    condition: Option<String>,
    batches: mpsc::Sender<Result<RecordBatch>>,
}

impl Reading {
    fn run(&self) {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut from, mut window) = (0, FIRST_WINDOW);
        while from < self.end {
            let batches = match self.window(&session, from, window) {
                Err(error) if error::is_out_of_memory(&error) && window > VECTOR_ROWS => {
                    window = (window / 2).max(VECTOR_ROWS);
                    continue;
                }
                Err(error) => {
                    // Nobody listens where the stream was dropped meanwhile.
                    let _unheard = self.batches.blocking_send(Err(error));
                    return;
                }
                Ok(batches) => batches,
            };
            from += window;
            window = next_window(window, batches.iter().map(|b| b.get_array_memory_size() as u64).sum());
            for batch in batches {
                if self.batches.blocking_send(Ok(batch)).is_err() {
                    return;
                }
            }
        }
    }

    fn window(&self, session: &Session, from: u64, rows: u64) -> Result<Vec<RecordBatch>> {
        let failed = |e| error::failure(Touching::Else, "reading the target", &e).on_table(&self.read.table);
        let table = quote::table(session.lease().catalog(), &self.read.table);
        let mut conditions = vec![format!("rowid >= {from} AND rowid < {}", from + rows)];
        conditions.extend(self.condition.clone());
        conditions.extend(self.read.deleted_at.iter().map(|name| format!("{} IS NULL", quote::identifier(name))));
        let query = format!("SELECT {} FROM {table} WHERE {}", self.list, conditions.join(" AND "));
        let mut statement = session.connection().prepare(&query).map_err(failed)?;
        Ok(statement.query_arrow([]).map_err(failed)?.collect())
    }
}

/// Returns how many rows the next window takes, so that it comes to about the bytes wanted.
fn next_window(window: u64, bytes: u64) -> u64 {
    let fit = u128::from(window) * u128::from(WINDOW_BYTES) / u128::from(bytes.max(1));
    let fit = u64::try_from(fit).unwrap_or(MOST_WINDOW);
    // A few narrow rows say little about those that follow.
    let fit = fit.min(window * 4);
    (fit / VECTOR_ROWS * VECTOR_ROWS).clamp(VECTOR_ROWS, MOST_WINDOW)
}

#[async_trait]
impl TargetView for DuckdbView {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    async fn read(&self, scope: TargetScope) -> Result<TargetStream> {
        let condition = condition(&scope)?;
        let turn: OwnedMutexGuard<()> = Arc::clone(&self.reading).lock_owned().await;
        let (batches, mut received) = mpsc::channel(WAITING_BATCHES);
        let reading = Reading {
            session: Arc::clone(&self.session),
            read: Arc::clone(&self.read),
            list: Arc::clone(&self.list),
            end: self.end,
            condition,
            batches,
        };
        let task = tokio::task::spawn_blocking(move || {
            reading.run();
            drop(turn);
        });
        let mut task = Some(task);
        Ok(Box::pin(futures::stream::poll_fn(move |context| {
            use std::future::Future as _;
            use std::task::Poll;
            match received.poll_recv(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(batch)) => Poll::Ready(Some(batch)),
                // The end of the rows, or of a thread that came to grief: only its own end tells which.
                Poll::Ready(None) => {
                    let Some(ending) = task.as_mut() else { return Poll::Ready(None) };
                    match std::pin::Pin::new(ending).poll(context) {
                        Poll::Pending => Poll::Pending,
                        Poll::Ready(ended) => {
                            task = None;
                            Poll::Ready(ended.err().map(|panic| Err(stopped().caused_by(panic))))
                        }
                    }
                }
            }
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_the_width_of_rows() {
        assert_eq!(next_window(8_192, 8 << 20), 8_192);
        assert_eq!(next_window(8_192, 800 << 20), 2_048);
        assert_eq!(next_window(8_192, 1_000), 32_768);
        assert_eq!(next_window(122_880, 0), MOST_WINDOW);
    }

    #[test]
    fn what_arrow_cannot_carry_is_read_as_text() {
        let cast = |ty| readable(&DuckType::read(ty));
        for ty in ["TIME WITH TIME ZONE", "HUGEINT", "BIT", "ENUM('a', 'b')"] {
            assert_eq!(cast(ty).as_deref(), Some("VARCHAR"), "{ty}");
        }
        let nested = [
            ("HUGEINT[]", "VARCHAR[]"),
            ("TIME WITH TIME ZONE[][3]", "VARCHAR[][3]"),
            ("MAP(VARCHAR, BIT)", "MAP(VARCHAR, VARCHAR)"),
            (
                "STRUCT(\"a b\" TIMETZ, c DECIMAL(4,1), d FLOAT[])",
                "STRUCT(\"a b\" VARCHAR, \"c\" DECIMAL(4,1), \"d\" FLOAT[])",
            ),
        ];
        for (ty, expected) in nested {
            assert_eq!(cast(ty).as_deref(), Some(expected), "{ty}");
        }
        for ty in
            ["BIGINT", "UUID", "TIMESTAMP WITH TIME ZONE", "INTEGER[][]", "DECIMAL(38,2)", "STRUCT(x DOUBLE)", "JSON"]
        {
            assert_eq!(cast(ty), None, "{ty}");
        }
    }

    #[test]
    fn watermarks_are_literals_of_their_type() {
        let text = |kind, value| watermark_literal(Watermark::new(kind, value)).unwrap();
        assert_eq!(text(WatermarkKind::Integer, -5), "-5");
        assert_eq!(text(WatermarkKind::Date, 0), "'1970-01-01'::DATE");
        assert_eq!(text(WatermarkKind::Timestamptz, 0), "'1970-01-01 00:00:00+00'::TIMESTAMPTZ");
        assert_eq!(text(WatermarkKind::Timestamptz, i64::MAX), "'infinity'::TIMESTAMPTZ");
        let before = Watermark::parse(WatermarkKind::Date, "0001-12-31 BC").unwrap();
        assert!(watermark_literal(before).is_err());
    }
}
