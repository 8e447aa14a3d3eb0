//! The errors every operation of the control plane shares.

use std::fmt::Display;

use crate::api::ApiError;

/// A member has the wrong JSON type.
pub(crate) fn serialization(message: impl Into<String>) -> ApiError {
    ApiError::new("SerializationException", message)
}

/// The operation is not one of those this server has.
pub(crate) fn unknown_operation(operation: &str) -> ApiError {
    let message = format!("refit-local does not have the SageMaker operation {operation}.");
    ApiError::new("UnknownOperationException", message)
}

/// The request is valid on AWS, and refit-local would have to pretend to honour it.
pub(crate) fn not_emulated(what: impl Display) -> ApiError {
    ApiError::validation(format!("refit-local does not emulate {what}."))
}

/// Something failed that is not the caller's doing.
pub(crate) fn internal(cause: impl Display) -> ApiError {
    ApiError::internal(cause.to_string())
}
