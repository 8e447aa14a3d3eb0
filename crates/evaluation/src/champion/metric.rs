//! What two models are compared by.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::metrics::{brier, checked_class, class_log_loss, likeliest, log_loss, quantile_loss};
use crate::{Deviance, EvaluationError};

/// A metric that two models can be compared by on the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// Mean absolute error.
    Mae,
    /// Root mean squared error.
    Rmse,
    /// Quantile (pinball) loss.
    QuantileLoss {
        /// The quantile.
        alpha: f64,
    },
    /// Mean of `−ln p` of the class that it was, of two.
    Logloss,
    /// Share of rows on the wrong side of 0.5.
    Error,
    /// Mean squared distance of a probability from what happened.
    Brier,
    /// Mean deviance of counts or amounts.
    Deviance(Deviance),
    /// Area under the ROC curve.
    Auc,
    /// Mean of `−ln p` of the class that it was, of several.
    Mlogloss,
    /// Share of rows whose likeliest class of several is not theirs.
    Merror,
    /// The mean of losses that the caller of [`PairedTally`](crate::PairedTally) computes; lower is better.
    Loss,
}

impl Metric {
    /// The metric that a model of this objective is compared by unless another is chosen.
    pub fn of_objective(objective: &str) -> Self {
        match Deviance::of_objective(objective) {
            Some(family) => Self::Deviance(family),
            None if objective == "reg:absoluteerror" => Self::Mae,
            None => match Kind::of_objective(objective) {
                Kind::Amount => Self::Rmse,
                Kind::TwoClasses => Self::Logloss,
                Kind::Classes => Self::Mlogloss,
            },
        }
    }

    /// Refuses a metric that does not measure what models of this objective predict.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::MetricMisfit`].
    pub fn check(self, objective: &str) -> Result<(), EvaluationError> {
        let kind = Kind::of_objective(objective);
        match self != Self::Loss && self.is_of_classes() == (kind == Kind::Classes) {
            true => Ok(()),
            false => Err(self.misfit(kind)),
        }
    }

    /// Whether it takes the probability of each of several classes.
    pub(super) fn is_of_classes(self) -> bool {
        matches!(self, Self::Mlogloss | Self::Merror)
    }

    pub(super) fn misfit(self, kind: Kind) -> EvaluationError {
        let (predictions, remedy) = match kind {
            Kind::Amount => ("one number a row", "mae, rmse, quantile_loss or deviance"),
            Kind::TwoClasses => ("two classes", "logloss, error, brier or auc"),
            Kind::Classes => ("several classes", "mlogloss or merror"),
        };
        EvaluationError::MetricMisfit { metric: self.name(), predictions, remedy }
    }

    /// Whether a higher value is a better one.
    pub fn greater_is_better(self) -> bool {
        self == Self::Auc
    }

    /// What it is called in reports: XGBoost's name where there is one.
    pub fn name(self) -> String {
        match self {
            Self::Mae => "mae".to_owned(),
            Self::Rmse => "rmse".to_owned(),
            Self::QuantileLoss { alpha } => format!("quantile loss at {alpha}"),
            Self::Logloss => "logloss".to_owned(),
            Self::Error => "error".to_owned(),
            Self::Brier => "brier".to_owned(),
            Self::Deviance(Deviance::Poisson) => "Poisson deviance".to_owned(),
            Self::Deviance(Deviance::Gamma) => "gamma deviance".to_owned(),
            Self::Deviance(Deviance::Tweedie { power }) => format!("Tweedie deviance of power {power}"),
            Self::Auc => "auc".to_owned(),
            Self::Mlogloss => "mlogloss".to_owned(),
            Self::Merror => "merror".to_owned(),
            Self::Loss => "loss".to_owned(),
        }
    }

    /// What one row adds to the mean that the metric is, or is a function of. `row` is for the error.
    pub(super) fn loss(self, row: u64, label: f64, prediction: f64) -> Result<f64, EvaluationError> {
        Ok(match self {
            Self::Mae => (prediction - label).abs(),
            Self::Rmse => (prediction - label).powi(2),
            Self::QuantileLoss { alpha } => quantile_loss(alpha, label, prediction),
            Self::Logloss => log_loss(label, prediction),
            Self::Error => f64::from(u8::from((prediction > 0.5) != (label == 1.0))),
            Self::Brier => brier(label, prediction),
            Self::Deviance(family) => {
                family.of(label, prediction).ok_or(EvaluationError::OutsideFamily { row, label, prediction, family })?
            }
            Self::Auc | Self::Loss => prediction,
            Self::Mlogloss | Self::Merror => Err(self.misfit(Kind::Amount))?,
        })
    }

    /// The same of a row with the probability of each class.
    pub(super) fn class_loss(self, row: u64, label: f64, probabilities: &[f32]) -> Result<f64, EvaluationError> {
        let class = checked_class(row, label, probabilities)?;
        match self {
            Self::Mlogloss => Ok(class_log_loss(class, probabilities)),
            Self::Merror => Ok(f64::from(u8::from(likeliest(probabilities) != class))),
            _ => Err(self.misfit(Kind::Classes)),
        }
    }

    /// From the mean of the losses to the metric.
    pub(super) fn of_mean(self, mean: f64) -> f64 {
        if self == Self::Rmse { mean.max(0.0).sqrt() } else { mean }
    }
}
