//! Bringing up the fleet of an endpoint config, and switching an endpoint to it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::sagemaker::members::Members;
use crate::sagemaker::moment::now;
use crate::sagemaker::refusal::internal;
use crate::sagemaker::resources::{Kind, Tx};

use super::container::{Container, Serves};
use super::endpoint::{Kept, Wanted};
use super::fleet::{Fleet, LoadError};
use super::{EndpointKey, Hosting, endpoint_config, model};

/// An endpoint config with its models resolved: what a fleet runs, whatever becomes of config and models.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Deployment {
    pub(super) config: String,
    pub(super) variants: Vec<VariantSpec>,
}

/// A production variant of a deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct VariantSpec {
    pub(super) name: String,
    pub(super) weight: f64,
    instances: u64,
    pub(super) container: Container,
}

/// Starts the deployment an endpoint wants, on a thread of its own.
pub(super) fn bring_up(hosting: &Arc<Hosting>, caller: &Caller, endpoint: &str) -> Result<(), ApiError> {
    let (hosting, caller, endpoint) = (Arc::clone(hosting), caller.clone(), endpoint.to_owned());
    let name = format!("deploy {endpoint}");
    let work = move || {
        if let Err(error) = deploy(&hosting, &caller, &endpoint) {
            tracing::error!(endpoint, message = error.message, "the deployment's result could not be stored");
        }
    };
    std::thread::Builder::new().name(name).spawn(work).map_err(internal)?;
    Ok(())
}

/// Puts every endpoint's fleet up again, cold, and goes on with deployments that were under way.
pub(super) fn resume(hosting: &Arc<Hosting>) -> Result<(), ApiError> {
    for (caller, endpoint) in hosting.resources.everywhere(Kind::Endpoint)? {
        let kept: Kept = endpoint.kept()?;
        if let Some(deployed) = &kept.deployed {
            let fleet = Fleet::new(&caller.account, deployed);
            hosting.switch(&EndpointKey::new(&caller, &endpoint.key), Some(Arc::new(fleet)));
        }
        if kept.wanted.is_some() {
            bring_up(hosting, &caller, &endpoint.key)?;
        }
    }
    Ok(())
}

fn deploy(hosting: &Hosting, caller: &Caller, endpoint: &str) -> Result<(), ApiError> {
    let Some(found) = hosting.resources.find(caller, Kind::Endpoint, endpoint)? else { return Ok(()) };
    let kept: Kept = found.kept()?;
    let Some(wanted) = kept.wanted else { return Ok(()) };
    match prepare(hosting, caller, &wanted, kept.deployed.as_ref()) {
        Ok((deployment, fleet)) => switch(hosting, caller, endpoint, deployment, fleet),
        Err(reason) => give_up(hosting, caller, endpoint, &reason),
    }
}

/// A started fleet, or AWS's FailureReason.
fn prepare(
    hosting: &Hosting,
    caller: &Caller,
    wanted: &Wanted,
    deployed: Option<&Deployment>,
) -> Result<(Deployment, Fleet), String> {
    let resolved = hosting.resources.read(caller, |tx| resolve(tx, caller, wanted, deployed));
    let deployment = resolved.map_err(|error| error.message)?;
    let fleet = Fleet::new(&caller.account, &deployment);
    fleet.start(&hosting.objects).map_err(|(variant, error)| failure_reason(&deployment, &variant, &error))?;
    Ok((deployment, fleet))
}

fn resolve(
    tx: &Tx<'_>,
    caller: &Caller,
    wanted: &Wanted,
    deployed: Option<&Deployment>,
) -> Result<Deployment, ApiError> {
    let config = endpoint_config::find(tx, caller, &wanted.config)?;
    let mut variants = Vec::new();
    for variant in config.shown.objects("ProductionVariants") {
        let name = variant.required("VariantName");
        let before = deployed.and_then(|deployed| deployed.variants.iter().find(|variant| variant.name == name));
        let model = model::find(tx, caller, variant.required("ModelName"))?;
        let instances = variant.whole("InitialInstanceCount").unwrap_or(1);
        let weight = variant.real("InitialVariantWeight").unwrap_or(1.0);
        variants.push(VariantSpec {
            name: name.to_owned(),
            weight: before.filter(|_| wanted.retain_weights).map_or(weight, |before| before.weight),
            instances: before.filter(|_| wanted.retain_counts).map_or(instances, |before| before.instances),
            container: Container::resolve(tx, caller, &model.shown)?,
        });
    }
    Ok(Deployment { config: wanted.config.clone(), variants })
}

/// Sends requests to the new fleet, then says so: whoever reads InService with the new config is served by it.
fn switch(
    hosting: &Hosting,
    caller: &Caller,
    endpoint: &str,
    deployment: Deployment,
    fleet: Fleet,
) -> Result<(), ApiError> {
    let key = EndpointKey::new(caller, endpoint);
    let before = hosting.switch(&key, Some(Arc::new(fleet)));
    let config = deployment.config.clone();
    let stored = hosting.resources.change(caller, Kind::Endpoint, endpoint, |resource| {
        let time = now();
        let shown = &mut resource.shown;
        shown.insert("EndpointConfigName".into(), config.as_str().into());
        shown.insert("ProductionVariants".into(), deployment.variants.iter().map(|v| v.shown(time)).collect());
        shown.insert("EndpointStatus".into(), "InService".into());
        shown.insert("LastModifiedTime".into(), time.into());
        shown.remove("PendingDeploymentSummary");
        shown.remove("FailureReason");
        resource.keep(&Kept { deployed: Some(deployment), wanted: None })
    });
    match stored {
        Ok(Some(())) => {
            tracing::info!(endpoint, config, "endpoint in service");
            Ok(())
        }
        Ok(None) => {
            hosting.switch(&key, None);
            Ok(())
        }
        Err(error) => {
            hosting.switch(&key, before);
            Err(error)
        }
    }
}

/// Leaves the old fleet in service, or the endpoint Failed when there is none.
fn give_up(hosting: &Hosting, caller: &Caller, endpoint: &str, reason: &str) -> Result<(), ApiError> {
    tracing::warn!(endpoint, reason, "deployment failed");
    hosting.resources.change(caller, Kind::Endpoint, endpoint, |resource| {
        let mut kept: Kept = resource.kept()?;
        kept.wanted = None;
        let status = if kept.deployed.is_some() { "InService" } else { "Failed" };
        let shown = &mut resource.shown;
        shown.insert("EndpointStatus".into(), status.into());
        shown.insert("FailureReason".into(), reason.into());
        shown.insert("LastModifiedTime".into(), now().into());
        shown.remove("PendingDeploymentSummary");
        resource.keep(&kept)
    })?;
    Ok(())
}

fn failure_reason(deployment: &Deployment, variant: &str, error: &LoadError) -> String {
    let multi = deployment
        .variants
        .iter()
        .any(|spec| spec.name == variant && matches!(spec.container.serves, Serves::Multi { .. }));
    match error {
        LoadError::Download { artifact, reason } if multi => format!(
            "Failed to list the models of production variant {variant} below \"{artifact}\" ({reason}). Please ensure that \
             the bucket exists and belongs to this account."
        ),
        LoadError::Download { artifact, reason } => format!(
            "Failed to download model data for production variant {variant} from URL: \"{artifact}\" ({reason}). Please \
             ensure that there is an object located at the URL and that the role passed to CreateModel has permissions \
             to download the object."
        ),
        LoadError::Artifact { artifact, reason } => format!(
            "The primary container for production variant {variant} did not pass the ping health check: \"{artifact}\" \
             could not be loaded: {reason}"
        ),
    }
}

impl VariantSpec {
    /// The variant as DescribeEndpoint shows it.
    fn shown(&self, time: f64) -> Value {
        let image = &self.container.image;
        json!({
            "VariantName": self.name,
            "DeployedImages": [{ "SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": time }],
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
            "CurrentInstanceCount": self.instances,
            "DesiredInstanceCount": self.instances,
        })
    }
}
