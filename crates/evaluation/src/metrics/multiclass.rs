//! More than two classes.

use serde::Serialize;

use super::binary::share;
use super::observation::checked_weight;
use super::relative_improvement;
use crate::EvaluationError;
use crate::sums::{Deviation, Sum};

/// How well probabilities of several classes fit labels from 0 on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MulticlassMetrics {
    /// Rows measured, of a weight above 0.
    pub rows: u64,
    /// Their weight together.
    pub weight: f64,
    /// Share of rows whose likeliest class is not theirs (XGBoost's `merror`). Of equally likely ones the first counts.
    pub merror: f64,
    /// Mean of `−ln p` of the class that it was. Probabilities are kept 2⁻⁵² away from 0 and 1, as scikit-learn does.
    pub mlogloss: f64,
    /// Mean of the classes' F1, over those that any row has or is said to have.
    pub macro_f1: f64,
    /// The same, by the weight of the rows that have the class.
    pub weighted_f1: f64,
    /// `merror` of always saying the most frequent class.
    pub baseline_merror: f64,
    /// `mlogloss` of always giving each class its share of the rows.
    pub baseline_mlogloss: f64,
    /// Mean of `1 − p` of the class that it was: what its probability lacks. Of two classes it is the mean absolute error.
    pub mae: f64,
    /// Root of the mean of `(1 − p)²` of the class that it was. Of two classes it is the root mean squared error.
    pub rmse: f64,
    /// Standard deviation of `1 − p` of the class that it was, over the population.
    pub stdev_error: f64,
    /// Each class by itself.
    pub classes: Vec<ClassMetrics>,
    /// Weights by label, then by what was said.
    pub confusion: Vec<Vec<f64>>,
}

/// One class against all others.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClassMetrics {
    /// The weight of the rows that have the class: its support.
    pub weight: f64,
    /// The weight of the rows that are said to have it.
    pub said: f64,
    /// Share of rows of the class in those that are said to be; 0 where none is.
    pub precision: f64,
    /// Share of rows said to be of the class in those that are; 0 where none is.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
}

impl MulticlassMetrics {
    /// How much lower `mlogloss` is than that of always giving each class its share, as a share: 0.41 is 41 % lower, below 0
    /// is higher. None where all rows have one class.
    pub fn improvement_over_shares(&self) -> Option<f64> {
        relative_improvement(self.mlogloss, self.baseline_mlogloss)
    }
}

/// Gathers [`MulticlassMetrics`] row by row, in memory of the classes' square.
#[derive(Debug, Clone)]
pub struct MulticlassTally {
    set: String,
    seen: u64,
    rows: u64,
    loss: Sum,
    distance: Sum,
    squared: Sum,
    deviation: Deviation,
    said: Vec<u64>,
    confusion: Vec<Vec<Sum>>,
}

impl MulticlassTally {
    /// A tally of so many classes, which errors call `set`.
    pub fn new(set: impl Into<String>, classes: usize) -> Self {
        Self {
            set: set.into(),
            seen: 0,
            rows: 0,
            loss: Sum::default(),
            distance: Sum::default(),
            squared: Sum::default(),
            deviation: Deviation::default(),
            said: vec![0; classes],
            confusion: vec![vec![Sum::default(); classes]; classes],
        }
    }

    /// Counts a row: its class, the probability of each class, and its weight.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::Class`] for a label that is no class, [`EvaluationError::Classes`] for another number of
    /// probabilities, [`EvaluationError::Probability`] for one outside 0 to 1, [`EvaluationError::Weight`].
    pub fn add(&mut self, label: f64, probabilities: &[f32], weight: f64) -> Result<(), EvaluationError> {
        self.seen += 1;
        let (row, expected) = (self.seen, self.confusion.len());
        if probabilities.len() != expected {
            return Err(EvaluationError::Classes { row, found: probabilities.len(), expected });
        }
        let class = checked_class(row, label, probabilities)?;
        checked_weight(weight, row)?;
        if weight > 0.0 {
            let (likeliest, lacking) = (likeliest(probabilities), lacking(class, probabilities));
            self.rows += 1;
            self.loss.add(weight * class_log_loss(class, probabilities));
            self.distance.add(weight * lacking);
            self.squared.add(weight * lacking * lacking);
            self.deviation.add(lacking, weight);
            self.said[likeliest] += 1;
            self.confusion[class][likeliest].add(weight);
        }
        Ok(())
    }

    /// What the rows so far come to.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::EmptySet`] without a row of a weight above 0.
    pub fn metrics(&self) -> Result<MulticlassMetrics, EvaluationError> {
        if self.rows == 0 {
            return Err(EvaluationError::EmptySet { set: self.set.clone() });
        }
        let confusion: Vec<Vec<f64>> =
            self.confusion.iter().map(|said| said.iter().map(Sum::value).collect()).collect();
        let weight: f64 = confusion.iter().flatten().sum();
        let right: f64 = (0..confusion.len()).map(|class| confusion[class][class]).sum();
        let wrong = if right == weight { 0.0 } else { weight - right };
        let said = |class: usize| confusion.iter().map(|row| row[class]).sum::<f64>();
        let classes: Vec<_> = (0..confusion.len())
            .map(|class| class_metrics(confusion[class][class], confusion[class].iter().sum(), said(class)))
            .collect();
        let seen: Vec<f64> =
            classes.iter().filter(|class| class.weight > 0.0 || class.said > 0.0).map(|class| class.f1).collect();
        let shares = || classes.iter().map(|class| class.weight / weight);
        Ok(MulticlassMetrics {
            rows: self.rows,
            weight,
            merror: wrong / weight,
            mlogloss: self.loss.value() / weight,
            macro_f1: seen.iter().sum::<f64>() / seen.len() as f64,
            weighted_f1: classes.iter().map(|class| class.weight * class.f1).sum::<f64>() / weight,
            baseline_merror: 1.0 - shares().fold(0.0, f64::max),
            baseline_mlogloss: -shares().filter(|share| *share > 0.0).map(|share| share * share.ln()).sum::<f64>(),
            mae: self.distance.value() / weight,
            rmse: (self.squared.value() / weight).sqrt(),
            stdev_error: self.deviation.stdev(),
            classes,
            confusion,
        })
    }

    /// How many rows were said to be of each class.
    pub(crate) fn said(&self) -> &[u64] {
        &self.said
    }
}

fn class_metrics(right: f64, of_class: f64, said: f64) -> ClassMetrics {
    ClassMetrics {
        weight: of_class,
        said,
        precision: share(right, said),
        recall: share(right, of_class),
        f1: share(2.0 * right, of_class + said),
    }
}

/// The class of a label, where it is one and the probabilities are such.
pub(crate) fn checked_class(row: u64, label: f64, probabilities: &[f32]) -> Result<usize, EvaluationError> {
    let classes = probabilities.len();
    let class = (0..classes).find(|class| *class as f64 == label);
    let class = class.ok_or(EvaluationError::Class { row, label, classes })?;
    match probabilities.iter().find(|probability| !(0.0..=1.0).contains(*probability)) {
        Some(outside) => Err(EvaluationError::Probability { row, prediction: f64::from(*outside) }),
        None => Ok(class),
    }
}

/// `−ln p` of the class that it was.
pub(crate) fn class_log_loss(class: usize, probabilities: &[f32]) -> f64 {
    -f64::from(probabilities[class]).clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// What the probability of the class that it was lacks.
pub(crate) fn lacking(class: usize, probabilities: &[f32]) -> f64 {
    1.0 - f64::from(probabilities[class])
}

/// The first of the likeliest.
pub(crate) fn likeliest(probabilities: &[f32]) -> usize {
    let better = |best: usize, class: usize| if probabilities[class] > probabilities[best] { class } else { best };
    (0..probabilities.len()).fold(0, better)
}
