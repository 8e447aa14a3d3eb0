//! Both models' results on the same rows, and the difference between them.

use serde::{Deserialize, Serialize};

use super::bootstrap::{self, Groups, Sums};
use super::placements::{Scored, placed};
use super::verdict::verdict;
use super::{Change, Metric, Verdict};
use crate::metrics::checked_weight;
use crate::{Deviance, EvaluationError};

/// How two models are compared.
///
/// | field | default | what it says |
/// |---|---|---|
/// | `metric` | | what they are compared by |
/// | `better_by` | 0 | an improvement must surely be above this to be [`Verdict::Better`] |
/// | `worse_by` | 1 % | a loss up to this is put up with: [`Verdict::NotWorse`] |
/// | `confidence` | 0.95 | how often the interval covers the truth, 0 to 1 |
/// | `replicates` | 2000 | how often the rows are resampled |
/// | `seed` | 0 | the same seed gives the same interval |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComparisonSpec {
    /// What they are compared by.
    pub metric: Metric,
    /// The improvement that is asked for.
    pub better_by: Change,
    /// The loss that is put up with.
    pub worse_by: Change,
    /// How often the interval covers the truth.
    pub confidence: f64,
    /// How often the rows are resampled.
    pub replicates: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl ComparisonSpec {
    /// The defaults for a metric.
    pub fn new(metric: Metric) -> Self {
        Self {
            metric,
            better_by: Change::default(),
            worse_by: Change { absolute: 0.0, relative: 0.01 },
            confidence: 0.95,
            replicates: 2000,
            seed: 0,
        }
    }

    /// Refuses what could say nothing.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::Comparison`] for a confidence or a quantile outside 0 to 1, fewer than a hundred replicates, a Tweedie power
    /// outside 1 to 2, or a change that is no number of 0 or more.
    pub fn check(&self) -> Result<(), EvaluationError> {
        let inside = |value: f64, least: f64, most: f64| value > least && value < most;
        let counts =
            |change: Change| [change.absolute, change.relative].iter().all(|part| part.is_finite() && *part >= 0.0);
        let problem = match self.metric {
            _ if !inside(self.confidence, 0.0, 1.0) => {
                format!("a confidence of {} does not lie between 0 and 1", self.confidence)
            }
            _ if self.replicates < 100 => format!("{} replicates are fewer than 100", self.replicates),
            _ if !counts(self.better_by) => "better_by is no number of 0 or more".to_owned(),
            _ if !counts(self.worse_by) => "worse_by is no number of 0 or more".to_owned(),
            Metric::QuantileLoss { alpha } if !inside(alpha, 0.0, 1.0) => {
                format!("a quantile of {alpha} does not lie between 0 and 1")
            }
            Metric::Deviance(Deviance::Tweedie { power }) if !inside(power, 1.0, 2.0) => {
                format!("a Tweedie power of {power} does not lie between 1 and 2")
            }
            _ => return Ok(()),
        };
        Err(EvaluationError::Comparison { problem })
    }
}

/// The challenger against the champion on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PairedComparison {
    /// What they were compared by, and how.
    pub spec: ComparisonSpec,
    /// The metric's name.
    pub metric: String,
    /// Rows of a weight above 0.
    pub rows: u64,
    /// The champion's value.
    pub champion: f64,
    /// The challenger's value.
    pub challenger: f64,
    /// How much better the challenger is, in the metric's unit; below 0 it is worse.
    pub improvement: f64,
    /// The improvement as a share of the champion's value; none where that is 0.
    pub relative_improvement: Option<f64>,
    /// The least improvement that the rows do not speak against.
    pub lower: f64,
    /// The greatest.
    pub upper: f64,
    /// What it comes to.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl PairedComparison {
    /// The comparison in one sentence.
    pub fn sentence(&self) -> String {
        let Self { metric, rows, champion, challenger, improvement, lower, upper, .. } = self;
        let verdict = match self.verdict {
            Verdict::Better => "better than the champion".to_owned(),
            Verdict::NotWorse => "not worse than the champion".to_owned(),
            Verdict::Worse => "worse than the champion".to_owned(),
            Verdict::Undecided { rows_needed: Some(needed) } => format!("undecided, about {needed} rows would decide"),
            Verdict::Undecided { rows_needed: None } => "undecided, and more rows would hardly decide".to_owned(),
        };
        let confidence = self.spec.confidence * 100.0;
        format!(
            "{verdict}: {metric} {challenger:.6} against {champion:.6} on the same {rows} rows, an improvement of \
             {improvement:.6} ({confidence}% interval {lower:.6} to {upper:.6})"
        )
    }
}

/// Gathers a [`PairedComparison`] row by row.
///
/// Memory is bounded by the groups of the bootstrap, whatever the rows; only [`Metric::Auc`] keeps 32 bytes a row.
#[derive(Debug, Clone)]
pub struct PairedTally {
    set: String,
    spec: ComparisonSpec,
    seen: u64,
    rows: u64,
    groups: Groups,
    scored: Vec<Scored>,
}

impl PairedTally {
    /// A tally that errors call `set`.
    ///
    /// # Errors
    ///
    /// Those of [`ComparisonSpec::check`].
    pub fn new(set: impl Into<String>, spec: ComparisonSpec) -> Result<Self, EvaluationError> {
        spec.check()?;
        let groups = Groups::new(spec.seed);
        Ok(Self { set: set.into(), spec, seen: 0, rows: 0, groups, scored: Vec::new() })
    }

    /// Counts a row: its label and what both models predicted. For [`Metric::Loss`], what both models lost.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::NotFinite`], [`EvaluationError::Weight`], [`EvaluationError::OutsideFamily`],
    /// [`EvaluationError::Class`] where the metric is one of two classes and the label neither 0 nor 1, and
    /// [`EvaluationError::MetricMisfit`] where it is one of several ([`add_classes`](Self::add_classes)).
    pub fn add(&mut self, label: f64, champion: f64, challenger: f64, weight: f64) -> Result<(), EvaluationError> {
        self.seen += 1;
        let row = self.seen;
        for prediction in [champion, challenger] {
            crate::Observation { label, prediction, weight }.checked(row)?;
        }
        let of_classes = matches!(self.spec.metric, Metric::Auc | Metric::Logloss | Metric::Error | Metric::Brier);
        if of_classes && label != 0.0 && label != 1.0 {
            return Err(EvaluationError::Class { row, label, classes: 2 });
        }
        if weight == 0.0 {
            return Ok(());
        }
        self.rows += 1;
        if self.spec.metric == Metric::Auc {
            // Adding 0 makes one zero of the two.
            self.scored.push(Scored {
                positive: label == 1.0,
                weight,
                champion: champion + 0.0,
                challenger: challenger + 0.0,
            });
            return Ok(());
        }
        let loss = |prediction| Ok::<_, EvaluationError>(weight * self.spec.metric.loss(row, label, prediction)?);
        let (champion, challenger) = (loss(champion)?, loss(challenger)?);
        self.groups.deal(Sums { weight, champion, challenger });
        Ok(())
    }

    /// Counts a row of several classes: its label and the probabilities that both models gave them.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::Class`], [`EvaluationError::Probability`], [`EvaluationError::Weight`], and
    /// [`EvaluationError::MetricMisfit`] where the metric is not one of several classes.
    pub fn add_classes(
        &mut self,
        label: f64,
        champion: &[f32],
        challenger: &[f32],
        weight: f64,
    ) -> Result<(), EvaluationError> {
        self.seen += 1;
        checked_weight(weight, self.seen)?;
        let loss = |probabilities| self.spec.metric.class_loss(self.seen, label, probabilities);
        let (champion, challenger) = (loss(champion)?, loss(challenger)?);
        if weight > 0.0 {
            self.rows += 1;
            self.groups.deal(Sums { weight, champion: weight * champion, challenger: weight * challenger });
        }
        Ok(())
    }

    /// What the rows so far come to.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::EmptySet`] without a row of a weight above 0, [`EvaluationError::OneClass`] where
    /// [`Metric::Auc`] has only one to rank.
    pub fn comparison(&self) -> Result<PairedComparison, EvaluationError> {
        let none = || EvaluationError::EmptySet { set: self.set.clone() };
        if self.spec.metric == Metric::Auc && self.rows > 0 {
            return self.ranked();
        }
        let metric = self.spec.metric;
        let values = |sums: Sums| sums.means().map(|(one, other)| (metric.of_mean(one), metric.of_mean(other)));
        let (champion, challenger) = values(self.groups.total()).ok_or_else(none)?;
        let statistic = |[sums]: [Sums; 1]| values(sums).map(|(champion, challenger)| champion - challenger);
        let interval = self.interval([&self.groups], statistic).ok_or_else(none)?;
        Ok(self.concluded(champion, challenger, interval))
    }

    fn ranked(&self) -> Result<PairedComparison, EvaluationError> {
        let (positives, negatives) = placed(&self.scored, self.spec.seed);
        let one_class = || EvaluationError::OneClass {
            set: self.set.clone(),
            label: if self.scored.iter().any(|row| row.positive) { 1.0 } else { 0.0 },
        };
        let (champion, challenger) = positives.total().means().ok_or_else(one_class)?;
        negatives.total().means().ok_or_else(one_class)?;
        let difference = challenger - champion;
        let statistic = |[positives, negatives]: [Sums; 2]| {
            let gained = |sums: Sums| sums.means().map(|(champion, challenger)| challenger - champion);
            Some(gained(positives)? + gained(negatives)? - difference)
        };
        let interval = self.interval([&positives, &negatives], statistic).ok_or_else(one_class)?;
        Ok(self.concluded(champion, challenger, interval))
    }

    fn interval<const N: usize>(
        &self,
        samples: [&Groups; N],
        statistic: impl Fn([Sums; N]) -> Option<f64>,
    ) -> Option<(f64, f64)> {
        bootstrap::interval(samples, statistic, self.spec.confidence, self.spec.replicates, self.spec.seed)
    }

    fn concluded(&self, champion: f64, challenger: f64, (lower, upper): (f64, f64)) -> PairedComparison {
        let metric = self.spec.metric;
        let improvement = if metric.greater_is_better() { challenger - champion } else { champion - challenger };
        let (better, worse) = (self.spec.better_by.from(champion), self.spec.worse_by.from(champion));
        PairedComparison {
            spec: self.spec.clone(),
            metric: metric.name(),
            rows: self.rows,
            champion,
            challenger,
            improvement,
            relative_improvement: (champion != 0.0).then(|| improvement / champion.abs()),
            lower,
            upper,
            verdict: verdict(self.rows, improvement, (lower, upper), better, worse),
        }
    }
}
