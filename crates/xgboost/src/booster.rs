use std::fmt;

use crate::dmatrix::DMatrix;
use crate::error::XgboostError;
use crate::ffi::BoosterHandle;

/// A trained model in libxgboost.
///
/// It stays on the thread that trained or loaded it: libxgboost keeps part of its state there. To use a model on another
/// thread, [`save`](Self::save) it and [`load`](Self::load) it there.
pub struct Booster {
    handle: BoosterHandle,
    columns: usize,
}

/// How a model is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// XGBoost's JSON, which every version since 1.0 reads.
    Json,
    /// The same document as Universal Binary JSON, the default of XGBoost since 2.1.
    Ubj,
    /// The legacy binary format (`binf`), the default of XGBoost up to 1.7 and gone since 3.1.
    Deprecated,
}

/// Asks for the sums over the trees, without dropping any as a training of `dart` would.
pub(crate) const MARGINS: &std::ffi::CStr =
    c"{\"type\": 1, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0, \"strict_shape\": true}";

impl Booster {
    pub(crate) fn new(handle: BoosterHandle) -> Result<Self, XgboostError> {
        let columns =
            handle.columns().map_err(|reason| XgboostError::library("tell the number of features", reason))?;
        Ok(Self { handle, columns })
    }

    /// Reads a model from bytes that [`save`](Self::save) or another trusted XGBoost up to 3.0 wrote.
    ///
    /// It misreads models of XGBoost 3.1 and later without an error. `refit-booster` reads models of any origin safely.
    ///
    /// # Safety
    /// The bytes are an undamaged model, as XGBoost wrote it: libxgboost does not check what it reads, and a damaged or
    /// hostile model has it read and write outside its memory (one legacy file in twelve crashes the process when a few
    /// bytes are changed at random).
    ///
    /// # Errors
    /// [`XgboostError::Library`] if XGBoost notices that this is no model.
    #[allow(unsafe_code, reason = "only the caller can vouch for the bytes")]
    pub unsafe fn load(bytes: &[u8]) -> Result<Self, XgboostError> {
        let load = |reason| XgboostError::library("load the model", reason);
        // Too short for any format, and libxgboost reads the first bytes before it looks at the length.
        if bytes.len() < 8 {
            return Err(load(format!("{} bytes are no model", bytes.len())));
        }
        let mut handle = BoosterHandle::new(&[]).map_err(load)?;
        // SAFETY: the caller vouches for the bytes.
        unsafe { handle.load(bytes) }.map_err(load)?;
        Self::new(handle)
    }

    /// Writes the model.
    ///
    /// # Errors
    /// [`XgboostError::Library`] if XGBoost refuses.
    pub fn save(&self, format: Format) -> Result<Vec<u8>, XgboostError> {
        let config = match format {
            Format::Json => c"{\"format\": \"json\"}",
            Format::Ubj => c"{\"format\": \"ubj\"}",
            Format::Deprecated => c"{\"format\": \"deprecated\"}",
        };
        self.handle.save(config).map_err(|reason| XgboostError::library("save the model", reason))
    }

    /// One prediction per row, or one per row and class (row-major), on the scale of the labels.
    ///
    /// # Errors
    /// [`XgboostError::Length`] if the matrix has another number of columns than the model.
    pub fn predict(&self, matrix: &DMatrix) -> Result<Vec<f32>, XgboostError> {
        self.predict_as(
            matrix,
            c"{\"type\": 0, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0, \"strict_shape\": true}",
        )
    }

    /// As [`predict`](Self::predict), before the objective's transformation: the sum over the trees.
    ///
    /// # Errors
    /// [`XgboostError::Length`] if the matrix has another number of columns than the model.
    pub fn predict_margin(&self, matrix: &DMatrix) -> Result<Vec<f32>, XgboostError> {
        self.predict_as(matrix, MARGINS)
    }

    /// How many features the model was trained on.
    #[must_use]
    pub fn num_features(&self) -> usize {
        self.columns
    }

    /// How many rounds the model holds.
    ///
    /// # Errors
    /// [`XgboostError::Library`] if XGBoost cannot tell.
    pub fn rounds(&self) -> Result<u32, XgboostError> {
        self.handle.rounds().map_err(|reason| XgboostError::library("count the rounds", reason))
    }

    /// The best round of a training with early stopping, as saved with the model.
    ///
    /// # Errors
    /// [`XgboostError::Library`] if XGBoost cannot tell.
    pub fn best_iteration(&self) -> Result<Option<u32>, XgboostError> {
        let text = self
            .handle
            .attribute(c"best_iteration")
            .map_err(|reason| XgboostError::library("read the attribute best_iteration", reason))?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    fn predict_as(&self, matrix: &DMatrix, config: &std::ffi::CStr) -> Result<Vec<f32>, XgboostError> {
        if matrix.columns() != self.columns {
            // XGBoost takes too few columns and treats the rest as missing.
            let (expected, found) = (self.columns, matrix.columns());
            return Err(XgboostError::Length { what: "columns", expected, found });
        }
        self.handle.predict(&matrix.handle, config).map_err(|reason| XgboostError::library("predict", reason))
    }
}

impl fmt::Debug for Booster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Booster").field("num_features", &self.columns).finish_non_exhaustive()
    }
}
