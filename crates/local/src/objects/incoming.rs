//! Receiving bytes: few to memory, more to disk, hashed on the way.

use std::fs::File;
use std::io::{self, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use uuid::Uuid;

use super::blobs::{Blobs, SMALL};
use super::digests::{Digesting, Digests};
use super::{Algorithm, Checksums, ObjectError};

/// Bytes on their way in.
pub(crate) struct Incoming {
    blobs: Blobs,
    bytes: Unnamed,
    size: u64,
    md5: Md5,
    checksums: ChecksumHasher,
    digests: Digesting,
}

/// Bytes that no version names yet.
pub(crate) struct Blob {
    bytes: Unnamed,
    pub(crate) id: String,
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    pub(crate) checksums: Checksums,
    pub(super) digests: Digests,
}

enum Unnamed {
    InMemory(Vec<u8>),
    InFile(File, UnnamedFile),
}

/// A file that goes when this is dropped.
struct UnnamedFile {
    blobs: Blobs,
    id: Option<String>,
}

impl Blobs {
    /// Starts to receive. MD5 and CRC-64/NVME are always computed, as S3 does, and `algorithm` besides.
    pub(super) fn incoming(&self, algorithm: Option<Algorithm>) -> Incoming {
        Incoming {
            blobs: self.clone(),
            bytes: Unnamed::InMemory(Vec::new()),
            size: 0,
            md5: Md5::new(),
            checksums: hasher(algorithm),
            digests: Digesting::new(),
        }
    }
}

impl Incoming {
    /// Whether so many bytes more stay in memory, so that appending them does not block.
    pub(crate) fn has_room_in_memory(&self, bytes: usize) -> bool {
        matches!(&self.bytes, Unnamed::InMemory(before) if before.len() + bytes <= SMALL)
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let has_room = self.has_room_in_memory(bytes.len());
        match &mut self.bytes {
            Unnamed::InMemory(before) if has_room => before.extend_from_slice(bytes),
            Unnamed::InMemory(before) => {
                let (id, mut file) = self.blobs.fresh()?;
                let unnamed = UnnamedFile { blobs: self.blobs.clone(), id: Some(id) };
                file.write_all(before)?;
                file.write_all(bytes)?;
                self.bytes = Unnamed::InFile(file, unnamed);
            }
            Unnamed::InFile(file, _) => file.write_all(bytes)?,
        }
        self.md5.update(bytes);
        self.checksums.update(bytes);
        self.digests.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Brings to disk the bytes that no commit will bring there.
    pub(crate) fn finish(self) -> io::Result<Blob> {
        let id = match &self.bytes {
            Unnamed::InMemory(_) => None,
            Unnamed::InFile(file, unnamed) => {
                file.sync_data()?;
                unnamed.id.clone()
            }
        };
        Ok(Blob {
            id: id.unwrap_or_else(|| Uuid::new_v4().simple().to_string()),
            bytes: self.bytes,
            size: self.size,
            md5: self.md5.finalize(),
            checksums: computed(self.checksums),
            digests: self.digests.finish(),
        })
    }
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

    /// The bytes that the index is to keep.
    pub(super) fn in_memory(&self) -> Option<&[u8]> {
        match &self.bytes {
            Unnamed::InMemory(bytes) => Some(bytes),
            Unnamed::InFile(..) => None,
        }
    }

    /// To be called with what came of the transaction that names the bytes.
    pub(super) fn settle<T>(self, committed: &Result<T, ObjectError>) {
        let Unnamed::InFile(_, mut unnamed) = self.bytes else { return };
        match committed {
            Ok(_) => {
                if let Some(id) = unnamed.id.take() {
                    unnamed.blobs.keep(&id);
                }
            }
            // Whether a commit that failed is on disk, the next start will see.
            Err(ObjectError::Database(_)) => unnamed.id = None,
            Err(_) => {}
        }
    }
}

impl Drop for UnnamedFile {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            self.blobs.discard(id);
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

pub(super) fn hasher(algorithm: Option<Algorithm>) -> ChecksumHasher {
    let is = |wanted| algorithm == Some(wanted);
    ChecksumHasher {
        crc32: is(Algorithm::Crc32).then(Crc32::new),
        crc32c: is(Algorithm::Crc32c).then(Crc32c::new),
        sha1: is(Algorithm::Sha1).then(Sha1::new),
        sha256: is(Algorithm::Sha256).then(Sha256::new),
        crc64nvme: Some(Crc64Nvme::new()),
    }
}

pub(super) fn computed(hasher: ChecksumHasher) -> Checksums {
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
