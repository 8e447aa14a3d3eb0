//! What a backend is started with.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::LocalError;

/// How to start a [`LocalAws`](crate::LocalAws).
///
/// | option | default | purpose |
/// |---|---|---|
/// | data | none | the folder that keeps everything; made when it is not there |
/// | port | 0 | the port on 127.0.0.1; 0 lets the system choose a free one |
/// | accounts | [`Account::default`] | who may sign requests; the first is [`LocalAws::sdk_config`](crate::LocalAws::sdk_config)'s |
/// | region | `us-east-1` | where new resources are, and the region of the `SdkConfig` |
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) data: PathBuf,
    pub(crate) port: u16,
    pub(crate) accounts: Vec<Account>,
    pub(crate) region: String,
}

impl Options {
    /// The defaults, on the folder `data`.
    #[must_use]
    pub fn new(data: impl AsRef<Path>) -> Self {
        Self {
            data: data.as_ref().to_owned(),
            port: 0,
            accounts: vec![Account::default()],
            region: "us-east-1".to_owned(),
        }
    }

    /// Listens on this port instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Takes these accounts in place of the default one. No account at all keeps the default.
    #[must_use]
    pub fn accounts(mut self, accounts: impl IntoIterator<Item = Account>) -> Self {
        let accounts: Vec<Account> = accounts.into_iter().collect();
        if !accounts.is_empty() {
            self.accounts = accounts;
        }
        self
    }

    /// Uses another region than `us-east-1`.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Checks what the types do not: the region's form, and that no access key belongs to two accounts.
    pub(crate) fn check(&self) -> Result<(), LocalError> {
        let form = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(self.region.contains('-') && self.region.len() <= 32 && self.region.chars().all(form)) {
            return Err(LocalError::Region { region: self.region.clone() });
        }
        for (at, account) in self.accounts.iter().enumerate() {
            if self.accounts[..at].iter().any(|other| other.access_key == account.access_key) {
                return Err(account.refused("its access key is given twice"));
            }
        }
        Ok(())
    }
}

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

    fn refused(&self, reason: &'static str) -> LocalError {
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

    #[test]
    fn options_are_checked_before_anything_is_touched() {
        let twice = [Account::default(), Account::default()];
        assert!(matches!(Options::new("x").accounts(twice).check(), Err(LocalError::Account { .. })));
        assert!(matches!(Options::new("x").region("Mars").check(), Err(LocalError::Region { .. })));
        assert!(Options::new("x").region("eu-central-1").check().is_ok());
    }
}
