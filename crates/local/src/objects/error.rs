//! Why the object store refused.

use std::io;

use thiserror::Error;

/// What the object store refuses, or fails at. The S3 service gives each AWS's code.
#[derive(Debug, Error)]
pub(crate) enum ObjectError {
    #[error("bucket {bucket} does not exist")]
    NoSuchBucket { bucket: String },
    #[error("bucket {bucket} belongs to another account")]
    BucketTaken { bucket: String },
    #[error("bucket {bucket} is not empty: delete all its versions first")]
    BucketNotEmpty { bucket: String },
    #[error("bucket {bucket}: access denied, {reason}")]
    AccessDenied { bucket: String, reason: &'static str },
    #[error("object {key} does not exist")]
    NoSuchKey { key: String },
    #[error("object {key}'s current version is the delete marker {version_id}")]
    Deleted { key: String, version_id: String },
    #[error("object {key} has no version {version_id}")]
    NoSuchVersion { key: String, version_id: String },
    #[error("version {version_id} of object {key} is a delete marker and has no content")]
    IsDeleteMarker { key: String, version_id: String },
    #[error("the condition {condition} does not hold")]
    ConditionFailed { condition: &'static str },
    #[error("no version {version_id} to start the listing from")]
    NoSuchMarker { version_id: String },
    #[error("object keys are at most 1024 bytes and not empty")]
    KeyLength,
    #[error("the object cannot be copied to itself unless its metadata is replaced or a version is named")]
    CopyToItself,
    #[error("the range {first}-{last} is not inside the source object")]
    CopyRange { first: u64, last: u64 },
    #[error("upload {upload_id} does not exist: it was completed or aborted, or never begun")]
    NoSuchUpload { upload_id: String },
    #[error("part {number} was not uploaded, or its ETag or checksum is another")]
    InvalidPart { number: i32 },
    #[error("the parts must be listed in ascending order of their numbers")]
    PartOrder,
    #[error("part {number} has {size} bytes; every part but the last needs 5 MiB")]
    PartTooSmall { number: i32, size: u64 },
    #[error("the list of parts is empty")]
    NoParts,
    #[error("the {what} given does not match the bytes received")]
    BadDigest { what: &'static str },
    #[error("the object store's database")]
    Database(#[from] rusqlite::Error),
    #[error("the object store's files")]
    File(#[from] io::Error),
}
