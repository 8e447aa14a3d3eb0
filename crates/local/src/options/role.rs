//! Roles that other accounts may assume.

use std::fmt;
use std::str::FromStr;

use crate::error::LocalError;

/// A role and the accounts that it trusts beside its own.
///
/// Written `ARN=ACCOUNT[,ACCOUNT...]` on the command line, such as
/// `arn:aws:iam::210987654321:role/deploy=123456789012`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    arn: RoleArn,
    trusted: Vec<String>,
}

/// The ARN of a role: `arn:aws:iam::123456789012:role/path/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn {
    text: String,
    account: std::ops::Range<usize>,
    name: usize,
}

impl Role {
    /// A role that the accounts of these ids may assume.
    ///
    /// # Errors
    /// [`LocalError::Role`] when an account's id is not twelve digits, or there is none.
    pub fn new<A: Into<String>>(arn: RoleArn, trusted: impl IntoIterator<Item = A>) -> Result<Self, LocalError> {
        let trusted: Vec<String> = trusted.into_iter().map(Into::into).collect();
        if trusted.is_empty() || !trusted.iter().all(|account| is_account(account)) {
            return Err(LocalError::Role { given: format!("{arn}={}", trusted.join(",")) });
        }
        Ok(Self { arn, trusted })
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> &RoleArn {
        &self.arn
    }

    /// Whether it trusts an account.
    #[must_use]
    pub fn trusts(&self, account: &str) -> bool {
        self.trusted.iter().any(|trusted| trusted == account)
    }
}

impl RoleArn {
    /// The part after `arn:`, such as `aws`.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.text.split(':').nth(1).unwrap_or_default()
    }

    /// The twelve digits of the account that the role is in.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.text[self.account.clone()]
    }

    /// The role's name, without its path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.text[self.name..]
    }
}

impl FromStr for RoleArn {
    type Err = LocalError;

    fn from_str(text: &str) -> Result<Self, LocalError> {
        let refused = || LocalError::Role { given: text.to_owned() };
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts[..] else { return Err(refused()) };
        let path = resource.strip_prefix("role/").ok_or_else(refused)?;
        let named = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        let is_path = path.split('/').all(|segment| !segment.is_empty() && segment.chars().all(named));
        let name = path.rsplit('/').next().unwrap_or_default();
        if !["aws", "aws-cn", "aws-us-gov"].contains(&partition) || !is_account(account) || !is_path || name.len() > 64
        {
            return Err(refused());
        }
        let account = text.len() - resource.len() - 13..text.len() - resource.len() - 1;
        Ok(Self { text: text.to_owned(), account, name: text.len() - name.len() })
    }
}

impl FromStr for Role {
    type Err = LocalError;

    fn from_str(text: &str) -> Result<Self, LocalError> {
        // A role's name may have an equals sign, an account's id not.
        let (arn, trusted) = text.rsplit_once('=').ok_or_else(|| LocalError::Role { given: text.to_owned() })?;
        Self::new(arn.parse()?, trusted.split(',').map(str::trim))
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_read_with_whom_it_trusts() {
        let role: Role = "arn:aws:iam::210987654321:role/teams/ml/deploy=123456789012, 333333333333".parse().unwrap();
        assert_eq!((role.arn().account(), role.arn().name()), ("210987654321", "deploy"));
        assert_eq!(role.arn().partition(), "aws");
        assert_eq!(role.arn().to_string(), "arn:aws:iam::210987654321:role/teams/ml/deploy");
        assert!(role.trusts("123456789012") && role.trusts("333333333333") && !role.trusts("210987654321"));
    }

    #[test]
    fn what_is_no_role_is_refused() {
        for text in [
            "deploy=123456789012",
            "arn:aws:iam::210987654321:role/deploy",
            "arn:aws:iam::210987654321:role/deploy=",
            "arn:aws:iam::210987654321:role/deploy=me",
            "arn:aws:iam::2109876543:role/deploy=123456789012",
            "arn:aws:iam::210987654321:user/deploy=123456789012",
            "arn:aws:iam::210987654321:role/=123456789012",
            "arn:aws:iam:us-east-1:210987654321:role/deploy=123456789012",
            "arn:aws:iam::210987654321:role/a b=123456789012",
        ] {
            assert!(matches!(text.parse::<Role>(), Err(LocalError::Role { .. })), "{text}");
        }
    }
}
