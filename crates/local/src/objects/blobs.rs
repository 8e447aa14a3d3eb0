//! Where objects' bytes are: up to [`SMALL`] in the database, so that one sync of the disk serves them and all that is
//! committed with them; more in files.
//!
//! A file is written in the folder `incoming` under the random id it will be known by, and synced. A transaction then
//! names it (a row of `blobs`, with the number of versions and parts that refer to it), and only after that commit is it
//! moved to `objects`. So whatever is in `incoming` at a start is what was in flight: a file that is named is moved, one
//! that is not was never acknowledged and goes. Removing works the other way round: the transaction that takes away the
//! last reference leaves the row with none, the file is unlinked after the commit, and a later commit forgets the row; a
//! start unlinks what such rows name. Neither looks at files that nothing was happening to.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use super::content::Bytes;
use super::digests::Digests;
use super::incoming::Blob;
use super::{Content, ObjectError};
use crate::db::Transaction;

/// How many bytes are kept in the database at most.
pub(super) const SMALL: usize = 32 * 1024;

/// How many empty files are made, and their names synced, at once: a put then waits for its own bytes only.
const FRESH: usize = 256;

/// The folders. The files in `objects` are spread over 256 folders; `scratch` is emptied at every start.
#[derive(Debug, Clone)]
pub(super) struct Blobs {
    objects: PathBuf,
    incoming: PathBuf,
    scratch: PathBuf,
    pending: Arc<Mutex<Pending>>,
}

/// What the index knows of named bytes: the digests of their blocks, and the bytes themselves when they are small.
pub(super) struct Held {
    digests: Option<Digests>,
    bytes: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Pending {
    /// Empty files in `incoming` whose names are on disk.
    fresh: Vec<String>,
    /// Files that have been unlinked, and whose rows can be forgotten.
    unlinked: VecDeque<String>,
}

impl Blobs {
    /// Opens `folder`.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let blobs = Self {
            objects: folder.join("objects"),
            incoming: folder.join("incoming"),
            scratch: folder.join("scratch"),
            pending: Arc::new(Mutex::new(Pending::default())),
        };
        blobs.make_folders()?;
        Ok(blobs)
    }

    pub(super) fn scratch(&self) -> io::Result<TempDir> {
        TempDir::new_in(&self.scratch)
    }

    /// Settles what was in flight when the folder was last used.
    pub(super) fn settle(&self, transaction: &Transaction<'_>) -> Result<(), ObjectError> {
        for file in fs::read_dir(&self.incoming)? {
            let file = file?;
            let name = file.file_name();
            let id = name.to_str().unwrap_or_default();
            if is_referred_to(transaction, id)? {
                fs::rename(file.path(), self.path(id))?;
            } else {
                fs::remove_file(file.path())?;
            }
        }
        for id in unreferenced(transaction)? {
            self.remove(&id)?;
            forget(transaction, &id)?;
        }
        Ok(())
    }

    /// A new empty file, open for writing, whose name is on disk already.
    pub(super) fn fresh(&self) -> io::Result<(String, File)> {
        let id = {
            let mut pending = self.pending();
            match pending.fresh.pop() {
                Some(id) => id,
                None => {
                    pending.fresh = self.make_fresh()?;
                    pending.fresh.pop().ok_or(io::ErrorKind::NotFound)?
                }
            }
        };
        let file = File::options().write(true).open(self.incoming.join(&id))?;
        Ok((id, file))
    }

    /// Moves a file whose name has been committed to where it stays. Until that is on disk the next start does it again.
    pub(super) fn keep(&self, id: &str) {
        match fs::rename(self.incoming.join(id), self.path(id)) {
            // Deleted already.
            Err(error) if is_missing(&error) => {}
            Err(error) => {
                tracing::warn!(%error, blob = id, "could not move the file of an object: the next start will")
            }
            Ok(()) => {}
        }
    }

    /// Removes a file that no transaction has named.
    pub(super) fn discard(&self, id: &str) {
        if let Err(error) = fs::remove_file(self.incoming.join(id)) {
            tracing::warn!(%error, blob = id, "could not remove the file of a refused object: the next start will");
        }
    }

    /// The named bytes of which the index knows `held`.
    pub(super) fn content(&self, id: &str, held: Held, size: u64) -> io::Result<Content> {
        let bytes = match held.bytes {
            Some(bytes) => Bytes::Memory(bytes),
            None => Bytes::File(self.open_file(id)?),
        };
        Ok(Content::new(bytes, size, held.digests))
    }

    fn open_file(&self, id: &str) -> io::Result<File> {
        // It may still be on its way, and arrive while it is looked for there.
        match File::open(self.path(id)) {
            Err(error) if is_missing(&error) => match File::open(self.incoming.join(id)) {
                Err(error) if is_missing(&error) => File::open(self.path(id)),
                found => found,
            },
            found => found,
        }
    }

    /// Unlinks files that the committed state refers to no more. What fails is tried again at the next start.
    pub(super) fn unlink(&self, ids: Vec<String>) {
        for id in ids {
            match self.remove(&id) {
                Ok(()) => self.pending().unlinked.push_back(id),
                Err(error) => tracing::warn!(%error, blob = id, "could not remove the file of a deleted object"),
            }
        }
    }

    /// Forgets the rows of files that have been unlinked. If the transaction is undone, the next start forgets them.
    pub(super) fn forget_unlinked(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let unlinked = std::mem::take(&mut self.pending().unlinked);
        unlinked.iter().try_for_each(|id| forget(transaction, id))
    }

    fn make_folders(&self) -> io::Result<()> {
        fs::create_dir_all(&self.incoming)?;
        if self.scratch.exists() {
            fs::remove_dir_all(&self.scratch)?;
        }
        fs::create_dir(&self.scratch)?;
        let last = self.objects.join(format!("{:02x}", u8::MAX));
        if !last.exists() {
            for prefix in 0..=u8::MAX {
                fs::create_dir_all(self.objects.join(format!("{prefix:02x}")))?;
            }
            File::open(&self.objects)?.sync_all()?;
            if let Some(folder) = self.objects.parent() {
                File::open(folder)?.sync_all()?;
            }
        }
        Ok(())
    }

    fn make_fresh(&self) -> io::Result<Vec<String>> {
        let ids: Vec<String> = (0..FRESH).map(|_| Uuid::new_v4().simple().to_string()).collect();
        for id in &ids {
            File::create_new(self.incoming.join(id))?;
        }
        File::open(&self.incoming)?.sync_all()?;
        Ok(ids)
    }

    /// Removes a file wherever it is: it may be on its way from the first folder to the second.
    fn remove(&self, id: &str) -> io::Result<()> {
        for path in [self.incoming.join(id), self.path(id)] {
            match fs::remove_file(path) {
                Err(error) if is_missing(&error) => {}
                removed => return removed,
            }
        }
        Ok(())
    }

    fn path(&self, id: &str) -> PathBuf {
        self.objects.join(id.get(..2).unwrap_or("00")).join(id)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// Names received bytes, with one reference.
pub(super) fn name(transaction: &Transaction<'_>, blob: &Blob) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT INTO blobs (id, refs, digests, bytes) VALUES (?1, 1, ?2, ?3)")?
        .execute((&blob.id, &blob.digests.0, blob.in_memory()))
        .map(drop)
}

/// Adds a reference to bytes that have some.
pub(super) fn share(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    transaction.prepare_cached("UPDATE blobs SET refs = refs + 1 WHERE id = ?1")?.execute([id]).map(drop)
}

/// Takes a reference away. Returns the file, if there is one, when that was the last.
pub(super) fn release(transaction: &Transaction<'_>, id: String) -> rusqlite::Result<Option<String>> {
    let (left, in_file): (i64, bool) = transaction
        .prepare_cached("UPDATE blobs SET refs = refs - 1 WHERE id = ?1 RETURNING refs, bytes IS NULL")?
        .query_row([&id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match (left, in_file) {
        (0, true) => Ok(Some(id)),
        (0, false) => forget(transaction, &id).map(|()| None),
        _ => Ok(None),
    }
}

/// What the index knows of named bytes.
pub(super) fn held(connection: &Connection, id: &str) -> rusqlite::Result<Held> {
    let mut statement = connection.prepare_cached("SELECT digests, bytes FROM blobs WHERE id = ?1")?;
    statement.query_row([id], |row| Ok(Held { digests: row.get::<_, Option<_>>(0)?.map(Digests), bytes: row.get(1)? }))
}

fn is_referred_to(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM blobs WHERE id = ?1 AND refs > 0)")?
        .query_row([id], |row| row.get(0))
}

fn unreferenced(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.prepare("SELECT id FROM blobs WHERE refs = 0")?.query_map([], |row| row.get(0))?.collect()
}

fn forget(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM blobs WHERE id = ?1 AND refs = 0")?.execute([id]).map(drop)
}
