//! Model packages: the numbered versions of a group, and unversioned ones.

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::State;
use super::arn::Named;
use super::group_policy::{self, packages_of};
use super::listing::Sort;
use super::members::{Members, Object, select};
use super::model_package_group;
use super::page::{List, Scope};
use super::resources::{Kind, Resource, Tx};

pub(super) const KIND: &str = "model-package";

const LIST: List = List {
    operation: "ListModelPackages",
    member: "ModelPackageSummaryList",
    kind: Kind::ModelPackage,
    sort_by: Sort::CreationTime,
    descending: false,
};

pub(super) fn describe(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::of(caller, KIND, input.required("ModelPackageName"))?;
    let package = state.resources.read(caller, |tx| find(tx, (caller, "sagemaker:DescribeModelPackage"), &named))?;
    let mut shown = package.shown;
    // The model of the service requires a name. A version goes by its group's.
    if let (false, Some(group)) = (shown.contains_key("ModelPackageName"), shown.get("ModelPackageGroupName").cloned())
    {
        shown.insert("ModelPackageName".into(), group);
    }
    if input.text("IncludedData") == Some("MetadataOnly")
        && let Some(card) = shown.get_mut("ModelCard").and_then(Value::as_object_mut)
    {
        card.insert("ModelCardContent".into(), "{}".into());
    }
    Ok(shown.into())
}

/// Describes the versions it can, and says of each of the others why not.
pub(super) fn batch_describe(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let members = [
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageDescription",
        "CreationTime",
        "InferenceSpecification",
        "ModelPackageStatus",
        "ModelApprovalStatus",
        "ModelPackageRegistrationType",
    ];
    let (mut summaries, mut errors) = (Object::new(), Object::new());
    for arn in input.texts("ModelPackageArnList") {
        match version(state, caller, arn) {
            Ok(package) => drop(summaries.insert(arn.to_owned(), select(&package.shown, &members).into())),
            Err(error) if error.status == 400 => {
                let error = json!({ "ErrorCode": error.code, "ErrorResponse": error.message });
                errors.insert(arn.to_owned(), error);
            }
            Err(error) => return Err(error),
        }
    }
    let mut answer = Object::new();
    for (member, map) in [("ModelPackageSummaries", summaries), ("BatchDescribeModelPackageErrorMap", errors)] {
        if !map.is_empty() {
            answer.insert(member.to_owned(), map.into());
        }
    }
    Ok(answer.into())
}

fn version(state: &State, caller: &Caller, arn: &str) -> Result<Resource, ApiError> {
    let named = Named::of(caller, KIND, arn)?;
    let package =
        state.resources.read(caller, |tx| find(tx, (caller, "sagemaker:BatchDescribeModelPackage"), &named))?;
    if package.parent.is_empty() {
        return Err(ApiError::validation(format!("{arn} is no version of a model package group.")));
    }
    Ok(package)
}

/// Lists unversioned packages, or a group's versions when a group is named, unless ModelPackageType says otherwise.
pub(super) fn list(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let Some(group) = input.text("ModelPackageGroupName") else {
        let scope = match input.text("ModelPackageType") {
            Some("Versioned") => Scope { owned: true, ..Scope::default() },
            Some("Both") => Scope::default(),
            _ => Scope { parent: Some(""), ..Scope::default() },
        };
        return state.resources.read(caller, |tx| page(tx, input, &scope));
    };
    let named = Named::of(caller, model_package_group::KIND, group)?;
    state.resources.read(&named.owner, |tx| {
        let found = model_package_group::find(tx, &named);
        let resources = [named.arn(), packages_of(&named.owner, named.name)];
        group_policy::authorize((caller, "sagemaker:ListModelPackages"), &named, found.as_ref().ok(), &resources)?;
        let group = found?;
        if input.text("ModelPackageType") == Some("Unversioned") {
            return Ok(json!({ "ModelPackageSummaryList": [] }));
        }
        page(tx, input, &Scope { parent: Some(&group.key), ..Scope::default() })
    })
}

fn page(tx: &Tx<'_>, input: &Object, scope: &Scope<'_>) -> Result<Value, ApiError> {
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
    LIST.page(tx, input, scope, |package| Ok(select(&package.shown, &members)))
}

pub(super) fn delete(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::of(caller, KIND, input.required("ModelPackageName"))?;
    state.resources.transact(caller, |tx| {
        let package = find(tx, (caller, "sagemaker:DeleteModelPackage"), &named)?;
        let tx = tx.of(&named.owner);
        tx.delete(Kind::ModelPackage, &package.key)?;
        tx.delete_tags(&named.arn(), None)?;
        Ok(json!({}))
    })
}

/// The package, versioned or not, if the caller may do that to it.
pub(crate) fn find(tx: &Tx<'_>, asked: (&Caller, &str), named: &Named<'_>) -> Result<Resource, ApiError> {
    let tx = tx.of(&named.owner);
    let package = tx.find(Kind::ModelPackage, named.name)?;
    let group = match named.name.split_once('/') {
        Some((group, _)) => tx.find(Kind::ModelPackageGroup, group)?,
        None => None,
    };
    group_policy::authorize(asked, named, group.as_ref(), &[named.arn()])?;
    package.ok_or_else(|| ApiError::validation(format!("ModelPackage {} does not exist.", named.arn())))
}
