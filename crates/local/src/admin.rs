//! What a test in another process may ask of the backend itself, below `/_refit/`: no bucket's name begins so.
//!
//! The same as [`LocalAws::hazards`](crate::LocalAws::hazards) and
//! [`LocalAws::advance_clock`](crate::LocalAws::advance_clock), as JSON. Nobody signs here: who reaches the machine's
//! loopback may, except the pages of other sites, which the guard has turned away.

use bytes::Bytes;
use chrono::SecondsFormat;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use s3s::Body;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answers;
use crate::conditions::Conditions;
use crate::hazards::Hazard;

/// More than any of these requests has.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// `{"advance_seconds": 3600}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

/// Whether a request is for here.
pub(crate) fn is_for(request: &Parts) -> bool {
    request.uri.path().starts_with("/_refit/")
}

pub(crate) fn answer(conditions: &Conditions, request: &Parts, body: &Bytes) -> Response<Body> {
    match act(conditions, request, body) {
        Ok(value) => answers::plain_json(StatusCode::OK, &value),
        Err((status, message)) => answers::plain_json(status, &json!({ "message": message })),
    }
}

type Refused = (StatusCode, String);

fn act(conditions: &Conditions, request: &Parts, body: &[u8]) -> Result<Value, Refused> {
    let hazards = &conditions.hazards;
    match (request.uri.path(), &request.method) {
        ("/_refit/hazards", &Method::GET) => {}
        ("/_refit/hazards", &Method::DELETE) => hazards.clear(),
        ("/_refit/hazards", &Method::POST) => {
            let hazard: Hazard = read(request, body)?;
            hazards.set(hazard).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
        }
        ("/_refit/clock", &Method::GET) => return Ok(now(conditions)),
        ("/_refit/clock", &Method::POST) => {
            let Advance { advance_seconds } = read(request, body)?;
            conditions.clock.advance(std::time::Duration::from_secs(advance_seconds));
            return Ok(now(conditions));
        }
        ("/_refit/hazards" | "/_refit/clock", method) => {
            return Err((StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not for here.")));
        }
        (path, _) => {
            let message = format!("There is no {path}: there are /_refit/hazards and /_refit/clock.");
            return Err((StatusCode::NOT_FOUND, message));
        }
    }
    Ok(json!({ "hazards": hazards.list() }))
}

/// JSON that says that it is: a page of another site cannot send that without asking first.
fn read<T: serde::de::DeserializeOwned>(request: &Parts, body: &[u8]) -> Result<T, Refused> {
    let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.split(';').next().map(str::trim) != Some("application/json") {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json.".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}.")))
}

fn now(conditions: &Conditions) -> Value {
    json!({ "now": conditions.clock.now().to_rfc3339_opts(SecondsFormat::Millis, true) })
}
