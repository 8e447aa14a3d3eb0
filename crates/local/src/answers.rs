//! How each protocol writes its answers and errors.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use s3s::Body;
use serde_json::{Map, Value};

use crate::api::{ApiError, InvokeResponse};
use crate::auth::Refusal;

/// The control plane's errors that AWS models: their text is the member `Message`. All others write `message`.
const MODELLED: [&str; 5] =
    ["ConflictException", "ResourceAlreadyExists", "ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound"];

/// JSON 1.1: SageMaker's control plane.
pub(crate) mod json {
    use super::*;

    /// A success. An operation without output has an empty body.
    pub(crate) fn output(output: &Value) -> Response<Body> {
        let body = if output.is_null() { String::new() } else { output.to_string() };
        answer(StatusCode::OK, "application/x-amz-json-1.1", body)
    }

    /// An error.
    pub(crate) fn error(error: ApiError) -> Response<Body> {
        let message = if MODELLED.contains(&&*error.code) { "Message" } else { "message" };
        let mut body = Map::new();
        body.insert("__type".to_owned(), error.code.into());
        body.insert(message.to_owned(), error.message.into());
        body.extend(*error.members);
        answer(status(error.status), "application/x-amz-json-1.1", Value::Object(body).to_string())
    }

    /// A refused signature.
    pub(crate) fn refused(refusal: &Refusal) -> Response<Body> {
        error(refusal_error(refusal))
    }
}

/// REST JSON: the SageMaker runtime.
pub(crate) mod rest_json {
    use super::*;

    /// What a model answered.
    pub(crate) fn output(output: InvokeResponse) -> Response<Body> {
        let mut response = Response::new(Body::from(output.body));
        let headers = response.headers_mut();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set("content-type", &output.content_type);
        set("x-amzn-invoked-production-variant", &output.invoked_variant);
        if let Some(attributes) = &output.custom_attributes {
            set("x-amzn-sagemaker-custom-attributes", attributes);
        }
        response
    }

    /// An error.
    pub(crate) fn error(error: ApiError) -> Response<Body> {
        let mut body = Map::new();
        body.insert("Message".to_owned(), error.message.into());
        body.extend(*error.members);
        let mut response = answer(status(error.status), "application/json", Value::Object(body).to_string());
        if let Ok(code) = HeaderValue::from_str(&error.code) {
            response.headers_mut().insert("x-amzn-errortype", code);
        }
        response
    }

    /// A refused signature.
    pub(crate) fn refused(refusal: &Refusal) -> Response<Body> {
        error(refusal_error(refusal).with_status(403))
    }
}

/// The query protocol: STS.
pub(crate) mod query {
    use super::*;

    /// A success: the result's inner XML.
    pub(crate) fn output(action: &str, result: &str, request_id: &str) -> Response<Body> {
        let body = format!(
            "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{result}\
             </{action}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
             </{action}Response>"
        );
        answer(StatusCode::OK, "text/xml", body)
    }

    /// An error.
    pub(crate) fn error(error: &ApiError, request_id: &str) -> Response<Body> {
        let body = format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
             <Code>{}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
            escape(&error.code),
            escape(&error.message),
        );
        answer(status(error.status), "text/xml", body)
    }

    /// A refused signature, under the names the query protocol has for it.
    pub(crate) fn refused(refusal: &Refusal, request_id: &str) -> Response<Body> {
        let code = match refusal {
            Refusal::Missing => "MissingAuthenticationToken",
            Refusal::Incomplete(_) => "IncompleteSignature",
            Refusal::UnknownKey => "InvalidClientTokenId",
            Refusal::Mismatch | Refusal::Skewed { .. } => "SignatureDoesNotMatch",
        };
        let named = ApiError { code: code.into(), ..refusal_error(refusal) };
        error(&named.with_status(403), request_id)
    }

    /// Text as XML content.
    pub(crate) fn escape(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}

/// Plain text, for a person with a browser.
pub(crate) fn text(status: StatusCode, text: String) -> Response<Body> {
    answer(status, "text/plain; charset=utf-8", text)
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The names that the JSON protocols have for a refused signature.
fn refusal_error(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::Missing => ApiError::new("MissingAuthenticationTokenException", "Missing Authentication Token"),
        Refusal::Incomplete(what) => {
            ApiError::new("IncompleteSignatureException", format!("The Authorization header {what}."))
        }
        Refusal::UnknownKey => {
            ApiError::new("UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        Refusal::Mismatch => ApiError::new(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method.",
        ),
        Refusal::Skewed { signed, now } => ApiError::new(
            "InvalidSignatureException",
            format!(
                "The request was signed at {}, more than 15 minutes from the server's time {}.",
                signed.format("%Y%m%dT%H%M%SZ"),
                now.format("%Y%m%dT%H%M%SZ")
            ),
        ),
    }
}
