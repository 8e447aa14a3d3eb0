//! What the AWS-facing crates of refit share: S3 URIs, the artifact store, history logs, request errors, polling.
//!
//! ```
//! use refit_aws::{Appended, ArtifactStore, HistoryLog, HistoryRow};
//! use refit_local::{LocalAws, Options};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Run {
//!     run: String,
//!     rmse: f64,
//! }
//!
//! impl HistoryRow for Run {
//!     const COLUMNS: &'static [&'static str] = &["run", "rmse"];
//!     const KEY: &'static str = "run";
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // On AWS: `let config = aws_config::load_from_env().await;`
//! let folder = tempfile::tempdir()?;
//! let local = LocalAws::start(Options::new(folder.path().join("aws"))).await?;
//! let config = local.sdk_config();
//!
//! let store = ArtifactStore::new(&config, "my-models".parse()?);
//! store.ensure_bucket().await?;
//! let model = store.put("models/flights.tar.gz", "first").await?;
//! store.put("models/flights.tar.gz", "second").await?;
//!
//! let (bytes, _) = store.get(&model.uri).await?;
//! assert_eq!(bytes, "second");
//! let (bytes, _) = store.get_version(&model.uri, model.version_id.as_deref()).await?;
//! assert_eq!(bytes, "first");
//!
//! let history = HistoryLog::new(store, "logs/runs.csv", folder.path().join("runs.csv"))?;
//! let run = Run { run: "2026-11".to_owned(), rmse: 12.5 };
//! assert_eq!(history.append(&run).await?, Appended::Added);
//! assert_eq!(history.append(&run).await?, Appended::AlreadyThere);
//! # local.stop().await;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # How it behaves
//!
//! - Credentials, region, endpoint, retries and timeouts are those of the [`SdkConfig`](aws_types::SdkConfig) it is
//!   given. The environment is not read.
//! - Names, ARNs, URIs and digests are parsed with AWS's own limits, so a wrong one fails before the first request.
//! - [`ArtifactStore`] keeps the SHA-256 of every object it writes and checks it on every read. It writes nothing when
//!   the same bytes are there.
//! - [`ArtifactStore::upload`] writes an object of any size while its bytes come, in parts; it appears whole or not at all.
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
pub use artifact_store::{ArtifactStore, Upload};
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
