//! `model.tar.gz`, unpacked in memory and distrusted.

use std::cell::Cell;
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
    /// Unpacked bytes for each packed one, from 16 MiB on. Default: 300. Models come to some tens; zeros that are there to
    /// fill the memory of whoever unpacks them come to a thousand.
    pub ratio: u64,
}

/// Up to so many unpacked bytes their ratio to the packed ones says nothing, and harms nobody.
const SMALL: u64 = 16 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1 << 30, entries: 1000, ratio: 300 }
    }
}

impl Limits {
    /// Limits other than the default ones.
    pub fn new(bytes: u64, entries: u64) -> Self {
        Self { bytes, entries, ..Self::default() }
    }

    /// With another limit of the ratio.
    #[must_use]
    pub fn with_ratio(self, ratio: u64) -> Self {
        Self { ratio, ..self }
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
    let packed = Cell::new(0);
    let mut reader = BufReader::new(Packed { inner: reader, read: &packed });
    let gzip = reader.fill_buf().map_err(corrupt)?.starts_with(&[0x1f, 0x8b]);
    if gzip { untar(MultiGzDecoder::new(reader), &packed, limits) } else { untar(reader, &packed, limits) }
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

fn untar(reader: impl Read, packed: &Cell<u64>, limits: &Limits) -> Result<Vec<Member>, BoosterError> {
    let mut counted = Counted { inner: reader, packed, limits: *limits, unpacked: 0, overrun: None };
    let mut members = Vec::new();
    let result = read_entries(&mut counted, limits, &mut members).and_then(|()| {
        // The rest of the stream holds the checksum that tells a cut or changed file.
        io::copy(&mut counted, &mut io::sink()).map_err(corrupt)
    });
    match counted.overrun {
        Some((limit, unit)) => Err(BoosterError::ArchiveTooLarge { limit, unit }),
        None => result.map(|_| members),
    }
}

fn read_entries(reader: impl Read, limits: &Limits, members: &mut Vec<Member>) -> Result<(), BoosterError> {
    let mut archive = tar::Archive::new(reader);
    let (mut count, mut announced) = (0, 0_u64);
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
        // What an archive says of itself is believed where it is too much: nothing need be unpacked to see that.
        announced = announced.saturating_add(entry.size());
        if announced > limits.bytes {
            return Err(BoosterError::ArchiveTooLarge { limit: limits.bytes, unit: "unpacked bytes" });
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

/// Counts what is read of an archive as it came.
struct Packed<'a, R> {
    inner: R,
    read: &'a Cell<u64>,
}

impl<R: Read> Read for Packed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

/// Stops a stream that unpacks to more than it may.
struct Counted<'a, R> {
    inner: R,
    packed: &'a Cell<u64>,
    limits: Limits,
    unpacked: u64,
    /// The limit that was passed.
    overrun: Option<(u64, &'static str)>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        let Limits { bytes, ratio, .. } = self.limits;
        if self.unpacked > bytes {
            self.overrun = Some((bytes, "unpacked bytes"));
        } else if self.unpacked > SMALL && self.unpacked / self.packed.get().max(1) > ratio {
            self.overrun = Some((ratio, "unpacked bytes for each packed one"));
        }
        match self.overrun {
            None => Ok(read),
            Some((limit, unit)) => Err(io::Error::other(format!("there are more than {limit} {unit}"))),
        }
    }
}
