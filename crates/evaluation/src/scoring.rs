//! Batches of rows as they pass by: predicted by one model or two, and counted.

use std::num::NonZeroUsize;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float32Type, Float64Type};
use arrow::record_batch::RecordBatch;
use refit_booster::Booster;

use crate::evaluation::{Champion, of_champion};
use crate::importance::importance;
use crate::sample::Sample;
use crate::slices::SliceTally;
use crate::{
    BinaryTally, ComparisonSpec, Deviance, DriftLimits, DriftReport, DriftTally, Evaluation, EvaluationError,
    EvaluationSet, EvaluationSpec, Metric, Observation, PairedTally, RegressionTally, SliceBy, TrainingProfile,
};

/// What the predictions are called among the columns that drift.
const PREDICTION: &str = "prediction";

/// The figures of one model in the making.
struct Tallies {
    regression: RegressionTally,
    binary: Option<BinaryTally>,
}

/// Everything that is counted while the rows pass.
pub(crate) struct Scoring<'a> {
    set: String,
    booster: &'a Booster,
    own: Tallies,
    champion: Option<(&'a Booster, Tallies, PairedTally)>,
    slices: Vec<(usize, SliceTally)>,
    drift: Option<Drift>,
    sample: Sample,
    threads: NonZeroUsize,
}

impl Tallies {
    fn new(booster: &Booster, set: &str) -> Self {
        let binary = booster.objective().starts_with("binary:").then(|| BinaryTally::new(set));
        Self { regression: RegressionTally::new(set, Deviance::of_objective(booster.objective())), binary }
    }

    fn add(&mut self, row: Observation) -> Result<(), EvaluationError> {
        self.regression.add(row)?;
        self.binary.as_mut().map_or(Ok(()), |binary| binary.add(row))
    }
}

impl<'a> Scoring<'a> {
    pub(crate) fn new(
        booster: &'a Booster,
        set: &EvaluationSet,
        spec: &EvaluationSpec<'a>,
    ) -> Result<Self, EvaluationError> {
        let name = set.name();
        let comparison = |champion| {
            let asked = spec.comparison.clone().unwrap_or_else(|| suggested(champion, booster));
            ComparisonSpec { seed: spec.seed.unwrap_or(asked.seed), ..asked }
        };
        let champion = match spec.champion {
            Some(champion) => {
                Some((champion, Tallies::new(champion, name), PairedTally::new(name, comparison(champion))?))
            }
            None => None,
        };
        Ok(Self {
            set: name.to_owned(),
            booster,
            own: Tallies::new(booster, name),
            champion,
            slices: slices(booster, set, spec),
            sample: Sample::new(set.features().len(), booster.importance().iter().map(|used| used.weight).sum()),
            drift: spec.training.map(|training| Drift::new(set, training, spec.drift_limits)),
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        })
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), EvaluationError> {
        let features: Vec<usize> = (1..batch.num_columns()).collect();
        let features =
            batch.project(&features).map_err(|source| EvaluationError::Batch { set: self.set.clone(), source })?;
        let labels = batch.column(0).as_primitive::<Float64Type>().values();
        self.sample.add(&features);
        let rows = self.observations(self.booster, labels, &features)?;
        rows.iter().try_for_each(|row| self.own.add(*row))?;
        let champions = self.add_champion(labels, &features, &rows).map_err(|source| of_champion(&self.set, source))?;
        for (column, slices) in &mut self.slices {
            slices.add(batch.column(*column), &rows)?;
        }
        if let Some(drift) = &mut self.drift {
            drift.add(batch, champions.as_ref().unwrap_or(&rows));
        }
        Ok(())
    }

    fn add_champion(
        &mut self,
        labels: &[f64],
        features: &RecordBatch,
        challengers: &[Observation],
    ) -> Result<Option<Vec<Observation>>, EvaluationError> {
        let champions = match &self.champion {
            Some((champion, ..)) => self.observations(champion, labels, features)?,
            None => return Ok(None),
        };
        if let Some((_, tallies, paired)) = &mut self.champion {
            for (champion, challenger) in champions.iter().zip(challengers) {
                tallies.add(*champion)?;
                paired.add(champion.label, champion.prediction, challenger.prediction, champion.weight)?;
            }
        }
        Ok(Some(champions))
    }

    pub(crate) fn evaluation(self, features: &[String]) -> Result<Evaluation, EvaluationError> {
        let booster = self.booster;
        let regression = &self.own.regression;
        let metrics = regression.metrics()?;
        let (set, label, rows) = (self.set.clone(), metrics.label_mean, metrics.rows);
        if metrics.label_stdev == 0.0 {
            let one_class = self.own.binary.is_some();
            return Err(match one_class {
                true => EvaluationError::OneClass { set, label },
                false => EvaluationError::ConstantLabel { set, label, rows },
            });
        }
        let champion = self.champion.as_ref().map(|(_, tallies, paired)| champion(tallies, paired)).transpose();
        let champion = champion.map_err(|source| of_champion(&self.set, source))?;
        let slices = self.slices.iter().map(|(_, slices)| slices.metrics()).collect::<Result<Vec<_>, _>>()?;
        Ok(Evaluation {
            objective: booster.objective().to_owned(),
            trees: booster.best_ntree_limit().map_or(booster.num_trees(), |limit| limit.min(booster.num_trees())),
            metrics,
            error_histogram: regression.error_histogram(),
            predicted_vs_actual: regression.predicted_vs_actual(),
            calibration: regression.calibration(),
            importance: importance(booster, features, self.sample.effects(booster, self.threads).as_deref()),
            explained_rows: self.sample.rows(),
            binary: self.own.binary.as_ref().map(BinaryTally::metrics).transpose()?,
            champion,
            slices: slices.concat(),
            drift: self.drift.as_ref().map(Drift::report),
            prediction_profile: regression.prediction_profile(PREDICTION),
        })
    }

    fn observations(
        &self,
        booster: &Booster,
        labels: &[f64],
        features: &RecordBatch,
    ) -> Result<Vec<Observation>, EvaluationError> {
        let predictions = booster
            .predict_by_threads(features, self.threads)
            .map_err(|source| EvaluationError::Predict { set: self.set.clone(), source })?;
        let pairs = labels.iter().zip(&predictions.values);
        Ok(pairs.map(|(label, prediction)| (*label, f64::from(*prediction)).into()).collect())
    }
}

fn champion(tallies: &Tallies, paired: &PairedTally) -> Result<Champion, EvaluationError> {
    Ok(Champion {
        metrics: tallies.regression.metrics()?,
        binary: tallies.binary.as_ref().map(BinaryTally::metrics).transpose()?,
        comparison: paired.comparison()?,
    })
}

/// What the objectives suggest to compare by: a deviance only where both models are of its family.
fn suggested(champion: &Booster, challenger: &Booster) -> ComparisonSpec {
    let [one, other] = [champion, challenger].map(|booster| Metric::of_objective(booster.objective()));
    let apart = one != other && matches!(other, Metric::Deviance(_));
    ComparisonSpec::new(if apart { Metric::Rmse } else { other })
}

/// The columns to slice by, each with its place in a batch.
fn slices(booster: &Booster, set: &EvaluationSet, spec: &EvaluationSpec<'_>) -> Vec<(usize, SliceTally)> {
    let binary = booster.objective().starts_with("binary:");
    let place = |by: &SliceBy| set.features().position(|feature| feature == by.column);
    spec.slices.iter().filter_map(|by| Some((place(by)? + 1, SliceTally::new(by.clone(), binary)))).collect()
}

/// How far the columns are from the training rows.
struct Drift {
    /// Each with its place in a batch, or none for the predictions.
    columns: Vec<(Option<usize>, DriftTally)>,
    limits: DriftLimits,
}

impl Drift {
    /// Of the columns that the training profile describes, and of the predictions if it describes them.
    fn new(set: &EvaluationSet, training: &TrainingProfile, limits: DriftLimits) -> Self {
        let names = std::iter::once(training.label.as_str()).chain(set.features()).enumerate();
        let columns = names.map(|(place, name)| (Some(place), name)).chain([(None, PREDICTION)]);
        let known = |(place, name)| Some((place, DriftTally::new(training.column(name)?.clone())));
        Self { columns: columns.filter_map(known).collect(), limits }
    }

    /// The predictions are those of the model that the training rows made: the champion, where there is one.
    fn add(&mut self, batch: &RecordBatch, rows: &[Observation]) {
        for (column, tally) in &mut self.columns {
            match *column {
                None => rows.iter().for_each(|row| tally.add(Some(row.prediction))),
                Some(0) => rows.iter().for_each(|row| tally.add(Some(row.label))),
                Some(column) => {
                    let values = batch.column(column).as_primitive::<Float32Type>();
                    let value = |row| values.is_valid(row).then(|| f64::from(values.value(row)));
                    (0..values.len()).for_each(|row| tally.add(value(row)));
                }
            }
        }
    }

    fn report(&self) -> DriftReport {
        DriftReport::new(self.columns.iter().map(|(_, tally)| tally.drift(&self.limits)).collect(), self.limits)
    }
}
