//! The same figures for parts of the rows.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::{Deserialize, Serialize};

use crate::EvaluationError;
use crate::kind::Kind;
use crate::metrics::{BinaryTally, checked_class, class_log_loss, lacking, likeliest};
use crate::outputs::Row;
use crate::sums::{Deviation, Sum};

/// Values of a column that become slices of their own; rows of all later ones are one slice, [`OTHERS`].
const MOST_SLICES: usize = 64;
/// The slice of rows whose value came after the first sixty-four.
const OTHERS: &str = "others";
/// The slice of rows without a value.
const MISSING: &str = "missing";

/// A column by which rows are told apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceBy {
    /// The column.
    pub column: String,
    /// Where ranges of a number begin, each above the one before. Without any, each value is a slice: the first sixty-four that come, and
    /// all others together.
    #[serde(default)]
    pub cuts: Vec<f64>,
}

impl SliceBy {
    /// Refuses cuts that no number could be told apart by.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::SliceCuts`] where one is not above the one before.
    pub fn check(&self) -> Result<(), EvaluationError> {
        // Written so that a NaN, which is in no order, is refused too.
        let disordered = |pair: &&[f64]| pair[0].partial_cmp(&pair[1]) != Some(Ordering::Less);
        let alone = self.cuts.first().filter(|cut| cut.is_nan()).map(|cut| (*cut, *cut));
        match self.cuts.windows(2).find(disordered).map(|pair| (pair[0], pair[1])).or(alone) {
            Some((before, after)) => Err(EvaluationError::SliceCuts { column: self.column.clone(), before, after }),
            None => Ok(()),
        }
    }
}

/// The figures of one slice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SliceMetrics {
    /// The column.
    pub column: String,
    /// Its value, or the range of its values.
    pub value: String,
    /// Rows of a weight above 0.
    pub rows: u64,
    /// Their weight.
    pub weight: f64,
    /// Mean absolute error; of several classes, that of the probability of the class that it was.
    pub mae: f64,
    /// Root mean squared error, of the same.
    pub rmse: f64,
    /// Mean error, but of several classes.
    pub bias: Option<f64>,
    /// Standard deviation of the errors.
    pub stdev_error: f64,
    /// Mean of the labels, but of several classes.
    pub label_mean: Option<f64>,
    /// Area under the ROC curve, where there are two classes and both are in the slice.
    pub auc: Option<f64>,
    /// Mean log loss, where there are two classes.
    pub logloss: Option<f64>,
    /// Share of rows whose likeliest class is not theirs, where there are several.
    pub merror: Option<f64>,
    /// Mean log loss, where there are several classes.
    pub mlogloss: Option<f64>,
}

#[derive(Debug, Clone)]
struct Slice {
    rows: u64,
    weight: Sum,
    absolute: Sum,
    squared: Sum,
    error: Deviation,
    rest: Rest,
}

/// What is measured beside the size of the errors.
#[derive(Debug, Clone)]
enum Rest {
    Amounts(Numbers),
    TwoClasses(Numbers, Box<BinaryTally>),
    Classes { wrong: Sum, loss: Sum },
}

#[derive(Debug, Clone, Default)]
struct Numbers {
    error: Sum,
    label: Sum,
}

/// Gathers the slices of one column.
#[derive(Debug, Clone)]
pub(crate) struct SliceTally {
    by: SliceBy,
    kind: Kind,
    slices: BTreeMap<String, Slice>,
}

impl SliceTally {
    pub(crate) fn new(by: SliceBy, kind: Kind) -> Self {
        Self { by, kind, slices: BTreeMap::new() }
    }

    /// Counts rows by their values in `column`.
    pub(crate) fn add<'a>(
        &mut self,
        column: &ArrayRef,
        rows: impl Iterator<Item = Row<'a>>,
    ) -> Result<(), EvaluationError> {
        let unreadable = |source| EvaluationError::SliceColumn { column: self.by.column.clone(), source };
        let options = FormatOptions::default();
        let text = ArrayFormatter::try_new(column, &options).map_err(unreadable)?;
        let numbers = if self.by.cuts.is_empty() {
            None
        } else {
            Some(arrow::compute::cast(column, &arrow::datatypes::DataType::Float64).map_err(unreadable)?)
        };
        for (place, row) in rows.enumerate().filter(|(_, row)| row.weight > 0.0) {
            let value = match &numbers {
                _ if column.is_null(place) => MISSING.to_owned(),
                None => text.value(place).to_string(),
                Some(numbers) => range(&self.by.cuts, number(numbers, place)),
            };
            self.slice(value).add(row)?;
        }
        Ok(())
    }

    pub(crate) fn metrics(&self) -> Result<Vec<SliceMetrics>, EvaluationError> {
        let mut slices: Vec<_> =
            self.slices.iter().map(|(value, slice)| slice.metrics(&self.by.column, value)).collect::<Result<_, _>>()?;
        slices.sort_by_key(|slice| std::cmp::Reverse(slice.rows));
        Ok(slices)
    }

    fn slice(&mut self, value: String) -> &mut Slice {
        let full = self.slices.len() >= MOST_SLICES && !self.slices.contains_key(&value);
        let value = if full { OTHERS.to_owned() } else { value };
        let kind = self.kind;
        self.slices.entry(value).or_insert_with(|| Slice::new(kind))
    }
}

impl Slice {
    fn new(kind: Kind) -> Self {
        let rest = match kind {
            Kind::Amount => Rest::Amounts(Numbers::default()),
            Kind::TwoClasses => Rest::TwoClasses(Numbers::default(), Box::new(BinaryTally::new("of a slice"))),
            Kind::Classes => Rest::Classes { wrong: Sum::default(), loss: Sum::default() },
        };
        let (weight, absolute, squared) = (Sum::default(), Sum::default(), Sum::default());
        Self { rows: 0, weight, absolute, squared, error: Deviation::default(), rest }
    }

    /// Counts a row of a weight above 0.
    fn add(&mut self, row: Row<'_>) -> Result<(), EvaluationError> {
        let Row { label, weight, outputs } = row;
        self.rows += 1;
        let error = match &mut self.rest {
            Rest::Amounts(numbers) => numbers.add(row),
            Rest::TwoClasses(numbers, binary) => {
                binary.add(row.observation())?;
                numbers.add(row)
            }
            Rest::Classes { wrong, loss } => {
                let class = checked_class(self.rows, label, outputs)?;
                wrong.add(if likeliest(outputs) == class { 0.0 } else { weight });
                loss.add(weight * class_log_loss(class, outputs));
                lacking(class, outputs)
            }
        };
        self.weight.add(weight);
        self.absolute.add(weight * error.abs());
        self.squared.add(weight * error * error);
        self.error.add(error, weight);
        Ok(())
    }

    fn metrics(&self, column: &str, value: &str) -> Result<SliceMetrics, EvaluationError> {
        let weight = self.weight.value();
        let mean = |sum: &Sum| sum.value() / weight;
        let mut metrics = SliceMetrics {
            column: column.to_owned(),
            value: value.to_owned(),
            rows: self.rows,
            weight,
            mae: mean(&self.absolute),
            rmse: mean(&self.squared).sqrt(),
            bias: None,
            stdev_error: self.error.stdev(),
            label_mean: None,
            auc: None,
            logloss: None,
            merror: None,
            mlogloss: None,
        };
        match &self.rest {
            Rest::Amounts(numbers) | Rest::TwoClasses(numbers, _) => {
                (metrics.bias, metrics.label_mean) = (Some(mean(&numbers.error)), Some(mean(&numbers.label)));
            }
            Rest::Classes { wrong, loss } => (metrics.merror, metrics.mlogloss) = (Some(mean(wrong)), Some(mean(loss))),
        }
        if let Rest::TwoClasses(_, binary) = &self.rest {
            let binary = binary.metrics()?;
            (metrics.auc, metrics.logloss) = (binary.curves.map(|curves| curves.auc), Some(binary.logloss));
        }
        Ok(metrics)
    }
}

impl Numbers {
    /// Counts a row, and gives its error back.
    fn add(&mut self, row: Row<'_>) -> f64 {
        let error = row.prediction() - row.label;
        self.error.add(row.weight * error);
        self.label.add(row.weight * row.label);
        error
    }
}

fn number(numbers: &ArrayRef, row: usize) -> f64 {
    use arrow::array::AsArray;
    numbers.as_primitive::<arrow::datatypes::Float64Type>().value(row)
}

/// The range between cuts that a number lies in; it begins with its cut, taken as a Float32 as the features are.
fn range(cuts: &[f64], value: f64) -> String {
    let place = cuts.partition_point(|cut| f64::from(*cut as f32) <= value);
    match (place.checked_sub(1).map(|below| cuts[below]), cuts.get(place)) {
        (None, Some(first)) => format!("below {first}"),
        (Some(last), None) => format!("{last} and above"),
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (None, None) => "all".to_owned(),
    }
}
