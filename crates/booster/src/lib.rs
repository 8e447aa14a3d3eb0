//! XGBoost models in safe Rust: read any artifact, check it, predict bit for bit.
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow::array::{ArrayRef, Float64Array, Int64Array};
//! use arrow::record_batch::RecordBatch;
//! use refit_booster::{Booster, Format};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What a SageMaker training job writes to S3. This one was trained by image 3.0-5 to guess a taxi's fare.
//! let artifact = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/model.tar.gz"));
//! let booster = Booster::from_artifact(artifact)?;
//! assert_eq!(booster.format(), Format::Ubj);
//! assert_eq!(booster.objective(), "reg:squarederror");
//!
//! // One row per trip; a null is a missing value.
//! let distance: ArrayRef = Arc::new(Float64Array::from(vec![12.5, 3.0]));
//! let bags: ArrayRef = Arc::new(Int64Array::from(vec![Some(2), None]));
//! let trips = RecordBatch::try_from_iter([("distance", distance), ("bags", bags)])?;
//!
//! // What Python's `Booster.predict` of XGBoost 3.0.5 returns for these rows, to the last bit.
//! assert_eq!(booster.predict(&trips)?.values, [29.755300521850586, 11.857470512390137]);
//!
//! // Which feature did the most?
//! let best = booster.importance().into_iter().max_by(|a, b| a.total_gain.total_cmp(&b.total_gain));
//! assert_eq!(best.map(|feature| feature.feature), Some(0));
//! # Ok(())
//! # }
//! ```
//!
//! # How it behaves
//!
//! * **Formats**: a pickled `xgboost.core.Booster`, the legacy binary with or without its header, JSON and UBJSON, of
//!   XGBoost 0.90 to 3.4, told apart by content. A pickle is read as data: no class is looked up, nothing is called.
//! * **Archives** are unpacked in memory, up to limits of bytes, entries and of the ratio to the packed bytes
//!   ([`artifact::Limits`]): a few kilobytes of one that only unpacks to zeros are read before it is refused.
//! * **Checked once**: every child, feature, group and array length is checked while reading. A damaged file is an
//!   error. Predicting cannot fail on the model, only on rows that do not fit it.
//! * **Bit for bit**: the numbers are those of the XGBoost release that *wrote* the model, on its CPU predictor, in
//!   single precision. Releases before 1.3 (`dart`: before 1.4) added the intercept last, newer ones add it first;
//!   the model's version decides. `exp` and `ln` are the platform's own, as they are for XGBoost.
//! * **Early stopping**: where a model keeps trees after its best round and says so ([`Booster::best_ntree_limit`]),
//!   they are left out, as SageMaker's serving does.
//! * **Rows**: a feature smaller than the threshold goes left, a missing one the way it was taught. Columns are matched
//!   by position, and by name too if the model carries names. Values are rounded to `f32` first, as XGBoost does.
//!   XGBoost refuses infinite values; here they are compared like any other.
//! * **Threads**: a [`Booster`] is immutable and predicts on the calling thread; [`Booster::predict_by_threads`] takes
//!   more.
//! * **Explained**: [`Booster::contributions_dense`] splits a margin among the features by exact TreeSHAP, and
//!   [`Booster::leaves_dense`] names the leaves that a row reaches, as XGBoost's `pred_contribs` and `pred_leaf` do.
//! * **Not supported yet**, and refused by name: categorical splits, trees with vector leaves, `gblinear`, ensembles
//!   from SageMaker's `_kfold`, `reg:expectileerror`, objectives that are not XGBoost's own, and XGBoost releases
//!   after 3.4: minor releases have changed what a model means before.
//!
//! # Errors
//!
//! One enum, [`BoosterError`], with a variant per thing the caller can do: fetch the file again
//! ([`Damaged`](BoosterError::Damaged), [`Inconsistent`](BoosterError::Inconsistent),
//! [`CorruptArchive`](BoosterError::CorruptArchive)), pack it differently ([`NoModel`](BoosterError::NoModel),
//! [`SeveralModels`](BoosterError::SeveralModels), [`ClimbingPath`](BoosterError::ClimbingPath)), train differently
//! ([`Unsupported`](BoosterError::Unsupported)), or pass other columns ([`ColumnCount`](BoosterError::ColumnCount),
//! [`ColumnName`](BoosterError::ColumnName), [`ColumnType`](BoosterError::ColumnType)).
#![forbid(unsafe_code)]

pub mod artifact;
mod booster;
mod columns;
mod contributions;
mod error;
mod forest;
mod format;
mod importance;
mod model;
mod objective;
mod predict;
mod read;
mod version;

pub use booster::Booster;
pub use contributions::Contributions;
pub use error::BoosterError;
pub use format::Format;
pub use importance::FeatureImportance;
pub use predict::Predictions;
pub use version::Version;
