use refit_aws::{AwsError, PollTimeout, RequestError};

use crate::{GroupRef, ModelPackageArn};

/// What can go wrong in this crate. Each variant is one thing the caller can do something about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// A value that SageMaker would refuse. Correct it; nothing was requested.
    #[error(transparent)]
    Invalid(#[from] AwsError),

    /// The group does not exist. Create it, or correct the reference.
    #[error("model package group {group} does not exist: create it with ensure_group, or correct its name")]
    NoSuchGroup {
        /// The group.
        group: GroupRef,
        /// The request that said so.
        #[source]
        source: Box<RequestError>,
    },

    /// SageMaker could not create the group, or is deleting it. Use another name, or wait for the deletion.
    #[error("model package group {group} is {status}: delete it or use another name")]
    GroupUnusable {
        /// The group.
        group: GroupRef,
        /// Its status, in AWS's words.
        status: String,
    },

    /// There is no such package. Correct the ARN; the package may have been deleted.
    #[error("model package {arn} does not exist: correct the ARN, or register the model again")]
    NoSuchPackage {
        /// The package.
        arn: ModelPackageArn,
    },

    /// The group's resource policy does not fit into what SageMaker takes. Name fewer accounts.
    #[error("the policy of group {group} has {characters} characters, the limit is 20480: name fewer accounts")]
    PolicyTooLong {
        /// The group.
        group: GroupRef,
        /// The policy's length.
        characters: usize,
    },

    /// A group did not become usable in time. Try again: what was begun goes on.
    #[error(transparent)]
    Timeout(#[from] PollTimeout),

    /// The caller may not do this. Another account's group is opened by its owner, with a
    /// [`GroupPolicy`](crate::GroupPolicy); the caller's own actions are granted by IAM.
    #[error("{} is denied: have the group's owner grant it with put_group_policy, or IAM if that is you", source.operation())]
    AccessDenied {
        /// The request that was refused.
        #[source]
        source: Box<RequestError>,
    },

    /// Any other refusal of SageMaker, or no answer. See [`RequestError::is_retryable`].
    #[error(transparent)]
    Request(RequestError),
}

impl From<RequestError> for RegistryError {
    fn from(error: RequestError) -> Self {
        match error.code() {
            Some("AccessDeniedException") => Self::AccessDenied { source: Box::new(error) },
            _ => Self::Request(error),
        }
    }
}
