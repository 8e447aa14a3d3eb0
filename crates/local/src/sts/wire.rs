//! STS on the wire: the query protocol, by POST or, presigned, by GET.

use http::Response;
use http::request::Parts;
use s3s::{Body, HttpError};

use crate::answers::query;
use crate::api::{ApiError, Caller};
use crate::auth::{Claim, Refusal};
use crate::dispatch::{Services, received};
use crate::hazards::answer::under;
use crate::hazards::{Effect, Service};
use crate::request_body::RequestBody;

use super::Form;

/// More than any request of STS may have.
const BODY_LIMIT: usize = 1024 * 1024;

pub(crate) async fn answer(
    services: &Services,
    request: &Parts,
    claim: Result<Option<Claim<'_>>, Refusal>,
    body: RequestBody,
    request_id: &str,
) -> Result<Response<Body>, HttpError> {
    let refuse = |error: ApiError| query::error(&error, request_id);
    match checked(services, request, claim, body).await {
        Err(error) => Ok(refuse(error)),
        Ok((caller, form)) => {
            let action = form.value("Action").unwrap_or_default();
            let effect = services.conditions.hazards.strike(Service::Sts, action, Effect::is_of_the_answer);
            under(effect, Service::Sts, refuse, async { services.sts.answer(&caller, &form, request_id) }).await
        }
    }
}

async fn checked(
    services: &Services,
    request: &Parts,
    claim: Result<Option<Claim<'_>>, Refusal>,
    body: RequestBody,
) -> Result<(Caller, Form), ApiError> {
    let body = received(body, BODY_LIMIT).await?;
    let caller = services.verify(request, claim, &body).map_err(|refusal| refusal.as_query())?;
    let in_url = request.uri.query().unwrap_or_default();
    Ok((caller, Form::parse(if body.is_empty() { in_url.as_bytes() } else { &body })))
}
