//! All figures of one model, whatever it predicts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{BinaryMetrics, MulticlassMetrics, RegressionMetrics};

/// The figures of a model on some rows, by what it predicts. In JSON, `kind` tells which they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metrics {
    /// Of amounts, counts and everything else that is one number on the label's scale.
    Regression(RegressionMetrics),
    /// Of two classes, for an objective of `binary:`.
    Binary {
        /// The probability of the class 1 as a number, against labels of 0 and 1.
        #[serde(flatten)]
        errors: RegressionMetrics,
        /// How good the probabilities are, and how good the ranking.
        classes: BinaryMetrics,
    },
    /// Of several classes, for an objective of `multi:`.
    Multiclass(MulticlassMetrics),
}

impl Metrics {
    /// Rows measured, of a weight above 0.
    pub fn rows(&self) -> u64 {
        match self {
            Self::Regression(errors) | Self::Binary { errors, .. } => errors.rows,
            Self::Multiclass(classes) => classes.rows,
        }
    }

    /// Their weight together.
    pub fn weight(&self) -> f64 {
        match self {
            Self::Regression(errors) | Self::Binary { errors, .. } => errors.weight,
            Self::Multiclass(classes) => classes.weight,
        }
    }

    /// Mean absolute error; of several classes [`MulticlassMetrics::mae`].
    pub fn mae(&self) -> f64 {
        match self {
            Self::Regression(errors) | Self::Binary { errors, .. } => errors.mae,
            Self::Multiclass(classes) => classes.mae,
        }
    }

    /// Root mean squared error; of several classes [`MulticlassMetrics::rmse`].
    pub fn rmse(&self) -> f64 {
        match self {
            Self::Regression(errors) | Self::Binary { errors, .. } => errors.rmse,
            Self::Multiclass(classes) => classes.rmse,
        }
    }

    /// Standard deviation of the error; of several classes [`MulticlassMetrics::stdev_error`].
    pub fn stdev_error(&self) -> f64 {
        match self {
            Self::Regression(errors) | Self::Binary { errors, .. } => errors.stdev_error,
            Self::Multiclass(classes) => classes.stdev_error,
        }
    }

    /// The figures of one number, but of several classes.
    pub fn regression(&self) -> Option<&RegressionMetrics> {
        match self {
            Self::Regression(errors) | Self::Binary { errors, .. } => Some(errors),
            Self::Multiclass(_) => None,
        }
    }

    /// The figures of two classes.
    pub fn binary(&self) -> Option<&BinaryMetrics> {
        match self {
            Self::Binary { classes, .. } => Some(classes),
            Self::Regression(_) | Self::Multiclass(_) => None,
        }
    }

    /// The figures of several classes.
    pub fn multiclass(&self) -> Option<&MulticlassMetrics> {
        match self {
            Self::Multiclass(classes) => Some(classes),
            Self::Regression(_) | Self::Binary { .. } => None,
        }
    }

    /// The figures by name, as thresholds name them: XGBoost's names where there are such.
    pub fn figures(&self) -> BTreeMap<&'static str, f64> {
        let mut figures =
            BTreeMap::from([("mae", self.mae()), ("rmse", self.rmse()), ("stdev_error", self.stdev_error())]);
        match self {
            Self::Regression(errors) => figures.extend(of_errors(errors)),
            Self::Binary { errors, classes } => figures.extend(of_errors(errors).chain(of_two_classes(classes))),
            Self::Multiclass(classes) => figures.extend(of_classes(classes)),
        }
        figures
    }
}

/// A name with its figure.
type Named = (&'static str, f64);

fn of_errors(metrics: &RegressionMetrics) -> impl Iterator<Item = Named> {
    let figures = [
        ("bias", Some(metrics.bias)),
        ("r2", metrics.explained),
        ("mape", metrics.mape),
        ("deviance", metrics.deviance),
        ("improvement_over_mean", metrics.improvement_over_mean()),
    ];
    known(figures)
}

fn of_two_classes(metrics: &BinaryMetrics) -> impl Iterator<Item = Named> {
    let curves = metrics.curves.as_ref();
    let figures = [
        ("auc", curves.map(|curves| curves.auc)),
        ("pr_auc", curves.map(|curves| curves.pr_auc)),
        ("logloss", Some(metrics.logloss)),
        ("error", Some(metrics.error)),
        ("f1", Some(metrics.f1)),
        ("brier", Some(metrics.brier)),
    ];
    known(figures)
}

fn of_classes(metrics: &MulticlassMetrics) -> impl Iterator<Item = Named> {
    let figures = [
        ("merror", Some(metrics.merror)),
        ("mlogloss", Some(metrics.mlogloss)),
        ("macro_f1", Some(metrics.macro_f1)),
        ("weighted_f1", Some(metrics.weighted_f1)),
        ("improvement_over_shares", metrics.improvement_over_shares()),
    ];
    known(figures)
}

fn known<const N: usize>(figures: [(&'static str, Option<f64>); N]) -> impl Iterator<Item = Named> {
    figures.into_iter().filter_map(|(name, value)| Some((name, value?)))
}
