use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use proptest::prelude::*;
use serde_json::Value;

use crate::db::Database;

use super::canonical::Sent;
use super::*;

const ACCESS_KEY: &str = "AKIDEXAMPLE";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const HOST: &str = "127.0.0.1:4566";

/// An authenticator with the test suite's account, a session of its, and a clock to move.
struct Subject {
    _folder: tempfile::TempDir,
    authenticator: Authenticator,
    sessions: Sessions,
    clock: Clock,
}

impl Subject {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("test.sqlite")).unwrap();
        let (sessions, clock) = (Sessions::open(&database).unwrap(), Clock::default());
        let account = Account::new("123456789012", ACCESS_KEY, SECRET_KEY).unwrap();
        let authenticator = Authenticator::new(&[account], sessions.clone(), clock.clone());
        Self { _folder: folder, authenticator, sessions, clock }
    }

    fn verify(&self, request: &Request<Vec<u8>>) -> Result<Caller, Refusal> {
        let (parts, body) = request.clone().into_parts();
        let claim = Claim::of(&parts)?.ok_or(Refusal::Missing)?;
        let declared = parts.headers.get("x-amz-content-sha256").map(|value| value.to_str().unwrap());
        let payload = match (claim.scope().service, declared) {
            ("s3", _) if claim.is_presigned() => Payload::Declared("UNSIGNED-PAYLOAD"),
            ("s3", Some(declared)) => Payload::Declared(declared),
            _ => Payload::Body(&body),
        };
        self.authenticator.verify(&parts, &claim, payload)
    }

    fn session(&self) -> (Session, Credentials) {
        let session = Session {
            access_key: Sessions::new_access_key(),
            account: "123456789012".to_owned(),
            role: "retrain".to_owned(),
            name: "nightly".to_owned(),
            expires: Utc::now() + TimeDelta::hours(1),
        };
        let (secret, token) = (self.sessions.secret(&session.access_key), self.sessions.token(&session));
        let credentials = Credentials::new(&session.access_key, secret, Some(token), None, "test");
        (session, credentials)
    }
}

fn root() -> Credentials {
    Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test")
}

fn request(method: &str, target: &str, body: &str) -> Request<Vec<u8>> {
    let request = Request::builder().method(method).uri(target).header("host", HOST);
    request.body(body.as_bytes().to_vec()).unwrap()
}

/// Signs with Amazon's own signer.
fn signed(
    mut request: Request<Vec<u8>>,
    service: &str,
    credentials: Credentials,
    time: DateTime<Utc>,
    expires: Option<Duration>,
) -> Request<Vec<u8>> {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    if expires.is_some() {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = expires;
    }
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(time.into())
        .settings(settings)
        .build()
        .unwrap();
    let body = request.body().clone();
    let body =
        if service == "s3" && expires.is_some() { SignableBody::UnsignedPayload } else { SignableBody::Bytes(&body) };
    let uri = format!("http://{HOST}{}", request.uri());
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .filter(|(name, _)| *name != "host")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signable = SignableRequest::new(request.method().as_str(), uri, headers, body).unwrap();
    let (instructions, _) = sign(signable, &params.into()).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut request);
    request
}

fn header_signed(request: Request<Vec<u8>>, service: &str) -> Request<Vec<u8>> {
    signed(request, service, root(), Utc::now(), None)
}

#[test]
fn the_vectors_of_amazons_test_suite_are_computed() {
    let vectors: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    assert_eq!((&vectors["access_key"], &vectors["secret_key"]), (&ACCESS_KEY.into(), &SECRET_KEY.into()));
    let requests = vectors["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 75);
    for vector in requests {
        let text = |member: &str| vector[member].as_str().unwrap();
        let mut headers = HeaderMap::new();
        for pair in vector["headers"].as_array().unwrap() {
            let name: HeaderName = pair[0].as_str().unwrap().parse().unwrap();
            headers.append(name, HeaderValue::from_str(pair[1].as_str().unwrap().trim()).unwrap());
        }
        // Some paths are none that could be sent, so the claim is read beside them.
        let target = if text("query").contains("X-Amz-") { format!("/?{}", text("query")) } else { "/".to_owned() };
        let mut parts = Request::builder().uri(target.as_str()).body(()).unwrap().into_parts().0;
        parts.headers = headers.clone();
        let claim = Claim::of(&parts).unwrap().unwrap();
        let style = if text("path_style") == "as sent" { PathStyle::AsSent } else { PathStyle::Normalized };
        let (method, path, query) = (text("method"), text("path"), text("query"));
        let sent = Sent { method, path, query, headers: &headers, authority: None };
        let canonical = canonical::request(sent, &claim, style, &hex::encode(Sha256::digest(text("body"))));
        let shown = String::from_utf8_lossy(&canonical);
        assert_eq!(hex::encode(Sha256::digest(&canonical)), text("canonical"), "{}:\n{shown}", text("name"));
        let key = || SigningKeys::default().of(&claim, || SECRET_KEY.to_owned());
        let string_to_sign = canonical::string_to_sign(&claim, &canonical);
        assert!(signing_keys::is_signed(key(), &string_to_sign, text("signature")), "{}", text("name"));
        assert!(!signing_keys::is_signed(key(), &format!("{string_to_sign} "), text("signature")), "{}", text("name"));
        let other = SigningKeys::default().of(&claim, || "another secret".to_owned());
        assert!(!signing_keys::is_signed(other, &string_to_sign, text("signature")), "{}", text("name"));
    }
}

/// The suite's `double-url-encode` and `double-encode-path`, which have canonical paths and no signatures of this key.
#[test]
fn what_was_encoded_is_encoded_again_but_for_s3() {
    for (sent, normalized, as_sent) in [
        (
            "/functions/arn%3Aaws%3Alambda/invocations",
            "/functions/arn%253Aaws%253Alambda/invocations",
            "/functions/arn%3Aaws%3Alambda/invocations",
        ),
        (
            "/test/@connections/JBDvjfGEIAMCERw%3D",
            "/test/%40connections/JBDvjfGEIAMCERw%253D",
            "/test/%40connections/JBDvjfGEIAMCERw%3D",
        ),
    ] {
        assert_eq!(canonical::path(sent, PathStyle::Normalized), normalized);
        assert_eq!(canonical::path(sent, PathStyle::AsSent), as_sent);
    }
}

/// RFC 3986, section 5.2.4, and its two examples.
#[test]
fn dot_segments_are_resolved_as_the_rfc_does() {
    for (sent, normalized) in [
        ("/a/b/c/./../../g", "/a/g"),
        ("/mid/content=5/../6", "/mid/6"),
        ("/a/.", "/a/"),
        ("/a/b/..", "/a/"),
        ("/a/..", "/"),
        ("/..", "/"),
        ("/a/...", "/a/..."),
        ("/.a/b.", "/.a/b."),
    ] {
        assert_eq!(canonical::path(sent, PathStyle::Normalized), normalized, "{sent}");
    }
}

#[test]
fn a_signature_says_who_sent_the_request() {
    let subject = Subject::new();
    let caller = subject.verify(&header_signed(request("POST", "/", "{}"), "sagemaker")).unwrap();
    assert_eq!((&*caller.account, &*caller.region), ("123456789012", "us-east-1"));
    assert_eq!(caller.arn(), "arn:aws:iam::123456789012:root");
    let (_, credentials) = subject.session();
    for service in ["s3", "sagemaker", "sts"] {
        for expires in [None, Some(Duration::from_secs(60))] {
            let request = signed(request("GET", "/a?b=c", ""), service, credentials.clone(), Utc::now(), expires);
            let caller = subject.verify(&request).unwrap();
            assert_eq!(caller.arn(), "arn:aws:sts::123456789012:assumed-role/retrain/nightly", "{service}");
        }
    }
}

#[test]
fn what_was_changed_on_the_way_is_refused() {
    let subject = Subject::new();
    let signed = |service| {
        let mut request = request("POST", "/path?a=1&b=2", "body");
        request.headers_mut().insert("x-amz-target", HeaderValue::from_static("SageMaker.ListModels"));
        header_signed(request, service)
    };
    type Change = fn(&mut Request<Vec<u8>>);
    let changes: [Change; 6] = [
        |request| *request.method_mut() = http::Method::PUT,
        |request| *request.uri_mut() = "/path2?a=1&b=2".parse().unwrap(),
        |request| *request.uri_mut() = "/path?a=1&b=3".parse().unwrap(),
        |request| *request.uri_mut() = "/path?a=1&b=2&X-Amz-Signature=0".parse().unwrap(),
        |request| drop(request.headers_mut().insert("x-amz-target", HeaderValue::from_static("SageMaker.DeleteModel"))),
        |request| drop(request.headers_mut().insert("host", HeaderValue::from_static("127.0.0.1:1"))),
    ];
    for service in ["s3", "sagemaker"] {
        assert!(subject.verify(&signed(service)).is_ok());
        for (at, change) in changes.iter().enumerate() {
            let mut request = signed(service);
            change(&mut request);
            assert!(matches!(subject.verify(&request), Err(Refusal::Mismatch(_))), "{service}, change {at}");
        }
    }
    let mut request = signed("sagemaker");
    request.body_mut().push(b'!');
    assert!(matches!(subject.verify(&request), Err(Refusal::Mismatch(_))));
}

#[test]
fn wrong_keys_and_tokens_are_told_apart() {
    let subject = Subject::new();
    let now = Utc::now();
    let verify = |credentials: Credentials| {
        subject.verify(&signed(request("POST", "/", ""), "sts", credentials, now, None)).map(|_| ())
    };
    let with = |key: &str, secret: &str, token: Option<&str>| {
        verify(Credentials::new(key, secret, token.map(str::to_owned), None, "test"))
    };
    assert_eq!(with("nobody", SECRET_KEY, None), Err(Refusal::UnknownKey));
    assert!(matches!(with(ACCESS_KEY, "wrong", None), Err(Refusal::Mismatch(_))));
    let (session, credentials) = subject.session();
    let (key, secret, token) =
        (credentials.access_key_id(), credentials.secret_access_key(), credentials.session_token().unwrap());
    assert_eq!(with(key, secret, None), Err(Refusal::UnknownKey));
    assert_eq!(with(key, secret, Some("AAAA")), Err(Refusal::BadToken));
    assert_eq!(with(ACCESS_KEY, SECRET_KEY, Some(token)), Err(Refusal::BadToken));
    assert!(matches!(with(key, "wrong", Some(token)), Err(Refusal::Mismatch(_))));
    assert_eq!(with(key, secret, Some(token)), Ok(()));
    subject.clock.advance((session.expires - now).to_std().unwrap());
    assert_eq!(with(key, secret, Some(token)), Err(Refusal::ExpiredToken));
}

#[test]
fn a_request_is_good_for_a_while_and_a_presigned_one_as_long_as_it_says() {
    let subject = Subject::new();
    let header = |service: &str, minutes: i64| {
        let time = Utc::now() + TimeDelta::minutes(minutes);
        subject.verify(&signed(request("GET", "/", ""), service, root(), time, None)).map(|_| ())
    };
    for (service, good, bad) in [("sagemaker", 4, 6), ("sts", 14, 16), ("s3", 14, 16)] {
        for sign in [-1, 1] {
            assert_eq!(header(service, sign * good), Ok(()), "{service}");
            assert!(matches!(header(service, sign * bad), Err(Refusal::Skewed { .. })), "{service}");
        }
    }
    let presigned = signed(request("GET", "/b/k", ""), "s3", root(), Utc::now(), Some(Duration::from_secs(600)));
    assert!(subject.verify(&presigned).is_ok());
    subject.clock.advance(Duration::from_secs(3600));
    assert!(matches!(subject.verify(&presigned), Err(Refusal::Expired { .. })));
    // Who signs by the machine's clock is not shut out, nor who signs by the backend's.
    assert_eq!((header("sagemaker", 0), header("sagemaker", 60)), (Ok(()), Ok(())));
    assert!(header("sagemaker", 30).is_err());
}

#[test]
fn what_must_be_signed_is() {
    let subject = Subject::new();
    let mut request = header_signed(request("PUT", "/bucket/key", ""), "s3");
    request.headers_mut().insert("x-amz-meta-added", HeaderValue::from_static("later"));
    assert!(matches!(subject.verify(&request), Err(Refusal::UnsignedHeaders(names)) if names == "x-amz-meta-added"));
    let authorization = request.headers()["authorization"].to_str().unwrap().replace("host;", "");
    request.headers_mut().insert("authorization", authorization.parse().unwrap());
    assert!(matches!(subject.verify(&request), Err(Refusal::UnsignedHeaders(names)) if names.contains("host")));
}

proptest! {
    /// Amazon's signer is the oracle: whatever it signs is verified, for every service, in the header and in the query.
    #[test]
    fn whatever_amazons_signer_signs_is_verified(
        segments in prop::collection::vec("[a-zA-Z0-9 +%/:=@é.~_*'()!-]{0,8}", 0..4),
        parameters in prop::collection::vec(("[a-zA-Z0-9 +%é.~_*-]{1,6}", "[a-zA-Z0-9 +/=%é*~]{0,6}"), 0..4),
        meta in "[a-zA-Z0-9 ,;=]{0,12}",
        body in "[ -~]{0,20}",
        s3 in any::<bool>(),
        presigned in any::<bool>(),
    ) {
        let subject = Subject::new();
        let encode = |text: &str| percent_encoding::utf8_percent_encode(text, &canonical::RESERVED).to_string();
        // A slash in a key of S3 goes as it is; AWS refuses a signature over an encoded one.
        let segment = |segment: &str| if s3 { encode(&segment.replace('/', "")) } else { encode(segment) };
        let path: String = segments.iter().map(|text| format!("/{}", segment(text))).collect();
        let query: Vec<String> = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let target = format!("/{}?{}", path.trim_start_matches('/'), query.join("&"));
        let mut request = request("POST", target.trim_end_matches('?'), &body);
        request.headers_mut().insert("x-amz-meta-some", HeaderValue::from_str(&meta).unwrap());
        let expires = presigned.then_some(Duration::from_secs(60));
        let request = signed(request, if s3 { "s3" } else { "service" }, root(), Utc::now(), expires);
        prop_assert_eq!(subject.verify(&request).map(|caller| caller.account), Ok("123456789012".to_owned()), "{:?}", request);
    }
}
