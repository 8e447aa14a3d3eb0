//! Who signed a request: Signature Version 4, checked by computing it again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use chrono::{DateTime, NaiveDateTime, Utc};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};

use crate::api::Caller;
use crate::options::Account;

/// How far a request's time may be from ours.
const SKEW: Duration = Duration::from_secs(15 * 60);

/// The accounts by access key.
#[derive(Debug, Clone)]
pub(crate) struct Accounts(Arc<HashMap<String, Account>>);

/// The parts of an `Authorization` header of Signature Version 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization<'r> {
    access_key: &'r str,
    date: &'r str,
    region: &'r str,
    /// The service the signature is for; it decides which one answers.
    pub(crate) service: &'r str,
    signed_headers: Vec<&'r str>,
    signature: &'r str,
}

/// Why a signature was refused. The services name the errors differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no signature.
    Missing,
    /// The `Authorization` header cannot be read.
    Incomplete(&'static str),
    /// Nobody has this access key.
    UnknownKey,
    /// The signature is not the one the secret key gives.
    Mismatch,
    /// The request's time is too far from ours.
    Skewed {
        /// When the request says it was signed.
        signed: DateTime<Utc>,
        /// When it arrived.
        now: DateTime<Utc>,
    },
}

impl Accounts {
    pub(crate) fn new(accounts: &[Account]) -> Self {
        let by_key = accounts.iter().map(|account| (account.access_key().to_owned(), account.clone()));
        Self(Arc::new(by_key.collect()))
    }

    /// The id of the account an access key belongs to.
    pub(crate) fn id(&self, access_key: &str) -> Option<&str> {
        self.0.get(access_key).map(Account::id)
    }

    /// Checks the signature of a request whose body is at hand.
    pub(crate) fn verify(&self, request: &Parts, body: &[u8]) -> Result<Caller, Refusal> {
        let authorization = Authorization::of(&request.headers)?.ok_or(Refusal::Missing)?;
        let account = self.0.get(authorization.access_key).ok_or(Refusal::UnknownKey)?;
        let signed_at = authorization.time(&request.headers)?;
        check_time(signed_at, Utc::now())?;
        let computed = authorization.compute(request, body, account, signed_at)?;
        if !same(computed.as_bytes(), authorization.signature.as_bytes()) {
            return Err(Refusal::Mismatch);
        }
        Ok(Caller { account: account.id().to_owned(), region: authorization.region.to_owned() })
    }
}

#[async_trait::async_trait]
impl S3Auth for Accounts {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match self.0.get(access_key) {
            Some(account) => Ok(SecretKey::from(account.secret_key())),
            None => {
                Err(s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records."))
            }
        }
    }
}

impl<'r> Authorization<'r> {
    /// Reads the header. `None` when there is none.
    pub(crate) fn of(headers: &'r HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
        let value = value.to_str().map_err(|_| Refusal::Incomplete("is not text"))?;
        let fields = value
            .strip_prefix("AWS4-HMAC-SHA256")
            .ok_or(Refusal::Incomplete("does not begin with AWS4-HMAC-SHA256"))?;
        let field = |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
        let credential = field("Credential").ok_or(Refusal::Incomplete("has no Credential"))?;
        let mut scope = credential.rsplitn(5, '/');
        let (Some("aws4_request"), Some(service), Some(region), Some(date), Some(access_key)) =
            (scope.next(), scope.next(), scope.next(), scope.next(), scope.next())
        else {
            return Err(Refusal::Incomplete("has a Credential that is not KEY/DATE/REGION/SERVICE/aws4_request"));
        };
        let signed_headers = field("SignedHeaders").ok_or(Refusal::Incomplete("has no SignedHeaders"))?;
        let signature = field("Signature").ok_or(Refusal::Incomplete("has no Signature"))?;
        Ok(Some(Self {
            access_key,
            date,
            region,
            service,
            signed_headers: signed_headers.split(';').collect(),
            signature,
        }))
    }

    fn time(&self, headers: &HeaderMap) -> Result<DateTime<Utc>, Refusal> {
        let text = headers.get("x-amz-date").and_then(|value| value.to_str().ok());
        let text = text.ok_or(Refusal::Incomplete("comes without an x-amz-date header"))?;
        let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ")
            .map_err(|_| Refusal::Incomplete("comes with an x-amz-date header that is not like 20260102T030405Z"))?;
        if !text.starts_with(self.date) {
            return Err(Refusal::Mismatch);
        }
        Ok(time.and_utc())
    }

    /// The signature that the account's secret key gives for the headers this one says it covers.
    fn compute(&self, request: &Parts, body: &[u8], account: &Account, time: DateTime<Utc>) -> Result<String, Refusal> {
        let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.signed_headers.contains(&"host") {
            return Err(Refusal::Incomplete("does not sign the host header"));
        }
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        if self.signed_headers.contains(&"x-amz-content-sha256") {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let credentials = Credentials::new(account.access_key(), account.secret_key(), None, None, "refit-local");
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::from(time))
            .settings(settings)
            .build()
            .map_err(|_| Refusal::Incomplete("cannot be computed"))?;
        let signed = request
            .headers
            .iter()
            .filter(|(name, _)| self.signed_headers.contains(&name.as_str()))
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = format!("http://{host}{}", request.uri.path_and_query().map_or("/", |path| path.as_str()));
        let output = SignableRequest::new(request.method.as_str(), uri, signed, SignableBody::Bytes(body))
            .and_then(|signable| sign(signable, &params.into()))
            .map_err(|_| Refusal::Incomplete("covers headers that cannot be signed"))?;
        Ok(output.signature().to_owned())
    }
}

fn check_time(signed: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    match signed.signed_duration_since(now).abs().to_std() {
        Ok(skew) if skew <= SKEW => Ok(()),
        _ => Err(Refusal::Skewed { signed, now }),
    }
}

/// Compares in a time that depends on the lengths only.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |differ, (l, r)| differ | (l ^ r)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of AWS's documentation, "Create a signed AWS API request": ListUsers of IAM, with its signature.
    const AUTHORIZATION_HEADER: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, \
        Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

    fn documented(authorization: &str) -> Parts {
        let request = http::Request::get("/?Action=ListUsers&Version=2010-05-08")
            .header("host", "iam.amazonaws.com")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", authorization);
        request.body(()).unwrap().into_parts().0
    }

    fn account() -> Account {
        Account::new("123456789012", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").unwrap()
    }

    #[test]
    fn the_documented_signature_is_computed() {
        let parts = documented(AUTHORIZATION_HEADER);
        let authorization = Authorization::of(&parts.headers).unwrap().unwrap();
        assert_eq!((authorization.service, authorization.region), ("iam", "us-east-1"));
        let time = authorization.time(&parts.headers).unwrap();
        let computed = authorization.compute(&parts, b"", &account(), time).unwrap();
        assert_eq!(computed, authorization.signature);
        assert_ne!(authorization.compute(&parts, b"another body", &account(), time).unwrap(), computed);
    }

    #[test]
    fn an_old_request_is_refused_though_its_signature_is_right() {
        let accounts = Accounts::new(&[account()]);
        let refused = accounts.verify(&documented(AUTHORIZATION_HEADER), b"");
        assert!(matches!(refused, Err(Refusal::Skewed { .. })));
        let now = Utc::now();
        let minutes = |minutes| now + chrono::TimeDelta::minutes(minutes);
        assert_eq!(check_time(minutes(-14), now), Ok(()));
        assert_eq!(check_time(minutes(14), now), Ok(()));
        assert!(check_time(minutes(-16), now).is_err() && check_time(minutes(16), now).is_err());
    }

    #[test]
    fn what_is_no_signature_is_refused_with_what_is_missing() {
        let refused = |header: &str| Authorization::of(&documented(header).headers).map(|_| ());
        assert_eq!(refused("Bearer token"), Err(Refusal::Incomplete("does not begin with AWS4-HMAC-SHA256")));
        assert_eq!(refused("AWS4-HMAC-SHA256 Signature=0"), Err(Refusal::Incomplete("has no Credential")));
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/us-east-1/s3, SignedHeaders=host, Signature=0";
        assert!(matches!(refused(scope), Err(Refusal::Incomplete(what)) if what.contains("KEY/DATE/REGION")));
    }
}
