//! Operations on buckets.

use s3s::dto::{
    self, BucketLocationConstraint, BucketVersioningStatus, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, GetBucketVersioningInput,
    GetBucketVersioningOutput, HeadBucketInput, HeadBucketOutput, ListBucketsInput, ListBucketsOutput, Owner,
    PutBucketVersioningInput, PutBucketVersioningOutput,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Service;
use super::convert::timestamp;
use super::errors::unsupported;
use super::settings::check_acl;
use crate::objects::Versioning;

impl Service {
    pub(super) async fn create(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let account = self.caller(&request)?.account;
        let input = request.input;
        unsupported(&input.object_lock_enabled_for_bucket.filter(|enabled| *enabled), "object locks")?;
        check_acl(input.acl.as_ref().map(|acl| acl.as_str()))?;
        let grants = [&input.grant_full_control, &input.grant_read, &input.grant_read_acp, &input.grant_write];
        for grant in grants.into_iter().chain([&input.grant_write_acp]) {
            check_acl(grant.as_deref())?;
        }
        let asked = input.create_bucket_configuration.and_then(|configuration| configuration.location_constraint);
        if let Some(asked) = asked.as_ref().filter(|asked| asked.as_str() != self.region) {
            let region = &self.region;
            return Err(s3_error!(
                IllegalLocationConstraintException,
                "The {} location constraint is incompatible for the region specific endpoint this request was sent \
                 to: this server is {region}.",
                asked.as_str()
            ));
        }
        let (name, region) = (input.bucket.clone(), self.region.clone());
        let made = self.run(move |store| store.create_bucket(&account, &name, &region)).await?;
        if !made && self.region != "us-east-1" {
            return Err(s3_error!(BucketAlreadyOwnedByYou, "You already own the bucket {}.", input.bucket));
        }
        Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) }))
    }

    pub(super) async fn head(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        let access = self.access(&request)?;
        let bucket = self.run(move |store| store.bucket(&access, "s3:ListBucket", &request.input.bucket)).await?;
        Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(bucket.region), ..HeadBucketOutput::default() }))
    }

    pub(super) async fn location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        let access = self.access(&request)?;
        let bucket =
            self.run(move |store| store.bucket(&access, "s3:GetBucketLocation", &request.input.bucket)).await?;
        // S3 writes nothing for us-east-1.
        let region = Some(bucket.region).filter(|region| region != "us-east-1");
        Ok(S3Response::new(GetBucketLocationOutput { location_constraint: region.map(BucketLocationConstraint::from) }))
    }

    pub(super) async fn list_all(
        &self,
        request: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let account = self.caller(&request)?.account;
        let input = request.input;
        let limit = input.max_buckets.and_then(|max| usize::try_from(max).ok()).unwrap_or(10_000);
        let owner = Owner { display_name: None, id: Some(account.clone()) };
        let mut buckets = self.run(move |store| store.buckets(&account)).await?;
        let after = input.continuation_token.unwrap_or_default();
        let prefix = input.prefix.clone().unwrap_or_default();
        buckets.retain(|bucket| bucket.name.starts_with(&prefix) && bucket.name > after);
        let more = buckets.len() > limit;
        buckets.truncate(limit);
        let last = buckets.last().map(|bucket| bucket.name.clone());
        let buckets = buckets.into_iter().map(|bucket| dto::Bucket {
            bucket_region: Some(bucket.region),
            creation_date: Some(timestamp(bucket.created_at)),
            name: Some(bucket.name),
        });
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(buckets.collect()),
            continuation_token: last.filter(|_| more),
            owner: Some(owner),
            prefix: input.prefix,
        }))
    }

    pub(super) async fn delete(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        let access = self.access(&request)?;
        self.run(move |store| store.delete_bucket(&access, &request.input.bucket)).await?;
        Ok(S3Response::new(DeleteBucketOutput {}))
    }

    pub(super) async fn versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        let access = self.access(&request)?;
        let bucket =
            self.run(move |store| store.bucket(&access, "s3:GetBucketVersioning", &request.input.bucket)).await?;
        let status = match bucket.versioning {
            Versioning::Never => None,
            Versioning::Enabled => Some(BucketVersioningStatus::ENABLED),
            Versioning::Suspended => Some(BucketVersioningStatus::SUSPENDED),
        };
        Ok(S3Response::new(GetBucketVersioningOutput {
            status: status.map(BucketVersioningStatus::from_static),
            ..GetBucketVersioningOutput::default()
        }))
    }

    pub(super) async fn set_versioning(
        &self,
        request: S3Request<PutBucketVersioningInput>,
    ) -> S3Result<S3Response<PutBucketVersioningOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        unsupported(&input.versioning_configuration.mfa_delete, "MFA delete")?;
        let status = input.versioning_configuration.status;
        let to = match status.as_ref().map(BucketVersioningStatus::as_str) {
            Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
            Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
            _ => {
                return Err(s3_error!(
                    IllegalVersioningConfigurationException,
                    "The Versioning element must be Enabled or Suspended."
                ));
            }
        };
        self.run(move |store| store.set_versioning(&access, &input.bucket, to)).await?;
        Ok(S3Response::new(PutBucketVersioningOutput {}))
    }
}
