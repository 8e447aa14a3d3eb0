//! What the AWS-facing crates of refit share: S3 URIs, the artifact store, history logs, request errors, polling.
//!
//! # How it behaves
//!
//! - Credentials, region, endpoint, retries and timeouts are those of the [`SdkConfig`](aws_types::SdkConfig) it is
//!   given. The environment is not read.
//! - Names, ARNs, URIs and digests are parsed with AWS's own limits, so a wrong one fails before the first request.
//! - [`ArtifactStore`] keeps the SHA-256 of every object it writes and checks it on every read. It writes nothing when
//!   the same bytes are there.
//! - [`HistoryLog`] adds rows to a CSV file in a versioned bucket with conditional writes and mirrors it locally.
//! - [`Poll`] asks often at first and seldom later.
//!
//! # Errors
//!
//! [`AwsError`] has a variant for each thing a caller can do. What is left is [`AwsError::Request`] with AWS's code,
//! message and request id; [`RequestError::is_retryable`] tells whether to try again.

mod account;
mod artifact_store;
mod error;
mod history_csv;
mod history_log;
mod names;
mod parsed_string;
mod poll;
mod request_error;
mod s3_uri;
mod sha256_digest;
mod stored_object;
mod xgboost_image;

#[doc(hidden)]
pub use serde as __serde;

pub use account::caller_account;
pub use artifact_store::ArtifactStore;
pub use error::AwsError;
pub use history_csv::HistoryRow;
pub use history_log::{Appended, HistoryLog};
pub use names::{AccountId, BucketName, ImageUri, RoleArn};
pub use parsed_string::check_name;
pub use poll::{Poll, PollTimeout, Waiting};
pub use request_error::RequestError;
pub use s3_uri::S3Uri;
pub use sha256_digest::Sha256Digest;
pub use stored_object::StoredObject;
pub use xgboost_image::{checked_region, xgboost_image};
