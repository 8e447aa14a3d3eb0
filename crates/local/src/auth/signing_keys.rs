//! The keys that signatures are made with: derived from a secret for one day, region and service, and remembered.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::claim::{Claim, Scope};

/// Enough for every key of a day that has a life of its own; then all are forgotten and derived again.
const MOST: usize = 1024;

/// A key with its first block already hashed.
pub(super) type SigningKey = Hmac<Sha256>;

/// The keys derived so far, by credential scope.
#[derive(Default)]
pub(super) struct SigningKeys(RwLock<HashMap<String, SigningKey>>);

impl SigningKeys {
    /// The key for a claim's credential, derived from its secret if it is new.
    pub(super) fn of(&self, claim: &Claim<'_>, secret: impl FnOnce() -> String) -> SigningKey {
        if let Some(key) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&*claim.credential) {
            return key.clone();
        }
        let key = derive(&secret(), &claim.scope());
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MOST {
            keys.clear();
        }
        keys.insert(claim.credential.clone().into_owned(), key.clone());
        key
    }
}

/// Whether `signature`, in hexadecimal digits, is the text's by this key. Takes the same time for every wrong one.
pub(super) fn is_signed(mut key: SigningKey, text: &str, signature: &str) -> bool {
    let mut claimed = [0; 32];
    let is_lower = !signature.bytes().any(|digit| digit.is_ascii_uppercase());
    key.update(text.as_bytes());
    is_lower && hex::decode_to_slice(signature, &mut claimed).is_ok() && key.verify_slice(&claimed).is_ok()
}

/// HMAC-SHA256 over all parts, one after the other.
pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    over(key, parts).finalize().into_bytes().into()
}

/// Whether `seal` is the parts' HMAC. Takes the same time for every wrong one.
pub(super) fn is_sealed(key: &[u8], parts: &[&[u8]], seal: &[u8]) -> bool {
    over(key, parts).verify_slice(seal).is_ok()
}

fn over(key: &[u8], parts: &[&[u8]]) -> SigningKey {
    let mut mac = keyed(key);
    parts.iter().for_each(|part| mac.update(part));
    mac
}

fn derive(secret: &str, scope: &Scope<'_>) -> SigningKey {
    let day = hmac(format!("AWS4{secret}").as_bytes(), &[scope.date.as_bytes()]);
    let region = hmac(&day, &[scope.region.as_bytes()]);
    let service = hmac(&region, &[scope.service.as_bytes()]);
    keyed(&hmac(&service, &[b"aws4_request"]))
}

/// HMAC's rule for its key: one block, filled up with zeros; a longer one is hashed first.
fn keyed(key: &[u8]) -> SigningKey {
    let mut block = [0; 64];
    let hashed;
    let key = if key.len() > block.len() {
        hashed = Sha256::digest(key);
        &hashed[..]
    } else {
        key
    };
    block[..key.len()].copy_from_slice(key);
    SigningKey::new(&block.into())
}
