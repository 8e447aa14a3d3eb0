//! Embedded S3, SageMaker, SageMaker Runtime and STS on one machine that really train, tune and serve.
//!
//! [`LocalAws`] answers AWS's own HTTP on `127.0.0.1`, so any AWS client works with it: Amazon's Rust SDK, boto3, the
//! SageMaker Python SDK. Nothing is mocked. Training jobs train with XGBoost, tuning jobs search, endpoints load models
//! from S3 and predict, objects have versions and conditional writes, and every request's signature is checked.
//!
//! ```
//! use refit_local::{LocalAws, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let folder = tempfile::tempdir()?;
//! let local = LocalAws::start(Options::new(folder.path())).await?;
//!
//! // What an AWS client is made from, such as `aws_sdk_sagemaker::Client::new(&config)`.
//! let config = local.sdk_config();
//! assert_eq!(config.endpoint_url(), Some(local.endpoint_url()));
//!
//! // Everything is in the folder: the next start goes on from there.
//! local.stop().await;
//! let local = LocalAws::start(Options::new(folder.path())).await?;
//! # local.stop().await;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! The same as a program, for clients in other languages:
//!
//! ```text
//! $ refit-local --data ./aws --port 4566
//! refit-local listening on http://127.0.0.1:4566
//! ```
//!
//! # How it behaves
//!
//! - It binds `127.0.0.1` only. Whoever can reach it needs an account's access key: `refit-local` with the secret
//!   `refit-local`, of account `123456789012`, unless [`Options::accounts`] names others.
//! - One port serves all services. The signature's credential scope says which one a request is for. S3 buckets are
//!   named in the path (`force_path_style(true)` in Amazon's clients).
//! - What has been acknowledged is on disk, and survives a killed process and a power cut. One process uses a data
//!   folder at a time.
//! - An operation or a setting that is not there is refused by name. Nothing is accepted and then forgotten.
//! - It runs on the caller's tokio runtime and reads nothing from the environment. `tracing` tells what it does.
//!
//! # Errors
//!
//! [`LocalError`] is why it did not start, and what to do about it. From then on errors are AWS's, over the wire.

mod answers;
mod api;
mod auth;
mod data_folder;
mod db;
mod dispatch;
mod error;
mod hosting;
mod jobs;
mod local_aws;
mod objects;
mod options;
mod s3;
mod sagemaker;
mod server;
mod sts;

pub use crate::error::LocalError;
pub use crate::local_aws::LocalAws;
pub use crate::options::{Account, Options};
