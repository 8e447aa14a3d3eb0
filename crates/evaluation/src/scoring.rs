//! Batches of rows as they pass by: predicted by one model or two, and counted.

use std::num::NonZeroUsize;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use arrow::record_batch::RecordBatch;
use refit_booster::Booster;

use crate::drift::{PREDICTION, RowsDrift};
use crate::evaluation::{Champion, of_champion};
use crate::importance::importance;
use crate::kind::Kind;
use crate::outputs::{Outputs, Row};
use crate::sample::Sample;
use crate::slices::SliceTally;
use crate::tally::{Tally, told_apart};
use crate::{
    ComparisonSpec, Evaluation, EvaluationError, EvaluationSet, EvaluationSpec, Metric, Metrics, PairedTally, SliceBy,
};

/// Everything that is counted while the rows pass.
pub(crate) struct Scoring<'a> {
    set: String,
    booster: &'a Booster,
    features: Vec<String>,
    weight: Option<String>,
    rows: u64,
    own: Tally,
    champion: Option<(&'a Booster, Tally, PairedTally)>,
    slices: Vec<(usize, SliceTally)>,
    drift: Option<RowsDrift>,
    sample: Sample,
    threads: NonZeroUsize,
}

impl<'a> Scoring<'a> {
    pub(crate) fn new(
        booster: &'a Booster,
        set: &EvaluationSet,
        spec: &EvaluationSpec<'a>,
    ) -> Result<Self, EvaluationError> {
        let name = set.name();
        let comparison = |champion| {
            let asked = spec.comparison.clone().map_or_else(|| suggested(champion, booster), Ok)?;
            Ok::<_, EvaluationError>(ComparisonSpec { seed: spec.seed.unwrap_or(asked.seed), ..asked })
        };
        let champion = match spec.champion {
            Some(champion) => {
                Some((champion, Tally::new(champion, name), PairedTally::new(name, comparison(champion)?)?))
            }
            None => None,
        };
        let kind = Kind::of(booster);
        Ok(Self {
            set: name.to_owned(),
            booster,
            features: set.features().map(str::to_owned).collect(),
            weight: set.weight().map(str::to_owned),
            rows: 0,
            own: Tally::new(booster, name),
            champion,
            slices: slices(kind, set, spec),
            sample: Sample::new(set.features().len(), booster.importance().iter().map(|used| used.weight).sum()),
            drift: spec.training.map(|training| RowsDrift::new(set, training, kind, spec.drift_limits)),
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        })
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), EvaluationError> {
        let features: Vec<usize> = (1..=self.features.len()).collect();
        let features =
            batch.project(&features).map_err(|source| EvaluationError::Batch { set: self.set.clone(), source })?;
        let numbers = |column: usize| &**batch.column(column).as_primitive::<Float64Type>().values();
        let (labels, weights) = (numbers(0), self.weight.as_ref().map(|_| numbers(self.features.len() + 1)));
        self.rows += batch.num_rows() as u64;
        self.sample.add(&features, weights);
        let own = self.outputs(self.booster, labels, weights, &features)?;
        own.rows().try_for_each(|row| self.own.add(row))?;
        let champion = self.add_champion(&features, &own).map_err(|source| of_champion(&self.set, source))?;
        for (column, slices) in &mut self.slices {
            slices.add(batch.column(*column), own.rows())?;
        }
        if let Some(drift) = &mut self.drift {
            drift.add(batch, champion.as_ref().unwrap_or(&own));
        }
        Ok(())
    }

    fn add_champion<'b>(
        &mut self,
        features: &RecordBatch,
        challenger: &Outputs<'b>,
    ) -> Result<Option<Outputs<'b>>, EvaluationError> {
        let champion = match &self.champion {
            Some((champion, ..)) => self.outputs(champion, challenger.labels, challenger.weights, features)?,
            None => return Ok(None),
        };
        if let Some((booster, tally, paired)) = &mut self.champion {
            let kind = Kind::of(booster);
            for (one, other) in champion.rows().zip(challenger.rows()) {
                tally.add(one)?;
                pair(paired, kind, one, other)?;
            }
        }
        Ok(Some(champion))
    }

    pub(crate) fn evaluation(self) -> Result<Evaluation, EvaluationError> {
        let booster = self.booster;
        let metrics = self.metrics()?;
        told_apart(&self.set, &metrics)?;
        let champion = self.champion.as_ref().map(|(_, tally, paired)| champion(tally, paired)).transpose();
        let champion = champion.map_err(|source| of_champion(&self.set, source))?;
        let slices = self.slices.iter().map(|(_, slices)| slices.metrics()).collect::<Result<Vec<_>, _>>()?;
        let kept = booster.best_ntree_limit().map(|limit| limit.saturating_mul(booster.num_groups()));
        let effects = self.sample.effects(booster, self.threads);
        Ok(Evaluation {
            objective: booster.objective().to_owned(),
            trees: kept.unwrap_or(usize::MAX).min(booster.num_trees()),
            weighted_by: self.weight,
            metrics,
            distributions: self.own.distributions(),
            importance: importance(booster, &self.features, effects.as_deref()),
            explained_rows: self.sample.rows(),
            champion,
            slices: slices.concat(),
            drift: self.drift.as_ref().map(RowsDrift::report),
            prediction_profile: self.own.prediction_profile(PREDICTION),
        })
    }

    /// The model's own figures. Rows that all have the weight 0 are not the same as none.
    fn metrics(&self) -> Result<Metrics, EvaluationError> {
        let (set, rows) = (self.set.clone(), self.rows);
        match (self.own.metrics(), &self.weight) {
            (Err(EvaluationError::EmptySet { .. }), Some(column)) if rows > 0 => {
                Err(EvaluationError::ZeroWeights { set, column: column.clone(), rows })
            }
            (metrics, _) => metrics,
        }
    }

    fn outputs<'b>(
        &self,
        booster: &Booster,
        labels: &'b [f64],
        weights: Option<&'b [f64]>,
        features: &RecordBatch,
    ) -> Result<Outputs<'b>, EvaluationError> {
        let predictions = booster
            .predict_for_metrics(features, self.threads)
            .map_err(|source| EvaluationError::Predict { set: self.set.clone(), source })?;
        Ok(Outputs { labels, weights, predictions })
    }
}

fn pair(paired: &mut PairedTally, kind: Kind, champion: Row<'_>, challenger: Row<'_>) -> Result<(), EvaluationError> {
    let Row { label, weight, .. } = champion;
    match kind {
        Kind::Classes => paired.add_classes(label, champion.outputs, challenger.outputs, weight),
        Kind::Amount | Kind::TwoClasses => paired.add(label, champion.prediction(), challenger.prediction(), weight),
    }
}

fn champion(tally: &Tally, paired: &PairedTally) -> Result<Champion, EvaluationError> {
    Ok(Champion { metrics: tally.metrics()?, comparison: paired.comparison()? })
}

/// What the objectives suggest to compare by: a deviance only where both models are of its family. Of a quantile's model the mean of the
/// squared errors would prefer the worse one.
fn suggested(champion: &Booster, challenger: &Booster) -> Result<ComparisonSpec, EvaluationError> {
    if challenger.objective() == "reg:quantileerror" {
        let problem =
            "reg:quantileerror is judged by the loss of its quantile: give Metric::QuantileLoss with its alpha"
                .to_owned();
        return Err(EvaluationError::Comparison { problem });
    }
    let [one, other] = [champion, challenger].map(|booster| Metric::of_objective(booster.objective()));
    let apart = one != other && matches!(other, Metric::Deviance(_));
    Ok(ComparisonSpec::new(if apart { Metric::Rmse } else { other }))
}

/// The columns to slice by, each with its place in a batch.
fn slices(kind: Kind, set: &EvaluationSet, spec: &EvaluationSpec<'_>) -> Vec<(usize, SliceTally)> {
    let place = |by: &SliceBy| set.features().position(|feature| feature == by.column);
    spec.slices.iter().filter_map(|by| Some((place(by)? + 1, SliceTally::new(by.clone(), kind)))).collect()
}
