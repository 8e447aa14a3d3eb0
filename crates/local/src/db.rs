//! The SQLite database of one data folder: one connection writes, others read beside it.

mod log;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, ffi};

use self::log::Log;
pub(crate) use self::writer::Transaction;
use self::writer::Writer;
use crate::error::LocalError;

/// What brings a database of an older version up to date, one step a version, from version 1 on. A step is added whenever a
/// table of any module changes in a way an older program cannot read, and never changed again.
const MIGRATIONS: [&str; SCHEMA_VERSION as usize - 1] =
    [include_str!("migrations/2.sql"), include_str!("migrations/3.sql"), include_str!("migrations/4.sql")];

const SCHEMA_VERSION: u32 = 4;

/// After how many pages the log is moved to the database: 16 MiB, so that a page that many commits change is moved once.
const CHECKPOINT: u32 = 4096;

/// The most connections that are kept open for the next reader.
const IDLE_READERS: usize = 8;

/// How many prepared statements a connection keeps: all there are.
const STATEMENTS: usize = 256;

/// A handle on the data folder's database.
///
/// Every commit is on disk before the call returns (the write-ahead log is synced), so what has been acknowledged survives
/// a killed process and a power cut. Writers that come at the same time share a commit and a sync. Readers see what was
/// committed when they began, perhaps a moment before it is on disk, and never wait for a writer or its disk. Calls block:
/// async code makes them inside `spawn_blocking`. A closure must not call the same handle again: a writer would wait for
/// itself, a reader would see another state.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    shared: Arc<Shared>,
    /// The reader that holds this handle's state, when it is a [`Database::snapshot`].
    pinned: Option<Arc<Mutex<Connection>>>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    writer: Writer,
    /// `None` once closed.
    readers: Mutex<Option<Vec<Connection>>>,
}

impl Database {
    /// Opens the database file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, LocalError> {
        let failed = |source| LocalError::Database { path: PathBuf::from(path), source };
        let mut connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        // A checkpoint syncs; commits are synced by the writer.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT).map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if found > SCHEMA_VERSION {
            return Err(LocalError::NewerData { path: path.to_owned() });
        }
        migrate(&mut connection, found).map_err(failed)?;
        keep_statements(&connection).map_err(failed)?;
        let log = Log::of(path).map_err(|source| LocalError::DataFolder { path: path.to_owned(), source })?;
        let (writer, readers) = (Writer::new(connection, log), Mutex::new(Some(Vec::new())));
        Ok(Self { shared: Arc::new(Shared { path: path.to_owned(), writer, readers }), pinned: None })
    }

    /// Runs statements that need no answer, all or none: how a module creates its tables (`CREATE TABLE IF NOT
    /// EXISTS`).
    pub(crate) fn execute_batch(&self, sql: &str) -> rusqlite::Result<()> {
        self.transaction(|transaction| transaction.execute_batch(sql))
    }

    /// Lends a connection that reads one state of the database, whatever is committed meanwhile. It cannot write.
    pub(crate) fn with<T, E>(&self, act: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<rusqlite::Error>,
    {
        if let Some(pinned) = &self.pinned {
            let connection = lock(pinned);
            self.shared.check_open()?;
            return act(&connection);
        }
        let mut connection = self.shared.reader()?;
        let value = act(&*connection.transaction()?)?;
        self.shared.put_back(connection);
        Ok(value)
    }

    /// Runs `act` in one transaction: committed, and on disk, when it returns `Ok`; undone when it returns `Err`.
    pub(crate) fn transaction<T, E>(&self, act: impl FnOnce(&Transaction<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<rusqlite::Error>,
    {
        if self.pinned.is_some() {
            return Err(refused("a snapshot of the database cannot be written").into());
        }
        self.shared.writer.transaction(act)
    }

    /// A handle that goes on reading what is committed now, for as long as it lives. It cannot write.
    pub(crate) fn snapshot(&self) -> rusqlite::Result<Self> {
        let connection = self.shared.reader()?;
        // The first read, not BEGIN, decides which state the transaction sees.
        connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
        Ok(Self { shared: Arc::clone(&self.shared), pinned: Some(Arc::new(Mutex::new(connection))) })
    }

    /// Closes the database for every holder of a handle: a thread that outlives the server can write no more.
    pub(crate) fn close(&self) {
        drop(lock(&self.shared.readers).take());
        self.shared.writer.close();
    }
}

/// Prepares a statement once: its plan does not depend on what is bound to it, which SQLite would else look at every time.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Brings the tables from version `found` to this program's, all or nothing. Version 0 is a new database.
fn migrate(connection: &mut Connection, found: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if found > 0 {
        MIGRATIONS.iter().skip(found as usize - 1).try_for_each(|step| transaction.execute_batch(step))?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()
}

impl Shared {
    /// A connection that nobody else uses, to be given back with [`Shared::put_back`] unless something went wrong.
    fn reader(&self) -> rusqlite::Result<Connection> {
        if let Some(idle) = lock(&self.readers).as_mut().ok_or_else(closed)?.pop() {
            return Ok(idle);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        keep_statements(&connection)?;
        Ok(connection)
    }

    fn put_back(&self, connection: Connection) {
        match lock(&self.readers).as_mut() {
            Some(idle) if idle.len() < IDLE_READERS => idle.push(connection),
            _ => drop(connection),
        }
    }

    fn check_open(&self) -> rusqlite::Result<()> {
        lock(&self.readers).as_ref().map(drop).ok_or_else(closed)
    }
}

/// A panic while the lock was held has already undone its transaction, so what it guards is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> rusqlite::Error {
    refused("refit-local has stopped and closed its database")
}

fn undone() -> rusqlite::Error {
    refused("SQLite has undone the transaction")
}

fn refused(reason: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_MISUSE), Some(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
        let mut statement = connection.prepare("SELECT n FROM number ORDER BY n")?;
        statement.query_map([], |row| row.get(0))?.collect()
    }

    fn add(connection: &Connection, number: i64) -> rusqlite::Result<usize> {
        connection.execute("INSERT INTO number (n) VALUES (?1)", [number])
    }

    fn open() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("db.sqlite")).unwrap();
        database.execute_batch("CREATE TABLE number (n INTEGER PRIMARY KEY) STRICT").unwrap();
        (folder, database)
    }

    #[test]
    fn readers_do_not_wait_for_a_writer_and_see_what_is_committed() {
        let (_folder, database) = open();
        database
            .transaction(|transaction| {
                add(transaction, 1)?;
                // Another thread, while this one holds the writer in the middle of its transaction.
                let other = database.clone();
                let read = std::thread::spawn(move || other.with(numbers).unwrap()).join().unwrap();
                assert_eq!(read, [0_i64; 0]);
                Ok::<_, rusqlite::Error>(())
            })
            .unwrap();
        assert_eq!(database.with(numbers).unwrap(), [1]);
    }

    #[test]
    fn writers_at_the_same_time_are_committed_each_or_undone_alone() {
        let (_folder, database) = open();
        let threads: Vec<_> = (0..40)
            .map(|number| {
                let database = database.clone();
                std::thread::spawn(move || {
                    let written = database.transaction(|transaction| {
                        add(transaction, number)?;
                        assert!(number % 5 != 4, "on purpose");
                        if number % 5 == 3 { Err(rusqlite::Error::InvalidQuery) } else { Ok(()) }
                    });
                    // What is acknowledged can be read.
                    assert_eq!(written.is_ok(), database.with(numbers).unwrap().contains(&number));
                })
            })
            .collect();
        let panicked = threads.into_iter().map(std::thread::JoinHandle::join).filter(Result::is_err).count();
        assert_eq!(panicked, 8);
        assert_eq!(database.with(numbers).unwrap(), (0..40).filter(|number| number % 5 < 3).collect::<Vec<i64>>());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn after_a_failed_sync_nothing_more_is_written() {
        let (folder, _database) = open();
        let connection = Connection::open(folder.path().join("db.sqlite")).unwrap();
        // The null device takes everything and cannot be synced.
        let log = Log::new(std::fs::File::options().write(true).open("/dev/null").unwrap());
        let writer = Writer::new(connection, log);
        let failed = writer.transaction(|transaction| add(transaction, 1)).unwrap_err();
        assert_eq!(failed.sqlite_error().unwrap().extended_code, ffi::SQLITE_IOERR_FSYNC);
        let refused = writer.transaction(|transaction| add(transaction, 2)).unwrap_err();
        assert_eq!(refused.sqlite_error().unwrap().extended_code, ffi::SQLITE_MISUSE);
    }

    #[test]
    fn a_read_is_of_one_state_and_a_snapshot_keeps_it() {
        let (_folder, database) = open();
        let snapshot = database.snapshot().unwrap();
        database
            .with(|connection| {
                let before = numbers(connection)?;
                database.transaction(|transaction| add(transaction, 7))?;
                assert_eq!(numbers(connection)?, before);
                Ok::<_, rusqlite::Error>(())
            })
            .unwrap();
        assert_eq!(database.with(numbers).unwrap(), [7]);
        assert_eq!(snapshot.with(numbers).unwrap(), [0_i64; 0]);
        assert!(snapshot.transaction(|transaction| add(transaction, 8)).is_err());
    }

    #[test]
    fn a_reader_cannot_write() {
        let (_folder, database) = open();
        assert!(database.with(|connection| add(connection, 1)).is_err());
        assert_eq!(database.with(numbers).unwrap(), [0_i64; 0]);
    }

    #[test]
    fn closing_ends_every_handle() {
        let (_folder, database) = open();
        let (other, snapshot) = (database.clone(), database.snapshot().unwrap());
        database.with(numbers).unwrap();
        database.close();
        for handle in [&database, &other, &snapshot] {
            assert!(handle.with(numbers).is_err());
            assert!(handle.transaction(|transaction| add(transaction, 1)).is_err());
        }
    }
}
