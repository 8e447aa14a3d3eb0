//! The bucket's policy.

use s3s::dto::{
    DeleteBucketPolicyInput, DeleteBucketPolicyOutput, GetBucketPolicyInput, GetBucketPolicyOutput,
    GetBucketPolicyStatusInput, GetBucketPolicyStatusOutput, PolicyStatus, PutBucketPolicyInput, PutBucketPolicyOutput,
};
use s3s::{S3Request, S3Response, S3Result};

use super::Service;

impl Service {
    pub(super) async fn policy(
        &self,
        request: S3Request<GetBucketPolicyInput>,
    ) -> S3Result<S3Response<GetBucketPolicyOutput>> {
        let access = self.access(&request)?;
        let policy = self.run(move |store| store.policy_text(&access, &request.input.bucket)).await?;
        Ok(S3Response::new(GetBucketPolicyOutput { policy: Some(policy) }))
    }

    pub(super) async fn policy_status(
        &self,
        request: S3Request<GetBucketPolicyStatusInput>,
    ) -> S3Result<S3Response<GetBucketPolicyStatusOutput>> {
        let access = self.access(&request)?;
        let is_public = self.run(move |store| store.policy_is_public(&access, &request.input.bucket)).await?;
        let policy_status = Some(PolicyStatus { is_public: Some(is_public) });
        Ok(S3Response::new(GetBucketPolicyStatusOutput { policy_status }))
    }

    pub(super) async fn set_policy(
        &self,
        request: S3Request<PutBucketPolicyInput>,
    ) -> S3Result<S3Response<PutBucketPolicyOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        self.run(move |store| store.put_policy(&access, &input.bucket, &input.policy)).await?;
        Ok(S3Response::new(PutBucketPolicyOutput {}))
    }

    pub(super) async fn delete_policy(
        &self,
        request: S3Request<DeleteBucketPolicyInput>,
    ) -> S3Result<S3Response<DeleteBucketPolicyOutput>> {
        let access = self.access(&request)?;
        self.run(move |store| store.delete_policy(&access, &request.input.bucket)).await?;
        Ok(S3Response::new(DeleteBucketPolicyOutput {}))
    }
}
