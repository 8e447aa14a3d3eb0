//! Model package groups and their resource policies.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::State;
use super::arn::{arn, own_name};
use super::members::{Members, Object, select};
use super::moment::now;
use super::page::{Defaults, Row, page};
use super::resources::{Kind, Resource, Tx};
use super::tags;

const KIND: &str = "model-package-group";

/// What a group remembers beside what it shows.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The version given last: numbers of deleted versions are not given again.
    pub(super) last_version: u64,
    policy: Option<String>,
}

pub(super) fn create(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let name = input.required("ModelPackageGroupName");
    let arn = arn(caller, KIND, name);
    let mut shown = select(input, &["ModelPackageGroupName", "ModelPackageGroupDescription"]);
    shown.insert("ModelPackageGroupArn".into(), arn.as_str().into());
    shown.insert("CreationTime".into(), now().into());
    shown.insert("CreatedBy".into(), json!({}));
    shown.insert("ModelPackageGroupStatus".into(), "Completed".into());
    state.resources.transact(caller, |tx| {
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
    let group = state.resources.read(caller, |tx| find(tx, caller, input))?;
    Ok(Value::Object(group.shown))
}

pub(super) fn list(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
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
    let groups = state.resources.list(caller, Kind::ModelPackageGroup)?;
    let rows = groups.iter().map(|group| {
        let status = group.shown.required("ModelPackageGroupStatus");
        Row::new(&group.key, status, &group.shown, select(&group.shown, &members))
    });
    let defaults = Defaults { sort_by: "CreationTime", sort_order: "Ascending" };
    page("ListModelPackageGroups", "ModelPackageGroupSummaryList", input, rows.collect(), defaults)
}

pub(super) fn delete(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    state.resources.transact(caller, |tx| {
        let group = find(tx, caller, input)?;
        let arn = group.shown.required("ModelPackageGroupArn");
        if !tx.list(Kind::ModelPackage, Some(&group.key))?.is_empty() {
            return Err(ApiError::conflict(format!(
                "Model Package Group {arn} cannot be deleted because it still has Model Packages: delete them first."
            )));
        }
        tx.delete(Kind::ModelPackageGroup, &group.key)?;
        tx.delete_tags(arn, None)?;
        Ok(json!({}))
    })
}

/// Stores the policy of a group, which must be a JSON document.
pub(super) fn put_policy(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let policy = input.required("ResourcePolicy");
    if !serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy["Statement"].is_array()) {
        return Err(ApiError::validation(
            "ResourcePolicy is not a policy document: a JSON object with a Statement list.",
        ));
    }
    change_policy(state, caller, input, Some(policy.to_owned()))
}

pub(super) fn policy(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let group = state.resources.read(caller, |tx| find(tx, caller, input))?;
    match group.kept::<Kept>()?.policy {
        Some(policy) => Ok(json!({ "ResourcePolicy": policy })),
        None => Err(ApiError::validation(format!("Cannot find resource policy for: {}", arn_of(&group)))),
    }
}

pub(super) fn delete_policy(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    change_policy(state, caller, input, None)?;
    Ok(json!({}))
}

fn change_policy(state: &State, caller: &Caller, input: &Object, policy: Option<String>) -> Result<Value, ApiError> {
    state.resources.transact(caller, |tx| {
        let mut group = find(tx, caller, input)?;
        let mut kept: Kept = group.kept()?;
        kept.policy = policy;
        group.keep(&kept)?;
        tx.put(Kind::ModelPackageGroup, &group)?;
        Ok(json!({ "ModelPackageGroupArn": arn_of(&group) }))
    })
}

/// The group a request names, by name or ARN.
pub(super) fn find(tx: &Tx<'_>, caller: &Caller, input: &Object) -> Result<Resource, ApiError> {
    let name = own_name(caller, KIND, input.required("ModelPackageGroupName"))?;
    // Group names keep their case, ARNs lose it.
    let group = match tx.find(Kind::ModelPackageGroup, name)? {
        Some(group) => Some(group),
        None => tx.list(Kind::ModelPackageGroup, None)?.into_iter().find(|group| group.key.to_lowercase() == name),
    };
    group.ok_or_else(|| ApiError::validation(format!("ModelPackageGroup {} does not exist.", arn(caller, KIND, name))))
}

fn arn_of(group: &Resource) -> &str {
    group.shown.required("ModelPackageGroupArn")
}
