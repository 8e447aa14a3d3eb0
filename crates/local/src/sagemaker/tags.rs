//! Tags of resources, by ARN.

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::State;
use super::members::{Members, Object};
use super::resources::Tx;

/// The most tags a resource may carry.
const MAX_TAGS: usize = 50;

pub(super) fn add(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let arn = input.required("ResourceArn");
    state.resources.transact(caller, |tx| {
        put(tx, arn, input)?;
        Ok(json!({ "Tags": shown(tx, arn)? }))
    })
}

/// Lists all tags at once, so there is never a next page.
pub(super) fn list(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    state.resources.read(caller, |tx| Ok(json!({ "Tags": shown(tx, input.required("ResourceArn"))? })))
}

pub(super) fn delete(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let arn = input.required("ResourceArn");
    state.resources.transact(caller, |tx| {
        input.texts("TagKeys").into_iter().try_for_each(|key| tx.delete_tags(arn, Some(key)))?;
        Ok(json!({}))
    })
}

/// Puts the `Tags` of a Create or AddTags request on the resource.
pub(crate) fn put(tx: &Tx<'_>, arn: &str, input: &Object) -> Result<(), ApiError> {
    for tag in input.objects("Tags") {
        let key = tag.required("Key");
        if key.to_lowercase().starts_with("aws:") {
            return Err(ApiError::validation(format!("Tag keys that start with aws: are reserved: {key}")));
        }
        tx.put_tag(arn, key, tag.required("Value"))?;
    }
    let count = tx.tags(arn)?.len();
    if count > MAX_TAGS {
        return Err(ApiError::validation(format!("{arn} would have {count} tags; the limit is {MAX_TAGS}.")));
    }
    Ok(())
}

fn shown(tx: &Tx<'_>, arn: &str) -> Result<Vec<Value>, ApiError> {
    let tags = tx.tags(arn)?;
    Ok(tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect())
}
