//! IAM's resource policies: documents that say who may do what to the resource they are attached to.
//!
//! A document is read and checked once, when it is put. What it says that could not be answered when a request comes
//! (an operator, a context key, a policy variable this does not have) is refused then, by name: a condition that is
//! silently skipped would let requests through that it was written to stop.
//!
//! Pure: the services keep the text, turn [`Malformed`] into their own error, and combine the [`Decision`] with who
//! owns the resource.

mod condition;
mod document;
mod pattern;
mod principal;
mod statement;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use thiserror::Error;

use self::document::Document;
use self::statement::Statement;
use crate::api::Caller;

/// What the policies of one service's resource can speak of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The prefix of the actions, such as `s3`.
    pub(crate) service: &'a str,
    /// The ARNs of the resource and of what is in it, with wildcards. Each resource of a statement must be able to
    /// name one of them.
    pub(crate) resources: &'a [String],
    /// The condition keys that the service's requests may carry, such as `s3:prefix`; those that begin with `aws:`
    /// and tell of the caller are there for every service ([`Request::value`]).
    pub(crate) keys: &'a [&'a str],
}

/// A policy whose every part is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

/// Why a document is no policy, for the service's own error (S3's is `MalformedPolicy`).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) String);

/// What a policy says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// A statement denies it, whatever else allows it.
    Deny,
    /// A statement allows it.
    Allow,
    /// No statement applies.
    Neutral,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'r> {
    pub(crate) caller: &'r Caller,
    /// Such as `s3:GetObject`.
    pub(crate) action: &'r str,
    /// The ARN of what it is done to.
    pub(crate) resource: &'r str,
    /// The service's condition keys and their values. A key that is not there is absent from the request.
    pub(crate) context: &'r [(&'r str, &'r str)],
}

impl Policy {
    /// Reads a document and checks every part of it.
    ///
    /// # Errors
    /// [`Malformed`] names the part that is wrong, or that is not supported.
    pub(crate) fn parse(text: &str, scope: &Scope<'_>) -> Result<Self, Malformed> {
        let document = Document::parse(text)?;
        let version = document.version()?;
        let statements = document.statements.into_iter().map(|statement| Statement::of(statement, version, scope));
        let statements = statements.collect::<Result<Vec<_>, _>>()?;
        if statements.is_empty() {
            return Err(Malformed("Could not parse the policy: Statement is empty!".to_owned()));
        }
        Ok(Self { statements })
    }

    /// What the policy says: a statement that denies wins over all that allow.
    pub(crate) fn decide(&self, request: &Request<'_>) -> Decision {
        let applying = self.statements.iter().filter(|statement| statement.applies(request));
        applying.fold(Decision::Neutral, |decision, statement| match (decision, statement.allows) {
            (Decision::Deny, _) | (_, false) => Decision::Deny,
            (_, true) => Decision::Allow,
        })
    }

    /// Whether a statement allows something to everybody, without a condition that narrows it to a fixed account or
    /// principal: AWS's meaning of public.
    pub(crate) fn is_public(&self) -> bool {
        self.statements.iter().any(Statement::is_public)
    }
}

impl Request<'_> {
    /// The value of a condition key, whose name may be written in any case.
    fn value(&self, key: &str) -> Option<Cow<'_, str>> {
        let named = |name: &str| name.eq_ignore_ascii_case(key);
        match principal::KEYS.iter().find(|name| named(name)) {
            Some(name) => principal::value(self.caller, name),
            None => self.context.iter().find(|(name, _)| named(name)).map(|(_, value)| Cow::from(*value)),
        }
    }
}
