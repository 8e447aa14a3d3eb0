//! Hyperband: many training jobs begin, and those that do worse than others after as many rounds are stopped.
//!
//! The asynchronous form, in which no training job waits for another (Li et al. 2020, A System for Massively Parallel
//! Hyperparameter Tuning): after `min`, 3 `min`, 9 `min` … rounds a job goes on if it is among the better third of all that
//! came so far. Brackets differ in the first such rung, so that slow starters have a chance too.

use std::sync::{Mutex, PoisonError};

use crate::api::ApiError;

use super::members::{Members, Object};

/// One in so many goes on from rung to rung.
const REDUCTION: u32 = 3;

/// The greatest MaxResource (API reference, HyperbandStrategyConfig).
const MOST_RESOURCE: u64 = 20_000;

/// The rounds that a training job is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resources {
    min: u64,
    max: u64,
}

/// Which rung judges a training job first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bracket(usize);

/// What is known of a tuning job's training jobs at each rung.
pub(super) struct Hyperband {
    maximize: bool,
    max: usize,
    /// After how many rounds each rung judges.
    rungs: Vec<usize>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The objectives that came to each rung.
    values: Vec<Vec<f64>>,
    /// How many training jobs each bracket has had.
    begun: Vec<u32>,
}

impl Resources {
    /// Reads `StrategyConfig` of a job whose strategy is Hyperband.
    pub(super) fn parse(config: &Object) -> Result<Self, ApiError> {
        let hyperband = config.object("StrategyConfig").and_then(|config| config.object("HyperbandStrategyConfig"));
        let resource = |name: &str| hyperband.and_then(|hyperband| hyperband.whole(name));
        let max = resource("MaxResource").ok_or_else(|| {
            ApiError::validation(
                "HyperbandStrategyConfig.MaxResource must be given: it can't be inferred from StaticHyperParameters.",
            )
        })?;
        let min = resource("MinResource").unwrap_or(1);
        if config.text("TrainingJobEarlyStoppingType") == Some("Auto") {
            return Err(ApiError::validation(
                "TrainingJobEarlyStoppingType must be Off when the strategy is Hyperband, which stops training jobs itself.",
            ));
        }
        if min > max || max > MOST_RESOURCE {
            return Err(ApiError::validation(format!(
                "HyperbandStrategyConfig: MinResource [{min}] must not be above MaxResource [{max}], and that not above \
                 {MOST_RESOURCE}."
            )));
        }
        Ok(Self { min, max })
    }
}

impl Hyperband {
    pub(super) fn new(resources: Resources, maximize: bool) -> Self {
        let Resources { min, max } = resources;
        let rungs = std::iter::successors(Some(min), |rung| rung.checked_mul(u64::from(REDUCTION)));
        let rungs: Vec<usize> = rungs.take_while(|rung| *rung < max).map(|rung| rung as usize).collect();
        let state = State { values: vec![Vec::new(); rungs.len()], begun: vec![0; rungs.len().max(1)] };
        Self { maximize, max: max as usize, rungs, state: Mutex::new(state) }
    }

    /// The bracket of the next training job: the later a bracket judges first, the fewer jobs it has, by a third each.
    pub(super) fn enter(&self) -> Bracket {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let share = |(bracket, begun): (usize, &u32)| {
            f64::from(*begun + 1) * f64::from(REDUCTION).powi(i32::try_from(bracket).unwrap_or(i32::MAX))
        };
        let shares: Vec<f64> = state.begun.iter().enumerate().map(share).collect();
        let least = (0..shares.len()).min_by(|one, other| shares[*one].total_cmp(&shares[*other])).unwrap_or(0);
        state.begun[least] += 1;
        Bracket(least)
    }

    /// Whether a job with `value` after epoch `epoch` (from 0) is to be stopped.
    pub(super) fn stops(&self, bracket: Bracket, epoch: usize, value: f64) -> bool {
        let rounds = epoch + 1;
        if rounds >= self.max {
            return true;
        }
        let Some(rung) = self.rungs.iter().position(|rung| *rung == rounds).filter(|rung| *rung >= bracket.0) else {
            return false;
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let values = &mut state.values[rung];
        values.push(value);
        let better =
            values.iter().filter(|other| if self.maximize { **other > value } else { **other < value }).count();
        let reduction = REDUCTION as usize;
        values.len() >= reduction && better >= values.len() / reduction
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(min: Option<u64>, max: Option<u64>, early_stopping: &str) -> Result<Resources, ApiError> {
        let hyperband = json!({ "MinResource": min, "MaxResource": max });
        let config = json!({
            "StrategyConfig": { "HyperbandStrategyConfig": hyperband }, "TrainingJobEarlyStoppingType": early_stopping,
        });
        Resources::parse(config.as_object().unwrap())
    }

    // Rules: API reference, HyperbandStrategyConfig and HyperParameterTuningJobConfig.
    #[test]
    fn resources_have_rules() {
        assert_eq!(parse(None, Some(9), "Off").unwrap(), Resources { min: 1, max: 9 });
        assert!(parse(Some(1), None, "Off").unwrap_err().message.contains("MaxResource"));
        assert!(parse(Some(10), Some(9), "Off").unwrap_err().message.contains("MinResource [10]"));
        assert!(parse(Some(1), Some(20_001), "Off").is_err());
        assert!(parse(Some(1), Some(9), "Auto").unwrap_err().message.contains("EarlyStopping"));
    }

    #[test]
    fn the_better_third_goes_on() {
        let hyperband = Hyperband::new(Resources { min: 2, max: 20 }, false);
        assert_eq!(hyperband.rungs, [2, 6, 18]);
        let stops = |epoch, value| hyperband.stops(Bracket(0), epoch, value);
        assert!(!stops(1, 0.5) && !stops(1, 0.9), "two are too few to judge");
        assert!(stops(1, 0.7), "second of three");
        assert!(!stops(1, 0.4), "the first of four");
        assert!(!stops(2, 9.0), "between the rungs");
        assert!(stops(19, 0.1), "as many rounds as there are");
        assert!(!hyperband.stops(Bracket(1), 1, 9.0), "another bracket is judged later");
    }

    #[test]
    fn brackets_that_judge_later_have_fewer_jobs() {
        let hyperband = Hyperband::new(Resources { min: 1, max: 9 }, true);
        let brackets: Vec<usize> = (0..8).map(|_| hyperband.enter().0).collect();
        assert_eq!(brackets.iter().filter(|bracket| **bracket == 0).count(), 6, "{brackets:?}");
        assert_eq!(brackets.iter().filter(|bracket| **bracket == 1).count(), 2, "{brackets:?}");
    }
}
