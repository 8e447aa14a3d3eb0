//! What a tuning job searches.

use std::collections::BTreeMap;

/// The values that one hyperparameter may take.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ParameterRange {
    /// Any number from `min` to `max`.
    Continuous { name: String, min: f64, max: f64, scaling: Scaling },
    /// Any integer from `min` to `max`.
    Integer { name: String, min: i64, max: i64, scaling: Scaling },
    /// One of the values.
    Categorical { name: String, values: Vec<String> },
}

/// How a search spreads over a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scaling {
    /// Logarithmic where the range is positive and spans at least two orders of magnitude, else linear.
    Auto,
    Linear,
    /// Needs `min > 0`.
    Logarithmic,
    /// Finer towards 1; needs `0 <= min` and `max < 1`.
    ReverseLogarithmic,
}

/// Whether the objective metric is to be small or great.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Minimize,
    Maximize,
}

/// How a tuning job chooses hyperparameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    Bayesian,
    Random,
    /// Every combination once, in order.
    Grid,
}

/// The trials of parent tuning jobs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Prior {
    /// No parents.
    None,
    /// On the same data with the same algorithm: the values hold for this tuning job too.
    SameData(Vec<Trial>),
    /// On other data, parent by parent, the first one first: alike at best, each on a level and a scale of its own.
    OtherData(Vec<Vec<Trial>>),
}

/// A training job that ended with a value of the objective metric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trial {
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) value: f64,
}
