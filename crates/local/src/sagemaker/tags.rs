//! Tags of resources, by ARN.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::State;
use super::arn::{Named, arn};
use super::members::{Members, Object};
use super::model_package_group;
use super::resources::{Kind, Tx};

/// The most tags a resource may carry.
const MAX_TAGS: usize = 50;

pub(super) fn add(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::parse(caller, input.required("ResourceArn"))?;
    state.resources.transact(caller, |tx| {
        check(tx, caller, &named, "sagemaker:AddTags")?;
        if of_group(&named).is_some() {
            return Err(ApiError::validation(
                "A versioned model package has the tags of its model package group: add them to the group.",
            ));
        }
        put(tx, &named.arn(), input)?;
        Ok(json!({ "Tags": shown(tx, &named.arn())? }))
    })
}

/// Lists all tags at once, so there is never a next page.
pub(super) fn list(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::parse(caller, input.required("ResourceArn"))?;
    state.resources.read(caller, |tx| {
        check(tx, caller, &named, "sagemaker:ListTags")?;
        Ok(json!({ "Tags": shown(tx, &tagged(&named))? }))
    })
}

pub(super) fn delete(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::parse(caller, input.required("ResourceArn"))?;
    state.resources.transact(caller, |tx| {
        check(tx, caller, &named, "sagemaker:DeleteTags")?;
        input.texts("TagKeys").into_iter().try_for_each(|key| tx.delete_tags(&named.arn(), Some(key)))?;
        Ok(json!({}))
    })
}

/// Puts the `Tags` of a Create or AddTags request on the resource.
pub(crate) fn put(tx: &Tx<'_>, arn: &str, input: &Object) -> Result<(), ApiError> {
    let mut keys = HashSet::new();
    for tag in input.objects("Tags") {
        let key = tag.required("Key");
        if key.to_lowercase().starts_with("aws:") {
            return Err(ApiError::validation(format!("Tag keys that start with aws: are reserved: {key}")));
        }
        if !keys.insert(key) {
            return Err(ApiError::validation(format!("Duplicate tag keys found: {key}")));
        }
        tx.put_tag(arn, key, tag.required("Value"))?;
    }
    let count = tx.tags(arn)?.len();
    if count > MAX_TAGS {
        return Err(ApiError::validation(format!("{arn} would have {count} tags; the limit is {MAX_TAGS}.")));
    }
    Ok(())
}

/// The ARN whose tags a resource has: its own, or its group's.
pub(super) fn tagged(named: &Named<'_>) -> String {
    of_group(named).unwrap_or_else(|| named.arn())
}

/// The ARN of the group that a versioned package belongs to.
fn of_group(named: &Named<'_>) -> Option<String> {
    let (group, _) = named.name.split_once('/').filter(|_| named.kind == Kind::ModelPackage.as_str())?;
    Some(arn(&named.owner, model_package_group::KIND, group))
}

fn check(tx: &Tx<'_>, caller: &Caller, named: &Named<'_>, action: &str) -> Result<(), ApiError> {
    if !named.is_own(caller) {
        let (user, resource) = (caller.arn(), named.arn());
        return Err(ApiError::new(
            "AccessDeniedException",
            format!(
                "User: {user} is not authorized to perform: {action} on resource: {resource} because no resource-based \
                 policy allows the {action} action"
            ),
        ));
    }
    match Kind::of_arn(named.kind) {
        Some(kind) if tx.find(kind, named.name)?.is_some() => Ok(()),
        _ => Err(ApiError::validation(format!("The resource {} does not exist.", named.arn()))),
    }
}

fn shown(tx: &Tx<'_>, arn: &str) -> Result<Vec<Value>, ApiError> {
    let tags = tx.tags(arn)?;
    Ok(tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect())
}
