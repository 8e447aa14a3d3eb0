//! Completing an upload: its parts joined to one object.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::incoming::{composite, multipart_etag};
use super::multipart::{end, find, parts};
use super::put::{NewContent, NewVersion, insert};
use super::{Algorithm, Attributes, Blob, Checksums, ObjectError, ObjectStore, Part, Upload, Write, Written};

/// S3's least size of a part that is not the last.
const LEAST_PART: u64 = 5 * 1024 * 1024;

/// What a request to complete an upload says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) upload_id: String,
    pub(crate) parts: Vec<CompletedPart>,
    /// Checksums of the whole object.
    pub(crate) claimed: Checksums,
    /// Whether the checksum is said to be one of the parts' checksums.
    pub(crate) composite: Option<bool>,
    /// The size that the object is said to have.
    pub(crate) size: Option<u64>,
}

/// A part as the request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompletedPart {
    pub(crate) number: i32,
    pub(crate) etag: Option<String>,
    pub(crate) checksums: Checksums,
}

impl ObjectStore {
    /// Joins the named parts to the current version of the object that `write` writes.
    pub(crate) fn complete_upload(&self, write: &Write, completion: &Completion) -> Result<Written, ObjectError> {
        let upload_id = completion.upload_id.as_str();
        let (upload, uploaded) = self.database.with(|connection| {
            let bucket = write.access.object(connection, "s3:PutObject", &write.bucket, &write.key)?;
            Ok::<_, ObjectError>((find(connection, &bucket, &write.key, upload_id)?, parts(connection, upload_id)?))
        })?;
        completion.check_mode(&upload)?;
        let chosen = choose(&upload, &uploaded, &completion.parts)?;
        let blob = self.join(&upload, &chosen)?;
        if let Some(claimed) = completion.size.filter(|claimed| *claimed != blob.size) {
            return Err(ObjectError::ObjectSize { claimed, size: blob.size });
        }
        let checksums = whole_checksums(&upload, &chosen, &blob)?;
        checksums.verify(&completion.claimed)?;
        let etags = chosen.iter().map(|part| md5_of(&part.etag)).collect::<Option<Vec<_>>>();
        let attributes = Attributes {
            md5: blob.etag(),
            checksums,
            part_sizes: chosen.iter().map(|part| part.size).collect(),
            ..upload.attributes
        };
        let written = self.change(|transaction, unnamed| {
            let bucket = write.check(transaction)?;
            find(transaction, &bucket, &write.key, upload_id)?;
            end(transaction, upload_id, unnamed)?;
            let version = NewVersion {
                key: &write.key,
                content: NewContent::Received(&blob),
                size: blob.size,
                etag: multipart_etag(&etags.unwrap_or_default()),
                attributes,
                last_modified: self.clock.milliseconds(),
            };
            insert(transaction, &bucket, version, unnamed)
        });
        blob.settle(&written);
        written
    }

    /// One file of all the parts' bytes.
    fn join(&self, upload: &Upload, parts: &[&Part]) -> Result<Blob, ObjectError> {
        let mut incoming = self.incoming(upload.algorithm.filter(|_| !upload.composite));
        for part in parts {
            self.open_part(part)?.each(0, part.size, |bytes| incoming.write(bytes))?;
        }
        Ok(incoming.finish()?)
    }
}

impl Completion {
    fn check_mode(&self, upload: &Upload) -> Result<(), ObjectError> {
        let made = if upload.composite { "COMPOSITE" } else { "FULL_OBJECT" };
        match self.composite {
            Some(composite) if upload.algorithm.is_some() && composite != upload.composite => {
                Err(ObjectError::ChecksumMode { made })
            }
            _ => Ok(()),
        }
    }
}

/// The uploaded parts the request names, if it names them rightly.
fn choose<'p>(upload: &Upload, uploaded: &'p [Part], named: &[CompletedPart]) -> Result<Vec<&'p Part>, ObjectError> {
    if named.is_empty() {
        return Err(ObjectError::NoParts);
    }
    if !named.is_sorted_by(|before, after| before.number < after.number) {
        return Err(ObjectError::PartOrder);
    }
    let mut chosen: Vec<&Part> = Vec::with_capacity(named.len());
    for name in named {
        let part = uploaded
            .binary_search_by_key(&name.number, |part| part.number)
            .ok()
            .and_then(|at| uploaded.get(at))
            .filter(|part| name.etag.as_ref().is_none_or(|etag| *etag == part.etag))
            .filter(|part| part.checksums.verify(&name.checksums).is_ok())
            .ok_or(ObjectError::InvalidPart { number: name.number })?;
        if let Some(algorithm) = upload.algorithm.filter(|it| upload.composite && name.checksums.of(*it).is_none()) {
            return Err(ObjectError::PartChecksumMissing { algorithm: algorithm.as_str(), number: name.number });
        }
        if let Some(before) = chosen.last().filter(|before| before.size < LEAST_PART) {
            return Err(ObjectError::PartTooSmall { number: before.number, size: before.size });
        }
        chosen.push(part);
    }
    Ok(chosen)
}

/// The object's checksum: of the parts' checksums, or of the whole content.
fn whole_checksums(upload: &Upload, parts: &[&Part], blob: &Blob) -> Result<Checksums, ObjectError> {
    let algorithm = upload.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    if !upload.composite {
        return Ok(blob.checksums.only(algorithm));
    }
    let sums = parts
        .iter()
        .map(|part| {
            let sum = part.checksums.of(algorithm).and_then(|sum| BASE64_STANDARD.decode(sum).ok());
            sum.ok_or(ObjectError::InvalidPart { number: part.number })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut checksums = Checksums { composite: true, ..Checksums::default() };
    if let Some(sum) = composite(algorithm, &sums) {
        checksums.set(algorithm, sum);
    }
    Ok(checksums)
}

fn md5_of(etag: &str) -> Option<[u8; 16]> {
    hex::decode(etag).ok()?.try_into().ok()
}
