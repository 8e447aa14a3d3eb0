//! What a backend is started with.

mod account;
mod role;

use std::path::{Path, PathBuf};

use crate::error::LocalError;
use crate::pace::Pace;

pub use self::account::Account;
pub use self::role::{Role, RoleArn};

/// What the models of one instance may take, unless it is said.
const DEFAULT_INSTANCE_MEMORY: u64 = 4 << 30;

/// How to start a [`LocalAws`](crate::LocalAws).
///
/// | option | default | purpose |
/// |---|---|---|
/// | data | none | the folder that keeps everything; made when it is not there |
/// | port | 0 | the port on 127.0.0.1; 0 lets the system choose a free one |
/// | accounts | [`Account::default`] | who may sign requests; the first is [`LocalAws::sdk_config`](crate::LocalAws::sdk_config)'s |
/// | roles | none | the roles that other accounts may assume; an account may assume all of its own |
/// | region | `us-east-1` | where new resources are, and the region of the `SdkConfig` |
/// | pace | [`Pace::immediate`] | how long state changes take |
/// | instance_memory | 4 GiB | what the models of one instance of an endpoint may take together |
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) data: PathBuf,
    pub(crate) port: u16,
    pub(crate) accounts: Vec<Account>,
    pub(crate) roles: Vec<Role>,
    pub(crate) region: String,
    pub(crate) pace: Pace,
    pub(crate) instance_memory: u64,
}

impl Options {
    /// The defaults, on the folder `data`.
    #[must_use]
    pub fn new(data: impl AsRef<Path>) -> Self {
        Self {
            data: data.as_ref().to_owned(),
            port: 0,
            accounts: vec![Account::default()],
            roles: Vec::new(),
            region: "us-east-1".to_owned(),
            pace: Pace::immediate(),
            instance_memory: DEFAULT_INSTANCE_MEMORY,
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

    /// Lets other accounts assume these roles. IAM is not modelled, so a role needs no making.
    #[must_use]
    pub fn roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles = roles.into_iter().collect();
        self
    }

    /// Uses another region than `us-east-1`.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Lets state changes (Creating, Updating, Stopping, ...) take time.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Gives every instance of an endpoint this many bytes for its models, whatever its type: a multi-model container
    /// unloads the least recently used ones to stay within it.
    #[must_use]
    pub fn instance_memory(mut self, bytes: u64) -> Self {
        self.instance_memory = bytes;
        self
    }

    /// Checks what the types do not: the region's form, and that no access key belongs to two accounts.
    pub(crate) fn check(&self) -> Result<(), LocalError> {
        let form = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(self.region.contains('-') && self.region.len() <= 32 && self.region.chars().all(form)) {
            return Err(LocalError::Region { region: self.region.clone() });
        }
        for (at, account) in self.accounts.iter().enumerate() {
            if self.accounts[..at].iter().any(|other| other.access_key() == account.access_key()) {
                return Err(account.refused("its access key is given twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_checked_before_anything_is_touched() {
        let twice = [Account::default(), Account::default()];
        assert!(matches!(Options::new("x").accounts(twice).check(), Err(LocalError::Account { .. })));
        assert!(matches!(Options::new("x").region("Mars").check(), Err(LocalError::Region { .. })));
        assert!(Options::new("x").region("eu-central-1").check().is_ok());
    }
}
