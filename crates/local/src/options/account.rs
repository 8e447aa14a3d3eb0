//! Who may sign requests.

use std::fmt;
use std::str::FromStr;

use crate::error::LocalError;

/// An AWS account and the one access key that signs for it.
///
/// Written `ID:ACCESS_KEY:SECRET` on the command line. The default is account `123456789012` with access key and
/// secret `refit-local`.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    id: String,
    access_key: String,
    secret_key: String,
}

impl Account {
    /// An account of `id`, twelve digits.
    ///
    /// # Errors
    /// [`LocalError::Account`] when the id is not twelve digits, or a key is empty, longer than 128 characters or has
    /// a character that cannot stand in a signature's credential (space, `/`, `,`, `:`).
    pub fn new(
        id: impl Into<String>,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Result<Self, LocalError> {
        let account = Self { id: id.into(), access_key: access_key.into(), secret_key: secret_key.into() };
        let key = |key: &str, forbidden: &[char]| {
            (1..=128).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic() && !forbidden.contains(&c))
        };
        if account.id.len() != 12 || !account.id.bytes().all(|b| b.is_ascii_digit()) {
            Err(account.refused("the id must be twelve digits"))
        } else if !key(&account.access_key, &['/', ',', ':']) {
            Err(account.refused("the access key must be 1 to 128 visible characters without / , or :"))
        } else if !key(&account.secret_key, &[]) {
            Err(account.refused("the secret key must be 1 to 128 visible characters"))
        } else {
            Ok(account)
        }
    }

    /// The account's twelve digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The access key's id.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The access key's secret.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }

    pub(super) fn refused(&self, reason: &'static str) -> LocalError {
        LocalError::Account { given: format!("{}:{}", self.id, self.access_key), reason }
    }
}

impl Default for Account {
    fn default() -> Self {
        Self {
            id: "123456789012".to_owned(),
            access_key: "refit-local".to_owned(),
            secret_key: "refit-local".to_owned(),
        }
    }
}

impl FromStr for Account {
    type Err = LocalError;

    fn from_str(text: &str) -> Result<Self, LocalError> {
        let mut parts = text.splitn(3, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(id), Some(access_key), Some(secret_key)) => Self::new(id, access_key, secret_key),
            (id, access_key, _) => Err(LocalError::Account {
                given: [id, access_key].into_iter().flatten().collect::<Vec<_>>().join(":"),
                reason: "it needs three parts",
            }),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_its_three_parts() {
        let account: Account = "210987654321:key:a/secret:with+signs".parse().unwrap();
        assert_eq!((account.id(), account.access_key()), ("210987654321", "key"));
        assert_eq!(account.secret_key(), "a/secret:with+signs");
    }

    #[test]
    fn a_wrong_account_is_refused_without_showing_its_secret() {
        for (text, reason) in [
            ("12345:key:hidden", "twelve digits"),
            ("123456789012:key", "three parts"),
            ("123456789012::hidden", "access key"),
            ("123456789012:a/b:hidden", "access key"),
            ("123456789012:key:", "secret key"),
        ] {
            let error = text.parse::<Account>().unwrap_err().to_string();
            assert!(error.contains(reason) && !error.contains("hidden"), "{text}: {error}");
        }
        assert!(!format!("{:?}", Account::new("123456789012", "key", "hidden").unwrap()).contains("hidden"));
    }
}
