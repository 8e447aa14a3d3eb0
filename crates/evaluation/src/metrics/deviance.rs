//! Deviances of counts and amounts.

use serde::{Deserialize, Serialize};

/// The family whose deviance measures a model of counts or amounts; half of it is, up to a constant, the loss that
/// XGBoost's objective of the same name minimises.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Deviance {
    /// Counts: `2 (y ln(y/μ) − y + μ)`. Labels are 0 or more.
    Poisson,
    /// Amounts: `2 (ln(μ/y) + y/μ − 1)`. Labels are above 0.
    Gamma,
    /// Amounts of which many are 0, with a variance in proportion to `μ^power`, `1 < power < 2`.
    Tweedie {
        /// XGBoost's `tweedie_variance_power`; its default is 1.5.
        power: f64,
    },
}

impl Deviance {
    /// The family of an objective; of `reg:tweedie` with XGBoost's default power.
    pub fn of_objective(objective: &str) -> Option<Self> {
        match objective {
            "count:poisson" => Some(Self::Poisson),
            "reg:gamma" => Some(Self::Gamma),
            "reg:tweedie" => Some(Self::Tweedie { power: 1.5 }),
            _ => None,
        }
    }

    /// What one row adds, before its weight; none where label or prediction lies outside the family's range.
    pub fn of(self, label: f64, prediction: f64) -> Option<f64> {
        let labels = match self {
            Self::Gamma => label > 0.0,
            Self::Poisson | Self::Tweedie { .. } => label >= 0.0,
        };
        if !labels || prediction <= 0.0 {
            return None;
        }
        Some(match self {
            Self::Poisson => {
                let ratio = if label == 0.0 { 0.0 } else { label * (label / prediction).ln() };
                2.0 * (ratio - label + prediction)
            }
            Self::Gamma => 2.0 * ((prediction / label).ln() + label / prediction - 1.0),
            Self::Tweedie { power } => {
                let rest = 2.0 - power;
                2.0 * (label.powf(rest) / ((1.0 - power) * rest) - label * prediction.powf(1.0 - power) / (1.0 - power)
                    + prediction.powf(rest) / rest)
            }
        })
    }
}
