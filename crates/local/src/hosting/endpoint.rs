//! Endpoints.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::sagemaker::arn::arn;
use crate::sagemaker::members::{Members, Object, select};
use crate::sagemaker::moment::now;
use crate::sagemaker::page::{Defaults, Row, page};
use crate::sagemaker::refusal::not_emulated;
use crate::sagemaker::resources::{Kind, Resource, Tx};
use crate::sagemaker::tags;

use super::deployment::{self, Deployment};
use super::{EndpointKey, Hosting, endpoint_config};

const KIND: &str = "endpoint";

/// What an endpoint remembers beside what it shows.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// What serves now; nothing before the first deployment.
    pub(super) deployed: Option<Deployment>,
    /// What is being brought up.
    pub(super) wanted: Option<Wanted>,
}

/// A deployment that was asked for.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) config: String,
    /// Keep the instance counts and weights of variants that are in both deployments.
    pub(super) retain_counts: bool,
    pub(super) retain_weights: bool,
}

pub(crate) fn create(hosting: &Arc<Hosting>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    check_deployment_config(input)?;
    let (name, config) = (input.required("EndpointName"), input.required("EndpointConfigName"));
    let arn = arn(caller, KIND, name);
    let mut shown = select(input, &["EndpointName"]);
    shown.insert("EndpointArn".into(), arn.as_str().into());
    shown.insert("EndpointConfigName".into(), config.into());
    shown.insert("EndpointStatus".into(), "Creating".into());
    let time = now();
    shown.insert("CreationTime".into(), time.into());
    shown.insert("LastModifiedTime".into(), time.into());
    if let Some(deployment_config) = input.get("DeploymentConfig") {
        shown.insert("LastDeploymentConfig".into(), deployment_config.clone());
    }
    let wanted = Wanted { config: config.to_owned(), retain_counts: false, retain_weights: false };
    hosting.resources.transact(caller, |tx| {
        endpoint_config::find(tx, caller, config)?;
        let mut endpoint = Resource::new(name, "", shown);
        endpoint.keep(&Kept { deployed: None, wanted: Some(wanted) })?;
        if !tx.insert(Kind::Endpoint, &endpoint)? {
            return Err(ApiError::validation(format!("Cannot create already existing endpoint \"{arn}\".")));
        }
        tags::put(tx, &arn, input)
    })?;
    deployment::bring_up(hosting, caller, name)?;
    Ok(json!({ "EndpointArn": arn }))
}

/// Brings up the fleet of another config beside the one that serves, and switches when it is ready.
pub(crate) fn update(hosting: &Arc<Hosting>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    check_deployment_config(input)?;
    let (name, config) = (input.required("EndpointName"), input.required("EndpointConfigName"));
    let retain = input.flag("RetainAllVariantProperties");
    let excluded: Vec<&str> = input
        .objects("ExcludeRetainedVariantProperties")
        .into_iter()
        .map(|property| property.required("VariantPropertyType"))
        .collect();
    let wanted = Wanted {
        config: config.to_owned(),
        retain_counts: retain && !excluded.contains(&"DesiredInstanceCount"),
        retain_weights: retain && !excluded.contains(&"DesiredWeight"),
    };
    let arn = hosting.resources.transact(caller, |tx| {
        let mut endpoint = find_settled(tx, caller, name)?;
        endpoint_config::find(tx, caller, config)?;
        check_updatable(&endpoint, config)?;
        let mut kept: Kept = endpoint.kept()?;
        kept.wanted = Some(wanted);
        endpoint.keep(&kept)?;
        let shown = &mut endpoint.shown;
        shown.insert("EndpointStatus".into(), "Updating".into());
        shown.insert("LastModifiedTime".into(), now().into());
        shown.insert("PendingDeploymentSummary".into(), json!({ "EndpointConfigName": config, "StartTime": now() }));
        if let Some(deployment_config) = input.get("DeploymentConfig") {
            shown.insert("LastDeploymentConfig".into(), deployment_config.clone());
        } else if !input.flag("RetainDeploymentConfig") {
            shown.remove("LastDeploymentConfig");
        }
        tx.put(Kind::Endpoint, &endpoint)?;
        Ok(endpoint.shown["EndpointArn"].clone())
    })?;
    deployment::bring_up(hosting, caller, name)?;
    Ok(json!({ "EndpointArn": arn }))
}

pub(crate) fn describe(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let endpoint = hosting.resources.read(caller, |tx| find(tx, caller, input.required("EndpointName")))?;
    Ok(Value::Object(endpoint.shown))
}

pub(crate) fn list(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let members = ["EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus"];
    let endpoints = hosting.resources.list(caller, Kind::Endpoint)?;
    let rows = endpoints.iter().map(|endpoint| {
        let shown = &endpoint.shown;
        Row::new(&endpoint.key, shown.required("EndpointStatus"), shown, select(shown, &members))
    });
    let defaults = Defaults { sort_by: "CreationTime", sort_order: "Descending" };
    page("ListEndpoints", "Endpoints", input, rows.collect(), defaults)
}

pub(crate) fn delete(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let name = input.required("EndpointName");
    hosting.resources.transact(caller, |tx| {
        let endpoint = find_settled(tx, caller, name)?;
        tx.delete(Kind::Endpoint, name)?;
        tx.delete_tags(endpoint.shown.required("EndpointArn"), None)
    })?;
    hosting.switch(&EndpointKey::new(caller, name), None);
    Ok(json!({}))
}

fn find(tx: &Tx<'_>, caller: &Caller, name: &str) -> Result<Resource, ApiError> {
    tx.find(Kind::Endpoint, name)?
        .ok_or_else(|| ApiError::validation(format!("Could not find endpoint \"{}\".", arn(caller, KIND, name))))
}

/// The endpoint, unless a deployment runs.
fn find_settled(tx: &Tx<'_>, caller: &Caller, name: &str) -> Result<Resource, ApiError> {
    let endpoint = find(tx, caller, name)?;
    match endpoint.shown.required("EndpointStatus") {
        "Creating" | "Updating" => {
            let arn = endpoint.shown.required("EndpointArn");
            Err(ApiError::validation(format!("Cannot update in-progress endpoint \"{arn}\".")))
        }
        _ => Ok(endpoint),
    }
}

fn check_updatable(endpoint: &Resource, config: &str) -> Result<(), ApiError> {
    let arn = endpoint.shown.required("EndpointArn");
    if endpoint.shown.text("EndpointStatus") == Some("Failed") {
        return Err(ApiError::validation(format!("Cannot update failed endpoint \"{arn}\": delete and create it.")));
    }
    if endpoint.shown.text("EndpointConfigName") == Some(config) {
        return Err(ApiError::validation(format!(
            "Endpoint \"{arn}\" already uses endpoint configuration {config}: an update needs a new one."
        )));
    }
    Ok(())
}

/// Traffic moves at once here; a config that says otherwise is refused rather than ignored.
fn check_deployment_config(input: &Object) -> Result<(), ApiError> {
    let Some(config) = input.object("DeploymentConfig") else { return Ok(()) };
    if config.contains_key("RollingUpdatePolicy") {
        return Err(not_emulated("RollingUpdatePolicy: traffic moves at once"));
    }
    let routing =
        config.object("BlueGreenUpdatePolicy").and_then(|policy| policy.object("TrafficRoutingConfiguration"));
    match routing.and_then(|routing| routing.text("Type")) {
        None | Some("ALL_AT_ONCE") => Ok(()),
        Some(kind) => Err(not_emulated(format_args!("traffic routing {kind}: traffic moves at once"))),
    }
}
