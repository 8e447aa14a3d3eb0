//! Embedded S3, SageMaker, SageMaker Runtime and STS on one machine that really train, tune and serve.
//!
//! [`LocalAws`] answers AWS's own HTTP on `127.0.0.1`, so any AWS client works with it: Amazon's Rust SDK, boto3, the
//! SageMaker Python SDK. Nothing is mocked. Training jobs train with XGBoost, tuning jobs search, endpoints load models
//! from S3 and predict, objects have versions and conditional writes, and every request's signature is checked.
//!
//! ```
//! use refit_local::{Effect, Hazard, LocalAws, Options, Service};
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
//! // What a client must survive can be asked for: the part *Hazards* below.
//! local.hazards().set(Hazard::new(Effect::Throttle).on(Service::Sagemaker, "Describe*").times(2))?;
//! local.hazards().set(Hazard::error("ConditionalRequestConflict", 409, "Again.").on(Service::S3, "PutObject"))?;
//! local.hazards().clear();
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
//!   `refit-local`, of account `123456789012`, unless [`Options::accounts`] names others. A browser's page is answered
//!   only by its own: what comes from another site, or asks for another host than loopback, is refused unread.
//! - In a browser on this machine its address is a page that shows jobs, model packages, endpoints and buckets of every
//!   account, without a key, and approves and rejects model packages.
//! - AssumeRole gives temporary credentials of any role of the caller's account, and of the roles of other accounts that
//!   [`Options::roles`] names with whom they trust. IAM is not modelled: whoever signs for an account may do all in it.
//! - One port serves all services. The signature's credential scope says which one a request is for. S3 buckets are
//!   named in the path (`force_path_style(true)` in Amazon's clients).
//! - A bucket belongs to its account, and another sees of it what the bucket's policy grants. A policy denies its owner
//!   too, but not the right to replace it. An operator or a condition key that is not there is refused with the policy.
//! - What has been acknowledged is on disk, and survives a killed process and a power cut. One process uses a data
//!   folder at a time.
//! - An operation or a setting that is not there is refused by name. Nothing is accepted and then forgotten.
//! - Endpoints answer as SageMaker's XGBoost image does: one model with Flask's forms (a line a row; 204, 400, 406, 415),
//!   many with Multi Model Server's (one line; JSON, unless a request or the container's environment says otherwise).
//!   They take CSV, LIBSVM and, which the image does not, JSON Lines. Instances keep what they downloaded, whatever
//!   becomes of it in S3, until a new fleet takes over.
//! - It runs on the caller's tokio runtime and reads nothing from the environment. `tracing` tells what it does.
//!
//! # Hazards
//!
//! What a client must survive can be asked for, on every service and operation, once, often, for a time or until cleared:
//! throttling, server errors, any error by its name, a connection that is cut before or after the effect, slow answers,
//! describes of the past, empty pages, an update that is rolled back without a reason.
//! [`LocalAws::advance_clock`] lets time pass, and [`Options::pace`] lets state changes take some.
//!
//! [`LocalAws::hazards`] sets them in the same process; tests in other languages do it with the program, which needs no
//! signature for it:
//!
//! ```text
//! $ curl -X POST http://127.0.0.1:4566/_refit/hazards -H 'Content-Type: application/json' \
//!     -d '{"effect": {"Slow": {"milliseconds": 200}}, "service": "s3", "operation": "GetObject", "times": 1}'
//! $ curl -X DELETE http://127.0.0.1:4566/_refit/hazards
//! $ curl -X POST http://127.0.0.1:4566/_refit/clock -H 'Content-Type: application/json' -d '{"advance_seconds": 3600}'
//! ```
//!
//! `GET` on either path tells what is set, and what time it is. [`Hazard`] has the JSON's members.
//!
//! # Errors
//!
//! [`LocalError`] is why it did not start, and what to do about it. From then on errors are AWS's, over the wire.

mod admin;
mod answers;
mod api;
mod auth;
mod clock;
mod conditions;
mod console;
mod control;
mod data_folder;
mod db;
mod dispatch;
mod error;
mod guard;
mod hazards;
mod hosting;
mod jobs;
mod local_aws;
mod logs;
mod objects;
mod options;
mod pace;
mod policy;
mod request_body;
mod runtime;
mod s3;
mod sagemaker;
mod server;
mod sts;

pub use crate::error::LocalError;
pub use crate::hazards::{Effect, Hazard, Hazards, Service};
pub use crate::local_aws::LocalAws;
pub use crate::options::{Account, Options, Role, RoleArn};
pub use crate::pace::{Pace, Transition};
