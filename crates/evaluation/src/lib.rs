//! Measures a trained XGBoost model on held-out rows, and reports it to people and programs.
//!
//! ```
//! use chrono::{TimeZone, Utc};
//! use refit_booster::Booster;
//! use refit_evaluation::{EvaluationRow, EvaluationSet, Report, ReportContext, evaluate};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
//! // What a training job left, and the rows it never saw: no header, the label first, empty fields are missing.
//! let booster = Booster::from_artifact(&std::fs::read(format!("{fixtures}/model.tar.gz"))?)?;
//! let features = ["dep_delay", "distance", "wind_speed", "visib", "unused"].map(String::from);
//! let set = EvaluationSet::from_csv(format!("{fixtures}/evaluation.csv"), &features)?;
//!
//! let evaluation = evaluate(&booster, set)?;
//! let metrics = &evaluation.metrics;
//! assert_eq!(metrics.rows, 400);
//! assert!(metrics.rmse < metrics.baseline_rmse, "it should beat predicting the mean");
//!
//! // The line for `evaluationhistory.csv`.
//! let now = Utc.with_ymd_and_hms(2024, 5, 31, 6, 0, 0).unwrap();
//! let row = EvaluationRow::new(now, "tune-jfk-001", &evaluation.objective, "validation:rmse", metrics);
//!
//! // The page, and its figures for programs.
//! let mut context = ReportContext::new("jfk", "tune-jfk-001", now);
//! context.label = "arr_delay".to_owned();
//! context.unit = Some("minutes".to_owned());
//! context.history = vec![row];
//! let report = Report::new(evaluation, context);
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("report.html"), report.html())?;
//! std::fs::write(folder.path().join("report.json"), report.json().to_string())?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it behaves
//!
//! - It is synchronous and pure: no network, no clock, no AWS. It reads the rows once, front to back.
//! - Memory is bounded by the features, not by the rows: sums are kept exactly, distributions as bins.
//! - An error is prediction − label. Standard deviations are the population's, as NumPy's default.
//! - The page is one HTML file without scripts, below 1 MB, that asks the network for nothing. It is light or dark
//!   as the reader's system is, fits a phone, and prints.
//!
//! # Errors
//!
//! [`EvaluationError`] names the file and line of the first bad row, and refuses models that MAE and RMSE do not fit
//! before it reads any.
#![forbid(unsafe_code)]

mod bins;
mod error;
mod evaluation;
mod evaluation_row;
mod evaluation_set;
mod joint;
mod metrics;
mod report;
mod scale;
mod sums;

pub use bins::{CalibrationGroup, Histogram};
pub use error::EvaluationError;
pub use evaluation::{Evaluation, FeatureImportance, evaluate};
pub use evaluation_row::EvaluationRow;
pub use evaluation_set::EvaluationSet;
pub use joint::{JointCell, JointHistogram};
pub use metrics::RegressionMetrics;
pub use report::{Comparison, DatasetLineage, Direction, Report, ReportContext, Trial, TuningSummary};
