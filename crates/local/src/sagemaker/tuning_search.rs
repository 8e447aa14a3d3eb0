//! Choosing hyperparameters: the tuner, fed with the trials of parent tuning jobs.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::api::ApiError;
use crate::jobs::{Direction, ParameterRange, Prior, Scaling as TunerScaling, Strategy, Trial, Tuner};

use super::members::{Members, Object};
use super::ranges::{Range, Scaling, Values};
use super::refusal::not_emulated;
use super::resources::{Kind, Tx};
use super::tuning_job::{children, key, parents};
use super::tuning_spec::TuningSpec;
use super::warm_start::WarmStartType;

/// Where a tuning job's next hyperparameters come from.
pub(super) struct Search {
    tuner: Tuner,
}

impl Search {
    /// A search of which `begun` trials were made before: by an earlier run that drew from the same seed.
    pub(super) fn new(spec: &TuningSpec, prior: Prior, begun: usize) -> Result<Self, ApiError> {
        let direction = if spec.maximize { Direction::Maximize } else { Direction::Minimize };
        let ranges = spec.ranges.iter().map(parameter_range).collect();
        let seed = spec.seed.unwrap_or_else(|| seed_of(&spec.name)).wrapping_add(begun as u64);
        Ok(Self { tuner: Tuner::new(ranges, direction, strategy(spec)?, seed, prior) })
    }

    /// The next hyperparameters to try; `None` when every combination has been.
    pub(super) fn suggest(&mut self) -> Option<BTreeMap<String, String>> {
        self.tuner.suggest()
    }

    /// Tells what became of a suggestion.
    pub(super) fn report(&mut self, tuned: &BTreeMap<String, String>, value: Option<f64>) {
        self.tuner.report(tuned, value);
    }
}

/// Whether the tuner has the strategy.
pub(super) fn strategy(spec: &TuningSpec) -> Result<Strategy, ApiError> {
    match spec.strategy.as_str() {
        "Bayesian" => Ok(Strategy::Bayesian),
        // Hyperband stops trials early; which ones it starts is random.
        "Random" | "Hyperband" => Ok(Strategy::Random),
        "Grid" => Ok(Strategy::Grid),
        other => Err(not_emulated(format_args!("the strategy {other}"))),
    }
}

/// What the training jobs of the parents found. Not recursive: a grandparent's count only when it is named too.
pub(super) fn prior_trials(tx: &Tx<'_>, job: &Object) -> Result<Prior, ApiError> {
    let Some(config) = job.object("WarmStartConfig") else { return Ok(Prior::None) };
    let mut by_parent = Vec::new();
    for parent in parents(job) {
        let key = key(&parent);
        let Some(parent) = tx.find(Kind::TuningJob, &key)? else { continue };
        let parent = TuningSpec::parse(&parent.shown)?;
        let mut trials = Vec::new();
        for child in children(tx, &key, &parent)? {
            if let Some(value) = child.kept.objective {
                // What the parent held fixed, a child may tune.
                let mut parameters = parent.statics.clone();
                parameters.extend(child.kept.tuned);
                trials.push(Trial { parameters, value });
            }
        }
        by_parent.push(trials);
    }
    Ok(match WarmStartType::parse(config.required("WarmStartType")) {
        WarmStartType::IdenticalDataAndAlgorithm => Prior::SameData(by_parent.concat()),
        WarmStartType::TransferLearning => Prior::OtherData(by_parent),
    })
}

fn parameter_range(range: &Range) -> ParameterRange {
    let name = range.name.clone();
    match &range.values {
        Values::Continuous { min, max, scaling } => {
            ParameterRange::Continuous { name, min: *min, max: *max, scaling: tuner_scaling(*scaling) }
        }
        Values::Integer { min, max, scaling } => {
            ParameterRange::Integer { name, min: *min, max: *max, scaling: tuner_scaling(*scaling) }
        }
        Values::Categorical(values) => ParameterRange::Categorical { name, values: values.clone() },
    }
}

fn tuner_scaling(scaling: Scaling) -> TunerScaling {
    match scaling {
        Scaling::Auto => TunerScaling::Auto,
        Scaling::Linear => TunerScaling::Linear,
        Scaling::Logarithmic => TunerScaling::Logarithmic,
        Scaling::ReverseLogarithmic => TunerScaling::ReverseLogarithmic,
    }
}

/// A job of the same name searches alike.
fn seed_of(name: &str) -> u64 {
    let digest = Sha256::digest(name.as_bytes());
    digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}
