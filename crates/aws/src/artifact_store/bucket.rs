use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use tracing::info;

use crate::AwsError;

use super::ArtifactStore;

/// The region whose buckets are created without a location constraint.
const DEFAULT_REGION: &str = "us-east-1";

impl ArtifactStore {
    /// Creates the bucket if it is not there, and turns its versioning on if it is off.
    ///
    /// Errors: [`AwsError::BucketTaken`] if another account has it, [`AwsError::BucketElsewhere`] if it is in another
    /// region, [`AwsError::AccessDenied`].
    pub async fn ensure_bucket(&self) -> Result<(), AwsError> {
        match self.head_bucket().await {
            Err(AwsError::BucketMissing { .. }) => self.create_bucket().await?,
            answer => answer?,
        }
        if !self.is_versioned().await? {
            self.enable_versioning().await?;
            info!(bucket = %self.bucket, "bucket versioning turned on");
        }
        Ok(())
    }

    /// Checks that the bucket is there, may be used and keeps versions. It changes nothing.
    ///
    /// Errors: [`AwsError::BucketMissing`], [`AwsError::BucketElsewhere`], [`AwsError::AccessDenied`],
    /// [`AwsError::VersioningOff`].
    pub async fn check_bucket(&self) -> Result<(), AwsError> {
        self.head_bucket().await?;
        match self.is_versioned().await? {
            true => Ok(()),
            false => Err(AwsError::VersioningOff { bucket: self.bucket.to_string() }),
        }
    }

    pub(super) async fn head_bucket(&self) -> Result<(), AwsError> {
        let uri = self.uri("")?;
        self.client
            .head_bucket()
            .bucket(self.bucket.as_str())
            .set_expected_bucket_owner(self.owner_of(&self.bucket))
            .send()
            .await
            .map_err(|error| self.request("HeadBucket", &uri).error(error))?;
        Ok(())
    }

    async fn create_bucket(&self) -> Result<(), AwsError> {
        let uri = self.uri("")?;
        let location = self.region.as_deref().filter(|region| *region != DEFAULT_REGION).map(|region| {
            let constraint = BucketLocationConstraint::from(region);
            CreateBucketConfiguration::builder().location_constraint(constraint).build()
        });
        let created = self
            .client
            .create_bucket()
            .bucket(self.bucket.as_str())
            .set_create_bucket_configuration(location)
            .send()
            .await;
        match created {
            Ok(_) => info!(bucket = %self.bucket, "bucket created"),
            // Somebody else of this account was faster.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_bucket_already_owned_by_you()) => {}
            Err(error) => return Err(self.request("CreateBucket", &uri).error(error)),
        }
        Ok(())
    }

    async fn is_versioned(&self) -> Result<bool, AwsError> {
        let uri = self.uri("")?;
        let answer = self
            .client
            .get_bucket_versioning()
            .bucket(self.bucket.as_str())
            .set_expected_bucket_owner(self.owner_of(&self.bucket))
            .send()
            .await
            .map_err(|error| self.request("GetBucketVersioning", &uri).error(error))?;
        Ok(answer.status() == Some(&BucketVersioningStatus::Enabled))
    }

    async fn enable_versioning(&self) -> Result<(), AwsError> {
        let uri = self.uri("")?;
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        self.client
            .put_bucket_versioning()
            .bucket(self.bucket.as_str())
            .set_expected_bucket_owner(self.owner_of(&self.bucket))
            .versioning_configuration(enabled)
            .send()
            .await
            .map_err(|error| self.request("PutBucketVersioning", &uri).error(error))?;
        Ok(())
    }
}
