use refit_aws::{AwsError, PollTimeout, RequestError};

/// What can go wrong with tuning jobs. Each variant is one thing the caller can do something about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuningError {
    /// A range SageMaker would refuse, or could not search. Correct its bounds or its scaling; nothing was requested.
    #[error("invalid range of {name}: {reason}")]
    InvalidRange {
        /// The hyperparameter.
        name: String,
        /// What is wrong, and what is right.
        reason: String,
    },

    /// XGBoost's objective metrics have no such name. Choose one of those named, or build one with a direction.
    #[error("unknown objective metric {name:?}: choose one of {known}, or use ObjectiveMetric::custom")]
    UnknownMetric {
        /// The metric asked for.
        name: String,
        /// The metrics there are.
        known: String,
    },

    /// A setting SageMaker would refuse. Correct it; nothing was requested.
    #[error("invalid {field}: {reason}")]
    InvalidSetting {
        /// The setting.
        field: &'static str,
        /// What is wrong, and what is right.
        reason: String,
    },

    /// There is no tuning job of this name in this account and region. Correct the name.
    #[error("tuning job {name} does not exist in this account and region: correct its name")]
    NoSuchTuningJob {
        /// The tuning job.
        name: String,
    },

    /// There is no training job of this name in this account and region. Correct the name.
    #[error("training job {name} does not exist in this account and region: correct its name")]
    NoSuchTrainingJob {
        /// The training job.
        name: String,
    },

    /// Another tuning job has this name. Names are never free again: choose another one.
    #[error("tuning job {name} exists already with other {}: choose another name", differences.join(", "))]
    JobDiffers {
        /// The tuning job.
        name: String,
        /// What the two jobs differ in.
        differences: Vec<&'static str>,
    },

    /// The tuning job failed. Correct what the reason names and start one of another name.
    #[error("tuning job {name} ended as {status}: {reason}")]
    JobFailed {
        /// The tuning job.
        name: String,
        /// How it ended.
        status: String,
        /// SageMaker's reason.
        reason: String,
    },

    /// No training job of the tuning job has an objective value. Look at the training jobs' failure reasons.
    #[error("tuning job {name} has no best training job ({counters}): {hint}")]
    NoBestTrainingJob {
        /// The tuning job.
        name: String,
        /// How its training jobs stand.
        counters: String,
        /// Where to look.
        hint: String,
    },

    /// A quota of the account is used up. Wait until other jobs are done, or ask AWS for a higher one.
    #[error("a quota is used up: wait for other jobs, or ask AWS for a higher quota")]
    QuotaExceeded(#[source] RequestError),

    /// A name, an ARN or a URI that AWS would refuse.
    #[error(transparent)]
    Aws(#[from] AwsError),

    /// The job takes longer than the `Poll` allows. It goes on: wait again, or stop it.
    #[error(transparent)]
    Timeout(#[from] PollTimeout),

    /// Any other refusal of SageMaker, or no answer. See [`RequestError::is_retryable`].
    #[error(transparent)]
    Request(RequestError),
}

impl From<RequestError> for TuningError {
    fn from(error: RequestError) -> Self {
        match error.code() {
            Some("ResourceLimitExceeded") => Self::QuotaExceeded(error),
            _ => Self::Request(error),
        }
    }
}

#[cfg(test)]
mod tests {
    // Every result carries its error's size; clippy's limit for one is 128 bytes, and callers wrap ours.
    #[test]
    fn errors_stay_small() {
        assert!(size_of::<super::AwsError>() <= 96, "{}", size_of::<super::AwsError>());
        assert!(size_of::<super::TuningError>() <= 104, "{}", size_of::<super::TuningError>());
    }
}
