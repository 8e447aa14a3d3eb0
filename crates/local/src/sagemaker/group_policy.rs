//! Resource policies of model package groups, and what they let other accounts do.

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::policy::{Decision, Policy, Request, Scope};

use super::State;
use super::arn::{Named, arn};
use super::members::{Members, Object};
use super::model_package;
use super::model_package_group::{KIND, Kept, find};
use super::resources::{Kind, Resource};

/// Stores the policy of a group, every part of it understood.
pub(super) fn put(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::of(caller, KIND, input.required("ModelPackageGroupName"))?;
    let text = input.required("ResourcePolicy");
    parse(text, &named)?;
    change(state, caller, &named, Some(text.to_owned()))?;
    Ok(json!({ "ModelPackageGroupArn": named.arn() }))
}

pub(super) fn get(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::of(caller, KIND, input.required("ModelPackageGroupName"))?;
    let group = state.resources.read(caller, |tx| find(tx, &named))?;
    match group.kept::<Kept>()?.policy {
        Some(policy) => Ok(json!({ "ResourcePolicy": policy })),
        None => Err(ApiError::validation(format!("Cannot find resource policy for: {}", named.arn()))),
    }
}

pub(super) fn delete(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::of(caller, KIND, input.required("ModelPackageGroupName"))?;
    change(state, caller, &named, None)?;
    Ok(json!({}))
}

fn change(state: &State, caller: &Caller, named: &Named<'_>, policy: Option<String>) -> Result<(), ApiError> {
    state.resources.transact(caller, |tx| {
        let mut group = find(tx, named)?;
        group.keep(&Kept { policy, ..group.kept()? })?;
        tx.put(Kind::ModelPackageGroup, &group)
    })
}

/// Refuses what the account that asks may not do to any of `resources`, which are in a group or are the group itself.
///
/// An owner may do everything that the policy does not deny. Another account may do what the policy allows, and is told
/// nothing else: not even whether the group is there.
pub(crate) fn authorize(
    (caller, action): (&Caller, &str),
    named: &Named<'_>,
    group: Option<&Resource>,
    resources: &[String],
) -> Result<(), ApiError> {
    let policy = match group {
        Some(group) => group.kept::<Kept>()?.policy,
        None => None,
    };
    let decisions = match policy {
        Some(text) => {
            let policy = parse(&text, named)?;
            let decide = |resource| policy.decide(&Request { caller, action, resource, context: &[] });
            resources.iter().map(|resource| decide(resource)).collect()
        }
        None => Vec::new(),
    };
    let reason = if decisions.contains(&Decision::Deny) {
        "with an explicit deny in a resource-based policy".to_owned()
    } else if named.is_own(caller) || decisions.contains(&Decision::Allow) {
        return Ok(());
    } else {
        format!("because no resource-based policy allows the {action} action")
    };
    let (user, resource) = (caller.arn(), resources.first().cloned().unwrap_or_default());
    let message = format!("User: {user} is not authorized to perform: {action} on resource: {resource} {reason}");
    Err(ApiError::new("AccessDeniedException", message))
}

/// The ARN that a policy gives all the packages of a group.
pub(super) fn packages_of(owner: &Caller, group: &str) -> String {
    arn(owner, model_package::KIND, &format!("{group}/*"))
}

/// Reads the policy of the group that `named` is, or whose package it is.
fn parse(text: &str, named: &Named<'_>) -> Result<Policy, ApiError> {
    let group = named.name.split('/').next().unwrap_or_default();
    let resources = [arn(&named.owner, KIND, group), packages_of(&named.owner, group)];
    let scope = Scope { service: "sagemaker", resources: &resources, keys: &[] };
    Policy::parse(text, &scope)
        .map_err(|malformed| ApiError::validation(format!("Invalid resource policy: {malformed}")))
}
