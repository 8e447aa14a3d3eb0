//! One statement, checked.

use super::condition::Condition;
use super::document::{StatementDocument, Texts, Version};
use super::pattern::Pattern;
use super::principal::Named;
use super::{Malformed, Request, Scope};

/// A rule: whom it applies to, for what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Whether it allows what it applies to, or denies it.
    pub(super) allows: bool,
    principals: Vec<Named>,
    actions: Choice,
    resources: Choice,
    conditions: Vec<Condition>,
}

/// What one of the patterns matches, or, excluded, what none does.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    patterns: Vec<Pattern>,
    excluded: bool,
}

impl Statement {
    pub(super) fn of(document: StatementDocument, version: Version, scope: &Scope<'_>) -> Result<Self, Malformed> {
        let sid = document.sid.clone();
        let checked = Self::checked(document, version, scope);
        // Of several statements, the one that is wrong says which it is.
        checked.map_err(|Malformed(why)| match sid.filter(|sid| !sid.is_empty()) {
            Some(sid) => Malformed(format!("{why} (statement {sid})")),
            None => Malformed(why),
        })
    }

    fn checked(document: StatementDocument, version: Version, scope: &Scope<'_>) -> Result<Self, Malformed> {
        let allows = match document.effect.as_str() {
            "Allow" => true,
            "Deny" => false,
            other => return Err(Malformed(format!("Invalid effect: {other}"))),
        };
        let principal = document.principal.ok_or_else(|| missing("Principal"))?;
        let actions = either("Action", document.action, document.not_action)?;
        let resources = either("Resource", document.resource, document.not_resource)?;
        actions.0.iter().try_for_each(|action| check_action(action, scope.service))?;
        resources.0.iter().try_for_each(|resource| check_resource(resource, scope))?;
        check_variables(&resources.0, version)?;
        Ok(Self {
            allows,
            principals: Named::all(principal)?,
            actions: Choice::of(actions, str::to_lowercase),
            resources: Choice::of(resources, str::to_owned),
            conditions: Condition::all(document.condition, version, scope)?,
        })
    }

    pub(super) fn applies(&self, request: &Request<'_>) -> bool {
        self.principals.iter().any(|named| named.is(request.caller))
            && self.actions.has(&request.action.to_lowercase())
            && self.resources.has(request.resource)
            && self.conditions.iter().all(|condition| condition.holds(request))
    }

    pub(super) fn is_public(&self) -> bool {
        self.allows
            && self.principals.contains(&Named::Everybody)
            && !self.conditions.iter().any(Condition::fixes_principal)
    }
}

impl Choice {
    fn of((texts, excluded): (Vec<String>, bool), as_compared: fn(&str) -> String) -> Self {
        Self { patterns: texts.iter().map(|text| Pattern::new(&as_compared(text))).collect(), excluded }
    }

    fn has(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text)) != self.excluded
    }
}

/// Policy variables are text of the language's current version that stands for something else.
pub(super) fn check_variables(values: &[String], version: Version) -> Result<(), Malformed> {
    match values.iter().find(|value| version == Version::Current && value.contains("${")) {
        Some(value) => Err(Malformed(format!("refit-local does not have policy variables: {value}"))),
        None => Ok(()),
    }
}

/// The element or its negation: exactly one of the two must be there.
fn either(name: &str, is: Option<Texts>, is_not: Option<Texts>) -> Result<(Vec<String>, bool), Malformed> {
    let (texts, excluded) = match (is, is_not) {
        (Some(texts), None) => (texts.into_vec(), false),
        (None, Some(texts)) => (texts.into_vec(), true),
        (None, None) => return Err(missing(name)),
        (Some(_), Some(_)) => return Err(Malformed(format!("A statement has {name} or Not{name}, not both"))),
    };
    if texts.is_empty() { Err(missing(name)) } else { Ok((texts, excluded)) }
}

fn check_action(action: &str, service: &str) -> Result<(), Malformed> {
    let name = match action.split_once(':') {
        Some((prefix, name)) if prefix.eq_ignore_ascii_case(service) => name,
        None if action == "*" => return Ok(()),
        _ => return Err(Malformed(format!("Policy has invalid action: {action}: the actions are {service}:…"))),
    };
    let possible = |c: char| c.is_ascii_alphanumeric() || c == '*' || c == '?';
    if name.is_empty() || !name.chars().all(possible) {
        return Err(Malformed(format!("Policy has invalid action: {action}")));
    }
    Ok(())
}

fn check_resource(resource: &str, scope: &Scope<'_>) -> Result<(), Malformed> {
    let pattern = Pattern::new(resource);
    if scope.resources.iter().any(|own| Pattern::new(own).overlaps(&pattern)) {
        return Ok(());
    }
    let own = scope.resources.join(" and ");
    Err(Malformed(format!("Policy has invalid resource: {resource} is not of {own}")))
}

fn missing(name: &str) -> Malformed {
    Malformed(format!("Missing required field {name}"))
}
