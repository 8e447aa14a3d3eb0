//! Errors on their way through arrow, and names in their texts.

use std::fmt::Write;

use arrow::error::ArrowError;

use super::WarehouseError;

impl From<ArrowError> for WarehouseError {
    /// Takes back the error that travelled through a `RecordBatchReader`.
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::ExternalError(source) => match source.downcast() {
                Ok(error) => *error,
                Err(source) => Self::Arrow { source: ArrowError::ExternalError(source) },
            },
            source => Self::Arrow { source },
        }
    }
}

impl From<WarehouseError> for ArrowError {
    fn from(error: WarehouseError) -> Self {
        Self::ExternalError(Box::new(error))
    }
}

/// A name as both PostgreSQL and SQLite quote it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn there_are(columns: &[String]) -> String {
    let mut text = "there are ".to_owned();
    for (index, column) in columns.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a String does not fail.
        let _ = write!(text, "{comma}{column}");
    }
    text
}
