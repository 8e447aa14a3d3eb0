use refit_xgboost::XgboostError;

/// A training that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrainingFailure {
    /// SageMaker's FailureReason: `ClientError: …` for what the caller can mend, `AlgorithmError: …` for the rest.
    pub(crate) reason: String,
}

impl TrainingFailure {
    /// The caller's hyperparameters or data are at fault.
    pub(super) fn client(message: impl std::fmt::Display) -> Self {
        Self { reason: format!("ClientError: {message}") }
    }

    /// The training itself failed.
    pub(super) fn algorithm(message: impl std::fmt::Display) -> Self {
        Self { reason: format!("AlgorithmError: {message}") }
    }
}

/// What XGBoost says about data that does not suit the objective; the container blames these on the caller.
const ABOUT_THE_DATA: [&str; 6] = [
    "label must be in [0,1]",
    "label must be in [0, num_class)",
    "label must be nonnegative",
    "only contains pos or neg samples",
    "base_score must be in (0,1)",
    "does not match number of features",
];

impl From<XgboostError> for TrainingFailure {
    fn from(error: XgboostError) -> Self {
        let text = error.to_string();
        match error {
            XgboostError::Library { .. } if !ABOUT_THE_DATA.iter().any(|phrase| text.contains(phrase)) => {
                Self::algorithm(format_args!("XGB train call failed with exception:\n {text}"))
            }
            _ => Self::client(text),
        }
    }
}
