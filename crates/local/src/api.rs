//! What the services of this crate say to each other: who calls, what an error is, what an invocation is.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::db::Database;

/// Who sent a request: known from its signature, which has been checked before this exists.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The twelve digits of the account that owns the access key.
    pub(crate) account: String,
    /// The region of the signature's credential scope.
    pub(crate) region: String,
    /// Who in the account it is.
    pub(crate) principal: Principal,
    /// What a read answers from when it is to be stale; the present state otherwise.
    pub(crate) as_of: Option<Database>,
}

/// Who in an account sent a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Principal {
    /// The account itself: its own access key is nobody's in particular.
    Root,
    /// A session of a role of the account.
    AssumedRole {
        /// The role's name, without its path.
        role: String,
        /// The `RoleSessionName`.
        session: String,
    },
}

impl Caller {
    pub(crate) fn new(account: impl Into<String>, region: impl Into<String>, principal: Principal) -> Self {
        Self { account: account.into(), region: region.into(), principal, as_of: None }
    }

    /// The account itself.
    pub(crate) fn root(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self::new(account, region, Principal::Root)
    }

    /// The principal's ARN: `arn:aws:iam::123456789012:root` or `arn:aws:sts::123456789012:assumed-role/role/session`.
    pub(crate) fn arn(&self) -> String {
        let (partition, account) = (partition(&self.region), &self.account);
        match &self.principal {
            Principal::Root => format!("arn:{partition}:iam::{account}:root"),
            Principal::AssumedRole { role, session } => {
                format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}")
            }
        }
    }
}

/// The partition of a region.
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// An AWS error, before it is put on the wire.
///
/// The code is the name AWS gives it (`ValidationException`, `ResourceNotFound`, ...). The control plane and the
/// runtime write the same error differently; this type knows neither form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: u16,
    /// AWS's name for the error.
    pub(crate) code: Cow<'static, str>,
    /// What went wrong, in a sentence.
    pub(crate) message: String,
    /// Further members of the modelled error, such as `OriginalStatusCode` of `ModelError`.
    pub(crate) members: Box<Map<String, Value>>,
}

impl ApiError {
    /// An error with HTTP status 400, as nearly all of the control plane's are.
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), message: message.into(), members: Box::default() }
    }

    /// `ValidationException`: the request breaks a rule of the API, or names something that is not there.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// `ResourceNotFound`: used by jobs; most other resources answer [`ApiError::validation`].
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFound", message)
    }

    /// `ResourceInUse`: the name is taken, or the resource is in a state that forbids the call.
    pub(crate) fn in_use(message: impl Into<String>) -> Self {
        Self::new("ResourceInUse", message)
    }

    /// `ConflictException`: something else depends on the resource.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new("ConflictException", message)
    }

    /// `InternalFailure` with status 500: our own fault; the message goes to the caller and to the log.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        let message = message.into();
        tracing::error!(%message, "internal failure");
        Self::new("InternalFailure", message).with_status(500)
    }

    /// The same error with another HTTP status.
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same error with one more modelled member.
    pub(crate) fn with_member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(format!("the local database refused: {error}"))
    }
}

/// `InvokeEndpoint`: its path's name, its headers and its body.
#[derive(Debug, Clone)]
pub(crate) struct InvokeRequest {
    pub(crate) endpoint: String,
    pub(crate) headers: HeaderMap,
    /// At most [`INVOKE_BODY_LIMIT`] bytes.
    pub(crate) body: Bytes,
}

impl InvokeRequest {
    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The answer to [`InvokeRequest`].
#[derive(Debug, Clone)]
pub(crate) struct InvokeResponse {
    /// The HTTP status, that of the container's success.
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// Sent as `x-Amzn-Invoked-Production-Variant`.
    pub(crate) invoked_variant: String,
    /// Sent as `X-Amzn-SageMaker-Custom-Attributes`.
    pub(crate) custom_attributes: Option<String>,
    pub(crate) body: Bytes,
}

/// The runtime's limit on a request's body (6 MiB; botocore's model of `InvokeEndpoint`).
pub(crate) const INVOKE_BODY_LIMIT: usize = 6_291_456;
