//! Opening the file, and bringing an older one to this version's schema.

use crate::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The statements that bring schema n to schema n + 1, in order.
const STEPS: &[&str] = &[include_str!("schema/1.sql"), include_str!("schema/2.sql")];
/// SQLite's mark for the owner of a file: "Firn".
const APPLICATION_ID: i64 = 0x4669_726E;
/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The local state, open. Clones share one pool of connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: SqlitePool,
    path: PathBuf,
}

impl Store {
    /// Opens the file at `path`, and makes it and its folder where they are missing.
    ///
    /// # Errors
    /// Fails when the file cannot be opened, is damaged, belongs to another program or to a newer version. The file is left
    /// as it is.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        make_folder(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        // Looked at first without the journal mode: setting that writes, and another program's file is not written to.
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(not_opened(path))?;
        let found = read_pragmas(&mut connection).await.map_err(not_opened(path))?;
        check(path, &found)?;
        connection.close().await.map_err(not_opened(path))?;
        let options = options.journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePoolOptions::new().max_connections(4).acquire_timeout(BUSY_TIMEOUT * 2);
        Self::prepare(pool.connect_lazy_with(options), path.to_owned()).await
    }

    /// Opens a store that lives and dies with the process.
    ///
    /// # Errors
    /// Fails when SQLite cannot get memory.
    pub async fn open_in_memory() -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
        // Each connection would have a database of its own, and an idle one would take it along.
        let pool = SqlitePoolOptions::new().max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
        Self::prepare(pool.connect_lazy_with(options), PathBuf::from(":memory:")).await
    }

    /// Returns the file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes every connection; what was written is in the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Turns a failure of SQLite into one that names the file and the action.
    pub(crate) fn failed(&self, action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError + use<> {
        let path = self.path.clone();
        move |source| {
            if is_corrupt(&source) {
                StoreError::Corrupt { path, source }
            } else {
                StoreError::Query { path, action, source }
            }
        }
    }

    /// Turns a stored value that cannot be read into an error that names the file.
    pub(crate) fn unreadable(
        &self,
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> StoreError {
        StoreError::Unreadable { path: self.path.clone(), what, source: source.into() }
    }

    async fn prepare(pool: SqlitePool, path: PathBuf) -> Result<Self, StoreError> {
        let store = Self { pool, path };
        let found = read_pragmas(&store.pool).await.map_err(not_opened(&store.path))?;
        if check(&store.path, &found)? < latest() {
            store.migrate().await?;
        }
        Ok(store)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        const ACTION: &str = "take this version's schema";
        // Immediate: of two processes that open an old file at once, the second waits here and finds the work done.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(self.failed(ACTION))?;
        let found = read_pragmas(&mut *transaction).await.map_err(self.failed(ACTION))?;
        let version = check(&self.path, &found)?;
        for (step, number) in STEPS.iter().copied().zip(1_i64..) {
            if number > version {
                sqlx::raw_sql(step).execute(&mut *transaction).await.map_err(self.failed(ACTION))?;
            }
        }
        let mark = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}", latest());
        // Pragmas take no parameters; both numbers are constants of this file.
        sqlx::raw_sql(sqlx::AssertSqlSafe(mark)).execute(&mut *transaction).await.map_err(self.failed(ACTION))?;
        transaction.commit().await.map_err(self.failed(ACTION))
    }
}

/// Returns the schema of the file when this version may use it.
fn check(path: &Path, found: &Pragmas) -> Result<i64, StoreError> {
    let path = || path.to_owned();
    let ours = found.application == APPLICATION_ID;
    if !ours && (found.application != 0 || found.version != 0 || found.tables > 0) {
        return Err(StoreError::Foreign { path: path() });
    }
    if found.version > latest() {
        return Err(StoreError::Newer { path: path(), found: found.version, known: latest() });
    }
    Ok(found.version)
}

fn not_opened(path: &Path) -> impl FnOnce(sqlx::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| {
        if is_corrupt(&source) { StoreError::Corrupt { path, source } } else { StoreError::Open { path, source } }
    }
}

fn latest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// What a file says about itself.
struct Pragmas {
    application: i64,
    version: i64,
    tables: i64,
}

async fn read_pragmas<'c>(executor: impl sqlx::SqliteExecutor<'c>) -> Result<Pragmas, sqlx::Error> {
    let (application, version, tables) = sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), \
         (SELECT count(*) FROM sqlite_schema)",
    )
    .fetch_one(executor)
    .await?;
    Ok(Pragmas { application, version, tables })
}

fn is_corrupt(error: &sqlx::Error) -> bool {
    const CORRUPT: i64 = 11;
    const NOT_A_DATABASE: i64 = 26;
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // Extended codes carry the primary one in their low byte.
    code.and_then(|code| code.parse::<i64>().ok()).is_some_and(|code| matches!(code & 0xff, CORRUPT | NOT_A_DATABASE))
}

fn make_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    // The history names tables and folders of the person: nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| StoreError::Folder { path: folder.to_owned(), source })
}
