//! A statement's conditions: operators over what a request carries.

use super::document::{Members, Texts, Version};
use super::pattern::Pattern;
use super::principal;
use super::statement::check_variables;
use super::{Malformed, Request, Scope};

/// One context key compared by one operator. It holds when one of the values fits, or, negated, when none does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    key: String,
    operator: Operator,
    values: Vec<String>,
    /// With `IfExists`: it holds when the request does not carry the key.
    if_exists: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Operator {
    compares: Compares,
    negated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compares {
    Equal,
    EqualIgnoringCase,
    Like,
    Arn,
    Bool,
    /// Whether the key is absent.
    Null,
}

impl Condition {
    pub(super) fn all(
        document: Members<Members<Texts>>,
        version: Version,
        scope: &Scope<'_>,
    ) -> Result<Vec<Self>, Malformed> {
        let mut conditions = Vec::new();
        for (name, keys) in document.0 {
            let (base, if_exists) = name.strip_suffix("IfExists").map_or((&*name, false), |base| (base, true));
            let operator = Operator::parse(base).filter(|it| !(if_exists && it.compares == Compares::Null));
            let operator = operator.ok_or_else(|| Malformed(format!("Invalid Condition type : {name}")))?;
            for (key, values) in keys.0 {
                let values = values.into_vec();
                check_key(&key, scope)?;
                operator.check_values(&key, &values)?;
                check_variables(&values, version)?;
                conditions.push(Self { key, operator, values, if_exists });
            }
        }
        Ok(conditions)
    }

    pub(super) fn holds(&self, request: &Request<'_>) -> bool {
        let found = request.value(&self.key);
        if self.operator.compares == Compares::Null {
            return self.values.iter().any(|value| (value == "true") == found.is_none());
        }
        match found {
            Some(found) => self.values.iter().any(|value| self.operator.fits(value, &found)) != self.operator.negated,
            // What is absent is not equal to anything.
            None => self.if_exists || self.operator.negated,
        }
    }

    /// Whether it narrows a statement for everybody to fixed accounts or principals.
    pub(super) fn fixes_principal(&self) -> bool {
        let is = |key: &str| self.key.eq_ignore_ascii_case(key);
        let fixed = self.values.iter().all(|value| !value.contains(['*', '?']));
        let compares = !matches!(self.operator.compares, Compares::Null | Compares::Bool);
        compares
            && fixed
            && !self.operator.negated
            && !self.if_exists
            && (is("aws:PrincipalAccount") || is("aws:PrincipalArn"))
    }
}

impl Operator {
    fn parse(name: &str) -> Option<Self> {
        let (compares, negated) = match name {
            "StringEquals" => (Compares::Equal, false),
            "StringNotEquals" => (Compares::Equal, true),
            "StringEqualsIgnoreCase" => (Compares::EqualIgnoringCase, false),
            "StringNotEqualsIgnoreCase" => (Compares::EqualIgnoringCase, true),
            "StringLike" => (Compares::Like, false),
            "StringNotLike" => (Compares::Like, true),
            "ArnEquals" | "ArnLike" => (Compares::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Compares::Arn, true),
            "Bool" => (Compares::Bool, false),
            "Null" => (Compares::Null, false),
            _ => return None,
        };
        Some(Self { compares, negated })
    }

    fn check_values(self, key: &str, values: &[String]) -> Result<(), Malformed> {
        if values.is_empty() {
            return Err(Malformed(format!("Invalid Condition: {key} has no value")));
        }
        let is_bool = matches!(self.compares, Compares::Bool | Compares::Null);
        match values.iter().find(|value| is_bool && !matches!(value.as_str(), "true" | "false")) {
            Some(value) => Err(Malformed(format!("Invalid Condition: {key} must be true or false, not {value}"))),
            None => Ok(()),
        }
    }

    fn fits(self, value: &str, found: &str) -> bool {
        match self.compares {
            Compares::Equal => value == found,
            Compares::EqualIgnoringCase => value.to_lowercase() == found.to_lowercase(),
            Compares::Like => Pattern::new(value).matches(found),
            Compares::Arn => Pattern::matches_arn(value, found),
            Compares::Bool => value.eq_ignore_ascii_case(found),
            Compares::Null => false,
        }
    }
}

fn check_key(key: &str, scope: &Scope<'_>) -> Result<(), Malformed> {
    let known = principal::KEYS.iter().chain(scope.keys).any(|known| known.eq_ignore_ascii_case(key));
    if known {
        return Ok(());
    }
    let keys = principal::KEYS.iter().chain(scope.keys).copied().collect::<Vec<_>>().join(", ");
    Err(Malformed(format!("Policy has an invalid condition key: refit-local does not have {key}; it has {keys}")))
}
