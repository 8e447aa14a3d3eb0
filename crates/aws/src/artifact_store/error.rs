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
            source: error,
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

#[cfg(test)]
mod tests {
    use aws_sdk_s3::error::SdkError;
    use aws_sdk_s3::operation::get_object::GetObjectError;
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;
    use aws_types::SdkConfig;

    use crate::{ArtifactStore, AwsError};

    /// What S3's answer of this status and code becomes. HEAD answers have no code.
    fn refused(status: u16, code: Option<&str>, key: &str) -> AwsError {
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
        response.headers_mut().insert("x-amz-bucket-region", "eu-west-1");
        let mut meta = ErrorMetadata::builder();
        if let Some(code) = code {
            meta = meta.code(code);
        }
        let owner = "123456789012".parse().unwrap();
        let s3 = SdkConfig::builder().behavior_version(aws_config::BehaviorVersion::latest()).build();
        let store = ArtifactStore::new(&s3, "models-bucket".parse().unwrap()).with_expected_owner(owner);
        let error = SdkError::service_error(GetObjectError::generic(meta.build()), response);
        store.request("GetObject", &store.uri(key).unwrap()).error(error)
    }

    // Codes and statuses are those of the page "Error responses" of the S3 API reference.
    #[test]
    fn refusals_become_the_error_with_their_remedy() {
        let region = |error| match error {
            AwsError::BucketElsewhere { bucket, region } => (bucket, region),
            other => panic!("{other:?}"),
        };
        let elsewhere = ("models-bucket".to_owned(), Some("eu-west-1".to_owned()));
        assert_eq!(region(refused(301, None, "")), elsewhere);
        assert_eq!(region(refused(301, Some("PermanentRedirect"), "key")), elsewhere);
        assert_eq!(region(refused(400, Some("AuthorizationHeaderMalformed"), "key")), elsewhere);
        assert!(refused(301, None, "key").to_string().contains("models-bucket is in region eu-west-1"));

        assert!(matches!(refused(404, Some("NoSuchBucket"), "key"), AwsError::BucketMissing { .. }));
        assert!(matches!(refused(404, None, ""), AwsError::BucketMissing { .. }));
        assert!(matches!(refused(409, Some("BucketAlreadyExists"), ""), AwsError::BucketTaken { .. }));
        assert!(matches!(refused(404, Some("NoSuchKey"), "key"), AwsError::NoSuchObject { .. }));
        assert!(matches!(refused(404, Some("NotFound"), "key"), AwsError::NoSuchObject { .. }));
        assert!(matches!(refused(404, Some("NoSuchVersion"), "key"), AwsError::NoSuchObject { .. }));
    }

    #[test]
    fn a_denial_names_what_and_whom_it_expected() {
        for error in [refused(403, Some("AccessDenied"), "key"), refused(403, None, "key")] {
            assert!(matches!(error, AwsError::AccessDenied { .. }), "{error:?}");
            let words = error.to_string();
            assert!(words.contains("GetObject on s3://models-bucket/key") && words.contains("123456789012"), "{words}");
        }
        // Wrong keys are no missing permission.
        for code in ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"] {
            let error = refused(403, Some(code), "key");
            assert!(matches!(&error, AwsError::Request(request) if request.code() == Some(code)), "{error:?}");
        }
    }
}
