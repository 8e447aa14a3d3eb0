use std::path::PathBuf;

use crate::{PollTimeout, RequestError, S3Uri, Sha256Digest};

/// What can go wrong in this crate. Each variant is one thing the caller can do something about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsError {
    /// A name, an ARN, a URI or a digest that AWS would refuse. Correct the value; nothing was requested.
    #[error("invalid {what} {value:?}: {reason}")]
    Invalid {
        /// What the value was meant to be.
        what: &'static str,
        /// The value.
        value: String,
        /// What is wrong with it, and what is right.
        reason: String,
    },

    /// The configuration has no region. Give the `SdkConfig` one.
    #[error("the SdkConfig has no region: set one, for example with `SdkConfig::builder().region(..)`")]
    NoRegion,

    /// SageMaker has no XGBoost image in a region of this name. Correct the region.
    #[error("unknown region {region:?}: SageMaker's XGBoost images exist in {known}")]
    UnknownRegion {
        /// The region asked for.
        region: String,
        /// The regions there are.
        known: String,
    },

    /// There is no XGBoost image of this version. Choose one of those named.
    #[error("unknown XGBoost image version {version:?} in {region}: there are {known}")]
    UnknownImageVersion {
        /// The region asked for.
        region: String,
        /// The version asked for.
        version: String,
        /// The versions there are.
        known: String,
    },

    /// The bucket does not exist. Correct its name, or create it with `ArtifactStore::ensure_bucket`.
    #[error("bucket {bucket} does not exist: correct its name, or create it with ensure_bucket")]
    BucketMissing {
        /// The bucket.
        bucket: String,
    },

    /// Another account has a bucket of this name: bucket names are global. Choose another name.
    #[error("the bucket name {bucket} belongs to another account: choose another name")]
    BucketTaken {
        /// The bucket.
        bucket: String,
    },

    /// The bucket lies in another region. Use an `SdkConfig` of the bucket's region.
    #[error("bucket {bucket} is in region {}: use an SdkConfig of that region", region.as_deref().unwrap_or("(another)"))]
    BucketElsewhere {
        /// The bucket.
        bucket: String,
        /// The bucket's region, where S3 names it.
        region: Option<String>,
    },

    /// S3 refuses the caller. Grant the permission, or correct the expected owner of the bucket.
    #[error("{operation} on {uri} is denied: grant the permission to the caller{}", owner_hint(expected_owner))]
    AccessDenied {
        /// The operation.
        operation: &'static str,
        /// The object or the bucket.
        uri: String,
        /// The account that was expected to own the bucket, if one was set.
        expected_owner: Option<String>,
        /// The request.
        #[source]
        source: RequestError,
    },

    /// The bucket keeps no old versions, so nothing in it can be rolled back. Turn versioning on.
    #[error("bucket {bucket} has versioning off: turn it on with ensure_bucket or PutBucketVersioning")]
    VersioningOff {
        /// The bucket.
        bucket: String,
    },

    /// The object, or this version of it, does not exist. Correct the key or the version.
    #[error("{uri}{} does not exist", version_hint(version_id))]
    NoSuchObject {
        /// The object.
        uri: S3Uri,
        /// The version asked for, if one was.
        version_id: Option<String>,
    },

    /// The bytes are not those that were stored. Do not use them: read again, or go back to another version.
    #[error("{uri} has SHA-256 {actual}, but {expected} was recorded: do not use it, restore it from another version")]
    DigestMismatch {
        /// The object.
        uri: Box<S3Uri>,
        /// What was recorded.
        expected: Sha256Digest,
        /// What the bytes have.
        actual: Sha256Digest,
    },

    /// More bytes than S3 takes in one request. Make the object smaller, for example by splitting or compressing it.
    #[error("{what} has {size} bytes, and one request moves at most {limit}: split or compress it")]
    TooLarge {
        /// The file or the object.
        what: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },

    /// The columns of a history file are not those of the rows. Point the log at another file, or correct the header.
    #[error("{origin} has the columns {found:?}, expected {expected:?} first: correct its header or use another key")]
    HistoryColumns {
        /// The file or the object.
        origin: String,
        /// The columns the rows have.
        expected: String,
        /// The columns the file has.
        found: String,
    },

    /// A row of a history file cannot be read. Correct that row.
    #[error("{origin} holds a row that cannot be read: correct it in that file")]
    HistoryRow {
        /// The file or the object.
        origin: String,
        /// Where, and why.
        #[source]
        source: csv::Error,
    },

    /// Others kept writing to the same history file. Try again.
    #[error("{uri} changed {attempts} times while a row was being added: try again")]
    HistoryContended {
        /// The object.
        uri: S3Uri,
        /// How often the row was tried.
        attempts: u32,
    },

    /// A local file cannot be read or written. Correct the path or its permissions.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },

    /// Something took longer than the `Poll` allows. Wait again, or give it more time.
    #[error(transparent)]
    Timeout(#[from] PollTimeout),

    /// Any other refusal of AWS, or no answer. See [`RequestError::is_retryable`].
    #[error(transparent)]
    Request(#[from] RequestError),
}

fn owner_hint(expected_owner: &Option<String>) -> String {
    match expected_owner {
        Some(owner) => format!(", or correct the expected bucket owner {owner}"),
        None => ", or name another bucket if this one belongs to another account".to_owned(),
    }
}

fn version_hint(version_id: &Option<String>) -> String {
    version_id.as_ref().map(|id| format!(" in version {id}")).unwrap_or_default()
}
