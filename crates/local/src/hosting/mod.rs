//! Models, endpoint configs, endpoints and what they answer.
//!
//! An endpoint is a [`Fleet`](fleet::Fleet) of instances in memory, built from what its row in the database says is
//! deployed. An update builds a second fleet beside it and moves the traffic; a request keeps the instance it came to.

mod change;
mod container;
mod deletion;
mod deployment;
pub(crate) mod endpoint;
pub(crate) mod endpoint_config;
mod fleet;
mod instance;
mod invoke;
mod loaded;
pub(crate) mod model;
mod rollout;
mod traffic;
mod volume;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::api::{ApiError, Caller, InvokeRequest, InvokeResponse};
use crate::conditions::Conditions;
use crate::objects::ObjectStore;
use crate::sagemaker::members::Members;
use crate::sagemaker::refusal::internal;
use crate::sagemaker::resources::{Kind, Resources};

pub(crate) use self::fleet::VariantSnapshot;
pub(crate) use self::loaded::LoadedModel;

use self::endpoint::Kept;
use self::fleet::Fleet;
use self::instance::Machine;
use self::traffic::Traffic;

/// The hosting side of SageMaker, for every account.
pub(crate) struct Hosting {
    resources: Resources,
    conditions: Conditions,
    machine: Machine,
    traffic: RwLock<HashMap<EndpointKey, Traffic>>,
    stopped: AtomicBool,
}

/// An endpoint among those of all accounts and regions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct EndpointKey {
    account: String,
    region: String,
    endpoint: String,
}

impl EndpointKey {
    fn new(caller: &Caller, endpoint: &str) -> Self {
        Self { account: caller.account.clone(), region: caller.region.clone(), endpoint: endpoint.to_owned() }
    }
}

impl Hosting {
    /// Takes up the endpoints of an earlier run, none of their models loaded, and goes on with what was under way.
    pub(crate) fn open(
        resources: Resources,
        objects: ObjectStore,
        conditions: Conditions,
    ) -> Result<Arc<Self>, ApiError> {
        let machine = Machine { objects, memory: conditions.instance_memory };
        let (traffic, stopped) = (RwLock::default(), AtomicBool::new(false));
        let hosting = Arc::new(Self { resources, conditions, machine, traffic, stopped });
        hosting.resume()?;
        Ok(hosting)
    }

    fn resume(self: &Arc<Self>) -> Result<(), ApiError> {
        for (caller, endpoint) in self.resources.everywhere(Kind::Endpoint, &[])? {
            let status = endpoint.shown.required("EndpointStatus");
            if status == "Deleting" {
                deletion::begin(self, &caller, &endpoint.key)?;
                continue;
            }
            let kept: Kept = endpoint.kept()?;
            if let Some(deployed) = &kept.deployed {
                let fleet = Fleet::new(&self.machine, &caller.account, deployed, None).map_err(internal)?;
                self.direct(&EndpointKey::new(&caller, &endpoint.key), Some(Traffic::to(Arc::new(fleet))));
            }
            if kept.change.is_some() || status == change::ROLLING_BACK {
                change::begin(self, &caller, &endpoint.key)?;
            }
        }
        Ok(())
    }

    /// Answers `InvokeEndpoint`.
    pub(crate) async fn invoke(&self, caller: &Caller, request: InvokeRequest) -> Result<InvokeResponse, ApiError> {
        invoke::invoke(self, caller, request).await
    }

    /// The models that the instances of an endpoint have in memory, variant by variant.
    pub(crate) fn loaded(&self, caller: &Caller, endpoint: &str) -> Vec<VariantSnapshot> {
        let traffic = self.traffic(&EndpointKey::new(caller, endpoint));
        traffic.map(|traffic| traffic.serving().loaded()).unwrap_or_default()
    }

    /// Ends what is under way at its next wait. The next start goes on with it.
    pub(crate) fn interrupt(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn start_thread(name: String, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        std::thread::Builder::new().name(name).spawn(work).map(drop)
    }

    fn traffic(&self, key: &EndpointKey) -> Option<Traffic> {
        self.traffic.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Sends new requests elsewhere, or nowhere; returns where they went.
    fn direct(&self, key: &EndpointKey, traffic: Option<Traffic>) -> Option<Traffic> {
        let mut all = self.traffic.write().unwrap_or_else(PoisonError::into_inner);
        match traffic {
            Some(traffic) => all.insert(key.clone(), traffic),
            None => all.remove(key),
        }
    }
}
