//! The SQLite database of one data folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};

use crate::error::LocalError;

/// Raised whenever a table of any module changes in a way an older program cannot read.
const SCHEMA_VERSION: i64 = 1;

/// A handle on the one connection to the data folder's database.
///
/// Every commit is on disk before the call returns (write-ahead log, `synchronous = FULL`), so what has been
/// acknowledged survives a killed process. Calls block: async code makes them inside `spawn_blocking`. A closure
/// must not call the same handle again, or it waits for itself.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Database {
    /// Opens the database file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, LocalError> {
        let failed = |source| LocalError::Database { path: PathBuf::from(path), source };
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if found > SCHEMA_VERSION {
            return Err(LocalError::NewerData { path: path.to_owned() });
        }
        if found < SCHEMA_VERSION {
            connection.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(failed)?;
        }
        Ok(Self { connection: Arc::new(Mutex::new(Some(connection))) })
    }

    /// Runs statements that need no answer, all or none: how a module creates its tables (`CREATE TABLE IF NOT
    /// EXISTS`).
    pub(crate) fn execute_batch(&self, sql: &str) -> rusqlite::Result<()> {
        self.transaction(|transaction| transaction.execute_batch(sql))
    }

    /// Lends the connection, for reads and for single statements.
    pub(crate) fn with<T, E>(&self, act: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<rusqlite::Error>,
    {
        act(self.lock().as_ref().ok_or_else(closed)?)
    }

    /// Runs `act` in one transaction: committed, and on disk, when it returns `Ok`; undone when it returns `Err`.
    pub(crate) fn transaction<T, E>(&self, act: impl FnOnce(&Transaction<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<rusqlite::Error>,
    {
        let mut guard = self.lock();
        let connection = guard.as_mut().ok_or_else(closed)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = act(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    /// Closes the database for every holder of a handle: a thread that outlives the server can write no more.
    pub(crate) fn close(&self) {
        drop(self.lock().take());
    }

    /// A panic while the lock was held has already undone its transaction, so the connection is sound.
    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> rusqlite::Error {
    let reason = "refit-local has stopped and closed its database".to_owned();
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_MISUSE), Some(reason))
}
