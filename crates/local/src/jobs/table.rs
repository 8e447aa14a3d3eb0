//! Parsed training data, and the XGBoost matrices made of it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use refit_xgboost::{DMatrix, XgboostError};

/// Labels and features of a channel.
pub(super) struct Table {
    pub(super) labels: Vec<f32>,
    pub(super) weights: Option<Vec<f32>>,
    /// Row-major; NaN is missing.
    pub(super) values: Vec<f32>,
    pub(super) columns: usize,
    /// Matrices that no training holds. A matrix serves one training at a time; kept for the next one, it saves copying the
    /// data and sorting its columns again.
    idle: Mutex<Vec<DMatrix>>,
}

impl Table {
    pub(super) fn new(labels: Vec<f32>, weights: Option<Vec<f32>>, values: Vec<f32>, columns: usize) -> Self {
        Self { labels, weights, values, columns, idle: Mutex::default() }
    }

    /// Takes a matrix of this data for one training. Bring it back with [`Table::give_back`].
    pub(super) fn take(&self) -> Result<DMatrix, XgboostError> {
        // Its own statement, so that the lock is free while a matrix is made.
        let idle = self.idle().pop();
        match idle {
            Some(matrix) => Ok(matrix),
            None => self.matrix(),
        }
    }

    pub(super) fn give_back(&self, matrix: DMatrix) {
        self.idle().push(matrix);
    }

    fn matrix(&self) -> Result<DMatrix, XgboostError> {
        let mut matrix = DMatrix::dense(&self.values, self.columns)?;
        matrix.set_labels(&self.labels)?;
        if let Some(weights) = &self.weights {
            matrix.set_weights(weights)?;
        }
        Ok(matrix)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<DMatrix>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("rows", &self.labels.len())
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}
