//! What a bucket's policy can ask of a request: its condition keys and their values.

use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use s3s::S3Request;

use crate::objects::CONDITION_KEYS;

pub(super) fn context<T>(request: &S3Request<T>) -> Vec<(&'static str, String)> {
    let value = |key: &'static str| {
        let value = match key.trim_start_matches("s3:") {
            "ObjectCreationOperation" => Some(creates(&request.method, &request.uri).to_string()),
            name @ ("delimiter" | "max-keys" | "prefix") => query(&request.uri, name),
            "VersionId" => query(&request.uri, "versionId"),
            header => request.headers.get(header).and_then(|value| value.to_str().ok()).map(str::to_owned),
        };
        Some((key, value?))
    };
    CONDITION_KEYS.into_iter().filter_map(value).collect()
}

/// Whether the request makes an object: not a part of one, and not the beginning of one.
fn creates(method: &Method, uri: &Uri) -> bool {
    let has = |name| query(uri, name).is_some();
    match *method {
        Method::PUT => !has("uploadId"),
        Method::POST => has("uploadId"),
        _ => false,
    }
}

fn query(uri: &Uri, name: &str) -> Option<String> {
    let parameters = uri.query()?.split('&').map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")));
    let (_, value) = parameters.into_iter().find(|(found, _)| *found == name)?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    /// The service authorization reference: of the five requests that bring bytes, three make an object.
    #[test]
    fn an_object_is_made_by_a_put_a_copy_and_the_end_of_an_upload() {
        for (made, method, path) in [
            (true, Method::PUT, "/b/k?x-id=PutObject"),
            (true, Method::POST, "/b/k?uploadId=u"),
            (false, Method::PUT, "/b/k?partNumber=1&uploadId=u"),
            (false, Method::POST, "/b/k?uploads"),
            (false, Method::GET, "/b/k"),
        ] {
            assert_eq!(creates(&method, &uri(path)), made, "{method} {path}");
        }
    }

    #[test]
    fn a_parameter_is_decoded() {
        let uri = uri("/b?list-type=2&prefix=a%2Fb%20%C3%BC&delimiter=%2F");
        assert_eq!(query(&uri, "prefix").as_deref(), Some("a/b ü"));
        assert_eq!(query(&uri, "delimiter").as_deref(), Some("/"));
        assert_eq!(query(&uri, "max-keys"), None);
    }
}
