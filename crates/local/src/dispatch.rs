//! Which service answers a request.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use s3s::service::S3Service;
use s3s::{Body, HttpError};
use uuid::Uuid;

use crate::answers::{json, query, rest_json, text};
use crate::api::{ApiError, INVOKE_BODY_LIMIT, InvokeRequest};
use crate::auth::{Accounts, Authorization};
use crate::sagemaker::Sagemaker;
use crate::sts;

/// More than any request of the control plane may have.
const CONTROL_BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Everything that answers requests. The services share one port.
pub(crate) struct Services {
    pub(crate) accounts: Accounts,
    pub(crate) s3: S3Service,
    pub(crate) sagemaker: Arc<Sagemaker>,
}

impl Services {
    /// Answers one request. An error aborts the connection.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, HttpError> {
        let request_id = Uuid::new_v4().to_string();
        let service = Service::of(&request);
        let waits_to_send = request.headers().contains_key(EXPECT);
        tracing::debug!(%request_id, ?service, method = %request.method(), uri = %request.uri(), "request");
        let mut response = match service {
            Service::S3 => self.s3.call(request.map(Body::from)).await?,
            Service::Control => self.control(request).await,
            Service::Runtime => self.runtime(request).await,
            Service::Sts => self.sts(request, &request_id).await,
            Service::Welcome => welcome(),
            Service::Unknown(name) => unknown(&name),
        };
        if waits_to_send && !response.status().is_success() {
            // As S3 does. A refused client may or may not send the body it announced, and botocore takes the refusal
            // for the answer to its next request on the connection.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-amz-request-id", value.clone());
            response.headers_mut().insert("x-amzn-requestid", value);
        }
        tracing::debug!(%request_id, status = response.status().as_u16(), "answered");
        Ok(response)
    }

    async fn control(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = match received(request, CONTROL_BODY_LIMIT).await {
            Ok(received) => received,
            Err(error) => return json::error(error),
        };
        let caller = match self.accounts.verify(&parts, &body) {
            Ok(caller) => caller,
            Err(refusal) => return json::refused(&refusal),
        };
        let target = header(&parts.headers, "x-amz-target").unwrap_or_default();
        let Some(operation) = target.strip_prefix("SageMaker.") else {
            let message =
                format!("`{target}` is no operation of SageMaker: X-Amz-Target must be SageMaker.<operation>.");
            return json::error(ApiError::new("UnknownOperationException", message));
        };
        let input = match serde_json::from_slice(if body.is_empty() { b"{}" } else { &body }) {
            Ok(input) => input,
            Err(error) => {
                let message = format!("The body is not JSON: {error}.");
                return json::error(ApiError::new("SerializationException", message));
            }
        };
        match self.sagemaker.call(&caller, operation, input).await {
            Ok(output) => json::output(&output),
            Err(error) => json::error(error),
        }
    }

    async fn runtime(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = match received(request, INVOKE_BODY_LIMIT).await {
            Ok(received) => received,
            Err(error) => return rest_json::error(ApiError { code: "ValidationError".into(), ..error }),
        };
        let caller = match self.accounts.verify(&parts, &body) {
            Ok(caller) => caller,
            Err(refusal) => return rest_json::refused(&refusal),
        };
        let Some(invocation) = invocation(&parts, body) else {
            let message = format!("refit-local's runtime does not have {} {}.", parts.method, parts.uri.path());
            return rest_json::error(ApiError::new("UnknownOperationException", message).with_status(404));
        };
        match self.sagemaker.invoke(&caller, invocation).await {
            Ok(output) => rest_json::output(output),
            Err(error) => rest_json::error(error),
        }
    }

    async fn sts(&self, request: Request<Incoming>, request_id: &str) -> Response<Body> {
        let (parts, body) = match received(request, CONTROL_BODY_LIMIT).await {
            Ok(received) => received,
            Err(error) => return query::error(&error, request_id),
        };
        match self.accounts.verify(&parts, &body) {
            Ok(caller) => sts::answer(&caller, &body, request_id),
            Err(refusal) => query::refused(&refusal, request_id),
        }
    }
}

/// Who is asked: the service in the signature's credential scope, or, unsigned, what the request looks like.
#[derive(Debug, PartialEq, Eq)]
enum Service {
    S3,
    Control,
    Runtime,
    Sts,
    /// A browser's first look.
    Welcome,
    Unknown(String),
}

impl Service {
    fn of<B>(request: &Request<B>) -> Self {
        let is_target = request.headers().contains_key("x-amz-target");
        match Authorization::of(request.headers()) {
            Ok(Some(authorization)) => match authorization.service {
                "s3" => Self::S3,
                "sts" => Self::Sts,
                "sagemaker" if is_target => Self::Control,
                "sagemaker" => Self::Runtime,
                other => Self::Unknown(other.to_owned()),
            },
            // S3 also has signatures in the query, and those of version 2.
            Err(_) | Ok(None) if is_target => Self::Control,
            Err(_) => Self::S3,
            Ok(None) if request.uri().path().starts_with("/endpoints/") && request.method() == Method::POST => {
                Self::Runtime
            }
            Ok(None) if *request.method() == Method::POST && request.uri().path() == "/" => Self::Sts,
            Ok(None) if request.uri().path() == "/" && request.uri().query().is_none() => Self::Welcome,
            Ok(None) => Self::S3,
        }
    }
}

async fn received(request: Request<Incoming>, limit: usize) -> Result<(Parts, Bytes), ApiError> {
    let (parts, body) = request.into_parts();
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok((parts, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(ApiError::validation(format!("The body has more than {limit} bytes.")))
        }
        Err(error) => Err(ApiError::validation(format!("The body could not be read: {error}."))),
    }
}

/// `POST /endpoints/{name}/invocations`.
fn invocation(parts: &Parts, body: Bytes) -> Option<InvokeRequest> {
    let name = parts.uri.path().strip_prefix("/endpoints/")?.strip_suffix("/invocations")?;
    if parts.method != Method::POST || name.is_empty() || name.contains('/') {
        return None;
    }
    let header = |name| header(&parts.headers, name);
    Some(InvokeRequest {
        endpoint: percent_decode_str(name).decode_utf8().ok()?.into_owned(),
        target_model: header("x-amzn-sagemaker-target-model"),
        target_variant: header("x-amzn-sagemaker-target-variant"),
        custom_attributes: header("x-amzn-sagemaker-custom-attributes"),
        content_type: header(CONTENT_TYPE.as_str()),
        accept: header(ACCEPT.as_str()),
        body,
    })
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn welcome() -> Response<Body> {
    let version = env!("CARGO_PKG_VERSION");
    text(StatusCode::OK, format!("refit-local {version}: S3, SageMaker, SageMaker Runtime and STS on this machine.\n"))
}

fn unknown(service: &str) -> Response<Body> {
    let message = format!("refit-local does not have the service `{service}`: it has s3, sagemaker and sts.");
    json::error(ApiError::new("UnknownOperationException", message))
}
