//! XGBoost models in safe Rust: read any artifact, check it, predict bit for bit.
#![forbid(unsafe_code)]

pub mod artifact;
mod booster;
mod columns;
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
pub use error::BoosterError;
pub use format::Format;
pub use importance::FeatureImportance;
pub use predict::Predictions;
pub use version::Version;
