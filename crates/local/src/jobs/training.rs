//! One training job, from its channels' bytes to its `model.tar.gz`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Channel;

/// What to train on and how.
#[derive(Debug, Clone)]
pub(crate) struct TrainingRequest {
    pub(crate) hyperparameters: BTreeMap<String, String>,
    /// Shared by the training jobs of a tuning job: a channel is parsed once, at its first use.
    pub(crate) channels: Arc<Vec<Channel>>,
    /// The tag of the training image, such as `1.7-1`; it decides the format of the model and the early stopping.
    pub(crate) image_tag: String,
    pub(crate) threads: usize,
}

/// The metrics after one round, named as SageMaker names them: `train:rmse`, `validation:rmse`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RoundMetrics {
    /// The round, counted from 0.
    pub(crate) index: u32,
    pub(crate) metrics: Vec<(String, f64)>,
}

/// A training that came to an end, possibly before its last round.
#[derive(Debug, Clone)]
pub(crate) struct TrainingOutcome {
    /// The bytes of `model.tar.gz`.
    pub(crate) artifact: Vec<u8>,
    /// The metrics of the last round.
    pub(crate) final_metrics: Vec<(String, f64)>,
    /// How many rounds were trained.
    pub(crate) rounds: u32,
    /// Whether the caller stopped it.
    pub(crate) stopped: bool,
}

/// A training that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrainingFailure {
    /// SageMaker's FailureReason: `ClientError: …` for the caller's mistakes, `AlgorithmError: …` for the rest.
    pub(crate) reason: String,
}
