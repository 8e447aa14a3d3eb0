use std::fmt;

use chrono::{DateTime, Utc};

use crate::{EndpointConfigName, EndpointName};

/// What an endpoint is doing, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointStatus {
    /// Being created for the first time.
    Creating,
    /// Serving. It may be updated.
    InService,
    /// Changing to another configuration, and serving meanwhile.
    Updating,
    /// Being maintained by SageMaker, and serving meanwhile.
    SystemUpdating,
    /// Going back to the configuration before.
    RollingBack,
    /// Not serving.
    OutOfService,
    /// Could not be created. It can only be deleted.
    Failed,
    /// Neither the update nor the way back worked: it serves a mix.
    UpdateRollbackFailed,
    /// Being deleted.
    Deleting,
}

impl EndpointStatus {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::InService => "InService",
            Self::Updating => "Updating",
            Self::SystemUpdating => "SystemUpdating",
            Self::RollingBack => "RollingBack",
            Self::OutOfService => "OutOfService",
            Self::Failed => "Failed",
            Self::UpdateRollbackFailed => "UpdateRollbackFailed",
            Self::Deleting => "Deleting",
        }
    }
}

impl fmt::Display for EndpointStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An endpoint, as described.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// Its name.
    pub name: EndpointName,
    /// What it is doing.
    pub status: EndpointStatus,
    /// The configuration it serves.
    pub config: Option<EndpointConfigName>,
    /// Why it failed, or went back to an older configuration.
    pub failure_reason: Option<String>,
    /// When it last changed.
    pub last_modified: Option<DateTime<Utc>>,
}
