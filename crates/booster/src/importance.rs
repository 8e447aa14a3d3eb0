//! How much each feature did, as XGBoost's `get_score` counts it.

use crate::forest::Forest;

/// What the splits on one feature add up to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureImportance {
    /// The feature, counted from 0.
    pub feature: usize,
    /// How many splits use it (`weight`).
    pub weight: u64,
    /// What these splits improved the objective by, together (`total_gain`).
    pub total_gain: f64,
    /// The hessians that came to these splits, together (`total_cover`); for a squared error, the rows.
    pub total_cover: f64,
}

impl FeatureImportance {
    /// The mean improvement of a split (`gain`).
    pub fn gain(&self) -> f64 {
        self.total_gain / self.weight as f64
    }

    /// The mean cover of a split (`cover`).
    pub fn cover(&self) -> f64 {
        self.total_cover / self.weight as f64
    }
}

/// The features that any tree splits on, in the model's order.
pub(crate) fn of(forest: &Forest) -> Vec<FeatureImportance> {
    let mut features = std::collections::BTreeMap::new();
    for split in forest.splits() {
        let entry = features.entry(split.feature).or_insert(FeatureImportance {
            feature: split.feature,
            weight: 0,
            total_gain: 0.0,
            total_cover: 0.0,
        });
        entry.weight += 1;
        entry.total_gain += f64::from(split.gain);
        entry.total_cover += f64::from(split.cover);
    }
    features.into_values().collect()
}
