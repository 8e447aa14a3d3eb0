//! Answers from the past, as an eventually consistent service gives them, for who asked for that hazard.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::api::{ApiError, Caller};
use crate::db::Database;
use crate::hazards::{Effect, Service};

use super::State;

/// The state before the last operation that changed something, kept while the hazard is set.
#[derive(Default)]
pub(super) struct Past(Mutex<Option<Database>>);

impl Past {
    fn lock(&self) -> MutexGuard<'_, Option<Database>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries out an operation. A read answers from the past when the hazard has it so, which counts when it shows.
pub(super) fn answer(state: &Arc<State>, caller: &Caller, operation: &str, input: Value) -> Result<Value, ApiError> {
    let hazards = &state.conditions.hazards;
    let is_stale = |effect: &Effect| *effect == Effect::Stale;
    if !hazards.holds(is_stale) {
        *state.past.lock() = None;
        return super::answer(state, caller, operation, input);
    }
    if !is_read(operation) {
        *state.past.lock() = Some(state.resources.snapshot()?);
        return super::answer(state, caller, operation, input);
    }
    let now = super::answer(state, caller, operation, input.clone());
    let Some(past) = state.past.lock().clone() else { return now };
    let caller = Caller { as_of: Some(past), ..caller.clone() };
    let then = super::answer(state, &caller, operation, input);
    let lags = then != now && hazards.strike(Service::Sagemaker, operation, is_stale).is_some();
    if lags { then } else { now }
}

fn is_read(operation: &str) -> bool {
    ["Describe", "Get", "List", "Search"].iter().any(|verb| operation.starts_with(verb))
}
