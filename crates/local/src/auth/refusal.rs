//! Why a signature was refused, in the words each protocol has for it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::api::ApiError;

/// Why a signature was refused. The services name the errors differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no signature.
    Missing,
    /// The `Authorization` header, or what belongs to it, cannot be read.
    Incomplete {
        /// What is missing or wrong, as the services other than S3 say it.
        message: String,
        /// S3 says of a header by another scheme only that.
        is_other_scheme: bool,
    },
    /// A presigned request's parameters cannot be read.
    Query(String),
    /// The credential is not `KEY/DATE/REGION/SERVICE/aws4_request`.
    Credential { given: String, is_presigned: bool },
    /// The credential is for something else.
    Scope { message: String, is_presigned: bool },
    /// Nobody has this access key.
    UnknownKey,
    /// The session token is not one of ours, or of another access key.
    BadToken,
    /// The session is over.
    ExpiredToken,
    /// Headers that must be signed are not: their names.
    UnsignedHeaders(String),
    /// The request's time is too far from ours.
    Skewed { signed: DateTime<Utc>, now: DateTime<Utc>, tolerance: TimeDelta },
    /// A presigned request is too old.
    Expired { signed: DateTime<Utc>, expires: TimeDelta, now: DateTime<Utc> },
    /// The signature is not the one the secret key gives.
    Mismatch(Box<Mismatch>),
    /// S3's `x-amz-content-sha256` is not there.
    NoContentHash,
}

/// What was signed here, so that a client's author sees where the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) access_key: String,
    pub(crate) signature: String,
    pub(crate) canonical: String,
    pub(crate) string_to_sign: String,
}

/// An S3 error with the elements that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct S3Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) elements: Vec<(&'static str, String)>,
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your";

impl Refusal {
    /// An `Authorization` header without these parts, or of another scheme.
    pub(super) fn incomplete(
        given: &str,
        credential: Option<&str>,
        signature: Option<&str>,
        signed_headers: Option<&str>,
        date: Option<&str>,
    ) -> Self {
        let parts = [
            (credential, "Authorization header requires 'Credential' parameter. "),
            (signature, "Authorization header requires 'Signature' parameter. "),
            (signed_headers, "Authorization header requires 'SignedHeaders' parameter. "),
            (date, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "),
        ];
        let missing: String = parts.into_iter().filter(|(part, _)| part.is_none()).map(|(_, text)| text).collect();
        // The header may be somebody's password for something else, so no more of it is said than its scheme.
        let scheme = given.split(' ').next().unwrap_or_default();
        let is_other_scheme = scheme != "AWS4-HMAC-SHA256";
        Self::Incomplete { message: format!("{missing}Authorization={scheme}"), is_other_scheme }
    }

    pub(super) fn incomplete_date(given: &str) -> Self {
        let message = format!(
            "Date must be in ISO-8601 'basic format'. Got '{given}'. See http://en.wikipedia.org/wiki/ISO_8601"
        );
        Self::Incomplete { message, is_other_scheme: false }
    }

    /// A request that is both presigned and signed in its header.
    pub(super) fn two_claims() -> Self {
        Self::Query(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or \
             the Authorization header should be specified"
                .to_owned(),
        )
    }

    /// As the JSON protocols write it, with status 400: the control plane's.
    pub(crate) fn as_json(&self) -> ApiError {
        let code = match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete { .. } | Self::Query(_) | Self::Credential { .. } | Self::NoContentHash => {
                "IncompleteSignatureException"
            }
            Self::UnknownKey | Self::BadToken => "UnrecognizedClientException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::Scope { .. }
            | Self::UnsignedHeaders(_)
            | Self::Skewed { .. }
            | Self::Expired { .. }
            | Self::Mismatch(_) => "InvalidSignatureException",
        };
        ApiError::new(code, self.message())
    }

    /// As the query protocol writes it.
    pub(crate) fn as_query(&self) -> ApiError {
        let code = match self {
            Self::Missing => "MissingAuthenticationToken",
            Self::Incomplete { .. } | Self::Query(_) | Self::Credential { .. } | Self::NoContentHash => {
                "IncompleteSignature"
            }
            Self::UnknownKey | Self::BadToken => "InvalidClientTokenId",
            Self::ExpiredToken => "ExpiredToken",
            Self::Scope { .. }
            | Self::UnsignedHeaders(_)
            | Self::Skewed { .. }
            | Self::Expired { .. }
            | Self::Mismatch(_) => "SignatureDoesNotMatch",
        };
        ApiError::new(code, self.message()).with_status(403)
    }

    fn message(&self) -> String {
        match self {
            Self::Missing => "Missing Authentication Token".to_owned(),
            Self::Incomplete { message, .. } | Self::Query(message) | Self::Scope { message, .. } => message.clone(),
            Self::Credential { given, .. } => format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{given}'"
            ),
            Self::UnknownKey | Self::BadToken => "The security token included in the request is invalid.".to_owned(),
            Self::ExpiredToken => "The security token included in the request is expired".to_owned(),
            Self::UnsignedHeaders(_) => {
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned()
            }
            Self::Skewed { signed, now, tolerance } => skewed(*signed, *now, *tolerance),
            Self::Expired { signed, expires, now } => {
                format!("Signature expired: {} is now earlier than {}", basic(*signed), basic(*now - *expires))
            }
            Self::Mismatch(mismatch) => format!(
                "{MISMATCH} AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n\
                 The Canonical String for this request should have been\n'{}'\n\n\
                 The String-to-Sign should have been\n'{}'\n",
                mismatch.canonical, mismatch.string_to_sign
            ),
            Self::NoContentHash => "Missing required header for this request: x-amz-content-sha256".to_owned(),
        }
    }

    /// As S3 writes it.
    pub(crate) fn as_s3(&self) -> S3Refusal {
        let refused =
            |status, code, message: &str| S3Refusal { status, code, message: message.to_owned(), elements: Vec::new() };
        match self {
            Self::Missing => refused(403, "AccessDenied", "Access Denied"),
            Self::Incomplete { is_other_scheme: true, .. } => refused(
                400,
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
            ),
            Self::Incomplete { message, .. } => malformed(false, message),
            Self::Query(message) => refused(400, "AuthorizationQueryParametersError", message),
            Self::Credential { is_presigned, .. } => malformed(
                *is_presigned,
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
            ),
            Self::Scope { message, is_presigned } => malformed(*is_presigned, message),
            Self::UnknownKey => {
                refused(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
            }
            Self::BadToken => refused(400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
            Self::ExpiredToken => refused(400, "ExpiredToken", "The provided token has expired."),
            Self::UnsignedHeaders(names) => {
                refused(403, "AccessDenied", "There were headers present in the request which were not signed")
                    .with("HeadersNotSigned", names.clone())
            }
            Self::Skewed { signed, now, tolerance } => refused(
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            )
            .with("RequestTime", basic(*signed))
            .with("ServerTime", extended(*now))
            .with("MaxAllowedSkewMilliseconds", tolerance.num_milliseconds().to_string()),
            Self::Expired { signed, expires, now } => refused(403, "AccessDenied", "Request has expired")
                .with("X-Amz-Expires", expires.num_seconds().to_string())
                .with("Expires", extended(*signed + *expires))
                .with("ServerTime", extended(*now)),
            Self::Mismatch(mismatch) => {
                refused(403, "SignatureDoesNotMatch", &format!("{MISMATCH} key and signing method."))
                    .with("AWSAccessKeyId", mismatch.access_key.clone())
                    .with("StringToSign", mismatch.string_to_sign.clone())
                    .with("SignatureProvided", mismatch.signature.clone())
                    .with("CanonicalRequest", mismatch.canonical.clone())
            }
            Self::NoContentHash => {
                refused(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
            }
        }
    }
}

impl S3Refusal {
    fn with(mut self, element: &'static str, value: String) -> Self {
        self.elements.push((element, value));
        self
    }
}

fn malformed(is_presigned: bool, what: &str) -> S3Refusal {
    let (code, message) = if is_presigned {
        ("AuthorizationQueryParametersError", format!("Error parsing the X-Amz-Credential parameter; {what}"))
    } else {
        ("AuthorizationHeaderMalformed", format!("The authorization header is malformed; {what}"))
    };
    S3Refusal { status: 400, code, message, elements: Vec::new() }
}

fn skewed(signed: DateTime<Utc>, now: DateTime<Utc>, tolerance: TimeDelta) -> String {
    let (signed_at, now_at, minutes) = (basic(signed), basic(now), tolerance.num_minutes());
    if signed < now {
        let earliest = basic(now - tolerance);
        format!("Signature expired: {signed_at} is now earlier than {earliest} ({now_at} - {minutes} min.)")
    } else {
        let latest = basic(now + tolerance);
        format!("Signature not yet current: {signed_at} is still later than {latest} ({now_at} + {minutes} min.)")
    }
}

fn basic(time: DateTime<Utc>) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

fn extended(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
