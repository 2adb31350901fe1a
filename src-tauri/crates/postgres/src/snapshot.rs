//! A table at one moment: a read-only transaction, and readers that share its view.

use crate::connect::READER_MARK;
use crate::copy::{Reader, stream};
use crate::error::{from_sqlx, sqlstate};
use crate::introspect;
use crate::quote::{literal, table};
use crate::read_sql;
use crate::slots::{acquire, acquire_spare};
use crate::types::parse;
use async_trait::async_trait;
use firn_connector::switches::{Protection, on};
use firn_connector::{
    BatchStream, Error, ErrorKind, PageOrigin, PageRange, ReadPlan, ReadScope, Result, Side, Snapshot,
};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Row};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long the server may take to begin a transaction.
const BEGINNING: Duration = Duration::from_secs(30);
/// Seconds the server may wait for a lock on the table meanwhile.
const LOCKING: u32 = 20;

/// In a database without an encoding the server would check each text and end the whole read at the first that is no
/// UTF-8. Unconverted, the texts are checked here, and only their rows are left out.
const RAW_ENCODING: &str = ", CASE WHEN getdatabaseencoding() = 'SQL_ASCII' \
                            THEN set_config('client_encoding', 'SQL_ASCII', true) END AS encoding";

/// The columns of the table in the view, of which the name follows.
const COLUMNS: &str = ", (SELECT coalesce(json_agg(json_build_array(attnum, attname) ORDER BY attnum), '[]')::text \
                       FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped \
                       AND attrelid = pg_catalog.to_regclass(";

/// A view of one table that up to a number of streams may read at once.
///
/// It holds at most one connection a reader, the first from the beginning, the others when they are needed; a pool for
/// snapshots of `n` readers has to have `n` connections to spare. With one reader it costs one round trip to open and
/// one for each scope. Nothing is set outside the transactions, so it works behind a pooler in transaction mode.
pub struct PgSnapshot {
    shared: Arc<Shared>,
    columns: Vec<(i16, String)>,
}

struct Shared {
    pool: PgPool,
    plan: Arc<ReadPlan>,
    /// The name under which the first transaction has exported its view, where there may be a second reader.
    exported: Option<String>,
    /// Readers that wait for a scope.
    idle: Mutex<Vec<Reader>>,
    readers: Arc<Semaphore>,
    /// How many of the allowed readers can still be done without.
    spare: AtomicUsize,
    /// Whether the first reader has locked the table.
    locked: bool,
    rows: Rows,
}

/// Which rows of a table a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Those that the role may see.
    Visible,
    /// All of them. Where policies would hide some the server refuses to read, and a table that cannot be locked
    /// against being emptied although it is one of this server is not read either.
    All,
}

impl PgSnapshot {
    /// Opens a view of the plan's table as it is now, for up to `readers` streams at once (at least one).
    ///
    /// # Errors
    /// Whatever keeps the source from being reached.
    pub async fn open(pool: &PgPool, plan: Arc<ReadPlan>, readers: usize) -> Result<Self> {
        Self::open_with(pool, plan, readers, Rows::Visible).await
    }

    /// Opens a view as [`PgSnapshot::open`] does, in which no row is hidden and from which none can go.
    ///
    /// # Errors
    /// Those of [`PgSnapshot::open`], and [`ErrorKind::Permission`] where the role may not lock the table.
    pub async fn open_complete(pool: &PgPool, plan: Arc<ReadPlan>, readers: usize) -> Result<Self> {
        Self::open_with(pool, plan, readers, Rows::All).await
    }

    async fn open_with(pool: &PgPool, plan: Arc<ReadPlan>, readers: usize, rows: Rows) -> Result<Self> {
        let readers = readers.max(1);
        let export = readers > 1;
        let name = table(&plan.table);
        let export_it = if export { ", pg_export_snapshot() AS exported" } else { "" };
        let ask = &format!("{COLUMNS}{})) AS columns{export_it}", literal(&name));
        let lock = on(Protection::LockBeforeSnapshot).then_some(name.as_str());
        let mut locked = lock.is_some();
        let begun = match begin(pool, View::New { lock }, rows, ask).await {
            // Materialized views and foreign tables cannot be locked, nor tables of which the role may read only some
            // columns. What refreshes a view freezes its rows, so that every view of the database sees all of them; on
            // a table the lock follows the view.
            Err(error) if is_unlockable(&error, rows) => {
                locked = false;
                match begin(pool, View::New { lock: None }, rows, ask).await {
                    Ok((reader, row)) if sqlstate(&error) == Some("42501") => {
                        hold_still(reader, &name).await.map(|reader| (reader, row))
                    }
                    begun => begun,
                }
            }
            begun => begun,
        };
        let (first, row) = begun.map_err(|error| error.on_table(&plan.table))?;
        let columns = parse(get(&row, "columns")?, Side::Source)?;
        let exported = if export { Some(get(&row, "exported")?) } else { None };
        Ok(Self {
            columns,
            shared: Arc::new(Shared {
                pool: pool.clone(),
                plan,
                exported,
                idle: Mutex::new(vec![first]),
                readers: Arc::new(Semaphore::new(readers)),
                spare: AtomicUsize::new(readers - 1),
                locked,
                rows,
            }),
        })
    }
}

/// Returns whether a table is read without a lock where it was refused with this error.
fn is_unlockable(error: &Error, rows: Rows) -> bool {
    match sqlstate(error) {
        Some("42809") => true,
        Some("42501") => rows == Rows::Visible,
        _ => false,
    }
}

/// Takes the lock of a reader on a table after its view, and makes sure that nobody rewrote the table in between.
async fn hold_still(mut reader: Reader, table: &str) -> Result<Reader> {
    // Any column's right is enough for a query without columns.
    reader.query_one(format!("SELECT count(*) AS none FROM (SELECT FROM {table} LIMIT 0) nothing")).await?;
    // The row of the catalog is the view's; the function looks at what is there now.
    let sql = format!(
        "SELECT coalesce(c.relfilenode = pg_catalog.pg_relation_filenode(c.oid), true) AS still \
         FROM pg_catalog.pg_class c WHERE c.oid = {}::pg_catalog.regclass",
        literal(table)
    );
    let still: bool = get(&reader.query_one(sql).await?, "still")?;
    if still || !on(Protection::LockBeforeSnapshot) {
        return Ok(reader);
    }
    let message = "the table was emptied or rewritten while its view was taken";
    Err(Error::new(Side::Source, ErrorKind::Transient, message))
}

fn get<'r, T>(row: &'r sqlx::postgres::PgRow, column: &str) -> Result<T>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column).map_err(|error| from_sqlx(error, Side::Source))
}

/// What a read transaction sees.
#[derive(Debug, Clone, Copy)]
enum View<'a> {
    /// The database as it is once the table, where one is named, is locked.
    ///
    /// Who truncates or rewrites a table leaves it empty for every view taken before. So the lock comes first: whoever
    /// is at it has ended when the view is taken, and the next one waits for this transaction.
    New { lock: Option<&'a str> },
    /// What another transaction, which holds the lock, has exported under a name.
    ///
    /// A lock of its own is not waited for: who wants to change the table stands in line behind the first reader's
    /// lock, and behind him would stand this one, with the first reader's end depending on it.
    Exported { name: &'a str, lock: Option<&'a str> },
}

/// Begins a read transaction.
async fn begin(pool: &PgPool, view: View<'_>, rows: Rows, ask: &str) -> Result<(Reader, sqlx::postgres::PgRow)> {
    // What another reader's view is shared with is one reader more, who can be done without.
    let mut connection = match view {
        View::New { .. } => acquire(pool, Side::Source).await?,
        View::Exported { .. } => acquire_spare(pool, Side::Source).await?,
    };
    let sql = begin_sql(connection.server_version_num(), view, rows, ask);
    let query = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut *connection);
    let failure = match tokio::time::timeout(BEGINNING, query).await {
        Ok(Ok(row)) => {
            let backend = get(&row, "backend")?;
            return Ok((Reader::new(pool, connection, backend), row));
        }
        Ok(Err(error)) => from_sqlx(error, Side::Source),
        Err(_) => crate::error::no_answer(Side::Source, BEGINNING.as_secs()),
    };
    // A transaction may be open in it, or an answer on its way.
    let _already_broken = sqlx::Connection::close_hard(connection.detach()).await;
    Err(failure)
}

fn begin_sql(server_version: Option<u32>, view: View<'_>, rows: Rows, ask: &str) -> String {
    let access = if on(Protection::ReadOnlySource) { "READ ONLY" } else { "READ WRITE" };
    let mut sql = format!("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, {access};");
    if let View::Exported { name, .. } = view {
        sql.push_str(&format!(" SET TRANSACTION SNAPSHOT {};", literal(name)));
    }
    if on(Protection::StatementTimeout) {
        // A reader waits while what it has read is written: that is no idleness.
        sql.push_str(" SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;");
        if server_version.is_some_and(|version| version >= 170_000) {
            sql.push_str(" SET LOCAL transaction_timeout = 0;");
        }
    }
    if rows == Rows::All && on(Protection::DeleteRowSecurity) {
        // From here on the server raises an error where it would leave a row out.
        sql.push_str(" SET LOCAL row_security = off;");
    }
    if let View::New { lock: Some(table) } = view {
        sql.push_str(&format!(" SET LOCAL lock_timeout = '{LOCKING}s'; LOCK TABLE {table} IN ACCESS SHARE MODE;"));
        sql.push_str(" SET LOCAL lock_timeout = 0;");
    }
    if let View::Exported { lock: Some(table), .. } = view {
        sql.push_str(&format!(" LOCK TABLE {table} IN ACCESS SHARE MODE NOWAIT;"));
    }
    // The last statement fixes the view: the ones before it do not look at data.
    sql.push_str(" SET LOCAL TimeZone = 'UTC'; SELECT pg_backend_pid() AS backend, ");
    sql.push_str(READER_MARK);
    sql.push_str(RAW_ENCODING);
    sql.push_str(ask);
    sql
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        // The list is whole at every moment, whoever panicked.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until fewer than the allowed number of streams are alive, and returns a reader of this view.
    async fn reader(&self) -> Result<(Reader, OwnedSemaphorePermit)> {
        loop {
            let permit = self.readers.clone().acquire_owned().await;
            let permit = permit.map_err(|_| Error::cancelled(Side::Source))?;
            if let Some(reader) = self.idle().pop() {
                return Ok((reader, permit));
            }
            let Some(snapshot) = &self.exported else {
                // The only reader has failed or was dropped in the middle, and its view with it.
                let message = "the snapshot has ended with the stream that was read from it";
                return Err(Error::new(Side::Source, ErrorKind::Transient, message).on_table(&self.plan.table));
            };
            let name = table(&self.plan.table);
            let lock = self.locked.then_some(name.as_str());
            let error = match begin(&self.pool, View::Exported { name: snapshot, lock }, self.rows, "").await {
                Ok((reader, _)) => return Ok((reader, permit)),
                Err(error) => error.on_table(&self.plan.table),
            };
            match sqlstate(&error) {
                Some("22023" | "55000") => {
                    let message = "the view that readers share has gone with the session that exported it";
                    let gone = Error::new(Side::Source, ErrorKind::Transient, message).on_table(&self.plan.table);
                    return Err(gone.caused_by(error));
                }
                // No lock without waiting, or no connection: the readers that are there do it alone.
                _ if error.is_transient() && self.do_without() => {
                    tracing::debug!(table = %self.plan.table, error = %error.chain(), "one reader less");
                    permit.forget();
                }
                _ => return Err(error),
            }
        }
    }

    /// Takes one from the number of readers that can be done without; the first cannot.
    fn do_without(&self) -> bool {
        self.spare.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |spare| spare.checked_sub(1)).is_ok()
    }
}

#[async_trait]
impl Snapshot for PgSnapshot {
    fn columns(&self) -> &[(i16, String)] {
        &self.columns
    }

    async fn ranges(&self, bytes: u64) -> Result<Vec<PageRange>> {
        let (mut reader, _permit) = self.shared.reader().await?;
        // Ranges of ctid are read directly since PostgreSQL 14; before that each of them would scan the whole table.
        let sql = format!(
            "SELECT CASE WHEN c.relkind = 'r' AND a.amname = 'heap' \
                          AND pg_catalog.current_setting('server_version_num')::int >= 140000 \
                    THEN pg_catalog.pg_relation_size(c.oid, 'main') END AS bytes, \
                    pg_catalog.current_setting('block_size')::int8 AS page \
             FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam \
             WHERE c.oid = {}::pg_catalog.regclass",
            literal(&table(&self.shared.plan.table))
        );
        let row = reader.query_one(sql).await.map_err(|error| error.on_table(&self.shared.plan.table))?;
        let (size, page): (Option<i64>, i64) = (get(&row, "bytes")?, get(&row, "page")?);
        self.shared.idle().push(reader);
        Ok(match size {
            Some(size) => cut(u64::try_from(size / page.max(1)).unwrap_or(0), bytes / page.max(1).unsigned_abs()),
            None => Vec::new(),
        })
    }

    async fn origin(&self) -> Result<PageOrigin> {
        let (mut reader, _permit) = self.shared.reader().await?;
        // The lower half of the long transaction id is the one that rows carry.
        let sql = format!(
            "SELECT c.oid::int8 AS oid, pg_catalog.pg_relation_filenode(c.oid)::int8 AS filenode, \
                    (pg_snapshot_xmin(pg_current_snapshot())::text::numeric % 4294967296)::int8 AS oldest \
             FROM pg_catalog.pg_class c WHERE c.oid = {}::pg_catalog.regclass",
            literal(&table(&self.shared.plan.table))
        );
        let row = reader.query_one(sql).await.map_err(|error| error.on_table(&self.shared.plan.table))?;
        let (oid, filenode, oldest): (i64, Option<i64>, i64) =
            (get(&row, "oid")?, get(&row, "filenode")?, get(&row, "oldest")?);
        self.shared.idle().push(reader);
        // All of them fit: object ids have 32 bits, and the last is what is left of a division by 2^32.
        let narrow = |number: i64| u32::try_from(number).unwrap_or(0);
        Ok(PageOrigin {
            generation: introspect::generation(narrow(oid), filenode.map(narrow)),
            oldest_transaction: narrow(oldest),
        })
    }

    async fn read(&self, scope: ReadScope) -> Result<BatchStream> {
        let statements = read_sql::copies(&self.shared.plan, scope)?;
        let (mut reader, permit) = self.shared.reader().await?;
        let shared = self.shared.clone();
        Ok(stream(|batches| async move {
            for statement in statements {
                reader.copy(&statement, &shared.plan, &batches).await?;
            }
            shared.idle().push(reader);
            drop(permit);
            Ok(())
        }))
    }
}

/// Cuts a table of `pages` pages into even ranges of about `each`; the last has no end.
fn cut(pages: u64, each: u64) -> Vec<PageRange> {
    let count = pages.div_ceil(each.max(1)).max(1);
    // Fits: a table has fewer than 2^32 pages.
    let page = |at: u64| u32::try_from(u128::from(pages) * u128::from(at) / u128::from(count)).unwrap_or(u32::MAX);
    (0..count).map(|at| PageRange { from: page(at), to: (at + 1 < count).then(|| page(at + 1)) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_even_and_the_last_is_open() {
        let range = |from, to| PageRange { from, to };
        assert_eq!(cut(0, 10), [range(0, None)]);
        assert_eq!(cut(10, 10), [range(0, None)]);
        assert_eq!(cut(11, 10), [range(0, Some(5)), range(5, None)]);
        assert_eq!(cut(3, 0), [range(0, Some(1)), range(1, Some(2)), range(2, None)]);
        let many = cut(u64::from(u32::MAX), 1 << 20);
        assert!(many.windows(2).all(|pair| pair[0].to == Some(pair[1].from) && pair[0].from < pair[1].from));
        assert_eq!(many.last().map(|last| last.to), Some(None));
    }

    #[test]
    fn a_reader_sets_nothing_outside_its_transaction() {
        let sql = begin_sql(
            Some(150_004),
            View::Exported { name: "00000003-0000001B-1", lock: Some("\"t\"") },
            Rows::Visible,
            "",
        );
        assert_eq!(
            sql,
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
             SET TRANSACTION SNAPSHOT '00000003-0000001B-1'; SET LOCAL statement_timeout = 0; \
             SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE \"t\" IN ACCESS SHARE MODE NOWAIT; \
             SET LOCAL TimeZone = 'UTC'; \
             SELECT pg_backend_pid() AS backend, \
             pg_try_advisory_xact_lock_shared(1181315694, 1), CASE WHEN getdatabaseencoding() = 'SQL_ASCII' \
             THEN set_config('client_encoding', 'SQL_ASCII', true) END AS encoding"
        );
        assert!(
            begin_sql(Some(170_000), View::New { lock: None }, Rows::Visible, "")
                .contains("SET LOCAL transaction_timeout = 0;")
        );
    }
}
