//! A client of a few lines: one signed request for each connection.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;

/// Sends requests to one service of one backend as one account.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) service: &'static str,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    /// When the requests are signed.
    pub(crate) time: Option<SystemTime>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header's value, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    pub(crate) fn new(endpoint_url: &str, service: &'static str) -> Self {
        Self {
            address: endpoint_url.trim_start_matches("http://").to_owned(),
            service,
            access_key: "refit-local".to_owned(),
            secret_key: "refit-local".to_owned(),
            time: None,
        }
    }

    /// Sends a signed request.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        let mut all: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.extend(self.signature(method, path, headers, body));
        self.send_unsigned(method, path, &all, body)
    }

    /// Sends a request with these headers only.
    pub(crate) fn send_unsigned(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if headers.iter().all(|(name, _)| name != "host") {
            request += &format!("host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("content-length: {}\r\n\r\n", body.len());
        stream.write_all(request.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Answer { status: status.ok_or(io::ErrorKind::InvalidData)?, head, body: answer[end + 4..].to_vec() })
    }

    /// The headers that sign a request without other headers.
    pub(crate) fn signed_headers(&self, method: &str, path: &str, body: &[u8]) -> Vec<(String, String)> {
        self.signature(method, path, &[], body)
    }

    fn signature(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<(String, String)> {
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let identity = Credentials::new(&self.access_key, &self.secret_key, None, None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(self.service)
            .time(self.time.unwrap_or_else(SystemTime::now))
            .settings(settings)
            .build()
            .unwrap();
        let uri = format!("http://{}{path}", self.address);
        let request = SignableRequest::new(method, uri, headers.iter().copied(), SignableBody::Bytes(body)).unwrap();
        let (instructions, _) = sign(request, &params.into()).unwrap().into_parts();
        instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
