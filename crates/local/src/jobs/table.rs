//! Parsed training data, and the XGBoost matrices made of it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use refit_xgboost::{DMatrix, XgboostError};

/// Labels and features of a channel.
pub(super) struct Table {
    pub(super) labels: Vec<f32>,
    pub(super) weights: Option<Vec<f32>>,
    /// How many rows, one group after another, a ranking compares.
    pub(super) groups: Option<Vec<u32>>,
    pub(super) features: Features,
    pub(super) columns: usize,
    /// Matrices that no training holds. A matrix serves one training at a time; kept for the next one, it saves copying the
    /// data and sorting its columns again.
    idle: Mutex<Vec<DMatrix>>,
}

/// The features of the rows.
pub(super) enum Features {
    /// Row-major; NaN is missing.
    Dense { values: Vec<f32>, columns: usize },
    /// Row by row the cells that are there: where each row's end, and what each is.
    Sparse { ends: Vec<usize>, columns: Vec<u32>, values: Vec<f32> },
}

impl Table {
    pub(super) fn new(labels: Vec<f32>, features: Features) -> Self {
        let columns = match &features {
            Features::Dense { columns, .. } => *columns,
            Features::Sparse { columns, .. } => columns.iter().max().map_or(0, |widest| *widest as usize + 1),
        };
        Self { labels, weights: None, groups: None, features, columns, idle: Mutex::default() }
    }

    /// Whether every row has every column: a sparse one is as wide as its last cell.
    pub(super) fn is_dense(&self) -> bool {
        matches!(self.features, Features::Dense { .. })
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
        let mut matrix = match &self.features {
            Features::Dense { values, columns } => DMatrix::dense(values, *columns)?,
            Features::Sparse { ends, columns, values } => DMatrix::sparse(ends, columns, values)?,
        };
        matrix.set_labels(&self.labels)?;
        if let Some(sizes) = &self.groups {
            matrix.set_groups(sizes)?;
        }
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
