use std::fmt;

/// How a tuning job chooses the next hyperparameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// By what the training jobs before have shown.
    #[default]
    Bayesian,
    /// At random.
    Random,
    /// At random, with more rounds for what looks good. It stops training jobs itself: early stopping must be off.
    Hyperband,
    /// Every combination once. Categorical ranges only.
    Grid,
}

impl Strategy {
    /// SageMaker's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bayesian => "Bayesian",
            Self::Random => "Random",
            Self::Hyperband => "Hyperband",
            Self::Grid => "Grid",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether SageMaker stops training jobs that are unlikely to become the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EarlyStopping {
    /// Every training job runs to its end.
    #[default]
    Off,
    /// A training job stops when its objective is worse than the median of those before at the same round.
    Auto,
}

impl EarlyStopping {
    /// SageMaker's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::Auto => "Auto",
        }
    }
}
