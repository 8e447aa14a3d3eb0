//! Which fleet an endpoint's invocations go to, while one takes over from another.

use std::sync::Arc;

use super::fleet::Fleet;

/// The fleets that serve an endpoint now.
#[derive(Clone)]
pub(super) struct Traffic {
    fleet: Arc<Fleet>,
    /// The fleet that takes over, and the share of the invocations that goes to it already.
    next: Option<(Arc<Fleet>, f64)>,
}

impl Traffic {
    pub(super) fn to(fleet: Arc<Fleet>) -> Self {
        Self { fleet, next: None }
    }

    /// Sends `share` of the invocations to `next`.
    pub(super) fn shifted(fleet: Arc<Fleet>, next: Arc<Fleet>, share: f64) -> Self {
        Self { fleet, next: Some((next, share)) }
    }

    /// The fleet for one invocation.
    pub(super) fn fleet(&self) -> &Arc<Fleet> {
        match &self.next {
            Some((next, share)) if rand::random::<f64>() < *share => next,
            _ => &self.fleet,
        }
    }

    /// The fleet that was there first.
    pub(super) fn serving(&self) -> &Arc<Fleet> {
        &self.fleet
    }
}
