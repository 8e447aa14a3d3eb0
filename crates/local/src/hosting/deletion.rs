//! Deleting an endpoint, which can take a while.

use std::sync::Arc;

use crate::api::{ApiError, Caller};
use crate::pace::Transition;
use crate::sagemaker::members::Members;
use crate::sagemaker::resources::Kind;

use super::{EndpointKey, Hosting};

/// Takes an endpoint that is Deleting out of service, and removes it when its time is up.
pub(super) fn begin(hosting: &Arc<Hosting>, caller: &Caller, endpoint: &str) -> Result<(), ApiError> {
    hosting.direct(&EndpointKey::new(caller, endpoint), None);
    if hosting.conditions.pace.of(Transition::Deleting).is_zero() {
        return finish(hosting, caller, endpoint);
    }
    let later = (Arc::clone(hosting), caller.clone(), endpoint.to_owned());
    let started = Hosting::start_thread(format!("delete {endpoint}"), move || {
        let (hosting, caller, endpoint) = later;
        hosting.conditions.linger(Transition::Deleting, || hosting.is_stopped());
        if !hosting.is_stopped()
            && let Err(error) = finish(&hosting, &caller, &endpoint)
        {
            tracing::error!(endpoint, message = error.message, "the endpoint could not be deleted");
        }
    });
    started.or_else(|_| finish(hosting, caller, endpoint))
}

fn finish(hosting: &Hosting, caller: &Caller, endpoint: &str) -> Result<(), ApiError> {
    hosting.resources.transact(caller, |tx| {
        let Some(found) = tx.find(Kind::Endpoint, endpoint)? else { return Ok(()) };
        tx.delete(Kind::Endpoint, endpoint)?;
        tx.delete_tags(found.shown.required("EndpointArn"), None)
    })
}
