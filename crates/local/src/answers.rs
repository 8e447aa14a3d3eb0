//! How each protocol writes its answers and errors.

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use s3s::Body;
use serde_json::{Map, Value};

use crate::api::{ApiError, InvokeResponse};
use crate::auth::S3Refusal;

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
}

/// REST JSON: the SageMaker runtime.
pub(crate) mod rest_json {
    use super::*;

    /// What a model answered.
    pub(crate) fn output(output: InvokeResponse) -> Response<Body> {
        let mut response = Response::new(Body::from(output.body));
        *response.status_mut() = status(output.status);
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
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{}</Type>\
             <Code>{}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
            if error.status < 500 { "Sender" } else { "Receiver" },
            escape(&error.code),
            escape(&error.message),
        );
        answer(status(error.status), "text/xml", body)
    }

    /// Text as XML content.
    pub(crate) fn escape(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}

/// S3: what `s3s` has not written already.
pub(crate) mod s3 {
    use super::query::escape;
    use super::*;

    /// A refused signature.
    pub(crate) fn refused(refusal: &S3Refusal, request: &Parts, request_id: &str) -> Response<Body> {
        let S3Refusal { status: number, code, message, elements } = refusal;
        let element = |(name, value): &(&str, String)| format!("<{name}>{}</{name}>", escape(value));
        let elements: String = elements.iter().map(element).collect();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{}</Message>{elements}\
             <RequestId>{request_id}</RequestId></Error>",
            escape(message),
        );
        let body = if request.method == Method::HEAD { String::new() } else { body };
        answer(status(*number), "application/xml", body)
    }
}

/// JSON that no AWS client asked for.
pub(crate) fn plain_json(status: StatusCode, value: &Value) -> Response<Body> {
    answer(status, "application/json", value.to_string())
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
