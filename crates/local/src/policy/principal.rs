//! How a policy names who asks.

use std::borrow::Cow;

use super::Malformed;
use super::document::PrincipalDocument;
use crate::api::{Caller, Principal, partition};

/// The condition keys that tell of the caller and of the connection.
pub(super) const KEYS: [&str; 3] = ["aws:PrincipalAccount", "aws:PrincipalArn", "aws:SecureTransport"];

/// What a statement's `Principal` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Everybody,
    /// Everybody of an account.
    Account(String),
    /// One user, role or session.
    Arn(String),
    /// A service of AWS. None of them sends requests here.
    Service,
}

impl Named {
    pub(super) fn all(document: PrincipalDocument) -> Result<Vec<Self>, Malformed> {
        let kinds = match document {
            PrincipalDocument::Text(text) if text == "*" => return Ok(vec![Self::Everybody]),
            PrincipalDocument::Text(text) => return Err(invalid(&text, "write {\"AWS\": …} around it")),
            PrincipalDocument::Kinds(kinds) => kinds.0,
        };
        let mut named = Vec::new();
        for (kind, names) in kinds {
            for name in names.into_vec() {
                named.push(match kind.as_str() {
                    "AWS" => Self::aws(name)?,
                    "Service" => Self::Service,
                    _ => return Err(invalid(&kind, "refit-local has principals of the kinds AWS and Service")),
                });
            }
        }
        if named.is_empty() { Err(invalid("{}", "it names nobody")) } else { Ok(named) }
    }

    fn aws(name: String) -> Result<Self, Malformed> {
        if name == "*" {
            return Ok(Self::Everybody);
        }
        if is_account(&name) {
            return Ok(Self::Account(name));
        }
        let Some(account) = account_of(&name) else {
            return Err(invalid(&name, "it is no account and no ARN of one's root, user, role or session"));
        };
        if name.ends_with(":root") {
            return Ok(Self::Account(account.to_owned()));
        }
        if name.contains(['*', '?']) {
            return Err(invalid(&name, "an ARN of a principal has no wildcards"));
        }
        Ok(Self::Arn(name))
    }

    pub(super) fn is(&self, caller: &Caller) -> bool {
        match self {
            Self::Everybody => true,
            Self::Account(account) => *account == caller.account,
            Self::Arn(arn) => *arn == caller.arn() || is_role_of(arn, caller),
            Self::Service => false,
        }
    }
}

/// The caller's value of one of [`KEYS`].
pub(super) fn value<'c>(caller: &'c Caller, key: &str) -> Option<Cow<'c, str>> {
    match key {
        "aws:PrincipalAccount" => Some(Cow::from(&caller.account)),
        // Of a session, its role's.
        "aws:PrincipalArn" => Some(Cow::from(match &caller.principal {
            Principal::AssumedRole { role, .. } => {
                format!("arn:{}:iam::{}:role/{role}", partition(&caller.region), caller.account)
            }
            Principal::Root => caller.arn(),
        })),
        // Only loopback is bound, and it speaks plain HTTP.
        "aws:SecureTransport" => Some(Cow::from("false")),
        _ => None,
    }
}

/// Whether the caller is a session of the role. A session does not tell the path of its role.
fn is_role_of(arn: &str, caller: &Caller) -> bool {
    let Principal::AssumedRole { role, .. } = &caller.principal else { return false };
    let name = arn.split_once(":role/").and_then(|(_, path)| path.rsplit('/').next());
    name == Some(role) && account_of(arn) == Some(&caller.account)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The account of an ARN of IAM or STS.
fn account_of(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (Some("arn"), Some(_), Some("iam" | "sts"), Some(""), Some(account), Some(resource)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let kinds = ["user/", "role/", "assumed-role/", "federated-user/"];
    let named = resource == "root" || kinds.iter().any(|kind| resource.starts_with(kind));
    (is_account(account) && named).then_some(account)
}

fn invalid(name: &str, why: &str) -> Malformed {
    Malformed(format!("Invalid principal in policy: {name}: {why}"))
}
