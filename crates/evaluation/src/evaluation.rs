//! A model measured on held-out rows.

use std::collections::BTreeMap;

use refit_booster::Booster;
use serde::Serialize;

use crate::joint::JointHistogram;
use crate::kind::Kind;
use crate::scoring::Scoring;
use crate::{
    CalibrationGroup, ColumnProfile, ComparisonSpec, DriftLimits, DriftReport, EvaluationError, EvaluationSet,
    FeatureImportance, Histogram, Metrics, PairedComparison, SliceBy, SliceMetrics, TrainingProfile, contract,
};

/// What is known of a model after it predicted every held-out row. Its size does not depend on the rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Evaluation {
    /// The model's objective.
    pub objective: String,
    /// Trees that predict: those that early stopping kept.
    pub trees: usize,
    /// The column that says how much each row counts, where there is one.
    pub weighted_by: Option<String>,
    /// The figures.
    pub metrics: Metrics,
    /// How predictions and labels are distributed, but of several classes.
    pub distributions: Option<Distributions>,
    /// Every feature by its share of the total gain, largest first.
    pub importance: Vec<FeatureImportance>,
    /// How many rows the features' [effects](FeatureImportance::effect) were taken from.
    pub explained_rows: u64,
    /// The champion's figures on the same rows, and what the comparison comes to.
    pub champion: Option<Champion>,
    /// Parts of the rows.
    pub slices: Vec<SliceMetrics>,
    /// How far the rows are from the training rows, where those were described.
    pub drift: Option<DriftReport>,
    /// How the predictions are distributed: what later ones may be compared with. Of several classes, how often each is the
    /// likeliest.
    pub prediction_profile: ColumnProfile,
}

/// Predictions and labels that are numbers on one scale, in bins.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Distributions {
    /// The errors (prediction − label).
    pub error_histogram: Histogram,
    /// Predictions against labels.
    pub predicted_vs_actual: JointHistogram,
    /// Mean prediction and mean label of ten groups of rows, from the lowest predictions to the highest.
    pub calibration: Vec<CalibrationGroup>,
}

/// The model that serves, on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Champion {
    /// Its figures.
    pub metrics: Metrics,
    /// The evaluated model, the challenger, against it.
    pub comparison: PairedComparison,
}

/// What is looked at beside the figures. By default nothing.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct EvaluationSpec<'a> {
    /// The model that serves now; both predict the same rows.
    pub champion: Option<&'a Booster>,
    /// How both are compared; by default by the metric that the objective suggests.
    pub comparison: Option<ComparisonSpec>,
    /// Where the random numbers of the comparison begin, whatever `comparison` says: the same seed gives the same verdict.
    pub seed: Option<u64>,
    /// Columns by which rows are told apart.
    pub slices: Vec<SliceBy>,
    /// What the training rows were like, the champion's where there is one: the set's columns are held to its contract, and
    /// drift is measured from it. A column named `prediction` in it is what the predictions are compared with: the champion's, or
    /// the model's own without one.
    pub training: Option<&'a TrainingProfile>,
    /// From where on drift matters.
    pub drift_limits: DriftLimits,
}

impl EvaluationSpec<'_> {
    /// Refuses what cannot be asked of this set, before any model is there.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::Comparison`], [`EvaluationError::SliceCuts`] and [`EvaluationError::NoSliceColumn`] for settings that
    /// say nothing, [`EvaluationError::Contract`] and [`EvaluationError::ContractSha256`] for a set of another contract than the
    /// training rows.
    pub fn check(&self, set: &EvaluationSet) -> Result<(), EvaluationError> {
        self.comparison.iter().try_for_each(ComparisonSpec::check)?;
        for by in &self.slices {
            by.check()?;
            if set.features().all(|feature| feature != by.column) {
                return Err(EvaluationError::NoSliceColumn {
                    set: set.name().to_owned(),
                    column: by.column.clone(),
                    features: set.features().collect::<Vec<_>>().join(", "),
                });
            }
        }
        self.training.map_or(Ok(()), |training| training.check(set))
    }
}

impl Evaluation {
    /// The figures by name, as thresholds name them: XGBoost's names where there are such.
    pub fn figures(&self) -> BTreeMap<&'static str, f64> {
        self.metrics.figures()
    }

    /// What a rule judges.
    pub fn evidence(&self) -> crate::Evidence<'_> {
        crate::Evidence {
            figures: self.figures(),
            champion: self.champion.as_ref().map(|champion| champion.metrics.figures()),
            comparison: self.champion.as_ref().map(|champion| &champion.comparison),
            not_compared: None,
            slices: &self.slices,
            drift: self.drift.as_ref(),
        }
    }
}

/// Predicts every row of `set` and measures how far the predictions are from the labels.
///
/// One pass; memory does not grow with the rows, but for two classes, of which every distinct prediction is kept. Where the set has
/// [weights](EvaluationSet::weighted_by), they are in every figure.
///
/// # Errors
///
/// Those of [`evaluate_with`].
pub fn evaluate(booster: &Booster, set: EvaluationSet) -> Result<Evaluation, EvaluationError> {
    evaluate_with(booster, set, &EvaluationSpec::default())
}

/// Like [`evaluate`], beside the champion, by slices, and against the training rows, as `spec` asks.
///
/// Memory does not grow with the rows but for two classes, of which every distinct prediction is kept.
///
/// # Errors
///
/// Before a row is read: [`EvaluationError::Objective`] and [`EvaluationError::Outputs`] for a model that no
/// figures fit, [`EvaluationError::FeatureCount`] and [`EvaluationError::Contract`] when model, contract and set
/// disagree, [`EvaluationError::Champion`] when it is the champion that does not fit, or that predicts something else,
/// [`EvaluationError::MetricMisfit`] for a comparison by what the model does not predict, and those
/// of [`EvaluationSpec::check`]. While reading: the first bad line, [`EvaluationError::Class`] for the first label that is no class.
/// [`EvaluationError::EmptySet`] when there is no row, [`EvaluationError::ZeroWeights`] when none counts,
/// [`EvaluationError::ConstantLabel`] and [`EvaluationError::OneClass`] when there is nothing to tell apart.
pub fn evaluate_with(
    booster: &Booster,
    set: EvaluationSet,
    spec: &EvaluationSpec<'_>,
) -> Result<Evaluation, EvaluationError> {
    check(booster, &set)?;
    if let Some(champion) = spec.champion {
        check(champion, &set)
            .and_then(|()| same_kind(champion, booster))
            .map_err(|source| of_champion(set.name(), source))?;
    }
    spec.comparison.as_ref().map_or(Ok(()), |comparison| comparison.metric.check(booster.objective()))?;
    spec.check(&set)?;
    let mut scoring = Scoring::new(booster, &set, spec)?;
    for batch in set {
        scoring.add(&batch?)?;
    }
    let evaluation = scoring.evaluation()?;
    let metrics = &evaluation.metrics;
    tracing::info!(rows = metrics.rows(), mae = metrics.mae(), rmse = metrics.rmse(), "evaluated");
    Ok(evaluation)
}

/// Says that it is the champion's failure and not the evaluated model's.
pub(crate) fn of_champion(set: &str, source: EvaluationError) -> EvaluationError {
    EvaluationError::Champion { set: set.to_owned(), source: Box::new(source) }
}

/// Refuses what these figures do not fit, before a row is read.
fn check(booster: &Booster, set: &EvaluationSet) -> Result<(), EvaluationError> {
    if !predicts_labels(booster.objective()) {
        return Err(EvaluationError::Objective { objective: booster.objective().to_owned() });
    }
    if booster.num_groups() != 1 && Kind::of(booster) != Kind::Classes {
        return Err(EvaluationError::Outputs { outputs: booster.num_groups() });
    }
    if let Some(names) = booster.feature_names() {
        contract::check(set.name(), set.features(), names)?;
    }
    let (found, expected) = (set.features().len(), booster.num_features());
    if found != expected {
        return Err(EvaluationError::FeatureCount { set: set.name().to_owned(), found, expected });
    }
    Ok(())
}

/// Refuses to set an amount against a class, or other classes against each other: no metric fits both.
fn same_kind(champion: &Booster, challenger: &Booster) -> Result<(), EvaluationError> {
    if Kind::of(champion) != Kind::of(challenger) {
        return Err(EvaluationError::ChampionKind {
            champion: champion.objective().to_owned(),
            challenger: challenger.objective().to_owned(),
        });
    }
    match [champion, challenger].map(Booster::num_groups) {
        [one, other] if one == other => Ok(()),
        [champion, challenger] => Err(EvaluationError::ChampionClasses { champion, challenger }),
    }
}

/// Whether predictions are on the label's scale, or probabilities of the label: not ranks, hazards or log odds.
fn predicts_labels(objective: &str) -> bool {
    let other_scales = ["rank:", "survival:"];
    objective != "binary:logitraw" && !other_scales.iter().any(|family| objective.starts_with(family))
}
