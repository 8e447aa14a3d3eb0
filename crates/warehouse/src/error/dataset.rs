//! What keeps columns and rows from being a dataset.

use super::conversions::{quoted, there_are};

/// Why no dataset can be made of a result, and what to write instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The label is not among the columns.
    #[error("there is no label column {label}: {}", there_are(columns))]
    MissingLabel {
        /// The label asked for.
        label: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// The label is not a number.
    #[error(
        "the label {label} is of type {data_type}: select a number, for example CASE WHEN … THEN 1 ELSE 0 END AS {}",
        quoted(label)
    )]
    LabelType {
        /// The label.
        label: String,
        /// Its type.
        data_type: String,
    },
    /// A row has no label.
    #[error("row {row} has no finite label {label}: leave such rows out, WHERE {} IS NOT NULL", quoted(label))]
    NullLabel {
        /// The label.
        label: String,
        /// The row in the result, from 1.
        row: u64,
    },
    /// A number is larger than XGBoost's.
    #[error(
        "row {row}, column {column}: {value:e} is more than XGBoost reads, which computes in float32: select something smaller, such as LN({}), or NULL for what is no measurement",
        quoted(column)
    )]
    BeyondFloat32 {
        /// The label or feature.
        column: String,
        /// The row in the result, from 1.
        row: u64,
        /// The number.
        value: f64,
    },
    /// A feature is text.
    #[error(
        "feature {column} is text, and XGBoost takes numbers: select one 0/1 column for each value, CASE WHEN {0} = '…' THEN 1 ELSE 0 END AS \"{column}_…\", declare its categories, or leave it out",
        quoted(column)
    )]
    TextFeature {
        /// The feature.
        column: String,
    },
    /// A list of categories cannot be used.
    #[error("column {column} cannot be encoded by categories: {problem}")]
    InvalidCategories {
        /// The column.
        column: String,
        /// What is wrong, and what to do instead.
        problem: String,
    },
    /// A text is in no list of categories.
    #[error(
        "row {row}, column {column}: {value:?} is none of the declared categories: add it to the list, or declare that others are missing"
    )]
    UnknownCategory {
        /// The column.
        column: String,
        /// The row in the result, from 1.
        row: u64,
        /// The text.
        value: String,
    },
    /// A feature is a day or a moment.
    #[error(
        "feature {column} is a {data_type}, and XGBoost takes numbers: select a part of it, EXTRACT(HOUR FROM {0}) on PostgreSQL or CAST(strftime('%H', {0}) AS INTEGER) on SQLite, or leave it out",
        quoted(column)
    )]
    TimeFeature {
        /// The feature.
        column: String,
        /// Its type.
        data_type: String,
    },
    /// A feature has a type that is no number.
    #[error(
        "feature {column} is of type {data_type}, and XGBoost takes numbers: select a number instead, or leave it out"
    )]
    FeatureType {
        /// The feature.
        column: String,
        /// Its type.
        data_type: String,
    },
    /// No column is left to learn from.
    #[error(
        "no feature is left besides the label {label}, the split's column and what is left out: select more columns"
    )]
    NoFeatures {
        /// The label.
        label: String,
    },
    /// A column that should be left out is not there.
    #[error("there is no column {column} to leave out: {}", there_are(columns))]
    UnknownLeftOut {
        /// The column asked for.
        column: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// The split's column is not there.
    #[error("there is no column {column} to split by: {}", there_are(columns))]
    UnknownSplitColumn {
        /// The column asked for.
        column: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// The split's column has a type it cannot be split by.
    #[error("column {column} is of type {data_type}, which no split is made by: {remedy}")]
    SplitColumnType {
        /// The column.
        column: String,
        /// Its type.
        data_type: String,
        /// What to select instead.
        remedy: &'static str,
    },
    /// A row belongs to no set.
    #[error("row {row} has no {column} to split by: leave such rows out, WHERE {} IS NOT NULL", quoted(column))]
    NullSplit {
        /// The split's column.
        column: String,
        /// The row in the result, from 1.
        row: u64,
    },
    /// Some rows cannot be used; the server that counted them does not say which.
    #[error("some rows cannot be used for their column {column}: {problem}")]
    Rows {
        /// The column.
        column: String,
        /// How many or what they have, and what to do about it.
        problem: String,
    },
    /// A set got no row.
    #[error("no row fell into {file} of {rows} rows: {remedy}")]
    EmptySplit {
        /// The set's file.
        file: &'static str,
        /// How many rows there were in all.
        rows: u64,
        /// What to change.
        remedy: &'static str,
    },
}
