//! The files that hold objects' bytes.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use tempfile::NamedTempFile;
use uuid::Uuid;

use super::{Algorithm, Checksums};
use crate::error::LocalError;

/// How much of a file is in memory at once.
const CHUNK: usize = 256 * 1024;

/// The folder of the files, each named by a random id and spread over 256 folders.
#[derive(Debug, Clone)]
pub(super) struct Blobs {
    objects: PathBuf,
    incoming: PathBuf,
}

impl Blobs {
    /// Opens `folder`, and removes every file that is not `named`.
    pub(super) fn open(folder: &Path, named: &HashSet<String>) -> Result<Self, LocalError> {
        let blobs = Self { objects: folder.join("objects"), incoming: folder.join("incoming") };
        let failed = |source| LocalError::DataFolder { path: folder.to_owned(), source };
        if blobs.incoming.exists() {
            fs::remove_dir_all(&blobs.incoming).map_err(failed)?;
        }
        fs::create_dir_all(&blobs.incoming).map_err(failed)?;
        for prefix in 0..=u8::MAX {
            fs::create_dir_all(blobs.objects.join(format!("{prefix:02x}"))).map_err(failed)?;
        }
        File::open(&blobs.objects).and_then(|objects| objects.sync_all()).map_err(failed)?;
        blobs.sweep(named).map_err(failed)?;
        Ok(blobs)
    }

    /// Starts a new file. MD5 and CRC-64/NVME are always computed, as S3 does, and `algorithm` besides.
    pub(super) fn incoming(&self, algorithm: Option<Algorithm>) -> io::Result<Incoming> {
        Ok(Incoming {
            file: NamedTempFile::new_in(&self.incoming)?,
            blobs: self.clone(),
            size: 0,
            md5: Md5::new(),
            checksums: hasher(algorithm),
        })
    }

    pub(super) fn open_file(&self, id: &str) -> io::Result<File> {
        File::open(self.path(id))
    }

    /// Removes files that no version names any more. A failure leaves a file that the next start removes.
    pub(super) fn remove_unnamed(&self, ids: impl IntoIterator<Item = String>) {
        for id in ids {
            if let Err(error) = fs::remove_file(self.path(&id)) {
                tracing::warn!(%error, blob = id, "could not remove the file of a deleted object");
            }
        }
    }

    fn path(&self, id: &str) -> PathBuf {
        let prefix: String = id.chars().take(2).collect();
        self.objects.join(prefix).join(id)
    }

    fn sweep(&self, named: &HashSet<String>) -> io::Result<()> {
        for folder in fs::read_dir(&self.objects)? {
            for file in fs::read_dir(folder?.path())? {
                let file = file?;
                if !file.file_name().to_str().is_some_and(|name| named.contains(name)) {
                    fs::remove_file(file.path())?;
                }
            }
        }
        Ok(())
    }
}

/// Bytes on their way in: a file under another name.
pub(crate) struct Incoming {
    file: NamedTempFile,
    blobs: Blobs,
    size: u64,
    md5: Md5,
    checksums: ChecksumHasher,
}

impl Incoming {
    /// How many bytes there are so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.md5.update(bytes);
        self.checksums.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Appends `length` bytes of another file, from `offset` on.
    pub(super) fn write_from(&mut self, mut source: File, offset: u64, length: u64) -> io::Result<()> {
        source.seek(SeekFrom::Start(offset))?;
        let mut source = source.take(length);
        let mut chunk = vec![0; CHUNK];
        loop {
            match source.read(&mut chunk)? {
                0 => return Ok(()),
                read => self.write(&chunk[..read])?,
            }
        }
    }

    /// Brings the bytes to disk under their final name.
    pub(crate) fn finish(self) -> io::Result<Blob> {
        let id = Uuid::new_v4().simple().to_string();
        let path = self.blobs.path(&id);
        self.file.as_file().sync_all()?;
        self.file.persist(&path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Blob {
            id,
            path,
            size: self.size,
            md5: self.md5.finalize(),
            checksums: computed(self.checksums),
            kept: false,
        })
    }
}

/// Bytes on disk that no version names yet: dropped before it is kept, the file goes.
pub(crate) struct Blob {
    pub(crate) id: String,
    path: PathBuf,
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    pub(crate) checksums: Checksums,
    kept: bool,
}

impl Blob {
    /// MD5 of the content as a single part's ETag writes it.
    pub(crate) fn etag(&self) -> String {
        hex::encode(self.md5)
    }

    /// MD5 of the content as the `Content-MD5` header writes it.
    pub(crate) fn content_md5(&self) -> String {
        BASE64_STANDARD.encode(self.md5)
    }

    /// To be called once the index names the file.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, blob = self.id, "could not remove the file of a refused object");
        }
    }
}

/// The checksum by `algorithm` of many parts' checksums, as S3 writes it for a multipart upload's object.
pub(super) fn composite(algorithm: Algorithm, parts: &[Vec<u8>]) -> Option<String> {
    let mut hasher = hasher(Some(algorithm));
    parts.iter().for_each(|part| hasher.update(part));
    computed(hasher).of(algorithm).map(|sum| format!("{sum}-{}", parts.len()))
}

/// MD5 over many parts' MD5s, as the ETag of a multipart upload's object has it.
pub(super) fn multipart_etag(parts: &[[u8; 16]]) -> String {
    format!("{}-{}", hex::encode(Md5::checksum(parts.as_flattened())), parts.len())
}

fn hasher(algorithm: Option<Algorithm>) -> ChecksumHasher {
    let is = |wanted| algorithm == Some(wanted);
    ChecksumHasher {
        crc32: is(Algorithm::Crc32).then(Crc32::new),
        crc32c: is(Algorithm::Crc32c).then(Crc32c::new),
        sha1: is(Algorithm::Sha1).then(Sha1::new),
        sha256: is(Algorithm::Sha256).then(Sha256::new),
        crc64nvme: Some(Crc64Nvme::new()),
    }
}

fn computed(hasher: ChecksumHasher) -> Checksums {
    let sums = hasher.finalize();
    Checksums {
        crc32: sums.checksum_crc32,
        crc32c: sums.checksum_crc32c,
        crc64nvme: sums.checksum_crc64nvme,
        sha1: sums.checksum_sha1,
        sha256: sums.checksum_sha256,
        composite: false,
    }
}
