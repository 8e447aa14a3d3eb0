//! One set's file in the making.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Set, WarehouseError, manifest};

/// How many bytes are gathered before they are hashed and written.
const BUFFER: usize = 256 * 1024;

/// A file that gets its name when it is whole, and goes when it never is.
pub(super) struct SetFile {
    set: Set,
    path: PathBuf,
    partial: Partial,
    file: File,
    buffer: Vec<u8>,
    digest: Sha256,
    rows: u64,
    bytes: u64,
}

impl SetFile {
    pub(super) fn create(set: Set, dir: &Path) -> Result<Self, WarehouseError> {
        let path = dir.join(set.file_name());
        let partial = dir.join(format!("{}.partial", set.file_name()));
        let file = File::create(&partial).map_err(|source| not_written(&partial, source))?;
        Ok(Self {
            set,
            path,
            partial: Partial(Some(partial)),
            file,
            buffer: Vec::with_capacity(BUFFER + 4096),
            digest: Sha256::new(),
            rows: 0,
            bytes: 0,
        })
    }

    pub(super) fn set(&self) -> Set {
        self.set
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The line being written.
    pub(super) fn line(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    pub(super) fn end_line(&mut self) -> Result<(), WarehouseError> {
        self.buffer.push(b'\n');
        self.rows += 1;
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// Gives the file its name.
    pub(super) fn finish(mut self) -> Result<manifest::File, WarehouseError> {
        self.flush()?;
        self.partial.rename(&self.path).map_err(|source| not_written(&self.path, source))?;
        Ok(manifest::File {
            set: self.set,
            name: self.set.file_name().to_owned(),
            rows: self.rows,
            bytes: self.bytes,
            sha256: hex::encode(self.digest.finalize()),
        })
    }

    fn flush(&mut self) -> Result<(), WarehouseError> {
        self.digest.update(&self.buffer);
        self.bytes += self.buffer.len() as u64;
        self.file.write_all(&self.buffer).map_err(|source| not_written(&self.path, source))?;
        self.buffer.clear();
        Ok(())
    }
}

/// Removes a file, which need not be there.
pub(super) fn remove(path: &Path) -> Result<(), WarehouseError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(not_written(path, source)),
        _ => Ok(()),
    }
}

fn not_written(path: &Path, source: io::Error) -> WarehouseError {
    WarehouseError::File { act: "written", path: path.to_owned(), source }
}

/// A file under a name that says it is not whole; removed where it is not renamed.
struct Partial(Option<PathBuf>);

impl Partial {
    fn rename(&mut self, to: &Path) -> io::Result<()> {
        match self.0.take() {
            Some(partial) => fs::rename(partial, to),
            None => Ok(()),
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // What cannot be removed is marked as partial by its name.
            let _ = fs::remove_file(path);
        }
    }
}
