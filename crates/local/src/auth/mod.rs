//! Who signed a request: Signature Version 4, checked by computing it again.

mod canonical;
mod claim;
mod refusal;
mod sessions;
mod signing_keys;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use http::request::Parts;
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};
use sha2::{Digest, Sha256};

use crate::api::{Caller, Principal};
use crate::clock::Clock;
use crate::options::Account;

use self::canonical::PathStyle;
use self::refusal::Mismatch;
use self::signing_keys::SigningKeys;

pub(crate) use self::claim::Claim;
pub(crate) use self::refusal::{Refusal, S3Refusal};
pub(crate) use self::sessions::{Session, Sessions};

/// Everybody who may sign requests. Cloning it gives another handle.
#[derive(Clone)]
pub(crate) struct Authenticator(Arc<Inner>);

struct Inner {
    accounts: HashMap<String, Account>,
    sessions: Sessions,
    signing_keys: SigningKeys,
    clock: Clock,
}

/// What a signature covers of a request's body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Payload<'r> {
    /// The body itself.
    Body(&'r [u8]),
    /// What S3's `x-amz-content-sha256` says of it; the body is held against that as it comes.
    Declared(&'r str),
}

impl Authenticator {
    pub(crate) fn new(accounts: &[Account], sessions: Sessions, clock: Clock) -> Self {
        let by_key = accounts.iter().map(|account| (account.access_key().to_owned(), account.clone()));
        Self(Arc::new(Inner { accounts: by_key.collect(), sessions, signing_keys: SigningKeys::default(), clock }))
    }

    /// Checks what a request claims of itself, and says who sent it.
    pub(crate) fn verify(&self, request: &Parts, claim: &Claim<'_>, payload: Payload<'_>) -> Result<Caller, Refusal> {
        let scope = claim.scope();
        let (account, principal) = self.identify(claim)?;
        self.check_time(claim)?;
        claim.check_signed_headers(request)?;
        let hash = match payload {
            Payload::Body(body) => &hex::encode(Sha256::digest(body)),
            Payload::Declared(hash) => hash,
        };
        let style = if scope.service == "s3" { PathStyle::AsSent } else { PathStyle::Normalized };
        let canonical = canonical::request(request.into(), claim, style, hash);
        let text = canonical::string_to_sign(claim, &canonical);
        let key = self.0.signing_keys.of(claim, || self.secret(claim));
        if !signing_keys::is_signed(key, &text, &claim.signature) {
            let access_key = scope.access_key.to_owned();
            let signature = claim.signature.clone().into_owned();
            let canonical = String::from_utf8_lossy(&canonical).into_owned();
            return Err(Refusal::Mismatch(Box::new(Mismatch {
                access_key,
                signature,
                canonical,
                string_to_sign: text,
            })));
        }
        Ok(Caller::new(account, scope.region, principal))
    }

    /// Who the access key and the session token belong to.
    fn identify(&self, claim: &Claim<'_>) -> Result<(String, Principal), Refusal> {
        let access_key = claim.scope().access_key;
        let Some(token) = &claim.token else {
            let account = self.0.accounts.get(access_key).ok_or(Refusal::UnknownKey)?;
            return Ok((account.id().to_owned(), Principal::Root));
        };
        let session = self.0.sessions.read(token).filter(|session| session.access_key == access_key);
        let session = session.ok_or(Refusal::BadToken)?;
        if session.expires <= self.0.clock.now() {
            return Err(Refusal::ExpiredToken);
        }
        Ok((session.account, Principal::AssumedRole { role: session.role, session: session.name }))
    }

    fn secret(&self, claim: &Claim<'_>) -> String {
        let access_key = claim.scope().access_key;
        match self.0.accounts.get(access_key) {
            Some(account) if claim.token.is_none() => account.secret_key().to_owned(),
            _ => self.0.sessions.secret(access_key),
        }
    }

    /// A signature is good near the backend's time, and near the machine's: to move the backend's clock forward must not
    /// shut out who signs by another. A presigned request ages by the backend's clock.
    fn check_time(&self, claim: &Claim<'_>) -> Result<(), Refusal> {
        let (signed, now) = (claim.signed_at, self.0.clock.now());
        let tolerance = tolerance(claim.scope().service);
        let is_early = signed - now > tolerance;
        let Some(expires) = claim.expires else {
            let near = |time: DateTime<Utc>| (signed - time).abs() <= tolerance;
            return if near(now) || near(Utc::now()) {
                Ok(())
            } else {
                Err(Refusal::Skewed { signed, now, tolerance })
            };
        };
        if is_early {
            Err(Refusal::Skewed { signed, now, tolerance })
        } else if now - signed > expires {
            Err(Refusal::Expired { signed, expires, now })
        } else {
            Ok(())
        }
    }
}

/// How far a request's time may be from the service's: what AWS's errors name.
fn tolerance(service: &str) -> TimeDelta {
    match service {
        "s3" | "sts" => TimeDelta::minutes(15),
        _ => TimeDelta::minutes(5),
    }
}

/// `s3s` looks at signatures too, for it checks a streamed body's chunks by them.
#[async_trait::async_trait]
impl S3Auth for Authenticator {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if let Some(account) = self.0.accounts.get(access_key) {
            Ok(SecretKey::from(account.secret_key()))
        } else if Sessions::is_access_key(access_key) {
            Ok(SecretKey::from(self.0.sessions.secret(access_key)))
        } else {
            Err(s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records."))
        }
    }
}
