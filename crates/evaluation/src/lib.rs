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
//! assert_eq!(metrics.rows(), 400);
//! assert!(metrics.regression().is_some_and(|errors| errors.rmse < errors.baseline_rmse), "it should beat predicting the mean");
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
//! - It is synchronous and pure: no network, no clock, no AWS. It reads the rows once, front to back, and predicts on
//!   every core.
//! - Memory is bounded by the features, not by the rows: sums are compensated, distributions are bins. Of two classes the
//!   distinct predictions are kept, 24 bytes each, so that the area under the ROC curve is exact.
//! - An error is prediction − label. Standard deviations are the population's, as NumPy's default. Figures are those of
//!   scikit-learn where it has them; weights ([`EvaluationSet::weighted_by`]) count as its `sample_weight` does, in every figure, in the
//!   comparison, in slices and in the report. Drift counts each row once, as the training manifest does.
//! - [`evaluate_with`] predicts the same rows with the champion too, and resamples the paired rows for an interval around
//!   the difference: [`PairedComparison`]. It slices by columns, holds the set to the training manifest's contract
//!   ([`TrainingProfile`]), and measures drift from it.
//! - [`ApprovalRule`] is data: what the verdict, figures, slices and drift must come to.
//! - Features are explained by exact TreeSHAP on a sample of at most 128 rows: the mean size of what each brings to a prediction.
//! - Of several classes (`multi:softprob`, `multi:softmax`) the probabilities are measured, as XGBoost's own `mlogloss` and
//!   `merror` are computed from: both objectives of the same trees have the same figures. Labels are the whole numbers below
//!   `num_class`. MAE and RMSE, in slices and in the history, are those of what the probability of the class that it was lacks,
//!   which of two classes is what they always are. A model's predictions drift by how often each class is the likeliest.
//! - The page is one HTML file without scripts, below 1 MB, that asks the network for nothing. It is light or dark
//!   as the reader's system is, fits a phone, and prints.
//!
//! # Errors
//!
//! [`EvaluationError`] names the file and line of the first bad row, and refuses models that no figures fit, metrics that do not fit
//! the model, and sets whose columns are not the model's, before it reads any. Labels that are all equal, and weights that are
//! all 0, are refused after.
#![forbid(unsafe_code)]

mod approval;
mod batches;
mod bins;
mod champion;
mod contract;
mod drift;
mod error;
mod evaluation;
mod evaluation_row;
mod evaluation_set;
mod importance;
mod joint;
mod kind;
mod layout;
mod lines;
mod metrics;
mod model_quality;
mod outputs;
mod profile;
mod report;
mod sample;
mod scale;
mod scoring;
mod slices;
mod sums;
mod tally;

pub use approval::{ApprovalRule, Decision, Evidence, MetricThreshold, Outcome, RequiredVerdict, SliceLimit};
pub use bins::{CalibrationGroup, Histogram};
pub use champion::{Change, ComparisonSpec, Metric, PairedComparison, PairedTally, Verdict};
pub use drift::{ColumnDrift, DriftLevel, DriftLimits, DriftReport, DriftTally};
pub use error::EvaluationError;
pub use evaluation::{Champion, Distributions, Evaluation, EvaluationSpec, evaluate, evaluate_with};
pub use evaluation_row::EvaluationRow;
pub use evaluation_set::EvaluationSet;
pub use importance::FeatureImportance;
pub use joint::{JointCell, JointHistogram};
pub use metrics::{
    BinaryMetrics, BinaryTally, CalibrationBin, ClassMetrics, CurvePoint, Curves, Deviance, Metrics, MulticlassMetrics,
    MulticlassTally, Observation, Quantile, QuantileLoss, RegressionMetrics, RegressionTally,
};
pub use profile::{ColumnProfile, TrainingProfile};
pub use report::{
    ChampionLineage, ChampionStanding, Comparison, DatasetLineage, Direction, Report, ReportContext, Trial,
    TuningSummary,
};
pub use slices::{SliceBy, SliceMetrics};
