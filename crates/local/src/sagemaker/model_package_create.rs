//! Registering a model package.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::State;
use super::arn::{Named, arn};
use super::group_policy;
use super::members::{Members, Object, select};
use super::model_package::KIND;
use super::model_package_group::{self, user_context};
use super::refusal::not_emulated;
use super::resources::{Kind, Resource, Tx};
use super::tags;

/// Members that Describe shows as they were given.
const GIVEN: [&str; 18] = [
    "ModelPackageName",
    "ModelPackageDescription",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "SourceAlgorithmSpecification",
    "MetadataProperties",
    "ModelMetrics",
    "Domain",
    "Task",
    "SamplePayloadUrl",
    "CustomerMetadataProperties",
    "DriftCheckBaselines",
    "AdditionalInferenceSpecifications",
    "SkipModelValidation",
    "SourceUri",
    "SecurityConfig",
    "ModelCard",
    "ModelLifeCycle",
];

/// What a package remembers beside what it shows.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    client_token: Option<String>,
}

/// What a client token stands for.
#[derive(Serialize, Deserialize)]
struct Token {
    arn: String,
    request: Object,
}

pub(super) fn create(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    check(input)?;
    let group = input.text("ModelPackageGroupName");
    let named = group.map(|group| Named::of(caller, model_package_group::KIND, group)).transpose()?;
    state.resources.transact(caller, |tx| {
        if let Some(arn) = already_created(tx, caller, input)? {
            return Ok(json!({ "ModelPackageArn": arn }));
        }
        let arn = match &named {
            Some(group) => create_version(tx, caller, group, input)?,
            None => create_unversioned(tx, caller, input)?,
        };
        if let Some(token) = input.text("ClientToken") {
            let mut resource = Resource::new(token, "", Object::new());
            resource.keep(&Token { arn: arn.clone(), request: input.clone() })?;
            tx.put(Kind::ClientToken, &resource)?;
        }
        Ok(json!({ "ModelPackageArn": arn }))
    })
}

fn check(input: &Object) -> Result<(), ApiError> {
    for (member, why) in [
        ("ValidationSpecification", "ValidationSpecification: there are no transform jobs to validate with"),
        ("ManagedStorageType", "ManagedStorageType: packages have no managed storage"),
    ] {
        if input.contains_key(member) {
            return Err(not_emulated(why));
        }
    }
    let versioned = match (input.contains_key("ModelPackageName"), input.contains_key("ModelPackageGroupName")) {
        (true, true) => {
            return Err(ApiError::validation(
                "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine which one to \
                 use.",
            ));
        }
        (false, false) => return Err(ApiError::validation("Missing ARN.")),
        (_, versioned) => versioned,
    };
    let refused = if versioned && !input.objects("Tags").is_empty() {
        "Tags are not allowed on a versioned model package: they come from its model package group."
    } else if versioned && input.flag("CertifyForMarketplace") {
        "CertifyForMarketplace does not apply to a versioned model package."
    } else if !versioned && input.contains_key("ModelApprovalStatus") {
        "Only a versioned model package has a ModelApprovalStatus."
    } else if !["InferenceSpecification", "SourceAlgorithmSpecification", "SourceUri"]
        .iter()
        .any(|member| input.contains_key(*member))
    {
        "One of InferenceSpecification, SourceAlgorithmSpecification and SourceUri must be given."
    } else {
        return Ok(());
    };
    Err(ApiError::validation(refused))
}

/// The ARN that a request of the caller with the same client token was given.
fn already_created(tx: &Tx<'_>, caller: &Caller, input: &Object) -> Result<Option<String>, ApiError> {
    let Some(token) = input.text("ClientToken") else { return Ok(None) };
    let Some(found) = tx.find(Kind::ClientToken, token)? else { return Ok(None) };
    let known: Token = found.kept()?;
    let named = Named::of(caller, KIND, &known.arn)?;
    // The token of a package that was deleted since stands for nothing, whatever has its ARN now.
    let package = tx.of(&named.owner).find(Kind::ModelPackage, named.name)?;
    match package.map(|package| package.kept::<Kept>()).transpose()? {
        Some(kept) if kept.client_token.as_deref() == Some(token) => {}
        _ => return Ok(None),
    }
    if known.request == *input {
        return Ok(Some(known.arn));
    }
    Err(ApiError::conflict(format!("ClientToken {token} was used for {} with other parameters.", known.arn)))
}

/// The group's next number, in the account of the group.
fn create_version(tx: &Tx<'_>, caller: &Caller, named: &Named<'_>, input: &Object) -> Result<String, ApiError> {
    let tx = tx.of(&named.owner);
    let found = model_package_group::find(&tx, named);
    let resources = [group_policy::packages_of(&named.owner, named.name), named.arn()];
    group_policy::authorize((caller, "sagemaker:CreateModelPackage"), named, found.as_ref().ok(), &resources)?;
    let mut group = found?;
    let mut kept: model_package_group::Kept = group.kept()?;
    kept.last_version += 1;
    group.keep(&kept)?;
    tx.put(Kind::ModelPackageGroup, &group)?;
    let mut shown = Object::new();
    shown.insert("ModelPackageGroupName".into(), group.shown["ModelPackageGroupName"].clone());
    shown.insert("ModelPackageVersion".into(), kept.last_version.into());
    let approval = input.text("ModelApprovalStatus").unwrap_or("PendingManualApproval");
    shown.insert("ModelApprovalStatus".into(), approval.into());
    let key = format!("{}/{}", group.key, kept.last_version);
    insert(&tx, caller, input, Resource::new(&key, &group.key, shown))
}

fn create_unversioned(tx: &Tx<'_>, caller: &Caller, input: &Object) -> Result<String, ApiError> {
    let arn = insert(tx, caller, input, Resource::new(input.required("ModelPackageName"), "", Object::new()))?;
    tags::put(tx, &arn, input)?;
    Ok(arn)
}

fn insert(tx: &Tx<'_>, caller: &Caller, input: &Object, mut package: Resource) -> Result<String, ApiError> {
    let arn = arn(tx.caller, KIND, &package.key);
    let shown = &mut package.shown;
    shown.extend(select(input, &GIVEN));
    shown.insert("ModelPackageArn".into(), arn.as_str().into());
    shown.insert("CreationTime".into(), tx.now().into());
    shown.insert("CreatedBy".into(), user_context(caller));
    shown.insert("ModelPackageStatus".into(), "Completed".into());
    shown.insert("ModelPackageStatusDetails".into(), json!({ "ValidationStatuses": [] }));
    shown.insert("CertifyForMarketplace".into(), input.flag("CertifyForMarketplace").into());
    package.keep(&Kept { client_token: input.text("ClientToken").map(str::to_owned) })?;
    if !tx.insert(Kind::ModelPackage, &package)? {
        return Err(ApiError::validation(format!("ModelPackage already exists: {arn}")));
    }
    Ok(arn)
}
