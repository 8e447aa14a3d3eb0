//! What a hazard does to an answer.

use std::future::Future;
use std::time::Duration;

use http::Response;
use s3s::{Body, HttpError};

use crate::api::ApiError;

use super::{Effect, Service};

/// Lets a request be answered, or not, as the effect it met wants it. An error cuts the connection.
pub(crate) async fn under(
    effect: Option<Effect>,
    service: Service,
    refuse: impl FnOnce(ApiError) -> Response<Body>,
    answer: impl Future<Output = Response<Body>>,
) -> Result<Response<Body>, HttpError> {
    match effect {
        Some(Effect::CutBefore) => Err(cut()),
        Some(Effect::CutAfter) => {
            answer.await;
            Err(cut())
        }
        Some(Effect::Slow { milliseconds }) => {
            let response = answer.await;
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            Ok(response)
        }
        Some(effect) => match error(&effect, service) {
            Some(error) => Ok(refuse(error)),
            None => Ok(answer.await),
        },
        None => Ok(answer.await),
    }
}

/// The error that an effect answers with, in the service's words. None for those that answer otherwise.
pub(crate) fn error(effect: &Effect, service: Service) -> Option<ApiError> {
    match effect {
        Effect::Throttle => Some(match service {
            Service::S3 => ApiError::new("SlowDown", "Please reduce your request rate.").with_status(503),
            Service::Sts => ApiError::new("Throttling", "Rate exceeded"),
            Service::Sagemaker | Service::SagemakerRuntime => ApiError::new("ThrottlingException", "Rate exceeded"),
        }),
        Effect::ServerError { status } => {
            let (code, message) = match (service, status) {
                (Service::S3, 503) => ("ServiceUnavailable", "Service is unable to handle request."),
                (Service::S3, _) => ("InternalError", "We encountered an internal error. Please try again."),
                (_, 503) => ("ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
                _ => ("InternalFailure", "The request processing has failed because of an unknown error."),
            };
            Some(ApiError::new(code, message).with_status(*status))
        }
        Effect::Error { code, status, message, members } => {
            let error = ApiError::new(code.clone(), message.clone()).with_status(*status);
            Some(ApiError { members: Box::new(members.clone()), ..error })
        }
        _ => None,
    }
}

/// What ends a connection.
pub(crate) fn cut() -> HttpError {
    HttpError::new("the connection is cut on demand".into())
}
