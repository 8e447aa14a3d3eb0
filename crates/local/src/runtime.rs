//! The SageMaker runtime on the wire: REST JSON.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use percent_encoding::percent_decode_str;
use s3s::{Body, HttpError};

use crate::answers::rest_json;
use crate::api::{ApiError, Caller, INVOKE_BODY_LIMIT, InvokeRequest};
use crate::auth::{Claim, Refusal};
use crate::dispatch::{Services, received};
use crate::hazards::answer::under;
use crate::hazards::{Effect, Service};
use crate::request_body::RequestBody;

/// The one operation there is.
pub(crate) const INVOKE_ENDPOINT: &str = "InvokeEndpoint";

pub(crate) async fn answer(
    services: &Services,
    request: &Parts,
    claim: Result<Option<Claim<'_>>, Refusal>,
    body: RequestBody,
) -> Result<Response<Body>, HttpError> {
    match checked(services, request, claim, body).await {
        Err(error) => Ok(rest_json::error(error)),
        Ok((caller, invocation)) => {
            let hazards = &services.conditions.hazards;
            let effect = hazards.strike(Service::SagemakerRuntime, INVOKE_ENDPOINT, Effect::is_of_the_answer);
            under(effect, Service::SagemakerRuntime, rest_json::error, async {
                match services.sagemaker.invoke(&caller, invocation).await {
                    Ok(output) => rest_json::output(output),
                    Err(error) => rest_json::error(error),
                }
            })
            .await
        }
    }
}

async fn checked(
    services: &Services,
    request: &Parts,
    claim: Result<Option<Claim<'_>>, Refusal>,
    body: RequestBody,
) -> Result<(Caller, InvokeRequest), ApiError> {
    let received = received(body, INVOKE_BODY_LIMIT).await;
    let body = received.map_err(|error| ApiError { code: "ValidationError".into(), ..error })?;
    let verified = services.verify(request, claim, &body);
    let caller = verified.map_err(|refusal| refusal.as_json().with_status(403))?;
    let invocation = invocation(request, body).ok_or_else(|| {
        let message = format!("refit-local's runtime does not have {} {}.", request.method, request.uri.path());
        ApiError::new("UnknownOperationException", message).with_status(404)
    })?;
    Ok((caller, invocation))
}

/// `POST /endpoints/{name}/invocations`.
fn invocation(request: &Parts, body: Bytes) -> Option<InvokeRequest> {
    let name = request.uri.path().strip_prefix("/endpoints/")?.strip_suffix("/invocations")?;
    if request.method != Method::POST || name.is_empty() || name.contains('/') {
        return None;
    }
    let endpoint = percent_decode_str(name).decode_utf8().ok()?.into_owned();
    Some(InvokeRequest { endpoint, headers: request.headers.clone(), body })
}
