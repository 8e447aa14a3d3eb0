//! SageMaker multi-model endpoints: plan what to deploy, apply it, refresh, invoke, roll back.
//!
//! ```
//! use refit_aws::{ArtifactStore, Sha256Digest};
//! use refit_endpoint::{Deployment, EndpointClient, EndpointSpec, TargetModel};
//! use refit_local::{LocalAws, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let data = tempfile::tempdir()?;
//! // Against AWS, take the configuration from the `aws-config` crate instead.
//! let aws = LocalAws::start(Options::new(data.path())).await?;
//! let store = ArtifactStore::new(&aws.sdk_config(), "flight-models".parse()?);
//! store.ensure_bucket().await?;
//!
//! // Two trained models. The first predicts 10 or 20, the second 30 or 40.
//! let before = include_bytes!("../fixtures/before.tar.gz").as_slice();
//! let after = include_bytes!("../fixtures/after.tar.gz").as_slice();
//! let first = store.put("output/ewr-1/output/model.tar.gz", before).await?;
//! let second = store.put("output/ewr-2/output/model.tar.gz", after).await?;
//!
//! let spec = EndpointSpec::new(
//!     "flights".parse()?,
//!     "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2".parse()?,
//!     "arn:aws:iam::123456789012:role/SageMakerRole".parse()?,
//!     store.uri("models/")?,
//!     "ml.m5.large",
//! )?;
//! let endpoint = EndpointClient::new(&aws.sdk_config(), spec);
//! let ewr: TargetModel = "ewr.tar.gz".parse()?;
//!
//! // The first plan creates the endpoint.
//! let deployment = Deployment::new(ewr.clone(), first.uri, Sha256Digest::of(before));
//! let plan = endpoint.plan(&[deployment]).await?;
//! println!("{plan}");
//! endpoint.apply(&plan).await?;
//! assert_eq!(endpoint.invoke(&ewr, "0\n3\n").await?, [10.0, 20.0]);
//!
//! // The second replaces the model and refreshes the endpoint.
//! let deployment = Deployment::new(ewr.clone(), second.uri, Sha256Digest::of(after));
//! let plan = endpoint.plan(&[deployment.clone()]).await?;
//! assert!(plan.needs_refresh());
//! endpoint.apply(&plan).await?;
//! assert_eq!(endpoint.invoke(&ewr, "0\n3\n").await?, [30.0, 40.0]);
//! assert!(endpoint.plan(&[deployment]).await?.is_empty());
//!
//! endpoint.rollback(&ewr, Some(Sha256Digest::of(after))).await?;
//! assert_eq!(endpoint.invoke(&ewr, "0\n3\n").await?, [10.0, 20.0]);
//! # aws.stop().await;
//! # Ok(()) })
//! # }
//! ```
//!
//! # How it behaves
//!
//! - **A model keeps its name.** It lies at `<prefix><target model>` in a bucket that keeps versions, and a newer one is
//!   copied over it. Its SHA-256 and its model package's ARN are kept with it. The bytes are read and checked before
//!   they are copied.
//! - **Instances keep what they have loaded**, so a replaced model is served only after a refresh: an update to a new
//!   endpoint configuration, which starts new instances. Adding a model needs none. Between the copy and the end of the
//!   refresh, an old instance that had not loaded the model yet loads the new bytes: for that time some callers may be
//!   answered by the new model already.
//! - **Running again is resuming.** A configuration's name is the endpoint's and a digest of what it serves: the
//!   settings, and the version of every model that was ever replaced or removed. So a plan sees a refresh that was never
//!   finished, and applying it again waits for the one under way. Old versions that a lifecycle rule of the bucket deletes
//!   change the digest, which costs one refresh too many and harms nothing.
//! - **A refresh is verified.** The endpoint must be `InService` with the configuration asked for; after SageMaker went
//!   back by itself it is `InService` too, with the old one, and that is [`EndpointError::RolledBack`].
//! - **Nothing in use is deleted.** After a verified refresh, the configurations that this crate made for the endpoint are
//!   deleted if they are older than the one that served before. SageMaker models and objects in S3 are never deleted.
//! - **A refresh keeps the instances** that autoscaling or a person gave the endpoint, unless the spec asks for another
//!   count than the configuration that serves.
//! - **What a model is fed with is kept with it**, where the deployment says so: [`FeatureContract`]. It checks rows before
//!   they are sent; a container may take rows that have the label in front, and scores them.
//! - **A rollback is a copy forward**: the earlier version becomes the newest, so the bucket's history stays whole.
//!
//! # Errors
//!
//! An [`EndpointError`] says what to do. Values are checked against AWS's limits when they are made. What is left is
//! [`EndpointError::Request`], with AWS's code.

mod answer;
mod client;
mod content;
mod deployment;
mod endpoint;
mod error;
mod feature_contract;
mod history;
mod invoke;
mod models;
mod names;
mod plan;
mod progress;
mod refresh;
mod rollback;
mod spec;
mod superseded;
mod wire;

pub use client::EndpointClient;
pub use deployment::{DeployedModel, Deployment};
pub use endpoint::{Endpoint, EndpointStatus};
pub use error::EndpointError;
pub use feature_contract::FeatureContract;
pub use models::ArtifactVersion;
pub use names::{EndpointConfigName, EndpointName, TargetModel, VariantName};
pub use plan::{EndpointAction, ModelAction, ModelChange, Plan};
pub use rollback::Rollback;
pub use spec::{EndpointSpec, ModelCache};
