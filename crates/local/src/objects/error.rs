//! Why the object store refused.

use std::io;

use thiserror::Error;

use crate::policy::Malformed;

/// What the object store refuses, or fails at. The S3 service gives each AWS's code.
#[derive(Debug, Error)]
pub(crate) enum ObjectError {
    #[error("bucket {bucket} does not exist")]
    NoSuchBucket { bucket: String },
    #[error("bucket {bucket} belongs to another account")]
    BucketTaken { bucket: String },
    #[error("bucket {bucket} is not empty: delete all its versions first")]
    BucketNotEmpty { bucket: String },
    #[error("Access Denied")]
    NotExpectedOwner,
    #[error("User: {caller} is not authorized to perform: {action} on resource: \"{resource}\" {}", why(action, *explicit))]
    Forbidden { caller: String, action: &'static str, resource: String, explicit: bool },
    #[error("the policy of bucket {bucket} is its owner's alone")]
    PolicyOfAnother { bucket: String },
    #[error("The bucket policy does not exist")]
    NoSuchPolicy { bucket: String },
    #[error(transparent)]
    MalformedPolicy(#[from] Malformed),
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
    #[error("object {key} was deleted while it was being written: look at it again, and repeat the write")]
    Overtaken { key: String },
    #[error("no version {version_id} to start the listing from")]
    NoSuchMarker { version_id: String },
    #[error("object keys are at most 1024 bytes and not empty")]
    KeyLength,
    #[error("the object cannot be copied to itself unless its metadata is replaced or a version is named")]
    CopyToItself,
    #[error("The specified copy source is larger than the maximum allowable size for a copy source: {most}")]
    CopyTooLarge { most: u64 },
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
    #[error("The upload was created using a {} checksum. The complete request must include the checksum for each part. It was missing for part {number} in the request.", algorithm.to_lowercase())]
    PartChecksumMissing { algorithm: &'static str, number: i32 },
    #[error(
        "The upload was created using the {made} checksum mode. The complete request must use the same checksum mode."
    )]
    ChecksumMode { made: &'static str },
    #[error("Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}", expected.to_lowercase(), actual.to_lowercase())]
    PartAlgorithm { expected: &'static str, actual: &'static str },
    #[error("The provided 'x-amz-mp-object-size' header value {claimed} does not match what was computed: {size}")]
    ObjectSize { claimed: u64, size: u64 },
    #[error("the {what} given does not match the bytes received")]
    BadDigest { what: &'static str },
    #[error("the object store's database")]
    Database(#[from] rusqlite::Error),
    #[error("the object store's files")]
    File(#[from] io::Error),
}

fn why(action: &str, explicit: bool) -> String {
    match explicit {
        true => "with an explicit deny in a resource-based policy".to_owned(),
        false => format!("because no resource-based policy allows the {action} action"),
    }
}
