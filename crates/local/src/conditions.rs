//! Under what conditions a backend works: what time it is, how fast states change, what goes wrong, what fits in memory.

use crate::clock::Clock;
use crate::hazards::Hazards;
use crate::pace::{Pace, Transition};

/// One backend's conditions. Every handle sees the same clock and the same hazards.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    pub(crate) clock: Clock,
    pub(crate) pace: Pace,
    pub(crate) hazards: Hazards,
    /// Bytes for the models of one instance of an endpoint.
    pub(crate) instance_memory: u64,
}

impl Conditions {
    /// Blocks for as long as a transition lasts, or until `ended` says that there is nothing to wait for.
    pub(crate) fn linger(&self, transition: Transition, ended: impl Fn() -> bool) {
        self.clock.wait(self.pace.of(transition), ended);
    }
}
