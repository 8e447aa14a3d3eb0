//! A folder as the place of a dataset.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Source;
use crate::{Destination, Draft, Manifest};

/// A folder of this machine that takes a dataset. It is made where it is not there.
///
/// A file has the suffix `.partial` until it is whole. One dataset is written into a folder at a time: two at once would mix their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl Destination for Folder {
    fn begin(&self, name: &str) -> Result<Box<dyn Draft>, Source> {
        fs::create_dir_all(&self.0)?;
        let partial = Partial(Some(partial(&self.0, name)));
        let file = File::create(partial.path()?)?;
        Ok(Box::new(DraftFile { path: self.0.join(name), partial, file }))
    }

    fn withdraw(&self, _manifest: &[u8]) -> Result<(), Source> {
        match fs::remove_file(self.0.join(Manifest::FILE_NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn complete(&self, manifest: &[u8]) -> Result<(), Source> {
        let mut written = Partial(Some(partial(&self.0, Manifest::FILE_NAME)));
        fs::write(written.path()?, manifest)?;
        Ok(written.rename(&self.0.join(Manifest::FILE_NAME))?)
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

struct DraftFile {
    path: PathBuf,
    partial: Partial,
    file: File,
}

impl Draft for DraftFile {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Source> {
        Ok(self.file.write_all(bytes)?)
    }

    /// A disk that is full has said so to the write.
    fn seal(&mut self) -> Result<(), Source> {
        Ok(self.file.flush()?)
    }

    fn publish(mut self: Box<Self>, _sha256: [u8; 32]) -> Result<(), Source> {
        Ok(self.partial.rename(&self.path)?)
    }
}

impl fmt::Display for DraftFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

fn partial(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.partial"))
}

/// A file under a name that says it is not whole; removed where it is not renamed.
struct Partial(Option<PathBuf>);

impl Partial {
    fn path(&self) -> io::Result<&Path> {
        self.0.as_deref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&mut self, to: &Path) -> io::Result<()> {
        fs::rename(self.path()?, to)?;
        self.0 = None;
        Ok(())
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
