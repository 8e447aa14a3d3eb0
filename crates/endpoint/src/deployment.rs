use chrono::{DateTime, Utc};
use refit_aws::{AwsError, S3Uri, Sha256Digest};

use crate::{EndpointError, FeatureContract, TargetModel};

/// A model that the endpoint is to serve: which artifact, under which name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    target_model: TargetModel,
    artifact: S3Uri,
    sha256: Sha256Digest,
    model_package_arn: Option<String>,
    contract: Option<FeatureContract>,
}

impl Deployment {
    /// An artifact by its place and the SHA-256 of its bytes, which are checked before it is deployed.
    pub fn new(target_model: TargetModel, artifact: S3Uri, sha256: Sha256Digest) -> Self {
        Self { target_model, artifact, sha256, model_package_arn: None, contract: None }
    }

    /// Says which model package this is. The ARN is kept with the deployed model.
    pub fn with_model_package(self, arn: impl Into<String>) -> Result<Self, EndpointError> {
        let arn = arn.into();
        let graphic = arn.len() <= 256 && arn.chars().all(|c| c.is_ascii_graphic());
        if !(graphic && arn.starts_with("arn:") && arn.contains(":model-package/")) {
            let reason = "expected arn:aws:sagemaker:<region>:<account>:model-package/<group>/<version>".to_owned();
            return Err(AwsError::Invalid { what: "model package ARN", value: arn, reason }.into());
        }
        Ok(Self { model_package_arn: Some(arn), ..self })
    }

    /// Says what the model is to be fed with. It is kept with the deployed model.
    #[must_use]
    pub fn with_contract(self, contract: FeatureContract) -> Self {
        Self { contract: Some(contract), ..self }
    }

    /// The name that callers use.
    pub fn target_model(&self) -> &TargetModel {
        &self.target_model
    }

    /// The artifact, wherever training or the registry put it.
    pub fn artifact(&self) -> &S3Uri {
        &self.artifact
    }

    /// The SHA-256 of the artifact's bytes.
    pub fn sha256(&self) -> Sha256Digest {
        self.sha256
    }

    /// The model package it was registered as.
    pub fn model_package_arn(&self) -> Option<&str> {
        self.model_package_arn.as_deref()
    }

    /// What it is to be fed with.
    pub fn contract(&self) -> Option<&FeatureContract> {
        self.contract.as_ref()
    }
}

/// A model below the endpoint's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeployedModel {
    /// The name that callers use.
    pub target_model: TargetModel,
    /// Where it lies.
    pub uri: S3Uri,
    /// Its version in the bucket.
    pub version_id: Option<String>,
    /// The SHA-256 of its bytes. `None` if it was put there by other means.
    pub sha256: Option<Sha256Digest>,
    /// The model package it was registered as, where that is known.
    pub model_package_arn: Option<String>,
    /// What it is to be fed with, where that is known.
    pub contract: Option<FeatureContract>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was put there.
    pub last_modified: Option<DateTime<Utc>>,
}
