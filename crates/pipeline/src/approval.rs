use refit_evaluation::RegressionMetrics;

/// When a model package is approved without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ApprovalRule {
    /// Never: a person approves.
    #[default]
    Manual,
    /// When its RMSE on the evaluation set is lower than that of predicting the mean of the labels.
    BeatsMean,
}

/// What a rule says of one candidate, with its reason for the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    Approve(String),
    LeavePending,
}

impl ApprovalRule {
    pub(crate) fn decide(self, metrics: &RegressionMetrics) -> Decision {
        let RegressionMetrics { rmse, baseline_rmse, rows, .. } = metrics;
        match self {
            Self::BeatsMean if rmse < baseline_rmse => Decision::Approve(format!(
                "approved by rule: RMSE {rmse:.4} is below {baseline_rmse:.4}, that of predicting the mean of {rows} rows"
            )),
            Self::BeatsMean | Self::Manual => Decision::LeavePending,
        }
    }
}
