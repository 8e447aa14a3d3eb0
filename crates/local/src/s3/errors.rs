//! The store's refusals under S3's names.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use s3s::{S3Error, S3ErrorCode, s3_error};

use crate::api::ApiError;
use crate::objects::ObjectError;

/// The S3 error for a refusal.
pub(super) fn s3_error(error: ObjectError) -> S3Error {
    let message = error.to_string();
    let code = match error {
        ObjectError::NoSuchBucket { .. } => S3ErrorCode::NoSuchBucket,
        ObjectError::BucketTaken { .. } => S3ErrorCode::BucketAlreadyExists,
        ObjectError::BucketNotEmpty { .. } => S3ErrorCode::BucketNotEmpty,
        ObjectError::NotExpectedOwner | ObjectError::Forbidden { .. } => S3ErrorCode::AccessDenied,
        ObjectError::PolicyOfAnother { .. } => S3ErrorCode::MethodNotAllowed,
        ObjectError::NoSuchPolicy { .. } => S3ErrorCode::NoSuchBucketPolicy,
        ObjectError::MalformedPolicy(_) => S3ErrorCode::MalformedPolicy,
        ObjectError::Overtaken { .. } => S3ErrorCode::ConditionalRequestConflict,
        ObjectError::NoSuchKey { .. } => S3ErrorCode::NoSuchKey,
        ObjectError::Deleted { ref version_id, .. } => {
            return with_marker(S3ErrorCode::NoSuchKey, message, version_id);
        }
        ObjectError::IsDeleteMarker { ref version_id, .. } => {
            return with_marker(S3ErrorCode::MethodNotAllowed, message, version_id);
        }
        ObjectError::NoSuchVersion { .. } => S3ErrorCode::NoSuchVersion,
        ObjectError::ConditionFailed { .. } => S3ErrorCode::PreconditionFailed,
        ObjectError::NoSuchMarker { .. } => S3ErrorCode::InvalidArgument,
        ObjectError::KeyLength => S3ErrorCode::KeyTooLongError,
        ObjectError::CopyToItself
        | ObjectError::CopyTooLarge { .. }
        | ObjectError::PartChecksumMissing { .. }
        | ObjectError::ChecksumMode { .. }
        | ObjectError::PartAlgorithm { .. }
        | ObjectError::ObjectSize { .. } => S3ErrorCode::InvalidRequest,
        ObjectError::CopyRange { .. } => S3ErrorCode::InvalidRange,
        ObjectError::NoSuchUpload { .. } => S3ErrorCode::NoSuchUpload,
        ObjectError::InvalidPart { .. } => S3ErrorCode::InvalidPart,
        ObjectError::PartOrder => S3ErrorCode::InvalidPartOrder,
        ObjectError::PartTooSmall { .. } => S3ErrorCode::EntityTooSmall,
        ObjectError::NoParts => S3ErrorCode::MalformedXML,
        ObjectError::BadDigest { .. } => S3ErrorCode::BadDigest,
        ObjectError::Database(_) | ObjectError::File(_) => {
            tracing::error!(%error, cause = ?std::error::Error::source(&error), "the object store failed");
            S3ErrorCode::InternalError
        }
    };
    S3Error::with_message(code, message)
}

/// 304, which has no body to name an error in.
pub(super) fn not_modified(etag: &str) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::Custom("NotModified".into()));
    error.set_status_code(StatusCode::NOT_MODIFIED);
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{etag}\"")) {
        error.set_headers(HeaderMap::from_iter([(http::header::ETAG, etag)]));
    }
    error
}

/// An error of S3 whose code `s3s` has no name for.
pub(super) fn named(code: &'static str, status: StatusCode, message: &'static str) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message);
    error.set_status_code(status);
    error
}

/// An error that was asked for by its code.
pub(super) fn of(error: ApiError) -> S3Error {
    let mut s3 = S3Error::with_message(S3ErrorCode::Custom(error.code.as_ref().into()), error.message);
    s3.set_status_code(StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    s3
}

/// Refuses a setting that would have to be forgotten.
pub(super) fn unsupported<T>(setting: &Option<T>, name: &'static str) -> Result<(), S3Error> {
    match setting {
        None => Ok(()),
        Some(_) => Err(s3_error!(NotImplemented, "refit-local does not have {name}.")),
    }
}

/// An error about a delete marker says so in its headers too.
fn with_marker(code: S3ErrorCode, message: String, version_id: &str) -> S3Error {
    let mut error = S3Error::with_message(code, message);
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-amz-delete-marker"), HeaderValue::from_static("true"));
    if let Ok(version_id) = HeaderValue::from_str(version_id) {
        headers.insert(HeaderName::from_static("x-amz-version-id"), version_id);
    }
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    error.set_headers(headers);
    error
}
