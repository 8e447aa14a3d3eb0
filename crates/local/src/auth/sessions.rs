//! The credentials that AssumeRole gives out: nothing is stored but the one key that they are all made with.
//!
//! A session token carries its session and is sealed with that key; the secret of a session's access key is made from the
//! access key. So sessions outlive the process, cost no write, and can say that they have expired for ever.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rusqlite::OptionalExtension;

use crate::db::Database;

use super::signing_keys::{hmac, is_sealed};

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS sts_key (id INTEGER PRIMARY KEY CHECK (id = 1), key BLOB NOT NULL) STRICT";

/// What AWS's temporary access keys begin with.
const PREFIX: &str = "ASIA";

/// Makes temporary credentials, and knows its own again.
#[derive(Clone)]
pub(crate) struct Sessions {
    key: [u8; 32],
}

/// What a session token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) access_key: String,
    pub(crate) account: String,
    /// The role's name, without its path.
    pub(crate) role: String,
    /// The `RoleSessionName`.
    pub(crate) name: String,
    /// To the second.
    pub(crate) expires: DateTime<Utc>,
}

impl Sessions {
    /// Reads the data folder's key, or makes one.
    pub(crate) fn open(database: &Database) -> rusqlite::Result<Self> {
        database.execute_batch(TABLE)?;
        let key = database.transaction(|transaction| {
            let stored = transaction.query_row("SELECT key FROM sts_key", [], |row| row.get(0)).optional()?;
            if let Some(key) = stored {
                return Ok(key);
            }
            let key: [u8; 32] = rand::random();
            transaction.execute("INSERT INTO sts_key (id, key) VALUES (1, ?1)", [key])?;
            Ok::<_, rusqlite::Error>(key)
        })?;
        Ok(Self { key })
    }

    /// A new access key, for [`Session::access_key`].
    pub(crate) fn new_access_key() -> String {
        format!("{PREFIX}{}", letters(&rand::random::<[u8; 32]>(), 16))
    }

    /// Whether an access key has the form of a session's.
    pub(crate) fn is_access_key(access_key: &str) -> bool {
        access_key.starts_with(PREFIX)
    }

    /// The secret of a session's access key. Only who was given it knows it.
    pub(crate) fn secret(&self, access_key: &str) -> String {
        let secret = hmac(&self.key, &[b"secret\n", access_key.as_bytes()]);
        STANDARD.encode(&secret[..30])
    }

    /// The unique id of a role, as AWS gives one to each.
    pub(crate) fn role_id(&self, account: &str, role: &str) -> String {
        let id = hmac(&self.key, &[b"role\n", account.as_bytes(), b"\n", role.as_bytes()]);
        format!("AROA{}", letters(&id, 17))
    }

    /// The token of a session.
    pub(crate) fn token(&self, session: &Session) -> String {
        let Session { access_key, account, role, name, expires } = session;
        let said = [access_key, account, role, name, &*expires.timestamp().to_string()].join("\n");
        let seal = hmac(&self.key, &[b"token\n", said.as_bytes()]);
        STANDARD.encode([&seal, said.as_bytes()].concat())
    }

    /// The session of a token. `None` when the token is not one of these.
    pub(crate) fn read(&self, token: &str) -> Option<Session> {
        let bytes = STANDARD.decode(token).ok()?;
        let (seal, said) = bytes.split_at_checked(32)?;
        if !is_sealed(&self.key, &[b"token\n", said], seal) {
            return None;
        }
        let mut parts = std::str::from_utf8(said).ok()?.split('\n').map(str::to_owned);
        Some(Session {
            access_key: parts.next()?,
            account: parts.next()?,
            role: parts.next()?,
            name: parts.next()?,
            expires: DateTime::from_timestamp(parts.next()?.parse().ok()?, 0)?,
        })
    }
}

/// Letters and digits as AWS's ids have them, five bits each.
fn letters(bytes: &[u8], count: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    bytes.iter().take(count).map(|byte| char::from(alphabet[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session {
            access_key: Sessions::new_access_key(),
            account: "123456789012".to_owned(),
            role: "retrain".to_owned(),
            name: "nightly@example".to_owned(),
            expires: DateTime::from_timestamp(1_900_000_000, 0).unwrap(),
        }
    }

    #[test]
    fn a_token_says_its_session_after_the_database_was_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("test.sqlite")).unwrap();
        let (first, again) = (Sessions::open(&database).unwrap(), Sessions::open(&database).unwrap());
        let session = session();
        assert_eq!(again.read(&first.token(&session)), Some(session.clone()));
        assert_eq!(again.secret(&session.access_key), first.secret(&session.access_key));
        assert_eq!((session.access_key.len(), first.secret(&session.access_key).len()), (20, 40));
        assert_eq!(first.role_id("123456789012", "retrain").len(), 21);
    }

    #[test]
    fn a_token_of_somebody_else_or_a_changed_one_says_nothing() {
        let (ours, theirs) = (Sessions { key: [1; 32] }, Sessions { key: [2; 32] });
        let token = ours.token(&session());
        assert_eq!(theirs.read(&token), None);
        let bytes = STANDARD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(ours.read(&STANDARD.encode(changed)), None, "byte {at}");
        }
        for text in ["", "no token", "AAAA"] {
            assert_eq!(ours.read(text), None);
        }
    }
}
