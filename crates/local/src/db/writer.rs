//! The one connection that writes. Transactions that come while another is under way share its commit; commits that come
//! while the log is synced share the next sync.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ffi};

use super::log::Log;
use super::{closed, lock, undone};

/// How many transactions share a commit at most, so that the first does not wait for ever.
const MOST: usize = 128;

/// A connection inside a transaction. It is committed, or undone, by who lends it.
#[derive(Debug)]
pub(crate) struct Transaction<'c>(&'c Connection);

#[derive(Debug)]
pub(super) struct Writer {
    /// `None` once closed.
    open: Mutex<Option<Open>>,
    /// How many threads wait for the lock. Each will look after the batch it finds.
    arriving: AtomicUsize,
    log: Log,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// What has been done and not yet committed.
    batch: Option<Arc<Batch>>,
    /// How many transactions are in the batch.
    count: usize,
}

/// Transactions that are committed together.
#[derive(Debug, Default)]
struct Batch {
    outcome: Mutex<Option<Result<(), Failure>>>,
    ended: Condvar,
}

/// A batch that is committed, and not yet known to be on disk.
#[derive(Debug)]
struct Committed {
    batch: Arc<Batch>,
    number: u64,
}

/// Why a commit failed, for each transaction of its batch.
#[derive(Debug, Clone)]
struct Failure {
    code: i32,
    message: String,
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl Writer {
    pub(super) fn new(connection: Connection, log: Log) -> Self {
        let open = Open { connection, batch: None, count: 0 };
        Self { open: Mutex::new(Some(open)), arriving: AtomicUsize::new(0), log }
    }

    /// Runs `act` in one transaction, and returns once it is committed and on disk, or undone.
    pub(super) fn transaction<T, E>(&self, act: impl FnOnce(&Transaction<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<rusqlite::Error>,
    {
        let mut guard = self.arrive();
        let open = guard.as_mut().ok_or_else(closed)?;
        let batch = open.begin()?;
        let done = catch_unwind(AssertUnwindSafe(|| open.attempt(act)));
        if matches!(done, Err(_) | Ok(Err(_))) {
            open.undo();
        }
        // Whoever waits for the lock adds to the batch and commits it.
        let commits = self.arriving.load(Ordering::SeqCst) == 0 || open.count >= MOST;
        let committed = if commits { open.commit(&self.log) } else { None };
        // The next batch is made while this one is synced.
        drop(guard);
        if let Some(committed) = committed {
            self.sync(&committed);
        }
        match done {
            Ok(Ok(value)) => batch.wait().map(|()| value).map_err(E::from),
            Ok(Err(error)) => Err(error),
            Err(panic) => resume_unwind(panic),
        }
    }

    pub(super) fn close(&self) {
        if let Some(Open { batch: Some(batch), .. }) = lock(&self.open).take() {
            batch.end(Err(Failure::of(&closed())));
        }
    }

    fn sync(&self, Committed { batch, number }: &Committed) {
        let synced = self.log.sync(*number);
        if let Err(error) = &synced {
            tracing::error!(%error, "the log cannot be brought to disk: nothing more is written");
            self.close();
        }
        batch.end(synced.map_err(|error| Failure { code: ffi::SQLITE_IOERR_FSYNC, message: error.to_string() }));
    }

    fn arrive(&self) -> MutexGuard<'_, Option<Open>> {
        self.arriving.fetch_add(1, Ordering::SeqCst);
        let guard = lock(&self.open);
        self.arriving.fetch_sub(1, Ordering::SeqCst);
        guard
    }
}

impl Open {
    /// Begins a transaction inside the batch, which is begun if there is none.
    fn begin(&mut self) -> rusqlite::Result<Arc<Batch>> {
        let batch = match &self.batch {
            // SQLite itself undoes what a full disk interrupts.
            Some(batch) if !self.connection.is_autocommit() => Arc::clone(batch),
            _ => {
                self.end(Err(Failure::of(&undone())));
                self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
                Arc::clone(self.batch.insert(Arc::default()))
            }
        };
        self.count += 1;
        Ok(batch)
    }

    /// What `act` does is a savepoint, so that it can be undone without the rest of the batch.
    fn attempt<T, E>(&self, act: impl FnOnce(&Transaction<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<rusqlite::Error>,
    {
        self.connection.prepare_cached("SAVEPOINT act")?.execute([])?;
        let value = act(&Transaction(&self.connection))?;
        self.connection.prepare_cached("RELEASE act")?.execute([])?;
        Ok(value)
    }

    fn undo(&mut self) {
        if let Err(error) = self.connection.execute_batch("ROLLBACK TO act; RELEASE act") {
            // Without the savepoint the rest of the batch cannot be told from what is to be undone.
            if !self.connection.is_autocommit() {
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            self.end(Err(Failure::of(&error)));
        }
    }

    /// Returns the batch, unless that could not be committed.
    fn commit(&mut self, log: &Log) -> Option<Committed> {
        self.batch.as_ref()?;
        let committed = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(error) = committed {
            if !self.connection.is_autocommit() {
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            self.end(Err(Failure::of(&error)));
            return None;
        }
        self.count = 0;
        Some(Committed { batch: self.batch.take()?, number: log.appended() })
    }

    fn end(&mut self, outcome: Result<(), Failure>) {
        self.count = 0;
        if let Some(batch) = self.batch.take() {
            batch.end(outcome);
        }
    }
}

impl Batch {
    fn end(&self, outcome: Result<(), Failure>) {
        *lock(&self.outcome) = Some(outcome);
        self.ended.notify_all();
    }

    fn wait(&self) -> rusqlite::Result<()> {
        let mut outcome = lock(&self.outcome);
        loop {
            match &*outcome {
                Some(Ok(())) => return Ok(()),
                Some(Err(failure)) => return Err(failure.error()),
                None => outcome = self.ended.wait(outcome).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Failure {
    fn of(error: &rusqlite::Error) -> Self {
        let code = error.sqlite_error().map_or(ffi::SQLITE_ERROR, |error| error.extended_code);
        Self { code, message: error.to_string() }
    }

    fn error(&self) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(self.code), Some(self.message.clone()))
    }
}
