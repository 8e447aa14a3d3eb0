//! One bucket, and the artifacts in it.

mod bucket;
mod copy;
mod error;
mod parts;
mod read;
mod upload;
mod write;

pub(crate) use read::parent;
pub use upload::Upload;
pub(crate) use write::Condition;

use aws_sdk_s3::Client;
use aws_types::SdkConfig;

use crate::{AccountId, AwsError, BucketName, S3Uri};

/// The metadata entry that holds an object's SHA-256.
const SHA256: &str = "sha256";

/// What S3 takes in one PutObject or CopyObject request: 5 GiB.
pub(super) const ONE_REQUEST: u64 = 5 * 1024 * 1024 * 1024;

/// A bucket of artifacts: data sets, models, reports, logs.
///
/// Every object written through it carries the SHA-256 of its bytes in its metadata. S3 checks it when the object is
/// written, the store when it is read. Writing the same bytes again makes no new version, so a run that is repeated
/// leaves no trace.
///
/// One request moves at most 5 GiB: what is put at once and is larger is [`AwsError::TooLarge`], what is written by an [`Upload`] or copied
/// goes in parts.
#[derive(Debug, Clone)]
pub struct ArtifactStore {
    client: Client,
    region: Option<String>,
    bucket: BucketName,
    expected_owner: Option<AccountId>,
    /// What a copy moves in one request. Smaller in tests only.
    one_request: u64,
}

impl ArtifactStore {
    /// A store over this bucket. Nothing is requested.
    ///
    /// Credentials, region, retries and timeouts are the configuration's. If it names an endpoint URL, buckets are
    /// addressed by path, which is what servers other than AWS need.
    pub fn new(config: &SdkConfig, bucket: BucketName) -> Self {
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some()).build();
        Self {
            client: Client::from_conf(s3),
            region: config.region().map(|region| region.as_ref().to_owned()),
            bucket,
            expected_owner: None,
            one_request: ONE_REQUEST,
        }
    }

    /// Has every request refused unless the bucket belongs to this account. This guards against writing models into a
    /// stranger's bucket of the same name.
    pub fn with_expected_owner(self, owner: AccountId) -> Self {
        Self { expected_owner: Some(owner), ..self }
    }

    /// The bucket.
    pub fn bucket(&self) -> &BucketName {
        &self.bucket
    }

    /// The URI of a key of this bucket.
    pub fn uri(&self, key: &str) -> Result<S3Uri, AwsError> {
        S3Uri::new(self.bucket.clone(), key)
    }

    /// The account to expect as owner of a bucket. What is known is the owner of this store's bucket only.
    fn owner_of(&self, bucket: &BucketName) -> Option<String> {
        self.expected_owner.as_ref().filter(|_| *bucket == self.bucket).map(ToString::to_string)
    }
}
