//! Model package groups.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::State;
use super::arn::{Named, arn};
use super::group_policy;
use super::listing::Sort;
use super::members::{Members, Object, select};
use super::page::{List, Scope};
use super::refusal::not_emulated;
use super::resources::{Kind, Resource, Tx};
use super::tags;

pub(super) const KIND: &str = "model-package-group";

const LIST: List = List {
    operation: "ListModelPackageGroups",
    member: "ModelPackageGroupSummaryList",
    kind: Kind::ModelPackageGroup,
    sort_by: Sort::CreationTime,
    descending: false,
};

/// What a group remembers beside what it shows.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The version given last: numbers of deleted versions are not given again.
    pub(super) last_version: u64,
    pub(super) policy: Option<String>,
}

pub(super) fn create(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    if input.contains_key("ManagedConfiguration") {
        return Err(not_emulated("ManagedConfiguration: groups have no managed storage"));
    }
    let name = input.required("ModelPackageGroupName");
    let arn = arn(caller, KIND, name);
    state.resources.transact(caller, |tx| {
        let mut shown = select(input, &["ModelPackageGroupName", "ModelPackageGroupDescription"]);
        shown.insert("ModelPackageGroupArn".into(), arn.as_str().into());
        shown.insert("CreationTime".into(), tx.now().into());
        shown.insert("CreatedBy".into(), user_context(caller));
        shown.insert("ModelPackageGroupStatus".into(), "Completed".into());
        let mut group = Resource::new(name, "", shown);
        group.keep(&Kept::default())?;
        if !tx.insert(Kind::ModelPackageGroup, &group)? {
            return Err(ApiError::validation(format!("Model Package Group already exists: {arn}")));
        }
        tags::put(tx, &arn, input)?;
        Ok(json!({ "ModelPackageGroupArn": arn }))
    })
}

pub(super) fn describe(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::of(caller, KIND, input.required("ModelPackageGroupName"))?;
    state.resources.read(&named.owner, |tx| {
        let found = find(tx, &named);
        let asked = (caller, "sagemaker:DescribeModelPackageGroup");
        group_policy::authorize(asked, &named, found.as_ref().ok(), &[named.arn()])?;
        Ok(found?.shown.into())
    })
}

pub(super) fn list(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    // Nothing is shared through AWS Resource Access Manager here.
    if input.text("CrossAccountFilterOption") == Some("CrossAccount") {
        return Ok(json!({ "ModelPackageGroupSummaryList": [] }));
    }
    let members = [
        "ModelPackageGroupName",
        "ModelPackageGroupArn",
        "ModelPackageGroupDescription",
        "CreationTime",
        "ModelPackageGroupStatus",
    ];
    state
        .resources
        .read(caller, |tx| LIST.page(tx, input, &Scope::default(), |group| Ok(select(&group.shown, &members))))
}

pub(super) fn delete(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let named = Named::of(caller, KIND, input.required("ModelPackageGroupName"))?;
    state.resources.transact(&named.owner, |tx| {
        let found = find(tx, &named);
        let asked = (caller, "sagemaker:DeleteModelPackageGroup");
        group_policy::authorize(asked, &named, found.as_ref().ok(), &[named.arn()])?;
        let group = found?;
        if tx.has_children(Kind::ModelPackage, &group.key)? {
            return Err(ApiError::conflict(format!(
                "Model Package Group {} cannot be deleted because it still has Model Packages: delete them first.",
                named.arn()
            )));
        }
        tx.delete(Kind::ModelPackageGroup, &group.key)?;
        tx.delete_tags(&named.arn(), None)?;
        Ok(json!({}))
    })
}

/// The group of that name in its owner's account.
pub(super) fn find(tx: &Tx<'_>, named: &Named<'_>) -> Result<Resource, ApiError> {
    tx.find(Kind::ModelPackageGroup, named.name)?
        .ok_or_else(|| ApiError::validation(format!("ModelPackageGroup {} does not exist.", named.arn())))
}

/// UserContext: who made or changed a group or a package.
pub(super) fn user_context(caller: &Caller) -> Value {
    json!({ "IamIdentity": { "Arn": caller.arn(), "PrincipalId": caller.account } })
}
