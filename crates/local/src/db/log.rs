//! The write-ahead log's way to disk.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lock;

/// The log of a database whose connection appends to it and does not sync it (`synchronous = NORMAL`).
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    /// How many commits there have been.
    appended: AtomicU64,
    synced: Mutex<Synced>,
}

#[derive(Debug)]
enum Synced {
    /// So many commits are on disk.
    Until(u64),
    /// What a failed sync leaves on disk is not known, and another one would not say.
    Failed,
}

impl Log {
    /// The log of a database that has been opened.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Ok(Self::new(File::options().write(true).open(path)?))
    }

    pub(super) fn new(file: File) -> Self {
        Self { file, appended: AtomicU64::new(0), synced: Mutex::new(Synced::Until(0)) }
    }

    /// Numbers a commit that has been appended.
    pub(super) fn appended(&self) -> u64 {
        self.appended.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Returns once the commit of this number is on disk. Whoever waits for one sync shares the next.
    pub(super) fn sync(&self, number: u64) -> io::Result<()> {
        let mut synced = lock(&self.synced);
        match *synced {
            Synced::Until(done) if done >= number => return Ok(()),
            Synced::Until(_) => {}
            Synced::Failed => return Err(io::Error::other("an earlier sync of the log failed")),
        }
        let until = self.appended.load(Ordering::SeqCst);
        let result = self.file.sync_data();
        *synced = if result.is_ok() { Synced::Until(until) } else { Synced::Failed };
        result
    }
}
