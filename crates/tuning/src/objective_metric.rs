use std::fmt;
use std::str::FromStr;

use crate::TuningError;

/// The objective metrics of SageMaker's XGBoost and their directions, from the table in its developer guide.
const METRICS: [(&str, Direction); 12] = [
    ("validation:accuracy", Direction::Maximize),
    ("validation:auc", Direction::Maximize),
    ("validation:error", Direction::Minimize),
    ("validation:f1", Direction::Maximize),
    ("validation:logloss", Direction::Minimize),
    ("validation:mae", Direction::Minimize),
    ("validation:map", Direction::Maximize),
    ("validation:merror", Direction::Minimize),
    ("validation:mlogloss", Direction::Minimize),
    ("validation:mse", Direction::Minimize),
    ("validation:ndcg", Direction::Maximize),
    ("validation:rmse", Direction::Minimize),
];

/// Whether a metric is better when it is higher or when it is lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Higher is better.
    Maximize,
    /// Lower is better.
    Minimize,
}

impl Direction {
    /// SageMaker's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Maximize => "Maximize",
            Self::Minimize => "Minimize",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The metric a tuning job optimises, and in which direction.
///
/// It parses from its full name or from XGBoost's own: `validation:rmse` and `rmse` are the same.
///
/// ```
/// use refit_tuning::{Direction, ObjectiveMetric};
///
/// let metric: ObjectiveMetric = "rmse".parse()?;
/// assert_eq!((metric.name(), metric.direction()), ("validation:rmse", Direction::Minimize));
/// # Ok::<(), refit_tuning::TuningError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectiveMetric {
    name: String,
    direction: Direction,
}

impl ObjectiveMetric {
    /// A metric that is not in SageMaker's table for XGBoost: 1 to 255 characters.
    pub fn custom(name: impl Into<String>, direction: Direction) -> Result<Self, TuningError> {
        let name = name.into();
        match (1..=255).contains(&name.chars().count()) && !name.contains(['\n', '\r']) {
            true => Ok(Self { name, direction }),
            false => Err(TuningError::InvalidSetting {
                field: "objective metric",
                reason: format!("its name {name:?} must be one line of 1 to 255 characters"),
            }),
        }
    }

    /// Its full name: `validation:rmse`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// XGBoost's name of it, without the dataset: `rmse`.
    pub fn eval_metric(&self) -> &str {
        self.name.split_once(':').map_or(&self.name, |(_, metric)| metric)
    }

    /// Whether higher or lower is better.
    pub fn direction(&self) -> Direction {
        self.direction
    }
}

impl FromStr for ObjectiveMetric {
    type Err = TuningError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = |(full, _): &&(&str, Direction)| *full == name || full.strip_prefix("validation:") == Some(name);
        match METRICS.iter().find(known) {
            Some((full, direction)) => Ok(Self { name: (*full).to_owned(), direction: *direction }),
            None => Err(TuningError::UnknownMetric {
                name: name.to_owned(),
                known: METRICS.map(|(full, _)| full).join(", "),
            }),
        }
    }
}

impl fmt::Display for ObjectiveMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, ObjectiveMetric};

    // The table "Metrics computed by the XGBoost algorithm" of the developer guide, in full.
    #[test]
    fn every_metric_has_the_direction_of_the_developer_guide() {
        for name in ["accuracy", "auc", "f1", "map", "ndcg"] {
            assert_eq!(name.parse::<ObjectiveMetric>().unwrap().direction(), Direction::Maximize, "{name}");
        }
        for name in ["error", "logloss", "mae", "merror", "mlogloss", "mse", "rmse"] {
            assert_eq!(name.parse::<ObjectiveMetric>().unwrap().direction(), Direction::Minimize, "{name}");
        }
    }

    #[test]
    fn a_metric_has_two_names() {
        let metric: ObjectiveMetric = "validation:auc".parse().unwrap();
        assert_eq!((metric.name(), metric.eval_metric()), ("validation:auc", "auc"));
        assert_eq!("auc".parse::<ObjectiveMetric>().unwrap(), metric);
    }

    #[test]
    fn an_unknown_metric_is_named_with_those_there_are() {
        let error = "validation:rsme".parse::<ObjectiveMetric>().unwrap_err().to_string();
        assert!(error.contains("validation:rsme") && error.contains("validation:rmse"), "{error}");
        assert!(ObjectiveMetric::custom("validation:aucpr", Direction::Maximize).is_ok());
        assert!(ObjectiveMetric::custom("", Direction::Maximize).is_err());
    }
}
