//! What can go wrong, by what the caller can do about it.

use std::path::PathBuf;

use refit_booster::BoosterError;

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
    #[error("line {line} of {set} has {found} fields, not {expected} (the label and {} features)", expected - 1)]
    RowWidth {
        /// The set's name.
        set: String,
        /// The line, counted from 1.
        line: u64,
        /// Label and features.
        expected: usize,
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
    #[error("the model predicts {outputs} values a row; MAE and RMSE compare one value with one label")]
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
    /// The model cannot predict these rows.
    #[error("the model cannot predict the rows of {set}")]
    Predict {
        /// The set's name.
        set: String,
        /// What the model said.
        source: BoosterError,
    },
    /// Columns that do not make a record batch. This is a defect of this crate.
    #[error("cannot put the rows of {set} into a record batch")]
    Batch {
        /// The set's name.
        set: String,
        /// What Arrow said.
        source: arrow::error::ArrowError,
    },
}
