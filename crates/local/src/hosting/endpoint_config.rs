//! Endpoint configs: which models an endpoint serves, and on what. They never change once created.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::sagemaker::arn::arn;
use crate::sagemaker::listing::Sort;
use crate::sagemaker::members::{Members, Object, select};
use crate::sagemaker::page::{List, Scope};
use crate::sagemaker::refusal::not_emulated;
use crate::sagemaker::resources::{Kind, Resource, Tx};
use crate::sagemaker::tags;

use super::{Hosting, model};

const KIND: &str = "endpoint-config";

const LIST: List = List {
    operation: "ListEndpointConfigs",
    member: "EndpointConfigs",
    kind: Kind::EndpointConfig,
    sort_by: Sort::CreationTime,
    descending: true,
};

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
    shown.insert("CreationTime".into(), hosting.resources.now().into());
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
    let members = ["EndpointConfigName", "EndpointConfigArn", "CreationTime"];
    hosting
        .resources
        .read(caller, |tx| LIST.page(tx, input, &Scope::default(), |config| Ok(select(&config.shown, &members))))
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
    for member in ["AsyncInferenceConfig", "ExplainerConfig", "CrossRegionTrafficConfig"] {
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
        check_variant(variant)?;
        let name = variant.required("VariantName");
        if !names.insert(name) {
            return Err(ApiError::validation(format!("Production variant names must be unique: {name} is repeated.")));
        }
    }
    Ok(())
}

fn check_variant(variant: &Object) -> Result<(), ApiError> {
    if !variant.contains_key("ModelName") {
        return Err(not_emulated("a production variant without ModelName (inference components)"));
    }
    for (member, what) in [
        ("ServerlessConfig", "serverless inference"),
        ("InstancePools", "instance pools"),
        ("CoreDumpConfig", "core dumps"),
    ] {
        if variant.contains_key(member) {
            return Err(not_emulated(format_args!("{what} ({member})")));
        }
    }
    if variant.object("ManagedInstanceScaling").is_some_and(|scaling| scaling.text("Status") == Some("ENABLED")) {
        return Err(not_emulated("managed instance scaling"));
    }
    let routing = variant.object("RoutingConfig").and_then(|routing| routing.text("RoutingStrategy"));
    if let Some(strategy @ ("PREFIX_AWARE" | "KV_AWARE")) = routing {
        return Err(not_emulated(format_args!("the routing strategy {strategy}")));
    }
    for member in ["InstanceType", "InitialInstanceCount"] {
        if !variant.contains_key(member) {
            let name = variant.required("VariantName");
            return Err(ApiError::validation(format!("{member} must be specified for production variant \"{name}\".")));
        }
    }
    Ok(())
}
