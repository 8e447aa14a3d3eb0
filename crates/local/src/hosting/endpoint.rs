//! Endpoints.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::sagemaker::arn::arn;
use crate::sagemaker::listing::Sort;
use crate::sagemaker::members::{Members, Object, select};
use crate::sagemaker::page::{List, Scope};
use crate::sagemaker::resources::{Kind, Resource, Tx};
use crate::sagemaker::tags;

use super::deployment::{Deployment, Retained};
use super::rollout::Rollout;
use super::{Hosting, change, deletion};

const KIND: &str = "endpoint";

const LIST: List = List {
    operation: "ListEndpoints",
    member: "Endpoints",
    kind: Kind::Endpoint,
    sort_by: Sort::CreationTime,
    descending: true,
};

/// What an endpoint remembers beside what it shows.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// What serves now; nothing before the first deployment.
    pub(super) deployed: Option<Deployment>,
    /// What is under way.
    pub(super) change: Option<Change>,
}

/// What becomes of an endpoint.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) to: Deployment,
    /// How the traffic moves to a new fleet; none when the fleet stays, with other weights or instance counts.
    pub(super) rollout: Option<Rollout>,
}

pub(crate) fn create(hosting: &Arc<Hosting>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let (name, config) = (input.required("EndpointName"), input.required("EndpointConfigName"));
    let arn = arn(caller, KIND, name);
    hosting.resources.transact(caller, |tx| {
        let to = Deployment::resolve(tx, caller, config)?.within_quota()?;
        let rollout = Rollout::of(input.object("DeploymentConfig"), to.instances())?;
        let mut shown = select(input, &["EndpointName"]);
        shown.insert("EndpointArn".into(), arn.as_str().into());
        shown.insert("EndpointConfigName".into(), config.into());
        shown.insert("EndpointStatus".into(), "Creating".into());
        shown.insert("CreationTime".into(), tx.now().into());
        shown.insert("LastModifiedTime".into(), tx.now().into());
        if let Some(deployment_config) = input.get("DeploymentConfig") {
            shown.insert("LastDeploymentConfig".into(), deployment_config.clone());
        }
        let mut endpoint = Resource::new(name, "", shown);
        endpoint.keep(&Kept { deployed: None, change: Some(Change { to, rollout: Some(rollout) }) })?;
        if !tx.insert(Kind::Endpoint, &endpoint)? {
            return Err(ApiError::validation(format!("Cannot create already existing endpoint \"{arn}\".")));
        }
        tags::put(tx, &arn, input)
    })?;
    change::begin(hosting, caller, name)?;
    Ok(json!({ "EndpointArn": arn }))
}

/// Brings up the fleet of another config beside the one that serves, and moves the traffic when it is ready.
pub(crate) fn update(hosting: &Arc<Hosting>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let (name, config) = (input.required("EndpointName"), input.required("EndpointConfigName"));
    let arn = hosting.resources.transact(caller, |tx| {
        let mut endpoint = find_updatable(tx, caller, name)?;
        if endpoint.shown.text("EndpointConfigName") == Some(config) {
            return Err(ApiError::validation(format!(
                "Endpoint \"{}\" already uses endpoint configuration {config}: an update needs a new one.",
                endpoint.shown.required("EndpointArn")
            )));
        }
        let mut kept: Kept = endpoint.kept()?;
        let mut to = Deployment::resolve(tx, caller, config)?;
        if let Some(deployed) = &kept.deployed {
            to = to.retaining(deployed, retained(input));
        }
        let shown = &mut endpoint.shown;
        if let Some(deployment_config) = input.get("DeploymentConfig") {
            shown.insert("LastDeploymentConfig".into(), deployment_config.clone());
        } else if !input.flag("RetainDeploymentConfig") {
            shown.remove("LastDeploymentConfig");
        }
        let to = to.within_quota()?;
        let rollout = Rollout::of(shown.object("LastDeploymentConfig"), to.instances())?;
        kept.change = Some(Change { to, rollout: Some(rollout) });
        shown.insert("EndpointStatus".into(), "Updating".into());
        shown.insert("LastModifiedTime".into(), tx.now().into());
        shown.insert("PendingDeploymentSummary".into(), json!({ "EndpointConfigName": config, "StartTime": tx.now() }));
        shown.remove("FailureReason");
        endpoint.keep(&kept)?;
        tx.put(Kind::Endpoint, &endpoint)?;
        Ok(endpoint.shown["EndpointArn"].clone())
    })?;
    change::begin(hosting, caller, name)?;
    Ok(json!({ "EndpointArn": arn }))
}

/// Changes the weights and the numbers of instances of the fleet that serves.
pub(crate) fn update_weights_and_capacities(
    hosting: &Arc<Hosting>,
    caller: &Caller,
    input: &Object,
) -> Result<Value, ApiError> {
    let name = input.required("EndpointName");
    let arn = hosting.resources.transact(caller, |tx| {
        let mut endpoint = find_updatable(tx, caller, name)?;
        let mut kept: Kept = endpoint.kept()?;
        let mut to =
            kept.deployed.clone().ok_or_else(|| ApiError::internal("an endpoint in service has no deployment"))?;
        for desired in input.objects("DesiredWeightsAndCapacities") {
            change_variant(&mut to, desired, endpoint.shown.required("EndpointArn"))?;
        }
        let (to, now) = (to.within_quota()?, tx.now());
        if let Some(deployed) = &kept.deployed {
            endpoint.shown.insert("ProductionVariants".into(), deployed.changing(&to, "Updating", now));
        }
        kept.change = Some(Change { to, rollout: None });
        endpoint.shown.insert("EndpointStatus".into(), "Updating".into());
        endpoint.shown.insert("LastModifiedTime".into(), now.into());
        endpoint.shown.remove("FailureReason");
        endpoint.keep(&kept)?;
        tx.put(Kind::Endpoint, &endpoint)?;
        Ok(endpoint.shown["EndpointArn"].clone())
    })?;
    change::begin(hosting, caller, name)?;
    Ok(json!({ "EndpointArn": arn }))
}

pub(crate) fn describe(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let endpoint = hosting.resources.read(caller, |tx| find(tx, caller, input.required("EndpointName")))?;
    Ok(Value::Object(endpoint.shown))
}

pub(crate) fn list(hosting: &Hosting, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let members = ["EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus"];
    hosting
        .resources
        .read(caller, |tx| LIST.page(tx, input, &Scope::default(), |endpoint| Ok(select(&endpoint.shown, &members))))
}

/// Takes the endpoint out of service.
pub(crate) fn delete(hosting: &Arc<Hosting>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let name = input.required("EndpointName");
    hosting.resources.transact(caller, |tx| {
        let mut endpoint = find_settled(tx, caller, name)?;
        endpoint.shown.insert("EndpointStatus".into(), "Deleting".into());
        endpoint.shown.insert("LastModifiedTime".into(), tx.now().into());
        tx.put(Kind::Endpoint, &endpoint)
    })?;
    deletion::begin(hosting, caller, name)?;
    Ok(json!({}))
}

fn find(tx: &Tx<'_>, caller: &Caller, name: &str) -> Result<Resource, ApiError> {
    tx.find(Kind::Endpoint, name)?
        .ok_or_else(|| ApiError::validation(format!("Could not find endpoint \"{}\".", arn(caller, KIND, name))))
}

/// The endpoint, unless something is under way.
fn find_settled(tx: &Tx<'_>, caller: &Caller, name: &str) -> Result<Resource, ApiError> {
    let endpoint = find(tx, caller, name)?;
    match endpoint.shown.required("EndpointStatus") {
        "InService" | "Failed" => Ok(endpoint),
        _ => {
            let arn = endpoint.shown.required("EndpointArn");
            Err(ApiError::validation(format!("Cannot update in-progress endpoint \"{arn}\".")))
        }
    }
}

fn find_updatable(tx: &Tx<'_>, caller: &Caller, name: &str) -> Result<Resource, ApiError> {
    let endpoint = find_settled(tx, caller, name)?;
    if endpoint.shown.text("EndpointStatus") == Some("Failed") {
        let arn = endpoint.shown.required("EndpointArn");
        return Err(ApiError::validation(format!("Cannot update failed endpoint \"{arn}\": delete and create it.")));
    }
    Ok(endpoint)
}

fn retained(input: &Object) -> Retained {
    let excluded = input.objects("ExcludeRetainedVariantProperties");
    let keeps = |property: &str| {
        let is = |excluded: &&Object| excluded.text("VariantPropertyType") == Some(property);
        input.flag("RetainAllVariantProperties") && !excluded.iter().any(is)
    };
    Retained { counts: keeps("DesiredInstanceCount"), weights: keeps("DesiredWeight") }
}

fn change_variant(to: &mut Deployment, desired: &Object, arn: &str) -> Result<(), ApiError> {
    let name = desired.required("VariantName");
    let variant = to.variants.iter_mut().find(|variant| variant.name == name).ok_or_else(|| {
        ApiError::validation(format!("Could not find production variant \"{name}\" of endpoint \"{arn}\"."))
    })?;
    if desired.contains_key("ServerlessUpdateConfig") {
        return Err(ApiError::validation(format!(
            "Production variant \"{name}\" of endpoint \"{arn}\" is not serverless."
        )));
    }
    match desired.whole("DesiredInstanceCount") {
        Some(0) => {
            return Err(ApiError::validation(format!("Production variant \"{name}\" needs at least one instance.")));
        }
        Some(count) => variant.instances = count,
        None => {}
    }
    if let Some(weight) = desired.real("DesiredWeight") {
        variant.weight = weight;
    }
    Ok(())
}
