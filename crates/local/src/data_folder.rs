//! The folder that keeps everything, used by one backend at a time.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::LocalError;

/// How long a backend that was just dropped may take to let go of its folder.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lock on a data folder: held until dropped, and let go by the system when the process dies.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// Never read: the lock lives as long as the open file.
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if it is not there, and locks it. Blocks for a moment when another holds the lock.
    pub(crate) fn lock(path: &Path) -> Result<Self, LocalError> {
        let failed = |at: &Path| {
            let path = at.to_owned();
            move |source| LocalError::DataFolder { path, source }
        };
        fs::create_dir_all(path).map_err(failed(path))?;
        let file = path.join("refit-local.lock");
        let mut lock =
            File::options().read(true).write(true).create(true).truncate(false).open(&file).map_err(failed(&file))?;
        let began = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(failed(&file)(source)),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LocalError::DataFolderInUse { path: path.to_owned(), holder: holder(&mut lock) });
                }
            }
        }
        sign(&mut lock).map_err(failed(&file))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("refit-local.sqlite")
    }
}

/// Writes down who holds the lock, for whoever is refused.
fn sign(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    write!(lock, "{}", std::process::id())
}

fn holder(lock: &mut File) -> String {
    let mut process = String::new();
    match lock.read_to_string(&mut process) {
        Ok(_) if process == std::process::id().to_string() => "this process".to_owned(),
        Ok(length) if length > 0 => format!("process {process}"),
        _ => "another process".to_owned(),
    }
}
