//! `model.tar.gz`, unpacked in memory and distrusted.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path};

use flate2::bufread::MultiGzDecoder;

use crate::error::BoosterError;

/// How much an archive may hold. The defaults fit any model that a SageMaker endpoint could load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Unpacked bytes, tar headers and padding included. Default: 1 GiB.
    pub bytes: u64,
    /// Entries, folders included. Default: 1,000.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1 << 30, entries: 1000 }
    }
}

impl Limits {
    /// Limits other than the default ones.
    pub fn new(bytes: u64, entries: u64) -> Self {
        Self { bytes, entries }
    }
}

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its path, relative and without `.` or `..`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Unpacks a tar, gzipped or plain, told by its first bytes. Folders give no member; neither do files whose name, or
/// whose folder's name, starts with a dot.
///
/// # Errors
///
/// [`BoosterError::CorruptArchive`], [`BoosterError::ArchiveTooLarge`], [`BoosterError::ClimbingPath`] and
/// [`BoosterError::NotAFile`]. Nothing is written anywhere.
pub fn unpack(reader: impl Read, limits: &Limits) -> Result<Vec<Member>, BoosterError> {
    let mut reader = BufReader::new(reader);
    let gzip = reader.fill_buf().map_err(corrupt)?.starts_with(&[0x1f, 0x8b]);
    if gzip { untar(MultiGzDecoder::new(reader), limits) } else { untar(reader, limits) }
}

/// The only model among the members.
pub(crate) fn only_model(members: Vec<Member>) -> Result<Member, BoosterError> {
    /// Names in an error.
    const SHOWN: usize = 5;
    let names: Vec<&str> = members.iter().map(|member| member.path.as_str()).collect();
    if names.len() > 1 && names.iter().all(|name| is_fold(name)) {
        return Err(BoosterError::Unsupported {
            what: format!("an ensemble of {} models from `_kfold`", names.len()),
            remedy: "train without `_kfold`",
        });
    }
    let (count, shown) = (names.len(), names[..names.len().min(SHOWN)].join(", "));
    let mut members = members.into_iter();
    match (members.next(), members.next()) {
        (None, _) => Err(BoosterError::NoModel),
        (Some(model), None) => Ok(model),
        (Some(_), Some(_)) => Err(BoosterError::SeveralModels { count, names: shown }),
    }
}

/// Whether this is one of `xgboost-model-0` … `xgboost-model-N`.
fn is_fold(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_prefix("xgboost-model-").is_some_and(|fold| !fold.is_empty() && fold.bytes().all(|b| b.is_ascii_digit()))
}

fn untar(reader: impl Read, limits: &Limits) -> Result<Vec<Member>, BoosterError> {
    let too_large = |limit, unit| BoosterError::ArchiveTooLarge { limit, unit };
    let mut counted = Counted { inner: reader, left: limits.bytes, overrun: false };
    let mut members = Vec::new();
    let result = read_entries(&mut counted, limits, &mut members);
    if counted.overrun {
        return Err(too_large(limits.bytes, "unpacked bytes"));
    }
    result?;
    // The rest of the stream holds the checksum that tells a cut or changed file.
    io::copy(&mut counted, &mut io::sink())
        .map_err(|error| if counted.overrun { too_large(limits.bytes, "unpacked bytes") } else { corrupt(error) })?;
    Ok(members)
}

fn read_entries(reader: impl Read, limits: &Limits, members: &mut Vec<Member>) -> Result<(), BoosterError> {
    let mut archive = tar::Archive::new(reader);
    let mut count = 0;
    for entry in archive.entries().map_err(corrupt)? {
        let mut entry = entry.map_err(corrupt)?;
        count += 1;
        if count > limits.entries {
            return Err(BoosterError::ArchiveTooLarge { limit: limits.entries, unit: "entries" });
        }
        let raw = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = relative(&raw).ok_or_else(|| BoosterError::ClimbingPath { path: raw.clone() })?;
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        // Not sparse files either: they grow without bytes in the archive, past every limit.
        if !(kind.is_file() || kind.is_contiguous()) {
            return Err(BoosterError::NotAFile { path: raw });
        }
        if path.split('/').any(|part| part.starts_with('.')) {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(corrupt)?;
        if bytes.len() as u64 != entry.size() {
            return Err(corrupt(io::ErrorKind::UnexpectedEof.into()));
        }
        members.push(Member { path, bytes });
    }
    Ok(())
}

/// The path without `.`, or `None` if it leaves the archive.
fn relative(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?.to_owned()),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

fn corrupt(source: io::Error) -> BoosterError {
    BoosterError::CorruptArchive { source }
}

/// Stops a stream that unpacks to more than it may.
struct Counted<R> {
    inner: R,
    left: u64,
    overrun: bool,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => {
                self.overrun = true;
                Err(io::Error::other("the limit of unpacked bytes is reached"))
            }
        }
    }
}
