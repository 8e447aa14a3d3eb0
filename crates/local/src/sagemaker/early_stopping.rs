//! Early stopping of training jobs by the median rule (`TrainingJobEarlyStoppingType = Auto`).

use std::sync::{Mutex, PoisonError};

use super::hyperband::{Bracket, Hyperband};

/// What looks at a training job after each of its rounds.
#[derive(Clone, Copy)]
pub(super) enum RoundRule<'a> {
    Median(&'a MedianRule),
    Hyperband(&'a Hyperband, Bracket),
}

impl RoundRule<'_> {
    /// Whether a job with `value` after epoch `epoch` (from 0) is to be stopped.
    pub(super) fn stops(self, epoch: usize, value: f64) -> bool {
        match self {
            Self::Median(rule) => rule.stops(epoch, value),
            Self::Hyperband(hyperband, bracket) => hyperband.stops(bracket, epoch, value),
        }
    }
}

/// The rule as the developer guide gives it (automatic-model-tuning-early-stopping): after each epoch, the objective is
/// compared with the median of the running averages that the earlier training jobs had at the same epoch; a job that is
/// worse is stopped.
pub(super) struct MedianRule {
    maximize: bool,
    /// For each earlier job, the running average of its objective after each epoch.
    earlier: Mutex<Vec<Vec<f64>>>,
}

impl MedianRule {
    pub(super) fn new(maximize: bool) -> Self {
        Self { maximize, earlier: Mutex::default() }
    }

    /// Adds the objective of a job that ended, epoch by epoch.
    pub(super) fn add(&self, objective: &[f64]) {
        let mut sum = 0.0;
        let averages = objective.iter().zip(1_u32..).map(|(value, count)| {
            sum += value;
            sum / f64::from(count)
        });
        self.earlier.lock().unwrap_or_else(PoisonError::into_inner).push(averages.collect());
    }

    /// Whether a job with `value` after epoch `epoch` (from 0) is to be stopped.
    pub(super) fn stops(&self, epoch: usize, value: f64) -> bool {
        let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let mut averages: Vec<f64> = earlier.iter().filter_map(|job| job.get(epoch).copied()).collect();
        let Some(median) = median(&mut averages) else { return false };
        if self.maximize { value < median } else { value > median }
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    if values.len() % 2 == 1 {
        return Some(*upper);
    }
    Some(f64::midpoint(values[values.len() / 2 - 1], *upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Running averages by hand: (10, 9, 8) and (20, 16, 14); medians 15, 12.5, 11.
    #[test]
    fn stops_what_is_worse_than_the_median_of_running_averages() {
        let rule = MedianRule::new(false);
        assert!(!rule.stops(0, 1e9), "nothing to compare with");
        rule.add(&[10.0, 8.0, 6.0]);
        rule.add(&[20.0, 12.0, 10.0]);
        assert!(!rule.stops(0, 15.0));
        assert!(rule.stops(0, 15.5));
        assert!(!rule.stops(1, 12.5));
        assert!(rule.stops(2, 11.5));
        assert!(!rule.stops(3, 1e9), "no earlier job came so far");
    }

    #[test]
    fn a_maximised_objective_is_worse_when_lower() {
        let rule = MedianRule::new(true);
        rule.add(&[0.5, 0.7]);
        assert!(rule.stops(1, 0.59));
        assert!(!rule.stops(1, 0.61));
    }
}
