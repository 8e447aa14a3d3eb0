//! Models, endpoint configs, endpoints and what they answer.
//!
//! An endpoint is a [`Fleet`](fleet::Fleet) in memory built from what its row in the database says is deployed. An update
//! builds a second fleet beside it and swaps; requests that run keep the one they started on.

mod container;
mod deployment;
pub(crate) mod endpoint;
pub(crate) mod endpoint_config;
mod fleet;
mod invoke;
pub(crate) mod model;
mod payload;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::{ApiError, Caller, InvokeRequest, InvokeResponse};
use crate::objects::ObjectStore;
use crate::sagemaker::refusal::internal;
use crate::sagemaker::resources::Resources;

use self::fleet::Fleet;

/// The hosting side of SageMaker, for every account.
pub(crate) struct Hosting {
    resources: Resources,
    objects: ObjectStore,
    fleets: Mutex<HashMap<EndpointKey, Arc<Fleet>>>,
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
    /// Takes up the endpoints of an earlier run, none of their models loaded.
    pub(crate) fn open(resources: Resources, objects: ObjectStore) -> Result<Arc<Self>, ApiError> {
        let hosting = Arc::new(Self { resources, objects, fleets: Mutex::default() });
        deployment::resume(&hosting)?;
        Ok(hosting)
    }

    /// Answers `InvokeEndpoint`.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        caller: &Caller,
        request: InvokeRequest,
    ) -> Result<InvokeResponse, ApiError> {
        let (hosting, caller) = (Arc::clone(self), caller.clone());
        let answer = tokio::task::spawn_blocking(move || invoke::invoke(&hosting, &caller, &request));
        answer.await.map_err(internal)?
    }

    fn fleet(&self, key: &EndpointKey) -> Option<Arc<Fleet>> {
        self.fleets.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Sends new requests to `fleet`, or nowhere; returns the fleet they went to.
    fn switch(&self, key: &EndpointKey, fleet: Option<Arc<Fleet>>) -> Option<Arc<Fleet>> {
        let mut fleets = self.fleets.lock().unwrap_or_else(PoisonError::into_inner);
        match fleet {
            Some(fleet) => fleets.insert(key.clone(), fleet),
            None => fleets.remove(key),
        }
    }
}
