//! Which service answers a request.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use s3s::service::S3Service;
use s3s::{Body, HttpError};
use uuid::Uuid;

use crate::answers::{json, text};
use crate::api::{ApiError, Caller};
use crate::auth::{Authenticator, Claim, Payload, Refusal};
use crate::conditions::Conditions;
use crate::console::{self, Console};
use crate::request_body::RequestBody;
use crate::sagemaker::Sagemaker;
use crate::sts::Sts;
use crate::{admin, control, guard, logs, runtime, s3, sts};

/// Everything that answers requests. The services share one port.
pub(crate) struct Services {
    pub(crate) authenticator: Authenticator,
    pub(crate) conditions: Conditions,
    pub(crate) s3: S3Service,
    pub(crate) sagemaker: Arc<Sagemaker>,
    pub(crate) sts: Sts,
    pub(crate) console: Arc<Console>,
}

impl Services {
    /// Answers one request. An error cuts the connection.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, HttpError> {
        let request_id = Uuid::new_v4().to_string();
        let (request, body) = request.into_parts();
        let body = RequestBody::new(body);
        let rest = body.rest();
        let mut response = match guard::check(&request) {
            Ok(()) => self.route(request, body, &request_id).await?,
            Err(forbidden) => text(StatusCode::FORBIDDEN, forbidden.message().to_owned()),
        };
        if let Some(unread) = rest.take() {
            // A refused client sends the rest of its body, or, where it waited to be asked for it, may not. Neither must be taken for the
            // next request.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            response = response.map(|answer| unread.until_answered(answer));
        }
        tracing::debug!(request_id, status = response.status().as_u16(), "answered");
        if let Ok(value) = HeaderValue::try_from(request_id) {
            response.headers_mut().insert("x-amz-request-id", value.clone());
            response.headers_mut().insert("x-amzn-requestid", value);
        }
        Ok(response)
    }

    async fn route(&self, request: Parts, body: RequestBody, request_id: &str) -> Result<Response<Body>, HttpError> {
        let claim = Claim::of(&request);
        let service = Destination::of(&request, claim.as_ref().ok().and_then(Option::as_ref));
        tracing::debug!(request_id, ?service, method = %request.method, uri = %request.uri, "request");
        match service {
            Destination::Control => control::answer(self, &request, claim, body).await,
            Destination::Runtime => runtime::answer(self, &request, claim, body).await,
            Destination::Sts => sts::wire::answer(self, &request, claim, body, request_id).await,
            Destination::Logs => Ok(logs::answer(self, &request, claim, body).await),
            Destination::S3 => {
                let verified = s3::gate::verify(&self.authenticator, &request, claim);
                s3::gate::answer(&self.s3, verified, request, body, request_id).await
            }
            Destination::Admin => match received(body, admin::BODY_LIMIT).await {
                Ok(body) => Ok(admin::answer(&self.conditions, &request, &body)),
                Err(error) => Ok(json::error(error)),
            },
            Destination::Console => match received(body, console::BODY_LIMIT).await {
                Ok(body) => Ok(self.console.answer(request, body).await),
                Err(error) => Ok(json::error(error)),
            },
            Destination::Unknown(name) => Ok(unknown(&name)),
        }
    }

    /// Who signed a request whose body is at hand.
    pub(crate) fn verify(
        &self,
        request: &Parts,
        claim: Result<Option<Claim<'_>>, Refusal>,
        body: &[u8],
    ) -> Result<Caller, Refusal> {
        self.authenticator.verify(request, &claim?.ok_or(Refusal::Missing)?, Payload::Body(body))
    }
}

/// Who is asked: the service in the signature's credential scope, or, unsigned, what the request looks like.
#[derive(Debug, PartialEq, Eq)]
enum Destination {
    S3,
    Control,
    Runtime,
    Sts,
    Logs,
    Admin,
    /// A person with a browser.
    Console,
    Unknown(String),
}

impl Destination {
    fn of(request: &Parts, claim: Option<&Claim<'_>>) -> Self {
        if admin::is_for(request) {
            return Self::Admin;
        }
        let is_target = request.headers.contains_key("x-amz-target");
        let Some(claim) = claim else { return Self::looks_like(request, is_target) };
        match claim.scope().service {
            "s3" => Self::S3,
            "sts" => Self::Sts,
            "logs" => Self::Logs,
            "sagemaker" if is_target => Self::Control,
            "sagemaker" => Self::Runtime,
            other => Self::Unknown(other.to_owned()),
        }
    }

    fn looks_like(request: &Parts, is_target: bool) -> Self {
        let (path, query) = (request.uri.path(), request.uri.query());
        let is_post = request.method == Method::POST;
        if is_target {
            Self::Control
        } else if is_post && path.starts_with("/endpoints/") && path.ends_with("/invocations") {
            Self::Runtime
        } else if path == "/" && (is_post || query.is_some_and(|query| query.contains("Action="))) {
            Self::Sts
        } else if is_for_people(request) {
            Self::Console
        } else {
            Self::S3
        }
    }
}

/// Whether an unsigned request is a browser's. That for `/` of an S3 client does not ask for HTML.
fn is_for_people(request: &Parts) -> bool {
    let (path, query) = (request.uri.path(), request.uri.query());
    let unsigned = !request.headers.contains_key(AUTHORIZATION);
    let html = header(&request.headers, ACCEPT.as_str()).is_some_and(|accept| accept.contains("text/html"));
    unsigned && (path.starts_with(console::PREFIX) || path == "/" && query.is_none() && html)
}

/// The whole body.
pub(crate) async fn received(body: RequestBody, limit: usize) -> Result<Bytes, ApiError> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(ApiError::validation(format!("The body has more than {limit} bytes.")))
        }
        Err(error) => Err(ApiError::validation(format!("The body could not be read: {error}."))),
    }
}

pub(crate) fn header<'r>(headers: &'r HeaderMap, name: &str) -> Option<&'r str> {
    headers.get(name)?.to_str().ok()
}

fn unknown(service: &str) -> Response<Body> {
    let message = format!("refit-local does not have the service `{service}`: it has s3, sagemaker and sts.");
    json::error(ApiError::new("UnknownOperationException", message))
}
