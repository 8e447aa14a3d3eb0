use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

/// The codes the Rust SDK takes for throttling (`aws_runtime::retries::classifiers::THROTTLING_ERRORS`).
const THROTTLING: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Codes after which the same request may succeed a little later. The SDK retries the first two itself; the last two
/// come from a multi-model endpoint that is loading a model, and the SDK does not retry them.
const TRANSIENT: [&str; 4] =
    ["RequestTimeout", "RequestTimeoutException", "ModelNotReadyException", "InternalDependencyException"];

/// A request that AWS refused, or that got no answer. The SDK's own retries are over by then.
#[derive(Debug)]
pub struct RequestError(Box<Parts>);

// Boxed, because every result of every client carries the size of its error.
#[derive(Debug)]
struct Parts {
    operation: &'static str,
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    status: Option<u16>,
    no_answer: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl RequestError {
    /// Takes what is worth knowing out of an SDK error.
    pub fn from_sdk<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let no_answer = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
            SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
            _ => false,
        };
        Self(Box::new(Parts {
            operation,
            code: error.code().map(str::to_owned),
            message: error.message().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            status: error.raw_response().map(|response| response.status().as_u16()),
            no_answer,
            source: error.into_source().ok(),
        }))
    }

    /// An answer whose body broke off while it was read.
    pub fn from_body(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut parts = Parts::of(operation);
        parts.no_answer = true;
        parts.source = Some(source.into());
        Self(Box::new(parts))
    }

    /// An answer that came, but lacks what it must have.
    pub fn from_answer(operation: &'static str, message: impl Into<String>) -> Self {
        let mut parts = Parts::of(operation);
        parts.message = Some(message.into());
        Self(Box::new(parts))
    }

    /// The operation, as AWS spells it: `CreateHyperParameterTuningJob`.
    pub fn operation(&self) -> &str {
        self.0.operation
    }

    /// AWS's error code: `ResourceInUse`, `ValidationException`, `ThrottlingException`. `None` if there was no answer.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// AWS's words.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The request's id, for AWS's support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The HTTP status. `None` if there was no answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Whether AWS asks for fewer requests. `ResourceLimitExceeded` is a quota and not meant.
    pub fn is_throttled(&self) -> bool {
        self.code().is_some_and(|code| THROTTLING.contains(&code))
    }

    /// Whether the same request may succeed later: throttling, a status from 500 up, a model that is still loading, no
    /// answer. Nothing that a change of the request would have to cure.
    pub fn is_retryable(&self) -> bool {
        self.is_throttled()
            || self.0.no_answer
            || self.0.status.is_some_and(|status| status >= 500)
            || self.code().is_some_and(|code| TRANSIENT.contains(&code))
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.0.operation)?;
        match (&self.0.code, self.0.status) {
            (Some(code), Some(status)) => write!(f, " with {code} ({status})")?,
            (Some(code), None) => write!(f, " with {code}")?,
            (None, Some(status)) => write!(f, " with HTTP status {status}")?,
            (None, None) if self.0.no_answer => f.write_str(" without an answer")?,
            (None, None) => {}
        }
        if let Some(message) = &self.0.message {
            write!(f, ": {message}")?;
        }
        match &self.0.request_id {
            Some(id) => write!(f, " [request {id}]"),
            None => Ok(()),
        }
    }
}

impl Error for RequestError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl Parts {
    fn of(operation: &'static str) -> Self {
        Self { operation, code: None, message: None, request_id: None, status: None, no_answer: false, source: None }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::RequestError;

    fn refused(code: &str, status: u16) -> RequestError {
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
        response.headers_mut().insert("x-amzn-requestid", "req-1");
        let error = aws_sdk_s3::Error::NoSuchKey(
            aws_sdk_s3::types::error::NoSuchKey::builder()
                .meta(ErrorMetadata::builder().code(code).message("words").build())
                .build(),
        );
        RequestError::from_sdk("GetObject", SdkError::service_error(error, response))
    }

    #[test]
    fn a_refusal_keeps_what_aws_said() {
        let error = refused("ValidationException", 400);
        assert_eq!(
            (error.operation(), error.code(), error.message(), error.request_id(), error.status()),
            ("GetObject", Some("ValidationException"), Some("words"), Some("req-1"), Some(400))
        );
        assert_eq!(error.to_string(), "GetObject failed with ValidationException (400): words [request req-1]");
        assert!(error.source().is_some());
    }

    // Which code is retried, and why, is in the SDK's source (aws-runtime 1.10, retries/classifiers.rs) and in the table
    // of runtime errors of SageMaker's API reference.
    #[test]
    fn what_may_be_tried_again_is_told_apart() {
        for (code, status, throttled, retryable) in [
            ("ThrottlingException", 400, true, true),
            ("SlowDown", 503, true, true),
            ("InternalFailure", 500, false, true),
            ("ModelNotReadyException", 429, false, true),
            ("InternalDependencyException", 530, false, true),
            ("RequestTimeout", 400, false, true),
            ("ModelError", 424, false, false),
            ("ValidationException", 400, false, false),
            ("ResourceLimitExceeded", 400, false, false),
            ("ResourceInUse", 400, false, false),
            ("AccessDenied", 403, false, false),
        ] {
            let error = refused(code, status);
            assert_eq!((error.is_throttled(), error.is_retryable()), (throttled, retryable), "{code}");
        }
    }

    #[test]
    fn no_answer_may_be_tried_again_and_a_wrong_request_may_not() {
        type Sdk = SdkError<aws_sdk_s3::Error, HttpResponse>;
        let retryable = |error: Sdk| RequestError::from_sdk("GetObject", error).is_retryable();
        assert!(retryable(Sdk::timeout_error("slow")));
        assert!(retryable(Sdk::dispatch_failure(ConnectorError::io("refused".into()))));
        assert!(!retryable(Sdk::dispatch_failure(ConnectorError::user("no such host".into()))));
        assert!(!retryable(Sdk::construction_failure("no key")));
        assert!(RequestError::from_body("GetObject", "cut").is_retryable());
        assert_eq!(RequestError::from_body("GetObject", "cut").to_string(), "GetObject failed without an answer");
    }
}
