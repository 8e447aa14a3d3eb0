//! Models: containers to be hosted.

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::sagemaker::arn::arn;
use crate::sagemaker::listing::Sort;
use crate::sagemaker::members::{Members, Object, select};
use crate::sagemaker::page::{List, Scope};
use crate::sagemaker::resources::{Kind, Resource, Tx};
use crate::sagemaker::tags;

use super::Hosting;
use super::container::Container;

const KIND: &str = "model";

const LIST: List = List {
    operation: "ListModels",
    member: "Models",
    kind: Kind::Model,
    sort_by: Sort::CreationTime,
    descending: true,
};

pub(crate) fn create(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let name = input.required("ModelName");
    let arn = arn(caller, KIND, name);
    let given =
        ["ModelName", "PrimaryContainer", "Containers", "InferenceExecutionConfig", "ExecutionRoleArn", "VpcConfig"];
    let mut shown = select(input, &given);
    shown.insert("CreationTime".into(), hosting.resources.now().into());
    shown.insert("ModelArn".into(), arn.as_str().into());
    shown.insert("EnableNetworkIsolation".into(), input.flag("EnableNetworkIsolation").into());
    hosting.resources.transact(caller, |tx| {
        Container::resolve(tx, caller, input)?;
        if !tx.insert(Kind::Model, &Resource::new(name, "", shown))? {
            return Err(ApiError::validation(format!("Cannot create already existing model \"{arn}\".")));
        }
        tags::put(tx, &arn, input)?;
        Ok(json!({ "ModelArn": arn }))
    })
}

pub(crate) fn describe(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let model = hosting.resources.read(caller, |tx| find(tx, caller, input.required("ModelName")))?;
    Ok(Value::Object(model.shown))
}

pub(crate) fn list(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let members = ["ModelName", "ModelArn", "CreationTime"];
    hosting
        .resources
        .read(caller, |tx| LIST.page(tx, input, &Scope::default(), |model| Ok(select(&model.shown, &members))))
}

/// Deletes the model; endpoints that serve it go on.
pub(crate) fn delete(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    hosting.resources.transact(caller, |tx| {
        let model = find(tx, caller, input.required("ModelName"))?;
        tx.delete(Kind::Model, &model.key)?;
        tx.delete_tags(model.shown.required("ModelArn"), None)?;
        Ok(json!({}))
    })
}

pub(super) fn find(tx: &Tx<'_>, caller: &Caller, name: &str) -> Result<Resource, ApiError> {
    tx.find(Kind::Model, name)?
        .ok_or_else(|| ApiError::validation(format!("Could not find model \"{}\".", arn(caller, KIND, name))))
}
