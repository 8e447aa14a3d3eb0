use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use refit_aws::{ImageUri, S3Uri, Sha256Digest};
use serde::{Deserialize, Serialize};

use crate::ModelPackageArn;

/// The metadata key under which [`register`](crate::RegistryClient::register) keeps the artifact's SHA-256.
pub const ARTIFACT_SHA256: &str = "artifact-sha256";

/// The metadata key under which [`register`](crate::RegistryClient::register) keeps the training job's name.
pub const TRAINING_JOB: &str = "training-job";

/// Whether a version may be deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ApprovalStatus {
    /// Nobody has decided yet.
    PendingManualApproval,
    /// It may be deployed.
    Approved,
    /// It may not be deployed.
    Rejected,
}

impl ApprovalStatus {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingManualApproval => "PendingManualApproval",
            Self::Approved => "Approved",
            Self::Rejected => "Rejected",
        }
    }
}

impl fmt::Display for ApprovalStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far SageMaker is with creating a package. Only a `Completed` one can be deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ModelPackageStatus {
    /// Accepted, not started.
    Pending,
    /// Being created.
    InProgress,
    /// Usable.
    Completed,
    /// Could not be created.
    Failed,
    /// Being deleted.
    Deleting,
}

impl ModelPackageStatus {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Deleting => "Deleting",
        }
    }
}

impl fmt::Display for ModelPackageStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One version of a model in the registry, as described.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelPackage {
    /// Its ARN.
    pub arn: ModelPackageArn,
    /// Its number within the group, from 1.
    pub version: u32,
    /// How far SageMaker is with creating it.
    pub status: ModelPackageStatus,
    /// Whether it may be deployed.
    pub approval: ApprovalStatus,
    /// Why it was approved or rejected.
    pub approval_description: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// The `model.tar.gz`. `None` if the package was made without one, or with one that is not in S3.
    pub artifact: Option<S3Uri>,
    /// The image that serves it.
    pub image: Option<ImageUri>,
    /// Its model-quality statistics (`ModelMetrics.ModelQuality.Statistics`). `None` if it has none in S3.
    pub model_quality: Option<S3Uri>,
    /// The customer metadata, with [`ARTIFACT_SHA256`] and [`TRAINING_JOB`] among it.
    pub metadata: BTreeMap<String, String>,
    /// When it was registered.
    pub created: DateTime<Utc>,
}

impl ModelPackage {
    /// The artifact's SHA-256, if the package was registered with one.
    pub fn artifact_sha256(&self) -> Option<Sha256Digest> {
        self.metadata.get(ARTIFACT_SHA256)?.parse().ok()
    }

    /// The training job's name, if the package was registered with one.
    pub fn training_job(&self) -> Option<&str> {
        self.metadata.get(TRAINING_JOB).map(String::as_str)
    }
}

/// One version of a model in the registry, as listed. [`describe`](crate::RegistryClient::describe) tells the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelPackageSummary {
    /// Its ARN.
    pub arn: ModelPackageArn,
    /// Its number within the group, from 1.
    pub version: u32,
    /// How far SageMaker is with creating it.
    pub status: ModelPackageStatus,
    /// Whether it may be deployed.
    pub approval: ApprovalStatus,
    /// What it is.
    pub description: Option<String>,
    /// When it was registered.
    pub created: DateTime<Utc>,
}
