//! Deciding on a model package, and changing what is said of it.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::State;
use super::arn::Named;
use super::members::{Members, Object, select};
use super::model_package::{self, KIND};
use super::model_package_group::user_context;
use super::resources::Kind;

/// The most CustomerMetadataProperties, and the most AdditionalInferenceSpecifications (botocore's model).
const MAX_METADATA: usize = 50;
const MAX_SPECIFICATIONS: usize = 15;

/// Members that replace what was there.
const REPLACED: [&str; 7] = [
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
];

/// Changes what the request names and leaves the rest: every approval status may follow every other.
pub(super) fn update(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::of(caller, KIND, input.required("ModelPackageArn"))?;
    state.resources.transact(caller, |tx| {
        let mut package = model_package::find(tx, (caller, "sagemaker:UpdateModelPackage"), &named)?;
        if package.parent.is_empty() && input.contains_key("ModelApprovalStatus") {
            return Err(ApiError::validation("Only a versioned model package has a ModelApprovalStatus."));
        }
        let shown = &mut package.shown;
        shown.extend(select(input, &REPLACED));
        merge_metadata(shown, input)?;
        add_specifications(shown, input)?;
        shown.insert("LastModifiedTime".into(), tx.now().into());
        shown.insert("LastModifiedBy".into(), user_context(caller));
        tx.of(&named.owner).put(Kind::ModelPackage, &package)?;
        Ok(json!({ "ModelPackageArn": named.arn() }))
    })
}

fn merge_metadata(shown: &mut Object, input: &Object) -> Result<(), ApiError> {
    let mut metadata = shown.object("CustomerMetadataProperties").cloned().unwrap_or_default();
    for key in input.texts("CustomerMetadataPropertiesToRemove") {
        metadata.shift_remove(key);
    }
    metadata.extend(input.object("CustomerMetadataProperties").cloned().unwrap_or_default());
    if metadata.len() > MAX_METADATA {
        return Err(ApiError::validation(format!(
            "A model package has at most {MAX_METADATA} CustomerMetadataProperties: this would make {}.",
            metadata.len()
        )));
    }
    match metadata.is_empty() {
        true => shown.remove("CustomerMetadataProperties"),
        false => shown.insert("CustomerMetadataProperties".into(), metadata.into()),
    };
    Ok(())
}

fn add_specifications(shown: &mut Object, input: &Object) -> Result<(), ApiError> {
    let added = input.objects("AdditionalInferenceSpecificationsToAdd");
    if added.is_empty() {
        return Ok(());
    }
    let all: Vec<Value> = shown
        .objects("AdditionalInferenceSpecifications")
        .into_iter()
        .chain(added)
        .map(|specification| specification.clone().into())
        .collect();
    let mut names = HashSet::new();
    if let Some(twice) = all.iter().find(|specification| !names.insert(specification["Name"].as_str())) {
        let name = twice["Name"].as_str().unwrap_or_default();
        return Err(ApiError::validation(format!("There is an additional inference specification {name} already.")));
    }
    if all.len() > MAX_SPECIFICATIONS {
        return Err(ApiError::validation(format!(
            "A model package has at most {MAX_SPECIFICATIONS} AdditionalInferenceSpecifications: this would make {}.",
            all.len()
        )));
    }
    shown.insert("AdditionalInferenceSpecifications".into(), all.into());
    Ok(())
}
