//! The figures of one model in the making, whatever it predicts.

use refit_booster::Booster;

use crate::evaluation::Distributions;
use crate::kind::Kind;
use crate::outputs::Row;
use crate::{
    BinaryTally, ColumnProfile, Deviance, EvaluationError, Metrics, MulticlassMetrics, MulticlassTally, RegressionTally,
};

/// Gathers [`Metrics`] row by row.
pub(crate) enum Tally {
    Amounts(Box<RegressionTally>),
    TwoClasses(Box<(RegressionTally, BinaryTally)>),
    Classes(MulticlassTally),
}

impl Tally {
    pub(crate) fn new(booster: &Booster, set: &str) -> Self {
        let errors = || RegressionTally::new(set, Deviance::of_objective(booster.objective()));
        match Kind::of(booster) {
            Kind::Amount => Self::Amounts(Box::new(errors())),
            Kind::TwoClasses => Self::TwoClasses(Box::new((errors(), BinaryTally::new(set)))),
            Kind::Classes => Self::Classes(MulticlassTally::new(set, booster.num_groups())),
        }
    }

    pub(crate) fn add(&mut self, row: Row<'_>) -> Result<(), EvaluationError> {
        match self {
            Self::Amounts(errors) => errors.add(row.observation()),
            Self::TwoClasses(both) => {
                both.0.add(row.observation())?;
                both.1.add(row.observation())
            }
            Self::Classes(classes) => classes.add(row.label, row.outputs, row.weight),
        }
    }

    pub(crate) fn metrics(&self) -> Result<Metrics, EvaluationError> {
        Ok(match self {
            Self::Amounts(errors) => Metrics::Regression(errors.metrics()?),
            Self::TwoClasses(both) => Metrics::Binary { errors: both.0.metrics()?, classes: both.1.metrics()? },
            Self::Classes(classes) => Metrics::Multiclass(classes.metrics()?),
        })
    }

    /// How predictions and labels are distributed, where both are numbers.
    pub(crate) fn distributions(&self) -> Option<Distributions> {
        let errors = self.errors()?;
        Some(Distributions {
            error_histogram: errors.error_histogram(),
            predicted_vs_actual: errors.predicted_vs_actual(),
            calibration: errors.calibration(),
        })
    }

    /// The distribution of the predictions, or of the likeliest classes.
    pub(crate) fn prediction_profile(&self, name: &str) -> ColumnProfile {
        match self {
            Self::Amounts(errors) => errors.prediction_profile(name),
            Self::TwoClasses(both) => both.0.prediction_profile(name),
            Self::Classes(classes) => ColumnProfile::of_classes(name, classes.said()),
        }
    }

    fn errors(&self) -> Option<&RegressionTally> {
        match self {
            Self::Amounts(errors) => Some(errors),
            Self::TwoClasses(both) => Some(&both.0),
            Self::Classes(_) => None,
        }
    }
}

/// Refuses rows that are all alike, which tell no model from another.
pub(crate) fn told_apart(set: &str, metrics: &Metrics) -> Result<(), EvaluationError> {
    let set = || set.to_owned();
    match metrics {
        Metrics::Regression(errors) if errors.label_stdev == 0.0 => {
            Err(EvaluationError::ConstantLabel { set: set(), label: errors.label_mean, rows: errors.rows })
        }
        Metrics::Binary { errors, .. } if errors.label_stdev == 0.0 => {
            Err(EvaluationError::OneClass { set: set(), label: errors.label_mean })
        }
        Metrics::Multiclass(classes) => match only_class(classes) {
            Some(class) => Err(EvaluationError::OneClass { set: set(), label: class as f64 }),
            None => Ok(()),
        },
        Metrics::Regression(_) | Metrics::Binary { .. } => Ok(()),
    }
}

fn only_class(metrics: &MulticlassMetrics) -> Option<usize> {
    let mut there = (0..metrics.classes.len()).filter(|class| metrics.classes[*class].weight > 0.0);
    let first = there.next();
    first.filter(|_| there.next().is_none())
}
