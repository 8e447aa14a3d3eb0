//! SageMaker's model registry: register a model once, decide about it, find the latest approved one.
//!
//! ```
//! use refit_aws::Sha256Digest;
//! use refit_local::{LocalAws, Options};
//! use refit_registry::{ApprovalStatus, GroupRef, ModelPackageSpec, RegistryClient};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let data = tempfile::tempdir()?;
//! // Against AWS, take the configuration from the `aws-config` crate instead.
//! let aws = LocalAws::start(Options::new(data.path())).await?;
//! let registry = RegistryClient::new(&aws.sdk_config());
//!
//! let name = "arrival-delay".parse()?;
//! registry.ensure_group(&name).await?;
//! let group = GroupRef::from(name);
//! let spec = ModelPackageSpec::new(
//!     group.clone(),
//!     "s3://models-bucket/output/ewr-1/output/model.tar.gz".parse()?,
//!     Sha256Digest::of(b"the artifact's bytes"),
//!     "ewr-1",
//!     "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2".parse()?,
//! )?
//! .with_description("arrival delay at EWR")?
//! .with_model_quality("s3://models-bucket/evaluation/ewr-1/statistics.json".parse()?)
//! .with_metadata("rmse", "17.4")?;
//!
//! let package = registry.register(&spec).await?;
//! assert_eq!(package.approval, ApprovalStatus::PendingManualApproval);
//! assert_eq!(registry.register(&spec).await?.arn, package.arn);
//! assert_eq!(registry.latest_approved(&group).await?, None);
//!
//! registry.approve(&package.arn, "RMSE is 6 % below the champion's").await?;
//! let latest = registry.latest_approved(&group).await?;
//! assert_eq!(latest.map(|latest| latest.version), Some(1));
//! # aws.stop().await;
//! # Ok(()) })
//! # }
//! ```
//!
//! # How it behaves
//!
//! - **Registering is done once.** A registration is named after the group, the artifact's SHA-256 and the training job:
//!   that name is the request's client token. Tokens expire, so it also stands at the end of the package's description,
//!   `… [registration <uuid>]`, and [`register`](RegistryClient::register) looks for it among the group's packages first.
//!   That costs one `ListModelPackages` per 100 packages.
//! - **Nothing is approved by itself.** A package is registered `PendingManualApproval`. The reason given to
//!   [`approve`](RegistryClient::approve) or [`reject`](RegistryClient::reject) is kept as its approval description; both
//!   leave its metadata alone, and both may be repeated or reversed. [`leave_pending`](RegistryClient::leave_pending) keeps
//!   a reason and decides nothing.
//! - **The latest approved package is the newest registered one** that is `Approved` and `Completed`, not the one approved
//!   last. SageMaker lists the oldest first by default and may send empty pages; both are taken care of.
//! - **Other accounts** reach a group by its ARN: [`GroupRef`] takes either. [`GroupPolicy`] is what lets them in.
//!
//! # Errors
//!
//! A [`RegistryError`] says what to do. Values are checked against SageMaker's limits when they are made, so
//! [`RegistryError::Invalid`] comes before any request. What is left is [`RegistryError::Request`], with AWS's code.

mod arn;
mod client;
mod decision;
mod error;
mod group;
mod newest;
mod package;
mod package_arn;
mod policy;
mod registration;
mod spec;
mod wire;

pub use client::RegistryClient;
pub use error::RegistryError;
pub use group::{GroupRef, ModelPackageGroupArn, ModelPackageGroupName};
pub use package::{
    ARTIFACT_SHA256, ApprovalStatus, ModelPackage, ModelPackageStatus, ModelPackageSummary, TRAINING_JOB,
};
pub use package_arn::ModelPackageArn;
pub use policy::GroupPolicy;
pub use spec::ModelPackageSpec;
