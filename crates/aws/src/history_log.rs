use std::io::Write;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::sync::{Mutex, OnceCell};
use tracing::debug;

use crate::artifact_store::{Condition, parent};
use crate::history_csv::{self, HistoryRow};
use crate::{ArtifactStore, AwsError, Poll, S3Uri};

/// How often a row is tried while others write to the same file. Each failure means that somebody else's row went in.
const ATTEMPTS: u32 = 50;

/// A history: a CSV file in a versioned bucket, with a copy on the local disk.
///
/// The object in S3 is the truth. It is replaced only if it has not changed since it was read, so rows of several
/// processes never overwrite each other. The local file mirrors it and is replaced as a whole. A local file that has no
/// object in S3 yet, such as one the article's notebooks left, becomes the object's beginning.
#[derive(Debug)]
pub struct HistoryLog<R> {
    store: ArtifactStore,
    uri: S3Uri,
    local: PathBuf,
    bucket_checked: OnceCell<()>,
    // Rows of one process queue here instead of contending in S3, and so do writes of the mirror.
    writing: Mutex<()>,
    rows: PhantomData<fn() -> R>,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is in the history now.
    Added,
    /// A row with its key was in the history before. Nothing was written.
    AlreadyThere,
}

impl<R: HistoryRow> HistoryLog<R> {
    /// The history under a key of this store's bucket, mirrored at a local path. Nothing is requested.
    pub fn new(store: ArtifactStore, key: &str, local: impl Into<PathBuf>) -> Result<Self, AwsError> {
        Ok(Self {
            uri: store.uri(key)?,
            store,
            local: local.into(),
            bucket_checked: OnceCell::new(),
            writing: Mutex::new(()),
            rows: PhantomData,
        })
    }

    /// The object that holds the history.
    pub fn uri(&self) -> &S3Uri {
        &self.uri
    }

    /// The local mirror.
    pub fn local_path(&self) -> &Path {
        &self.local
    }

    /// All rows, the oldest first. The local mirror is brought up to date.
    ///
    /// Errors: [`AwsError::HistoryColumns`], [`AwsError::HistoryRow`], [`AwsError::Io`], and those of the bucket.
    pub async fn read(&self) -> Result<Vec<R>, AwsError> {
        let _writing = self.writing.lock().await;
        let (file, _) = self.current().await?;
        let rows = history_csv::rows(&self.uri.to_string(), &file)?;
        self.mirror(&file)?;
        Ok(rows)
    }

    /// Adds a row, unless one with its key is there.
    ///
    /// Errors: [`AwsError::VersioningOff`], [`AwsError::HistoryContended`], and those of [`read`](Self::read).
    pub async fn append(&self, row: &R) -> Result<Appended, AwsError> {
        let _writing = self.writing.lock().await;
        self.bucket_checked.get_or_try_init(|| self.store.check_bucket()).await?;
        let pauses =
            Poll::default().with_first(Duration::from_millis(5)).with_ceiling(Duration::from_millis(500)).pauses();
        for pause in pauses.take(ATTEMPTS as usize) {
            let (file, etag) = self.current().await?;
            let Some(grown) = history_csv::with_row(&self.uri.to_string(), &file, row)? else {
                self.mirror(&file)?;
                return Ok(Appended::AlreadyThere);
            };
            let grown = Bytes::from(grown);
            let condition = etag.map_or(Condition::Absent, Condition::Unchanged);
            if self.store.put_if(&self.uri, grown.clone(), condition).await?.is_some() {
                self.mirror(&grown)?;
                return Ok(Appended::Added);
            }
            debug!(uri = %self.uri, "the history changed meanwhile, reading it again");
            tokio::time::sleep(pause).await;
        }
        Err(AwsError::HistoryContended { uri: self.uri.clone(), attempts: ATTEMPTS })
    }

    /// The file as it is now, and the tag it must still have when it is replaced.
    async fn current(&self) -> Result<(Bytes, Option<String>), AwsError> {
        match self.store.get(&self.uri).await {
            Ok((bytes, object)) => Ok((bytes, object.etag)),
            Err(AwsError::NoSuchObject { .. }) => Ok((self.local_bytes()?.unwrap_or_default(), None)),
            Err(error) => Err(error),
        }
    }

    fn local_bytes(&self) -> Result<Option<Bytes>, AwsError> {
        match std::fs::read(&self.local) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(AwsError::Io { action: "read", path: self.local.clone(), source }),
        }
    }

    /// Replaces the local file as a whole, so that a reader never sees half of it.
    fn mirror(&self, file: &Bytes) -> Result<(), AwsError> {
        if self.local_bytes()?.unwrap_or_default() == *file {
            return Ok(());
        }
        let failed = |action| move |source| AwsError::Io { action, path: self.local.clone(), source };
        let folder = parent(&self.local);
        std::fs::create_dir_all(&folder).map_err(failed("create the folder of"))?;
        let mut beside = NamedTempFile::new_in(&folder).map_err(failed("create a file beside"))?;
        beside.write_all(file).map_err(failed("write"))?;
        beside.as_file().sync_all().map_err(failed("write"))?;
        beside.persist(&self.local).map_err(|error| failed("put in place")(error.error))?;
        Ok(())
    }
}
