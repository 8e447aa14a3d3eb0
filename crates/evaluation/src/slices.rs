//! The same figures for parts of the rows.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::{Deserialize, Serialize};

use crate::EvaluationError;
use crate::metrics::{BinaryTally, Observation};
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
    /// Mean absolute error.
    pub mae: f64,
    /// Root mean squared error.
    pub rmse: f64,
    /// Mean error.
    pub bias: f64,
    /// Standard deviation of the errors.
    pub stdev_error: f64,
    /// Mean of the labels.
    pub label_mean: f64,
    /// Area under the ROC curve, where there are two classes and both are in the slice.
    pub auc: Option<f64>,
    /// Mean log loss, where there are two classes.
    pub logloss: Option<f64>,
}

#[derive(Debug, Clone, Default)]
struct Slice {
    rows: u64,
    weight: Sum,
    absolute: Sum,
    squared: Sum,
    label: Sum,
    error: Deviation,
    error_sum: Sum,
    binary: Option<BinaryTally>,
}

/// Gathers the slices of one column.
#[derive(Debug, Clone)]
pub(crate) struct SliceTally {
    by: SliceBy,
    binary: bool,
    slices: BTreeMap<String, Slice>,
}

impl SliceTally {
    pub(crate) fn new(by: SliceBy, binary: bool) -> Self {
        Self { by, binary, slices: BTreeMap::new() }
    }

    /// Counts rows by their values in `column`.
    pub(crate) fn add(&mut self, column: &ArrayRef, rows: &[Observation]) -> Result<(), EvaluationError> {
        let unreadable = |source| EvaluationError::SliceColumn { column: self.by.column.clone(), source };
        let options = FormatOptions::default();
        let text = ArrayFormatter::try_new(column, &options).map_err(unreadable)?;
        let numbers = if self.by.cuts.is_empty() {
            None
        } else {
            Some(arrow::compute::cast(column, &arrow::datatypes::DataType::Float64).map_err(unreadable)?)
        };
        for (row, observation) in rows.iter().enumerate() {
            let value = match &numbers {
                _ if column.is_null(row) => MISSING.to_owned(),
                None => text.value(row).to_string(),
                Some(numbers) => range(&self.by.cuts, number(numbers, row)),
            };
            self.slice(value).add(*observation)?;
        }
        Ok(())
    }

    pub(crate) fn metrics(&self) -> Result<Vec<SliceMetrics>, EvaluationError> {
        let mut slices: Vec<_> = self
            .slices
            .iter()
            .filter(|(_, slice)| slice.rows > 0)
            .map(|(value, slice)| slice.metrics(&self.by.column, value))
            .collect::<Result<_, _>>()?;
        slices.sort_by_key(|slice| std::cmp::Reverse(slice.rows));
        Ok(slices)
    }

    fn slice(&mut self, value: String) -> &mut Slice {
        let full = self.slices.len() >= MOST_SLICES && !self.slices.contains_key(&value);
        let value = if full { OTHERS.to_owned() } else { value };
        let binary = self.binary;
        self.slices
            .entry(value)
            .or_insert_with(|| Slice { binary: binary.then(|| BinaryTally::new("of a slice")), ..Slice::default() })
    }
}

impl Slice {
    fn add(&mut self, row: Observation) -> Result<(), EvaluationError> {
        let Observation { label, prediction, weight } = row;
        if weight == 0.0 {
            return Ok(());
        }
        self.rows += 1;
        let error = prediction - label;
        self.weight.add(weight);
        self.absolute.add(weight * error.abs());
        self.squared.add(weight * error * error);
        self.label.add(weight * label);
        self.error.add(error, weight);
        self.error_sum.add(weight * error);
        self.binary.as_mut().map_or(Ok(()), |binary| binary.add(row))
    }

    fn metrics(&self, column: &str, value: &str) -> Result<SliceMetrics, EvaluationError> {
        let weight = self.weight.value();
        let binary = self.binary.as_ref().map(BinaryTally::metrics).transpose()?;
        Ok(SliceMetrics {
            column: column.to_owned(),
            value: value.to_owned(),
            rows: self.rows,
            weight,
            mae: self.absolute.value() / weight,
            rmse: (self.squared.value() / weight).sqrt(),
            bias: self.error_sum.value() / weight,
            stdev_error: self.error.stdev(),
            label_mean: self.label.value() / weight,
            auc: binary.as_ref().and_then(|binary| Some(binary.curves.as_ref()?.auc)),
            logloss: binary.map(|binary| binary.logloss),
        })
    }
}

fn number(numbers: &ArrayRef, row: usize) -> f64 {
    use arrow::array::AsArray;
    numbers.as_primitive::<arrow::datatypes::Float64Type>().value(row)
}

/// The range between cuts that a number lies in; it begins with its cut.
fn range(cuts: &[f64], value: f64) -> String {
    let place = cuts.partition_point(|cut| *cut <= value);
    match (place.checked_sub(1).map(|below| cuts[below]), cuts.get(place)) {
        (None, Some(first)) => format!("below {first}"),
        (Some(last), None) => format!("{last} and above"),
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (None, None) => "all".to_owned(),
    }
}
