//! When a cluster writes a dataset to S3 itself.

use super::estimate::UNLOAD_FROM;
use crate::IamRole;

/// When, and as whom, a cluster writes a dataset to S3 itself: see [`Redshift::unload_by`](crate::Redshift::unload_by).
///
/// | field | default | purpose |
/// |---|---|---|
/// | `iam_role` | | whom the cluster writes as |
/// | `min_bytes` | 10 GiB | how large the server must think the result is; 0 unloads always, and asks for no plan |
/// | `region` | the cluster's | the bucket's region |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnloadRule {
    /// Whom the cluster writes as.
    pub iam_role: IamRole,
    /// How large the server must think the result is.
    pub min_bytes: u64,
    /// The bucket's region, where it is not the cluster's.
    pub region: Option<String>,
}

impl UnloadRule {
    /// As this role, from 10 GiB on, in the cluster's region.
    #[must_use]
    pub fn new(iam_role: IamRole) -> Self {
        Self { iam_role, min_bytes: UNLOAD_FROM, region: None }
    }

    /// Sets how large the server must think the result is.
    #[must_use]
    pub fn min_bytes(mut self, bytes: u64) -> Self {
        self.min_bytes = bytes;
        self
    }

    /// Sets the bucket's region.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }
}
