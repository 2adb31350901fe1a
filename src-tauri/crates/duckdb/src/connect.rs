//! One open database a path and process.
//!
//! DuckDB lets one process write a file at a time, and two opens of one file *within* a process lose writes of one of
//! them without a word. So every path has a slot for the whole process: who needs the database takes a [`Lease`] on
//! the slot, the first lease opens the file, the last one closes it, and both happen under the slot's lock.

use crate::create;
use crate::error::{self, DuckdbFailure};
use crate::feed;
use crate::quote;
use crate::session::Session;
use duckdb::{Config, Connection};
use firn_catalog::TableName;
use firn_connector::{Error, ErrorKind, Result, Side};
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Memory DuckDB's buffers may take, in bytes, where the settings name no other limit: 128 MiB.
///
/// Loading tables of usual width costs the same processor time down to half of it.
pub const DEFAULT_MEMORY_LIMIT: u64 = 128 << 20;

/// How long an open waits for another process to give up the file, where the settings name no other time.
pub const DEFAULT_LOCK_WAIT: Duration = Duration::from_secs(10);

/// Memory DuckDB needs beside what writers reserve, in bytes.
const UNRESERVED_MEMORY: u64 = 64 << 20;

/// How many times the settings' limit DuckDB's memory may grow to after it ran out.
const MOST_MEMORY: u64 = 16;

/// Time between two attempts to open a file another process has locked.
const LOCK_RETRY: Duration = Duration::from_millis(100);

/// How long who waits for the file waits in silence.
const SILENCE: Duration = Duration::from_secs(1);

/// Hears, once a wait, that the file is waited for and who holds it.
pub type WaitNotice = Arc<dyn Fn(&str) + Send + Sync>;

/// How a warehouse file is opened. The first open of a path in a process decides for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuckdbSettings {
    /// The database file; made where it is missing, in a folder that exists.
    pub path: PathBuf,
    /// Bytes DuckDB's buffers may take before it spills to `temp_directory`. Raised while tables are written that
    /// cannot be written with less: those of hundreds of columns, or many at once.
    pub memory_limit: u64,
    /// Threads DuckDB may use; `None`: one a processor.
    pub threads: Option<NonZeroUsize>,
    /// Where DuckDB spills; `None`: a folder beside the file, its name followed by `.tmp`.
    pub temp_directory: Option<PathBuf>,
    /// How long an open waits for another process to give up the file.
    pub lock_wait: Duration,
}

impl DuckdbSettings {
    /// Makes the default settings for a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            memory_limit: DEFAULT_MEMORY_LIMIT,
            threads: None,
            temp_directory: None,
            lock_wait: DEFAULT_LOCK_WAIT,
        }
    }
}

/// The place of one path in this process.
#[derive(Debug)]
pub(crate) struct Slot {
    path: PathBuf,
    open: Mutex<Option<Open>>,
    turn: Mutex<()>,
    /// Tables from which rows have been deleted since the last look at them.
    thinned: Mutex<BTreeSet<TableName>>,
}

#[derive(Debug)]
struct Open {
    root: Connection,
    catalog: Arc<str>,
    users: usize,
    broken: bool,
    memory_limit: u64,
    most_memory: u64,
    reserved: u64,
}

impl Open {
    fn allow(&mut self, bytes: u64) -> Result<()> {
        let set = format!("SET GLOBAL memory_limit = {}", quote::literal(&kibibytes(bytes)));
        self.root.execute_batch(&set).map_err(error::other("raising the memory limit"))?;
        self.memory_limit = bytes;
        Ok(())
    }
}

/// A right to the open database; the last one to go closes the file.
#[derive(Debug)]
pub(crate) struct Lease {
    slot: Arc<Slot>,
    catalog: Arc<str>,
}

impl Lease {
    /// Opens the database, or joins those who have it open, waiting for other processes as long as the settings say.
    pub(crate) async fn open(settings: &DuckdbSettings, notice: Option<&WaitNotice>) -> Result<Self> {
        let slot = slot(&settings.path)?;
        let started = Instant::now();
        let mut untold = notice;
        loop {
            let (slot, settings) = (Arc::clone(&slot), settings.clone());
            let wait = settings.lock_wait;
            let attempt = tokio::task::spawn_blocking(move || join(slot, &settings));
            let error = match attempt.await.map_err(|e| stopped("opening the file").caused_by(e))? {
                Ok(lease) => return Ok(lease),
                Err(error) => error,
            };
            if error.kind != ErrorKind::Busy || started.elapsed() >= wait {
                return Err(error);
            }
            if started.elapsed() >= SILENCE
                && let Some(notice) = untold.take()
            {
                notice(&error.message);
            }
            tokio::time::sleep(LOCK_RETRY).await;
        }
    }

    /// Makes a connection of its own, which holds a lease of its own.
    pub(crate) fn session(&self) -> Result<Session> {
        let mut open = lock(&self.slot.open);
        let open = open.as_mut().ok_or_else(|| stopped("connecting"))?;
        if open.broken {
            let message = format!("{} is being opened again after a fatal error", self.slot.path.display());
            return Err(Error::new(Side::Target, ErrorKind::Transient, message));
        }
        let connection = open.root.try_clone().map_err(error::other("connecting"))?;
        open.users += 1;
        let lease = Self { slot: Arc::clone(&self.slot), catalog: Arc::clone(&self.catalog) };
        Ok(Session::new(connection, lease))
    }

    /// Returns the database's name within DuckDB, made of the file's name.
    pub(crate) fn catalog(&self) -> &str {
        &self.catalog
    }

    /// Waits for the right to change Firn's state tables. Commits of one process do so one after the other, so that
    /// two of them never meet on a row.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        lock(&self.slot.turn)
    }

    /// Reserves memory for one writer, raising DuckDB's limit where all writers together need more.
    pub(crate) fn reserve(&self, bytes: u64) -> Result<Reservation> {
        let mut open = lock(&self.slot.open);
        let open = open.as_mut().ok_or_else(|| stopped("reserving memory"))?;
        let needed = UNRESERVED_MEMORY + open.reserved + bytes;
        if needed > open.memory_limit {
            open.allow(needed)?;
        }
        open.reserved += bytes;
        Ok(Reservation { slot: Arc::clone(&self.slot), bytes })
    }

    /// Doubles DuckDB's memory limit after it ran out; returns whether there was room to.
    pub(crate) fn allow_more_memory(&self) -> Result<bool> {
        match lock(&self.slot.open).as_mut() {
            Some(open) if open.memory_limit.saturating_mul(2) <= open.most_memory => {
                open.allow(open.memory_limit * 2).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// Notes that rows of a table were deleted.
    pub(crate) fn note_thinned(&self, table: &TableName) {
        lock(&self.slot.thinned).insert(table.clone());
    }

    /// Returns the tables from which rows were deleted, and forgets them.
    pub(crate) fn take_thinned(&self) -> BTreeSet<TableName> {
        std::mem::take(&mut lock(&self.slot.thinned))
    }

    /// Marks the open database as unusable: it is opened again when every lease is gone.
    pub(crate) fn give_up(&self) {
        if let Some(open) = lock(&self.slot.open).as_mut() {
            open.broken = true;
        }
    }

    /// Returns whether somebody has met a fatal error on this open database.
    pub(crate) fn is_broken(&self) -> bool {
        lock(&self.slot.open).as_ref().is_some_and(|open| open.broken)
    }
}

/// Memory reserved for one writer, given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    slot: Arc<Slot>,
    bytes: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(open) = lock(&self.slot.open).as_mut() {
            open.reserved = open.reserved.saturating_sub(self.bytes);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut open = lock(&self.slot.open);
        if let Some(state) = open.as_mut() {
            state.users -= 1;
            if state.users == 0 {
                // Closed while the lock is held: an open that came in between would be a second one.
                *open = None;
            }
        }
    }
}

/// Returns the name DuckDB gives a database file, for use before it is open.
pub(crate) fn catalog_of(path: &Path) -> String {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_owned()
}

fn slot(path: &Path) -> Result<Arc<Slot>> {
    static SLOTS: OnceLock<Mutex<HashMap<PathBuf, Arc<Slot>>>> = OnceLock::new();
    let path = canonical(path)?;
    let mut slots = lock(SLOTS.get_or_init(Mutex::default));
    let slot = slots.entry(path.clone()).or_insert_with(|| {
        Arc::new(Slot { path, open: Mutex::new(None), turn: Mutex::new(()), thinned: Mutex::default() })
    });
    Ok(Arc::clone(slot))
}

/// Returns the one absolute path of a file, existing or not, in a folder that exists.
fn canonical(path: &Path) -> Result<PathBuf> {
    let shown = path.display();
    let not_found = |e: std::io::Error| {
        Error::new(Side::Target, ErrorKind::NotFound, format!("the folder of {shown} cannot be opened"))
            .with_hint("Make the folder first, or correct the path of the connection.")
            .caused_by(e)
    };
    let name = path.file_name().ok_or_else(|| Error::configuration(format!("{shown} does not name a file")))?;
    if name == OsStr::new(":memory:") || catalog_of(path) == "_firn" {
        let hint = "Choose a file name such as warehouse.duckdb.";
        return Err(Error::configuration(format!("a warehouse cannot be called {shown}")).with_hint(hint));
    }
    // `canonicalize` follows links without opening the file; opening and closing it would drop DuckDB's lock.
    match std::fs::canonicalize(path) {
        Ok(found) if found.is_dir() => Err(Error::configuration(format!("{shown} is a folder, not a database file"))),
        Ok(found) => Ok(found),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(std::fs::canonicalize(folder).map_err(not_found)?.join(name))
        }
        Err(e) => Err(not_found(e)),
    }
}

fn join(slot: Arc<Slot>, settings: &DuckdbSettings) -> Result<Lease> {
    let mut open = lock(&slot.open);
    let catalog = match open.as_mut() {
        Some(state) => {
            state.users += 1;
            Arc::clone(&state.catalog)
        }
        None => {
            let (root, catalog) = open_file(&slot.path, settings)?;
            *open = Some(Open {
                root,
                catalog: Arc::clone(&catalog),
                users: 1,
                broken: false,
                memory_limit: settings.memory_limit,
                most_memory: settings.memory_limit.saturating_mul(MOST_MEMORY),
                reserved: 0,
            });
            catalog
        }
    };
    drop(open);
    Ok(Lease { slot, catalog })
}

fn open_file(path: &Path, settings: &DuckdbSettings) -> Result<(Connection, Arc<str>)> {
    let doing = format!("opening {}", path.display());
    let config = config(settings).map_err(error::other(&doing))?;
    create::make_if_missing(path)?;
    let root = Connection::open_with_flags(path, config).map_err(|e| locked(path, error::other(&doing)(e)))?;
    // Timestamps are shown and compared in UTC whatever the machine's zone is.
    root.execute_batch("SET GLOBAL TimeZone = 'UTC'").map_err(error::other(&doing))?;
    if let Some(folder) = &settings.temp_directory {
        let set = format!("SET GLOBAL temp_directory = {}", quote::literal(&folder.to_string_lossy()));
        root.execute_batch(&set).map_err(error::other(&doing))?;
    }
    feed::register(&root).map_err(error::other(&doing))?;
    let catalog: String =
        root.query_row("SELECT current_database()", [], |row| row.get(0)).map_err(error::other(&doing))?;
    Ok((root, catalog.into()))
}

fn config(settings: &DuckdbSettings) -> duckdb::Result<Config> {
    let config = Config::default()
        .with("memory_limit", kibibytes(settings.memory_limit))?
        // Otherwise every checkpoint after a change spread over a table rewrites the table: see `tidy`.
        .with("max_vacuum_tasks", "0")?
        // A warehouse never needs what it would have to download first.
        .enable_autoload_extension(false)?;
    match settings.threads {
        Some(threads) => config.with("threads", threads.to_string()),
        None => Ok(config),
    }
}

fn kibibytes(bytes: u64) -> String {
    format!("{}KiB", bytes.div_ceil(1024))
}

/// Says who holds the file, where the error is about another process's lock.
fn locked(path: &Path, error: Error) -> Error {
    if error.kind != ErrorKind::Busy {
        return error;
    }
    let said = error::cause(&error).map(|c: &DuckdbFailure| c.text.clone()).unwrap_or_default();
    let holder = said.split("held in ").nth(1).and_then(|rest| rest.split_once(" (PID "));
    let message = match holder.and_then(|(program, rest)| Some((program, rest.split(')').next()?))) {
        Some((program, pid)) => {
            format!("{} is open in another process: {program}, process id {pid}", path.display())
        }
        None => format!("{} is open in another process", path.display()),
    };
    Error { message, ..error }
}

fn stopped(doing: &str) -> Error {
    Error::new(Side::Target, ErrorKind::Other, format!("{doing} did not come to an end"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What the locks guard is whole at every point where a panic could unwind through them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_file_are_refused() {
        for path in [":memory:", "/", "_firn.duckdb"] {
            assert_eq!(canonical(Path::new(path)).unwrap_err().kind, ErrorKind::Configuration, "{path}");
        }
        assert_eq!(canonical(Path::new("/no/such/folder/w.duckdb")).unwrap_err().kind, ErrorKind::NotFound);
    }

    #[test]
    fn the_database_is_called_like_the_file_up_to_the_first_dot() {
        assert_eq!(catalog_of(Path::new("/data/a.b.duckdb")), "a");
    }
}
