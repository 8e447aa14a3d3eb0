//! Endpoint configs: which models an endpoint serves, and on what. They never change once created.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::sagemaker::arn::arn;
use crate::sagemaker::members::{Members, Object, select};
use crate::sagemaker::moment::now;
use crate::sagemaker::page::{Defaults, Row, page};
use crate::sagemaker::refusal::not_emulated;
use crate::sagemaker::resources::{Kind, Resource, Tx};
use crate::sagemaker::tags;

use super::{Hosting, model};

const KIND: &str = "endpoint-config";

pub(crate) fn create(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    check(input)?;
    let name = input.required("EndpointConfigName");
    let arn = arn(caller, KIND, name);
    let given =
        ["EndpointConfigName", "ProductionVariants", "DataCaptureConfig", "KmsKeyId", "ExecutionRoleArn", "VpcConfig"];
    let mut shown = select(input, &given);
    let variants = shown.get_mut("ProductionVariants").and_then(Value::as_array_mut);
    for variant in variants.into_iter().flatten().filter_map(Value::as_object_mut) {
        variant.entry("InitialVariantWeight").or_insert(1.0.into());
    }
    shown.insert("EndpointConfigArn".into(), arn.as_str().into());
    shown.insert("CreationTime".into(), now().into());
    shown.insert("EnableNetworkIsolation".into(), input.flag("EnableNetworkIsolation").into());
    hosting.resources.transact(caller, |tx| {
        for variant in input.objects("ProductionVariants") {
            model::find(tx, caller, variant.required("ModelName"))?;
        }
        if !tx.insert(Kind::EndpointConfig, &Resource::new(name, "", shown))? {
            let message = format!("Cannot create already existing endpoint configuration \"{arn}\".");
            return Err(ApiError::validation(message));
        }
        tags::put(tx, &arn, input)?;
        Ok(json!({ "EndpointConfigArn": arn }))
    })
}

pub(crate) fn describe(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let config = hosting.resources.read(caller, |tx| find(tx, caller, input.required("EndpointConfigName")))?;
    Ok(Value::Object(config.shown))
}

pub(crate) fn list(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let configs = hosting.resources.list(caller, Kind::EndpointConfig)?;
    let rows = configs.iter().map(|config| {
        let summary = select(&config.shown, &["EndpointConfigName", "EndpointConfigArn", "CreationTime"]);
        Row::new(&config.key, "", &config.shown, summary)
    });
    let defaults = Defaults { sort_by: "CreationTime", sort_order: "Descending" };
    page("ListEndpointConfigs", "EndpointConfigs", input, rows.collect(), defaults)
}

/// Deletes the config; an endpoint that uses it goes on, as on AWS.
pub(crate) fn delete(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    hosting.resources.transact(caller, |tx| {
        let config = find(tx, caller, input.required("EndpointConfigName"))?;
        tx.delete(Kind::EndpointConfig, &config.key)?;
        tx.delete_tags(config.shown.required("EndpointConfigArn"), None)?;
        Ok(json!({}))
    })
}

pub(super) fn find(tx: &Tx<'_>, caller: &Caller, name: &str) -> Result<Resource, ApiError> {
    tx.find(Kind::EndpointConfig, name)?.ok_or_else(|| {
        let arn = arn(caller, KIND, name);
        ApiError::validation(format!("Could not find endpoint configuration \"{arn}\"."))
    })
}

/// Refuses what would change the answers on AWS and would not here.
fn check(input: &Object) -> Result<(), ApiError> {
    for member in ["AsyncInferenceConfig", "ExplainerConfig"] {
        if input.contains_key(member) {
            return Err(not_emulated(member));
        }
    }
    if !input.objects("ShadowProductionVariants").is_empty() {
        return Err(not_emulated("ShadowProductionVariants"));
    }
    if input.object("DataCaptureConfig").is_some_and(|capture| capture.flag("EnableCapture")) {
        return Err(not_emulated("data capture"));
    }
    let mut names = HashSet::new();
    for variant in input.objects("ProductionVariants") {
        if !variant.contains_key("ModelName") {
            return Err(not_emulated("a production variant without ModelName (inference components)"));
        }
        let name = variant.required("VariantName");
        if !names.insert(name) {
            return Err(ApiError::validation(format!("Production variant names must be unique: {name} is repeated.")));
        }
    }
    Ok(())
}
