use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::{AwsError, RequestError, S3Uri};

use super::ArtifactStore;

/// A request to S3: what was asked of which object. It turns refusals into errors that name the remedy.
pub(super) struct Request<'a> {
    pub(super) store: &'a ArtifactStore,
    pub(super) operation: &'static str,
    pub(super) uri: &'a S3Uri,
    pub(super) version_id: Option<&'a str>,
}

impl Request<'_> {
    pub(super) fn error<E>(&self, error: SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let bucket = || self.uri.bucket().to_string();
        let region = bucket_region(&error);
        let error = RequestError::from_sdk(self.operation, error);
        match (error.code(), error.status()) {
            (Some("NoSuchBucket"), _) => AwsError::BucketMissing { bucket: bucket() },
            (Some("BucketAlreadyExists"), _) => AwsError::BucketTaken { bucket: bucket() },
            (Some("NoSuchKey" | "NoSuchVersion"), _) => self.missing(),
            (Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException"), _)
            | (_, Some(301)) => AwsError::BucketElsewhere { bucket: bucket(), region },
            // HEAD answers have no body, so the SDK knows their status only, or makes a code of it.
            (Some("AccessDenied" | "Forbidden"), _) | (None, Some(403)) => self.denied(error),
            (Some("NotFound") | None, Some(404)) if self.uri.key().is_empty() => {
                AwsError::BucketMissing { bucket: bucket() }
            }
            (Some("NotFound") | None, Some(404)) => self.missing(),
            _ => error.into(),
        }
    }

    fn missing(&self) -> AwsError {
        AwsError::NoSuchObject { uri: self.uri.clone(), version_id: self.version_id.map(str::to_owned) }
    }

    fn denied(&self, error: RequestError) -> AwsError {
        AwsError::AccessDenied {
            operation: self.operation,
            uri: self.uri.to_string(),
            expected_owner: self.store.owner_of(self.uri.bucket()),
            source: Box::new(error),
        }
    }
}

/// S3 names the bucket's region in a header when the request went to another one.
fn bucket_region<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let response = error.raw_response()?;
    response.headers().get("x-amz-bucket-region").map(str::to_owned)
}

impl ArtifactStore {
    pub(super) fn request<'a>(&'a self, operation: &'static str, uri: &'a S3Uri) -> Request<'a> {
        Request { store: self, operation, uri, version_id: None }
    }
}

/// `Ok(None)` for an object that is not there.
pub(super) fn absent<T>(result: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(AwsError::NoSuchObject { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
