//! The canonical form of a request, which is what a signature is made of.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::HOST;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use sha2::{Digest, Sha256};

use super::claim::Claim;

/// All but the characters that RFC 3986 calls unreserved.
pub(super) const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const RESERVED_BUT_SLASH: AsciiSet = RESERVED.remove(b'/');

/// How a service wants the path in the canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathStyle {
    /// Encoded once, nothing resolved: S3, whose keys are any text.
    AsSent,
    /// Without empty and dot segments, and what was sent encoded once more: all other services.
    Normalized,
}

/// What a signature covers of a request beside its body, as it was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'r> {
    pub(super) method: &'r str,
    pub(super) path: &'r str,
    pub(super) query: &'r str,
    pub(super) headers: &'r HeaderMap,
    /// The host of HTTP/2, which has no such header.
    pub(super) authority: Option<&'r str>,
}

impl<'r> From<&'r Parts> for Sent<'r> {
    fn from(request: &'r Parts) -> Self {
        Self {
            method: request.method.as_str(),
            path: request.uri.path(),
            query: request.uri.query().unwrap_or_default(),
            headers: &request.headers,
            authority: request.uri.authority().map(http::uri::Authority::as_str),
        }
    }
}

/// The canonical request.
pub(super) fn request(sent: Sent<'_>, claim: &Claim<'_>, style: PathStyle, payload_hash: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(sent.method.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(path(sent.path, style).as_bytes());
    out.push(b'\n');
    push_query(&mut out, sent.query, claim.is_presigned());
    out.push(b'\n');
    for name in claim.signed_headers.split(';') {
        push_header(&mut out, sent, name);
    }
    out.push(b'\n');
    out.extend_from_slice(claim.signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload_hash.as_bytes());
    out
}

/// The string to sign for a canonical request.
pub(super) fn string_to_sign(claim: &Claim<'_>, canonical: &[u8]) -> String {
    let scope = claim.credential.split_once('/').map_or("", |(_, scope)| scope);
    let mut text = String::with_capacity(160);
    for part in ["AWS4-HMAC-SHA256\n", &claim.date, "\n", scope, "\n"] {
        text.push_str(part);
    }
    text.push_str(&hex::encode(Sha256::digest(canonical)));
    text
}

pub(super) fn path(raw: &str, style: PathStyle) -> Cow<'_, str> {
    let raw = if raw.is_empty() { "/" } else { raw };
    match style {
        PathStyle::AsSent => encoded_path(raw),
        PathStyle::Normalized => match normalized(raw) {
            Cow::Borrowed(path) => percent_encode(path.as_bytes(), &RESERVED_BUT_SLASH).into(),
            Cow::Owned(path) => percent_encode(path.as_bytes(), &RESERVED_BUT_SLASH).to_string().into(),
        },
    }
}

/// Removes empty segments and resolves `.` and `..`, by RFC 3986, section 5.2.4: a path that ends in one of the two ends in a slash.
fn normalized(path: &str) -> Cow<'_, str> {
    if !path.contains("//") && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let end = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end)) && !segments.is_empty();
    Cow::Owned(format!("/{}{}", segments.join("/"), if end { "/" } else { "" }))
}

/// The parameters by name and then by value, each encoded anew; of a presigned request without the signature itself.
fn push_query(out: &mut Vec<u8>, query: &str, is_presigned: bool) {
    let mut parameters: Vec<(Cow<'_, str>, Cow<'_, str>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| !(is_presigned && *name == "X-Amz-Signature"))
        .map(|(name, value)| (encoded_parameter(name), encoded_parameter(value)))
        .collect();
    parameters.sort_unstable();
    for (at, (name, value)) in parameters.iter().enumerate() {
        if at > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        out.extend_from_slice(value.as_bytes());
    }
}

/// Decodes a part of a query and encodes it, so that every way to write a text comes out as one.
fn encoded_parameter(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_unreserved) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    let decoded: Vec<u8> = percent_decode(spaced.as_bytes()).collect();
    percent_encode(&decoded, &RESERVED).to_string().into()
}

/// The same for a path, which keeps its slashes.
fn encoded_path(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| is_unreserved(byte) || byte == b'/') {
        return Cow::Borrowed(text);
    }
    let decoded: Vec<u8> = percent_decode(text.as_bytes()).collect();
    percent_encode(&decoded, &RESERVED_BUT_SLASH).to_string().into()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// `name:value` of a header: its values trimmed, runs of spaces made one, joined by commas.
fn push_header(out: &mut Vec<u8>, sent: Sent<'_>, name: &str) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut values = sent.headers.get_all(name).iter().map(http::HeaderValue::as_bytes).peekable();
    if values.peek().is_none() && name == HOST.as_str() {
        // HTTP/2 has the host in the URI.
        out.extend_from_slice(sent.authority.unwrap_or_default().as_bytes());
    }
    for (at, value) in values.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        for (at, word) in words.enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(word);
        }
    }
    out.push(b'\n');
}
