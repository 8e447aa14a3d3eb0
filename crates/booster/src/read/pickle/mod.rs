//! A pickled `xgboost.core.Booster`, read as data. Nothing in a pickle is ever run.

mod opcodes;

use std::collections::BTreeMap;

use serde_pickle::{DeOptions, HashableValue, Value};

use crate::error::{BoosterError, Cause};
use crate::format::Format;
use crate::model::Model;

/// Reads the Booster's state: its `handle` holds the model, and releases before 2.0 keep the early stopping's choice
/// and the feature names beside it.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Model, BoosterError> {
    opcodes::check(bytes)?;
    state(bytes).map_err(|cause| BoosterError::damaged(Format::Pickle, cause))
}

fn state(bytes: &[u8]) -> Result<Model, Cause> {
    // Globals become `None` and instances their state: classes are neither looked up nor called.
    let options = DeOptions::new().replace_unresolved_globals().keep_restore_state();
    let Value::Dict(mut state) = serde_pickle::value_from_slice(bytes, options)? else {
        return Err("the Booster has no state".into());
    };
    let Some(Value::Bytes(handle)) = take(&mut state, "handle") else {
        return Err("the Booster's state has no `handle`".into());
    };
    let format = super::recognise(&handle)?;
    let mut model = super::parse_unpickled(format, &handle)?;
    if let Some(Value::I64(limit)) = take(&mut state, "best_ntree_limit") {
        model.pickled_best_ntree_limit = u64::try_from(limit).ok();
    }
    if model.feature_names.is_none() {
        model.feature_names = take(&mut state, "feature_names").and_then(names);
    }
    Ok(model)
}

fn take(state: &mut BTreeMap<HashableValue, Value>, key: &str) -> Option<Value> {
    state.remove(&HashableValue::String(key.to_owned()))
}

/// The names, unless they are the `f0`, `f1`… that XGBoost before 1.5 made up for data without names.
fn names(value: Value) -> Option<Vec<String>> {
    let Value::List(values) = value else { return None };
    let name = |value| if let Value::String(name) = value { Some(name) } else { None };
    let names: Vec<String> = values.into_iter().map(name).collect::<Option<_>>()?;
    let made_up = names.iter().enumerate().all(|(index, name)| *name == format!("f{index}"));
    (!made_up).then_some(names)
}
