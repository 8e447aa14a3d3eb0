use std::fmt;

use crate::error::XgboostError;
use crate::ffi::MatrixHandle;

/// A table of features as XGBoost holds it, with a label and a weight per row.
///
/// It is built once and can be trained on many times, on one thread after another: it is `Send`, but not `Sync`, because
/// XGBoost builds indexes inside it when it first needs them. Trainings side by side each need their own.
pub struct DMatrix {
    pub(crate) handle: MatrixHandle,
    rows: usize,
    columns: usize,
    labelled: bool,
}

impl DMatrix {
    /// Copies a row-major table. NaN is a missing value; zero is a zero. Infinities are refused by XGBoost.
    ///
    /// # Errors
    /// [`XgboostError::Length`] if `columns` is 0, there is no row, or the last row is not full.
    pub fn dense(rows: &[f32], columns: usize) -> Result<Self, XgboostError> {
        if columns == 0 {
            return Err(XgboostError::Length { what: "columns", expected: 1, found: 0 });
        }
        if rows.is_empty() || !rows.len().is_multiple_of(columns) {
            let expected = rows.len().div_ceil(columns).max(1) * columns;
            return Err(XgboostError::Length { what: "rows", expected, found: rows.len() });
        }
        let handle =
            MatrixHandle::dense(rows, columns).map_err(|reason| XgboostError::library("take the rows over", reason))?;
        Ok(Self { handle, rows: rows.len() / columns, columns, labelled: false })
    }

    /// Copies a table of which only some cells are there; the others are missing. The cells come row by row: `ends` tells
    /// for each row where its cells end, `columns` and `values` what each cell is.
    ///
    /// # Errors
    /// [`XgboostError::Length`] if there is no row or no cell, or the three do not fit each other.
    pub fn sparse(ends: &[usize], columns: &[u32], values: &[f32]) -> Result<Self, XgboostError> {
        let (rows, cells) = (ends.len(), ends.last().copied().unwrap_or_default());
        let Some(widest) = columns.iter().max().filter(|_| rows > 0 && ends.is_sorted()) else {
            return Err(XgboostError::Length { what: "rows", expected: 1, found: 0 });
        };
        for found in [columns.len(), values.len()] {
            if found != cells {
                return Err(XgboostError::Length { what: "columns", expected: cells, found });
            }
        }
        let ends: Vec<u64> = ends.iter().map(|end| *end as u64).collect();
        let width = u64::from(*widest) + 1;
        let handle = MatrixHandle::sparse(&ends, columns, values, width)
            .map_err(|reason| XgboostError::library("take the rows over", reason))?;
        Ok(Self { handle, rows, columns: width as usize, labelled: false })
    }

    /// Sets how many rows, one group after another, a ranking compares with each other; without it all of them.
    ///
    /// # Errors
    /// [`XgboostError::Length`] if the groups do not hold all rows together.
    pub fn set_groups(&mut self, sizes: &[u32]) -> Result<(), XgboostError> {
        let found = sizes.iter().map(|size| *size as usize).sum();
        if found != self.rows {
            return Err(XgboostError::Length { what: "rows", expected: self.rows, found });
        }
        self.handle.set_groups(sizes).map_err(|reason| XgboostError::library("take the groups over", reason))
    }

    /// Sets the value to be learned, one per row.
    ///
    /// # Errors
    /// [`XgboostError::Length`] if there is not one label per row; [`XgboostError::Value`] if one is not finite.
    pub fn set_labels(&mut self, labels: &[f32]) -> Result<(), XgboostError> {
        self.check("labels", "label", labels, f32::is_finite)?;
        self.handle
            .set_floats(c"label", labels)
            .map_err(|reason| XgboostError::library("take the labels over", reason))?;
        self.labelled = true;
        Ok(())
    }

    /// Sets how much each row counts; without it every row counts 1.
    ///
    /// # Errors
    /// [`XgboostError::Length`] if there is not one weight per row; [`XgboostError::Value`] if one is negative or not
    /// finite.
    pub fn set_weights(&mut self, weights: &[f32]) -> Result<(), XgboostError> {
        self.check("weights", "weight", weights, |weight| weight.is_finite() && weight >= 0.0)?;
        self.handle
            .set_floats(c"weight", weights)
            .map_err(|reason| XgboostError::library("take the weights over", reason))
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of features.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn is_labelled(&self) -> bool {
        self.labelled
    }

    fn check(
        &self,
        what: &'static str,
        one: &'static str,
        values: &[f32],
        valid: impl Fn(f32) -> bool,
    ) -> Result<(), XgboostError> {
        if values.len() != self.rows {
            return Err(XgboostError::Length { what, expected: self.rows, found: values.len() });
        }
        match values.iter().position(|value| !valid(*value)) {
            Some(index) => Err(XgboostError::Value { what: one, index, value: values[index] }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for DMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DMatrix").field("rows", &self.rows).field("columns", &self.columns).finish_non_exhaustive()
    }
}
