//! What an S3 request passes before `s3s` sees it: the check of who signed it, and the hazards.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_RANGE, RANGE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use s3s::access::{S3Access, S3AccessContext};
use s3s::service::S3Service;
use s3s::{Body, HttpError, S3Error, S3Result, s3_error};

use crate::answers;
use crate::api::Caller;
use crate::auth::{Authenticator, Claim, Payload, Refusal};
use crate::dispatch::header;
use crate::hazards::answer::{cut, error};
use crate::hazards::{Effect, Hazards, Service};
use crate::request_body::RequestBody;

use super::errors;

/// The effect that a request met once its operation was known, for who sends the answer.
#[derive(Clone, Default)]
struct Met(Arc<OnceLock<Effect>>);

/// Who signed a request, by what it says of its body: `s3s` holds the body against that as it comes.
pub(crate) fn verify(
    authenticator: &Authenticator,
    request: &Parts,
    claim: Result<Option<Claim<'_>>, Refusal>,
) -> Result<Caller, Refusal> {
    let claim = claim?.ok_or(Refusal::Missing)?;
    let declared = match header(&request.headers, "x-amz-content-sha256") {
        _ if claim.is_presigned() => "UNSIGNED-PAYLOAD",
        Some(hash) => hash,
        None => return Err(Refusal::NoContentHash),
    };
    authenticator.verify(request, &claim, Payload::Declared(declared))
}

/// Answers a request whose signature was checked. An error cuts the connection.
pub(crate) async fn answer(
    s3: &S3Service,
    verified: Result<Caller, Refusal>,
    mut request: Parts,
    body: RequestBody,
    request_id: &str,
) -> Result<Response<Body>, HttpError> {
    let caller = match verified {
        Ok(caller) => caller,
        Err(refusal) => return Ok(answers::s3::refused(&refusal.as_s3(), &request, request_id)),
    };
    let met = Met::default();
    request.extensions.insert(caller);
    request.extensions.insert(met.clone());
    ignore_unreadable_range(&mut request);
    let is_head = request.method == Method::HEAD;
    let mut response = s3.call(Request::from_parts(request, Body::http_body(body))).await?;
    // `s3s` answers 200 to the head of a range.
    if is_head && response.headers().contains_key(CONTENT_RANGE) && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    match met.0.get() {
        Some(Effect::CutBefore | Effect::CutAfter) => Err(cut()),
        Some(Effect::Slow { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
            Ok(response)
        }
        _ => Ok(response),
    }
}

/// S3 answers with the whole object where it cannot read the Range header, or reads several ranges; `s3s` would refuse it.
/// The signature, which covers the header and has been checked, goes with it.
fn ignore_unreadable_range(request: &mut Parts) {
    let range = request.headers.get(RANGE);
    let readable = |range: &HeaderValue| {
        // `s3s` reads `bytes=-` as the last 0 bytes.
        range.to_str().is_ok_and(|range| range != "bytes=-" && s3s::dto::Range::parse(range).is_ok())
    };
    if range.is_some_and(|range| !readable(range)) {
        request.headers.remove(RANGE);
        request.headers.remove(AUTHORIZATION);
    }
}

/// Asked by `s3s` when it knows a request's operation, before that has any effect.
pub(super) struct HazardsAhead(pub(super) Hazards);

#[async_trait::async_trait]
impl S3Access for HazardsAhead {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        let operation = request.s3_op().name();
        let Some(effect) = self.0.strike(Service::S3, operation, Effect::is_of_the_answer) else { return Ok(()) };
        if let Some(error) = error(&effect, Service::S3) {
            return Err(errors::of(error));
        }
        let cuts_before = effect == Effect::CutBefore;
        if let Some(met) = request.extensions_mut().get::<Met>() {
            // Set once: a request meets one effect.
            let _ = met.0.set(effect);
        }
        if cuts_before { Err(s3_error!(InternalError, "The connection is cut.")) } else { Ok(()) }
    }
}

/// Who sent a request that came through here.
pub(super) fn caller(extensions: &http::Extensions) -> Result<&Caller, S3Error> {
    extensions.get().ok_or_else(|| s3_error!(AccessDenied, "Access Denied"))
}
