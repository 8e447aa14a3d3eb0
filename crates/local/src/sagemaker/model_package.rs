//! Model packages: the numbered versions of a group, and unversioned ones.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::State;
use super::arn::{arn, own_name};
use super::members::{Members, Object, select};
use super::model_package_group;
use super::moment::now;
use super::page::{Defaults, Row, page};
use super::resources::{Kind, Resource, Tx};
use super::tags;

const KIND: &str = "model-package";

/// Members that Describe shows as they were given.
const GIVEN: [&str; 19] = [
    "ModelPackageName",
    "ModelPackageDescription",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "SourceAlgorithmSpecification",
    "ValidationSpecification",
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

/// What a client token stands for.
#[derive(Serialize, Deserialize)]
struct Token {
    arn: String,
    request: Object,
}

pub(super) fn create(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    check(input)?;
    state.resources.transact(caller, |tx| {
        if let Some(arn) = already_created(tx, caller, input)? {
            return Ok(json!({ "ModelPackageArn": arn }));
        }
        let arn = match input.text("ModelPackageGroupName") {
            Some(_) => create_version(tx, caller, input)?,
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

pub(super) fn describe(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let package = state.resources.read(caller, |tx| find(tx, caller, input.required("ModelPackageName")))?;
    Ok(Value::Object(package.shown))
}

/// Lists unversioned packages, or a group's versions when a group is named, unless ModelPackageType says otherwise.
pub(super) fn list(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let members = [
        "ModelPackageName",
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageDescription",
        "CreationTime",
        "ModelPackageStatus",
        "ModelApprovalStatus",
        "ModelLifeCycle",
        "ModelPackageRegistrationType",
    ];
    let packages = state.resources.read(caller, |tx| match input.text("ModelPackageGroupName") {
        Some(_) => tx.list(Kind::ModelPackage, Some(&model_package_group::find(tx, caller, input)?.key)),
        None => tx.list(Kind::ModelPackage, None),
    })?;
    let default_type = if input.contains_key("ModelPackageGroupName") { "Versioned" } else { "Unversioned" };
    let package_type = input.text("ModelPackageType").unwrap_or(default_type);
    let approval = input.text("ModelApprovalStatus");
    let rows = packages
        .iter()
        .filter(|package| match package_type {
            "Versioned" => !package.parent.is_empty(),
            "Unversioned" => package.parent.is_empty(),
            _ => true,
        })
        .filter(|package| approval.is_none_or(|status| package.shown.text("ModelApprovalStatus") == Some(status)))
        .map(|package| {
            let shown = &package.shown;
            let name = shown.text("ModelPackageGroupName").unwrap_or(&package.key);
            let row = Row::new(name, shown.required("ModelPackageStatus"), shown, select(shown, &members));
            Row { version: shown.whole("ModelPackageVersion").unwrap_or_default(), ..row }
        });
    let defaults = Defaults { sort_by: "CreationTime", sort_order: "Ascending" };
    page("ListModelPackages", "ModelPackageSummaryList", input, rows.collect(), defaults)
}

/// Changes what the request names and leaves the rest; metadata entries merge.
pub(super) fn update(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    state.resources.transact(caller, |tx| {
        let mut package = find(tx, caller, input.required("ModelPackageArn"))?;
        if package.parent.is_empty() && input.contains_key("ModelApprovalStatus") {
            return Err(ApiError::validation("Only a versioned model package has a ModelApprovalStatus."));
        }
        let shown = &mut package.shown;
        let replaced = [
            "ModelApprovalStatus",
            "ApprovalDescription",
            "InferenceSpecification",
            "SourceUri",
            "ModelCard",
            "ModelLifeCycle",
            "ModelPackageRegistrationType",
        ];
        shown.extend(select(input, &replaced));
        merge_metadata(shown, input)?;
        let added = input.objects("AdditionalInferenceSpecificationsToAdd").into_iter().cloned().map(Value::Object);
        let mut specifications: Vec<Value> =
            shown.objects("AdditionalInferenceSpecifications").into_iter().cloned().map(Value::Object).collect();
        specifications.extend(added);
        if !specifications.is_empty() {
            shown.insert("AdditionalInferenceSpecifications".into(), specifications.into());
        }
        shown.insert("LastModifiedTime".into(), now().into());
        tx.put(Kind::ModelPackage, &package)?;
        Ok(json!({ "ModelPackageArn": package.shown["ModelPackageArn"] }))
    })
}

pub(super) fn delete(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    state.resources.transact(caller, |tx| {
        let package = find(tx, caller, input.required("ModelPackageName"))?;
        tx.delete(Kind::ModelPackage, &package.key)?;
        tx.delete_tags(package.shown.required("ModelPackageArn"), None)?;
        Ok(json!({}))
    })
}

/// The package that a name or an ARN points at, versioned or not.
pub(crate) fn find(tx: &Tx<'_>, caller: &Caller, name_or_arn: &str) -> Result<Resource, ApiError> {
    let name = own_name(caller, KIND, name_or_arn)?;
    let package = match tx.find(Kind::ModelPackage, name)? {
        Some(package) => Some(package),
        // ARNs lose the case of the name.
        None => tx.list(Kind::ModelPackage, None)?.into_iter().find(|package| package.key.to_lowercase() == name),
    };
    package.ok_or_else(|| ApiError::validation(format!("ModelPackage {} does not exist.", arn(caller, KIND, name))))
}

fn check(input: &Object) -> Result<(), ApiError> {
    let (name, group) = (input.text("ModelPackageName"), input.text("ModelPackageGroupName"));
    let refused = if name.is_some() == group.is_some() {
        "Exactly one of ModelPackageName and ModelPackageGroupName must be given."
    } else if group.is_some() && !input.objects("Tags").is_empty() {
        "Tags are not allowed on a versioned model package: they come from its model package group."
    } else if name.is_some() && input.contains_key("ModelApprovalStatus") {
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

/// The ARN that a request with the same client token was given.
fn already_created(tx: &Tx<'_>, caller: &Caller, input: &Object) -> Result<Option<String>, ApiError> {
    let Some(token) = input.text("ClientToken") else { return Ok(None) };
    let Some(found) = tx.find(Kind::ClientToken, token)? else { return Ok(None) };
    let known: Token = found.kept()?;
    // The token of a package that was deleted since stands for nothing.
    match find(tx, caller, &known.arn) {
        Err(missing) if missing.status == 400 => return Ok(None),
        found => found?,
    };
    if known.request == *input {
        return Ok(Some(known.arn));
    }
    Err(ApiError::conflict(format!("ClientToken {token} was used for {} with other parameters.", known.arn)))
}

fn create_version(tx: &Tx<'_>, caller: &Caller, input: &Object) -> Result<String, ApiError> {
    let mut group = model_package_group::find(tx, caller, input)?;
    let mut kept: model_package_group::Kept = group.kept()?;
    kept.last_version += 1;
    group.keep(&kept)?;
    tx.put(Kind::ModelPackageGroup, &group)?;
    let key = format!("{}/{}", group.key, kept.last_version);
    let mut shown = Object::new();
    shown.insert("ModelPackageGroupName".into(), group.key.as_str().into());
    shown.insert("ModelPackageVersion".into(), kept.last_version.into());
    let approval = input.text("ModelApprovalStatus").unwrap_or("PendingManualApproval");
    shown.insert("ModelApprovalStatus".into(), approval.into());
    insert(tx, caller, input, Resource::new(&key, &group.key, shown))
}

fn create_unversioned(tx: &Tx<'_>, caller: &Caller, input: &Object) -> Result<String, ApiError> {
    let arn = insert(tx, caller, input, Resource::new(input.required("ModelPackageName"), "", Object::new()))?;
    tags::put(tx, &arn, input)?;
    Ok(arn)
}

fn insert(tx: &Tx<'_>, caller: &Caller, input: &Object, mut package: Resource) -> Result<String, ApiError> {
    let arn = arn(caller, KIND, &package.key);
    let shown = &mut package.shown;
    shown.extend(select(input, &GIVEN));
    shown.insert("ModelPackageArn".into(), arn.as_str().into());
    shown.insert("CreationTime".into(), now().into());
    shown.insert("ModelPackageStatus".into(), "Completed".into());
    shown.insert("ModelPackageStatusDetails".into(), json!({ "ValidationStatuses": [] }));
    shown.insert("CertifyForMarketplace".into(), input.flag("CertifyForMarketplace").into());
    if !tx.insert(Kind::ModelPackage, &package)? {
        return Err(ApiError::validation(format!("ModelPackage already exists: {arn}")));
    }
    Ok(arn)
}

fn merge_metadata(shown: &mut Object, input: &Object) -> Result<(), ApiError> {
    let mut metadata = shown.object("CustomerMetadataProperties").cloned().unwrap_or_default();
    for key in input.texts("CustomerMetadataPropertiesToRemove") {
        metadata.remove(key);
    }
    metadata.extend(input.object("CustomerMetadataProperties").cloned().unwrap_or_default());
    if metadata.len() > 50 {
        return Err(ApiError::validation("A model package has at most 50 CustomerMetadataProperties."));
    }
    match metadata.is_empty() {
        true => shown.remove("CustomerMetadataProperties"),
        false => shown.insert("CustomerMetadataProperties".into(), metadata.into()),
    };
    Ok(())
}
