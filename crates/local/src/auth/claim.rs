//! What a request says of its signature, in its `Authorization` header or in its query.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::refusal::Refusal;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Seven days, the longest that a presigned request may be good for.
const LONGEST_EXPIRY: i64 = 604_800;

/// A signature of version 4 and what it claims: who made it, when, for which service, over which headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim<'r> {
    /// `KEY/DATE/REGION/SERVICE/aws4_request`.
    pub(super) credential: Cow<'r, str>,
    /// The names, joined by semicolons.
    pub(super) signed_headers: Cow<'r, str>,
    pub(super) signature: Cow<'r, str>,
    /// `x-amz-date` as it was written.
    pub(super) date: Cow<'r, str>,
    pub(super) signed_at: DateTime<Utc>,
    pub(super) token: Option<Cow<'r, str>>,
    /// How long a presigned request is good for; none for one that is signed in its header.
    pub(super) expires: Option<TimeDelta>,
}

/// A claim's credential, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope<'c> {
    pub(crate) access_key: &'c str,
    pub(crate) date: &'c str,
    pub(crate) region: &'c str,
    /// The service the signature is for; it decides which one answers.
    pub(crate) service: &'c str,
}

impl<'r> Claim<'r> {
    /// Reads the claim. `None` when the request has no signature at all.
    pub(crate) fn of(request: &'r Parts) -> Result<Option<Self>, Refusal> {
        let query = request.uri.query().unwrap_or_default();
        let claim = match request.headers.get(AUTHORIZATION) {
            Some(_) if query.contains("X-Amz-Algorithm=") => return Err(Refusal::two_claims()),
            Some(value) => Some(Self::from_header(request, value.to_str().unwrap_or_default())?),
            None => Self::from_query(query)?,
        };
        claim.as_ref().map_or(Ok(()), Self::check_scope)?;
        Ok(claim)
    }

    fn from_header(request: &'r Parts, value: &'r str) -> Result<Self, Refusal> {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let date = header("x-amz-date");
        let fields = value.strip_prefix(ALGORITHM).unwrap_or_default();
        let field = |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
        let (credential, signature, signed_headers) = (field("Credential"), field("Signature"), field("SignedHeaders"));
        let (Some(credential), Some(signature), Some(signed_headers), Some(date)) =
            (credential, signature, signed_headers, date)
        else {
            return Err(Refusal::incomplete(value, credential, signature, signed_headers, date));
        };
        Ok(Self {
            credential: credential.into(),
            signed_headers: signed_headers.into(),
            signature: signature.into(),
            date: date.into(),
            signed_at: time(date).ok_or_else(|| Refusal::incomplete_date(date))?,
            token: header("x-amz-security-token").map(Cow::from),
            expires: None,
        })
    }

    fn from_query(query: &'r str) -> Result<Option<Self>, Refusal> {
        if !query.contains("X-Amz-") {
            return Ok(None);
        }
        let parameter = |name: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
            percent_decode_str(value).decode_utf8().ok()
        };
        let signature = parameter("X-Amz-Signature");
        let algorithm = parameter("X-Amz-Algorithm");
        if signature.is_none() && algorithm.is_none() {
            return Ok(None);
        }
        if algorithm.as_deref().is_some_and(|given| given != ALGORITHM) {
            return Err(Refusal::Query(format!("X-Amz-Algorithm only supports \"{ALGORITHM}\"")));
        }
        let (Some(signature), Some(_), Some(credential), Some(date), Some(signed_headers), Some(expires)) = (
            signature,
            algorithm,
            parameter("X-Amz-Credential"),
            parameter("X-Amz-Date"),
            parameter("X-Amz-SignedHeaders"),
            parameter("X-Amz-Expires"),
        ) else {
            return Err(Refusal::Query(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
                 X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
                    .to_owned(),
            ));
        };
        let signed_at = time(&date).ok_or_else(|| {
            Refusal::Query("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"".to_owned())
        })?;
        let expires = Some(expiry(&expires)?);
        let token = parameter("X-Amz-Security-Token");
        Ok(Some(Self { credential, signed_headers, signature, date, signed_at, token, expires }))
    }

    /// Whether it was given in the query.
    pub(crate) fn is_presigned(&self) -> bool {
        self.expires.is_some()
    }

    /// The credential's parts.
    pub(crate) fn scope(&self) -> Scope<'_> {
        let mut parts = self.credential.rsplitn(5, '/').skip(1);
        let mut part = || parts.next().unwrap_or_default();
        let (service, region, date, access_key) = (part(), part(), part(), part());
        Scope { access_key, date, region, service }
    }

    fn check_scope(&self) -> Result<(), Refusal> {
        let is_presigned = self.is_presigned();
        if self.credential.split('/').count() < 5 || self.credential.split('/').any(str::is_empty) {
            return Err(Refusal::Credential { given: self.credential.clone().into_owned(), is_presigned });
        }
        let terminator = self.credential.rsplit('/').next().unwrap_or_default();
        if terminator != "aws4_request" {
            let message =
                format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'.");
            return Err(Refusal::Scope { message, is_presigned });
        }
        let date = self.scope().date;
        if !self.date.starts_with(date) || date.len() != 8 {
            let (day, from) = (self.date.get(..8).unwrap_or_default(), &self.date);
            let message = format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != \
                 '{day}', from '{from}'."
            );
            return Err(Refusal::Scope { message, is_presigned });
        }
        Ok(())
    }

    /// Checks that the host is signed, or the request would be good for another; and for S3, as there, every `x-amz-` header.
    pub(super) fn check_signed_headers(&self, request: &Parts) -> Result<(), Refusal> {
        let is_signed = |name: &str| self.signed_headers.split(';').any(|signed| signed == name);
        let is_s3 = self.scope().service == "s3";
        let names = request.headers.keys().map(http::HeaderName::as_str);
        let must_be = |name: &&str| *name == HOST.as_str() || (is_s3 && name.starts_with("x-amz-"));
        let unsigned: Vec<&str> = names.filter(must_be).filter(|name| !is_signed(name)).collect();
        if unsigned.is_empty() && is_signed("host") {
            return Ok(());
        }
        Err(Refusal::UnsignedHeaders(if unsigned.is_empty() { "host".to_owned() } else { unsigned.join(", ") }))
    }
}

/// Reads a time such as `20260102T030405Z`.
fn time(text: &str) -> Option<DateTime<Utc>> {
    // The parser takes shorter fields too.
    (text.len() == 16).then(|| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok())?.map(|time| time.and_utc())
}

fn expiry(text: &str) -> Result<TimeDelta, Refusal> {
    let refused = |message: &str| Err(Refusal::Query(message.to_owned()));
    match text.parse::<i64>() {
        Err(_) => refused("X-Amz-Expires should be a number"),
        Ok(seconds) if seconds < 0 => refused("X-Amz-Expires must be non-negative"),
        Ok(seconds) if seconds > LONGEST_EXPIRY => refused(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
             604800 seconds",
        ),
        Ok(seconds) => Ok(TimeDelta::seconds(seconds)),
    }
}
