use refit_xgboost::XgboostError;

/// A training that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrainingFailure {
    /// SageMaker's FailureReason: the file that the container leaves, without the frames of its Python, and its exit code.
    pub(crate) reason: String,
}

impl TrainingFailure {
    /// The caller's hyperparameters or data are at fault.
    pub(crate) fn user(message: impl std::fmt::Display) -> Self {
        Self::raised("UserError", message)
    }

    /// The training itself failed.
    pub(super) fn algorithm(message: impl std::fmt::Display) -> Self {
        Self::raised("AlgorithmError", message)
    }

    fn raised(error: &str, message: impl std::fmt::Display) -> Self {
        let error = format!("sagemaker_algorithm_toolkit.exceptions.{error}: {message}");
        Self { reason: format!("AlgorithmError: framework error: \n{error}, exit code: 1") }
    }
}

/// What XGBoost says about data that does not suit the objective; the container blames these on the caller.
const ABOUT_THE_DATA: [&str; 7] = [
    "label must be in [0,1]",
    "label must be in [0, num_class)",
    "label must be nonnegative",
    "only contains pos or neg samples",
    "base_score must be in (0,1)",
    "does not match number of features",
    "Target is multiclass but average='binary'",
];

impl From<XgboostError> for TrainingFailure {
    fn from(error: XgboostError) -> Self {
        let text = error.to_string();
        match error {
            XgboostError::Library { .. } if !ABOUT_THE_DATA.iter().any(|phrase| text.contains(phrase)) => {
                Self::algorithm(format_args!("XGB train call failed with exception:\n {text}"))
            }
            _ => Self::user(text),
        }
    }
}
