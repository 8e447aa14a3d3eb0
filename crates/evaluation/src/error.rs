//! What can go wrong, by what the caller can do about it.

use std::path::PathBuf;

use refit_booster::BoosterError;

use crate::Deviance;
use crate::layout::Layout;

/// Why an evaluation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The file of held-out rows cannot be opened.
    #[error("cannot open the evaluation set {}", path.display())]
    Open {
        /// The file asked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The rows cannot be read to the end.
    #[error("cannot read the evaluation set {set}")]
    Read {
        /// The set's name: its path, or what the caller named it.
        set: String,
        /// What the reader said.
        source: csv::Error,
    },
    /// There is no row, so there is no figure.
    #[error("the evaluation set {set} has no rows; widen the evaluation split or the date window")]
    EmptySet {
        /// The set's name.
        set: String,
    },
    /// A row has another number of fields than label and features.
    #[error(
        "line {line} of {set} has {found} fields, not {expected} (the label{} and {} features)",
        if *weighted { ", the weight" } else { "" },
        expected - 1 - usize::from(*weighted)
    )]
    RowWidth {
        /// The set's name.
        set: String,
        /// The line, counted from 1.
        line: u64,
        /// Label and features, and the weight where there is one.
        expected: usize,
        /// Whether one of them is the weight.
        weighted: bool,
        /// What the line has.
        found: usize,
    },
    /// A label is empty or NaN.
    #[error("line {line} of {set} has no label (the first field); leave rows without a label out of the query")]
    MissingLabel {
        /// The set's name.
        set: String,
        /// The line, counted from 1.
        line: u64,
    },
    /// A label is no finite number that fits in 32 bits, which is what XGBoost computes in.
    #[error(
        "the label '{value}' in line {line} of {set} is no finite 32-bit number; labels are numbers and the file has no header"
    )]
    Label {
        /// The set's name.
        set: String,
        /// The line, counted from 1.
        line: u64,
        /// The field as written.
        value: String,
    },
    /// A feature is neither a finite number nor missing.
    #[error(
        "the value '{value}' of {column} in line {line} of {set} is no finite 32-bit number; leave the field empty where it is missing"
    )]
    Field {
        /// The set's name.
        set: String,
        /// The line, counted from 1.
        line: u64,
        /// The feature.
        column: String,
        /// The field as written.
        value: String,
    },
    /// A row's weight is missing, NaN, infinite or below 0.
    #[error(
        "the weight '{value}' ({column}) in line {line} of {set} is no finite 32-bit number from 0 on; give 0 to leave a row out"
    )]
    RowWeight {
        /// The set's name.
        set: String,
        /// The line, counted from 1.
        line: u64,
        /// The weights' column.
        column: String,
        /// The weight as written.
        value: String,
    },
    /// There are rows, and none counts.
    #[error(
        "all {rows} rows of {set} have the weight 0 ({column}), which leaves them out; give those that count a weight"
    )]
    ZeroWeights {
        /// The set's name.
        set: String,
        /// The weights' column.
        column: String,
        /// How many rows there are.
        rows: u64,
    },
    /// The set has no such column to weigh by.
    #[error("the evaluation set {set} has no column {column} to weigh its rows by; its columns are {columns}")]
    NoWeightColumn {
        /// The set's name.
        set: String,
        /// The column asked for.
        column: String,
        /// The columns that there are.
        columns: String,
    },
    /// The set and the model disagree on how many features there are.
    #[error(
        "the evaluation set {set} has {found} features, the model was trained on {expected}; evaluate it on the dataset it came from"
    )]
    FeatureCount {
        /// The set's name.
        set: String,
        /// Features of the set.
        found: usize,
        /// Features of the model.
        expected: usize,
    },
    /// The predictions of this objective are not on the label's scale.
    #[error("the objective {objective} does not predict the label's own scale, so MAE and RMSE mean nothing for it")]
    Objective {
        /// The model's objective.
        objective: String,
    },
    /// The model gives several values a row.
    #[error(
        "the model predicts {outputs} values a row, which are no classes' probabilities; one label is compared with one value"
    )]
    Outputs {
        /// Values a row.
        outputs: usize,
    },
    /// A label or a prediction that was handed in is NaN or infinite.
    #[error("pair {row} (label {label}, prediction {prediction}) is not finite")]
    NotFinite {
        /// The row, counted from 1.
        row: u64,
        /// Its label.
        label: f64,
        /// Its prediction.
        prediction: f64,
    },
    /// A row's weight is below 0, NaN or infinite.
    #[error("row {row} has the weight {weight}; weights are 0 or more, and 0 leaves a row out")]
    Weight {
        /// The row, counted from 1.
        row: u64,
        /// Its weight.
        weight: f64,
    },
    /// All rows have the same class, so there is nothing to rank.
    #[error(
        "all rows of {set} have the label {label}; widen the evaluation split or the date window until another class is in it"
    )]
    OneClass {
        /// The set's name.
        set: String,
        /// The only label.
        label: f64,
    },
    /// A comparison that could say nothing.
    #[error("the models cannot be compared so: {problem}; correct the ComparisonSpec")]
    Comparison {
        /// What says nothing.
        problem: String,
    },
    /// A manifest cannot be read.
    #[error("this is no dataset's manifest.json; pass the one beside the training files")]
    Profile {
        /// What the reader said.
        source: serde_json::Error,
    },
    /// An earlier report cannot be read.
    #[error("this is no report.json of an evaluation; pass the one beside the report")]
    EarlierReport {
        /// What the reader said.
        source: serde_json::Error,
    },
    /// A manifest's column contradicts itself.
    #[error("the quantiles of {column} in the manifest are not in order; write the dataset again")]
    ProfileColumn {
        /// The column.
        column: String,
    },
    /// Rows cannot be told apart by this column.
    #[error("cannot slice by the column {column}")]
    SliceColumn {
        /// The column.
        column: String,
        /// What Arrow said.
        source: arrow::error::ArrowError,
    },
    /// The set has no such column to slice by.
    #[error("the evaluation set {set} has no column {column} to slice by; its features are {features}")]
    NoSliceColumn {
        /// The set's name.
        set: String,
        /// The column asked for.
        column: String,
        /// The columns that there are.
        features: String,
    },
    /// A feature that the model was trained on is not in the set, or stands elsewhere.
    #[error(
        "the evaluation set {set} does not keep the model's contract: {problems}; extract it with the training query"
    )]
    Contract {
        /// The set's name.
        set: String,
        /// Every column that is missing, extra, or elsewhere.
        problems: String,
    },
    /// The set was written under another contract than the model was trained under, though the columns' names are the same.
    #[error(
        "the evaluation set {set} has the contract {found}, the model was trained under {expected}: the label, a type, or \
         the categories of a text differ; extract it with the training query"
    )]
    ContractSha256 {
        /// The set's name.
        set: String,
        /// The set's contract.
        found: String,
        /// The model's contract.
        expected: String,
    },
    /// The model that serves cannot be asked for the same rows.
    #[error("the champion cannot be compared on {set}")]
    Champion {
        /// The set's name.
        set: String,
        /// Why.
        source: Box<EvaluationError>,
    },
    /// The champion predicts something else than the challenger.
    #[error(
        "the champion's objective {champion} and the challenger's {challenger} predict different things: an amount, one of two \
         classes, or one of several"
    )]
    ChampionKind {
        /// The champion's objective.
        champion: String,
        /// The challenger's objective.
        challenger: String,
    },
    /// The champion tells another number of classes apart than the challenger.
    #[error(
        "the champion tells {champion} classes apart, the challenger {challenger}: their probabilities are of different things"
    )]
    ChampionClasses {
        /// The champion's classes.
        champion: usize,
        /// The challenger's classes.
        challenger: usize,
    },
    /// A metric that does not measure what a model predicts.
    #[error("the metric {metric} does not measure predictions of {predictions}; compare by {remedy}")]
    MetricMisfit {
        /// The metric.
        metric: String,
        /// What is predicted.
        predictions: &'static str,
        /// Metrics that measure it.
        remedy: &'static str,
    },
    /// Ranges that no number could be told apart by.
    #[error("the cuts of {column} are not in order: {before} stands before {after}; give each once, the lowest first")]
    SliceCuts {
        /// The column.
        column: String,
        /// A cut.
        before: f64,
        /// The one after it.
        after: f64,
    },
    /// All labels are equal, so no model can be told from another.
    #[error("all {rows} labels of {set} are {label}; widen the evaluation split or the date window")]
    ConstantLabel {
        /// The set's name.
        set: String,
        /// The only label.
        label: f64,
        /// How many rows have it.
        rows: u64,
    },
    /// A column holds no numbers.
    #[error("the column {column} of {set} is {data_type}, which is no number; encode it as the training query does")]
    ColumnType {
        /// The set's name.
        set: String,
        /// The column.
        column: String,
        /// Its Arrow type.
        data_type: String,
    },
    /// A label is none of the classes.
    #[error("row {row} has the label {label}; the classes are the whole numbers 0 to {}", classes - 1)]
    Class {
        /// The row, counted from 1.
        row: u64,
        /// Its label.
        label: f64,
        /// How many classes there are.
        classes: usize,
    },
    /// A row has another number of probabilities than there are classes.
    #[error("row {row} has {found} probabilities where there are {expected} classes")]
    Classes {
        /// The row, counted from 1.
        row: u64,
        /// Its probabilities.
        found: usize,
        /// The classes.
        expected: usize,
    },
    /// A prediction is no probability.
    #[error(
        "row {row} has the prediction {prediction}, which is no probability; predict with the objective's transformation"
    )]
    Probability {
        /// The row, counted from 1.
        row: u64,
        /// What was predicted.
        prediction: f64,
    },
    /// A deviance is not defined for a row.
    #[error(
        "row {row} (label {label}, prediction {prediction}) has no {family:?} deviance; labels of counts are 0 or more, of gamma above 0, predictions above 0"
    )]
    OutsideFamily {
        /// The row, counted from 1.
        row: u64,
        /// Its label.
        label: f64,
        /// Its prediction.
        prediction: f64,
        /// The family.
        family: Deviance,
    },
    /// The model cannot predict these rows.
    #[error("the model cannot predict the rows of {set}")]
    Predict {
        /// The set's name.
        set: String,
        /// What the model said.
        source: BoosterError,
    },
    /// Record batches that cannot be had, or put together.
    #[error("cannot read the record batches of {set}")]
    Batch {
        /// The set's name.
        set: String,
        /// What Arrow said.
        source: arrow::error::ArrowError,
    },
}

impl EvaluationError {
    pub(crate) fn row_width(set: &str, line: u64, layout: &Layout, found: usize) -> Self {
        let (expected, weighted) = (layout.width(), layout.weight().is_some());
        Self::RowWidth { set: set.to_owned(), line, expected, weighted, found }
    }
}
