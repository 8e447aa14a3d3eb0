//! A small client of refit-local: signed requests over one connection that is kept.
//!
//! Amazon's SDK would do, and would take longer to compile in release than everything else here together.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use serde_json::Value;

pub(crate) struct Aws {
    address: String,
    stream: BufReader<TcpStream>,
}

impl Aws {
    pub(crate) fn connect(endpoint_url: &str) -> Self {
        let address = endpoint_url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&address).expect("connected");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        Self { address, stream: BufReader::new(stream) }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// An operation of SageMaker's control plane.
    pub(crate) fn sagemaker(&mut self, operation: &str, input: &Value) -> Value {
        let target = format!("SageMaker.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
        let (status, body) = self.call("sagemaker", "POST", "/", &headers, input.to_string().as_bytes());
        assert_eq!(status, 200, "{operation}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// An invocation of an endpoint with one row of CSV.
    pub(crate) fn invoke(&mut self, endpoint: &str, target: &str, body: &str) -> String {
        let path = format!("/endpoints/{endpoint}/invocations");
        let (status, answer) = self.call("sagemaker", "POST", &path, &invocation(target), body.as_bytes());
        let answer = String::from_utf8(answer).expect("text");
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// A request of S3.
    pub(crate) fn s3(&mut self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let (status, answer) = self.call("s3", method, path, &[], body);
        assert_eq!(status, 200, "{method} {path}: {}", String::from_utf8_lossy(&answer));
        answer
    }

    fn call(
        &mut self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n", self.address, body.len());
        for (name, value) in signed(&self.address, service, method, path, headers, body) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let bytes = [request.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&bytes).expect("sent");
        self.answer()
    }

    fn answer(&mut self) -> (u16, Vec<u8>) {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("an answer");
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a header");
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "an answer in chunks");
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        (status, body)
    }
}

/// The headers of an invocation.
pub(crate) fn invocation(target: &str) -> [(&str, &str); 3] {
    [("content-type", "text/csv"), ("accept", "text/csv"), ("x-amzn-sagemaker-target-model", target)]
}

/// The headers and those that sign them, which hold for 15 minutes.
pub(crate) fn signed(
    address: &str,
    service: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<(String, String)> {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let identity = Credentials::new("refit-local", "refit-local", None, None, "bench").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .expect("signing parameters");
    let uri = format!("http://{address}{path}");
    let signable =
        SignableRequest::new(method, uri, headers.iter().copied(), SignableBody::Bytes(body)).expect("a request");
    let (instructions, _) = sign(signable, &params.into()).expect("signed").into_parts();
    let own = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    own.chain(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}
