//! The retraining loop: prepare, retrain and refresh several XGBoost models in one run.
//!
//! ```
//! use std::sync::Arc;
//!
//! use refit_pipeline::evaluation::{ApprovalRule, MetricThreshold, RequiredVerdict};
//! use refit_pipeline::tuning::ResourceLimits;
//! use refit_pipeline::warehouse::{DatasetSpec, DateWindow, Extract, Split, Sqlite};
//! use refit_pipeline::{ModelSpec, Pipeline, Settings};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path();
//! # let csv = (0..1200).map(|id| format!("2024-{:02}-01,{},{}\n", id / 100 + 1, id % 7, 3 * (id % 7)));
//! # std::fs::write(dir.join("sales.csv"), format!("day,price,sold\n{}", csv.collect::<String>()))?;
//! // On AWS: let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
//! let aws = refit_local::LocalAws::start(refit_local::Options::new(dir.join("aws"))).await?;
//! let config = aws.sdk_config();
//!
//! let role = "arn:aws:iam::123456789012:role/refit".parse()?;
//! let mut settings = Settings::new("my-models".parse()?, dir.join("work"), role, "sales".parse()?)?;
//! // The first model has no champion to be compared with; it is to be better than no model at all.
//! settings.approval = Some(ApprovalRule {
//!     verdict: RequiredVerdict::Any,
//!     thresholds: vec![MetricThreshold::at_least("improvement_over_mean", 0.0)],
//!     ..ApprovalRule::default()
//! });
//! settings.tuning.limits = ResourceLimits::new(2, 2)?;
//! # settings.tuning.ranges = settings.tuning.ranges.without("num_round")?;
//! # settings.tuning.hyperparameters.insert("num_round".into(), "10".into());
//! let pipeline = Pipeline::new(&config, settings)?;
//!
//! let window = DateWindow::new("2024-01-01".parse()?, "2025-01-01".parse()?)?;
//! let split = Split::ByTime {
//!     column: "day".into(),
//!     validation_from: "2024-11-01".parse()?,
//!     evaluation_from: "2024-12-01".parse()?,
//! };
//! let models = [ModelSpec::new(
//!     "sold".parse()?,
//!     Extract::new("SELECT sold, day, price FROM sales WHERE day >= $1 AND day < $2").window(window),
//!     DatasetSpec::new("sold", split),
//! )?];
//!
//! // Three calls, which may be three programs on three schedules.
//! let run = "2024-12".parse()?;
//! let warehouse = Arc::new(Sqlite::files([("sales", dir.join("sales.csv"))])?);
//! pipeline.prepare(&run, warehouse, &models).await?.into_result()?;
//! pipeline.retrain(&run, &models).await?.into_result()?;
//! pipeline.refresh(&models).await?.packages.into_result()?;
//!
//! let sold = pipeline.invoke_named(&models[0].name, &["price"], "4\n6\n").await?;
//! assert_eq!(sold.len(), 2);
//! # aws.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # How it behaves
//!
//! - The parts are crates of their own, re-exported here as modules; the facade only composes them.
//! - A step works on several models at a time, [`Settings::parallel_models`] of them. One model's failure stops no other: it is in
//!   the [`Outcomes`].
//! - Running the same run again resumes it. Tuning jobs, packages, endpoint configs and history rows are named after the run, the model and
//!   the dataset's digest, so that nothing is done twice.
//! - `prepare` writes a dataset here and to S3 in one pass, in parts as the rows come, and says when the training data are those of
//!   the run before ([`Prepared::unchanged_since`]). A failure leaves nothing behind; let a lifecycle rule of the bucket abort incomplete
//!   uploads and expire `incoming/` after some days, for programs that are killed.
//! - `prepare` that is dropped (`tokio::select!`, a time limit, Ctrl-C) cancels its queries on the server and takes back what it has
//!   written, in the background; [`Pipeline::settled`] waits for that before the program ends.
//! - A Redshift warehouse that was told to (`Redshift::unload_by`) writes a large dataset's train and validation sets to S3 itself, node
//!   by node, below `train/` and `validation/`, where the training jobs read them; only the evaluation set comes here. The rows and
//!   sets are the same; the manifest names the files, and its digest equals that of the run before where the rows do, in whatever
//!   order the nodes wrote them.
//! - A step finds what the one before it left in S3, so it may run on another machine.
//! - A model is evaluated beside the champion, on the same rows: the package whose bytes the endpoint serves, or else the newest
//!   approved one. Its ARN is kept with the new package, so that a rerun compares with the same one, whatever serves by then. A
//!   champion that cannot predict the rows (its artifact is gone, its contract or its kind of objective is another) is told in the
//!   report with the reason, and stops nothing.
//! - A person approves, unless [`Settings::approval`] has a rule. A rule approves, rejects or leaves pending, with its reasons in the
//!   package's approval description; it never touches what a person has decided or written, and decides nothing in testing mode.
//! - What a model is fed with is kept with its package and with what the endpoint serves: [`Pipeline::invoke`] refuses rows of another
//!   width, [`Pipeline::invoke_named`] rows of other features. A look costs one request and counts for a minute.
//! - Progress is `tracing` events in the spans `prepare`, `retrain` (each with the field `model`), `refresh` and `rollback`.
//! - The account, the region and the credentials are those of the `SdkConfig`; nothing else differs between AWS and the embedded backend.
//!
//! What it keeps, below the base directory and below the bucket:
//!
//! | local | S3 | what |
//! |---|---|---|
//! | `datasets/<model>/<run>/` | the same | training files and `manifest.json` |
//! | | `output/<training job>/output/model.tar.gz` | the artifacts, where SageMaker writes them |
//! | `logs/tuningjobhistory.csv` | the same | every tuning job |
//! | `models/<model>/evaluationhistory.csv` | `evaluation/<model>/evaluationhistory.csv` | every evaluation |
//! | `models/<model>/<training job>/` | `evaluation/<model>/<training job>/` | artifact (local only), `report.html`, `report.json`, `statistics.json` (linked from the package), `manifest.json` of the training data |
//! | `models/<model>/champions/` | | artifacts of champions, by their SHA-256 |
//! | | `models/<model>.tar.gz` | what the endpoint serves |
//!
//! # Errors
//!
//! [`PipelineError`] says which step of which model failed, and its source what the step's crate knows of it. Wrong names, ranges, windows and
//! regions are refused when the settings are made, before any request.

mod approval;
mod artifact;
mod champion;
mod contracts;
mod error;
mod evaluate;
mod extraction;
mod invoke;
mod layout;
mod model_spec;
mod names;
mod outcome;
mod pipeline;
mod prepare;
mod refresh;
mod register;
mod report;
mod retrain;
mod rollback;
mod s3_place;
mod score;
mod settings;
mod tune;
mod unload;

pub use refit_aws as aws;
pub use refit_booster as booster;
pub use refit_endpoint as endpoint;
pub use refit_evaluation as evaluation;
pub use refit_registry as registry;
pub use refit_tuning as tuning;
pub use refit_warehouse as warehouse;

pub use artifact::Artifact;
pub use error::PipelineError;
pub use model_spec::ModelSpec;
pub use names::{ModelName, RunId};
pub use outcome::{Outcome, Outcomes};
pub use pipeline::Pipeline;
pub use prepare::Prepared;
pub use refresh::Refreshed;
pub use retrain::Retrained;
pub use settings::{EndpointSettings, EvaluationSettings, Settings, TuningSettings};
