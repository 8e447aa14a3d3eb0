//! A row of `evaluationhistory.csv`.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Metrics;

/// How the history writes a moment, in UTC.
const DATETIME: &str = "%Y/%m/%d %H:%M:%S";

/// One evaluation in a model's `evaluationhistory.csv`, with the article's columns.
///
/// Written with a CSV writer's header it is what pandas reads, and it reads what pandas writes: `testing` is
/// `True` or `False` (read in any case), `datetime` is `2024/05/31 06:00:00` in UTC. More columns may follow
/// these in the file; they are ignored here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluationRow {
    /// When the model was evaluated, to the second.
    #[serde(serialize_with = "write_datetime", deserialize_with = "read_datetime")]
    pub datetime: DateTime<Utc>,
    /// Whether the run only tested the loop; such a model is no measure for the next.
    #[serde(serialize_with = "write_testing", deserialize_with = "read_testing")]
    pub testing: bool,
    /// The training job that made the model.
    pub trainingjob: String,
    /// XGBoost's objective, such as `reg:squarederror`.
    pub objective: String,
    /// The metric that the tuning job optimised, such as `validation:rmse`.
    pub hyperparameter_tuning_metric: String,
    /// Mean absolute error. Of a model of classes, here and below, the error is what the probability of the class that it was
    /// lacks: 0 for a model that is always right and sure, whatever the classes' numbers.
    pub mae: f64,
    /// Root mean squared error.
    pub rmse: f64,
    /// Standard deviation of the errors over the population.
    pub stdev_error: f64,
}

impl EvaluationRow {
    /// The columns, in the order in which they are written.
    pub const COLUMNS: &'static [&'static str] = &[
        "datetime",
        "testing",
        "trainingjob",
        "objective",
        "hyperparameter_tuning_metric",
        "mae",
        "rmse",
        "stdev_error",
    ];

    /// The column that names an evaluation: one training job is evaluated once.
    pub const KEY: &'static str = "trainingjob";

    /// The row of an evaluation that was made at `datetime`. Subseconds are dropped, as the file has none.
    pub fn new(
        datetime: DateTime<Utc>,
        training_job: impl Into<String>,
        objective: impl Into<String>,
        tuning_metric: impl Into<String>,
        metrics: &Metrics,
    ) -> Self {
        Self {
            datetime: DateTime::from_timestamp(datetime.timestamp(), 0).unwrap_or(datetime),
            testing: false,
            trainingjob: training_job.into(),
            objective: objective.into(),
            hyperparameter_tuning_metric: tuning_metric.into(),
            mae: metrics.mae(),
            rmse: metrics.rmse(),
            stdev_error: metrics.stdev_error(),
        }
    }

    /// Marks the row as written by a run in testing mode, or not.
    #[must_use]
    pub fn testing(mut self, testing: bool) -> Self {
        self.testing = testing;
        self
    }
}

fn write_datetime<S: Serializer>(datetime: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&datetime.format(DATETIME))
}

fn read_datetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    NaiveDateTime::parse_from_str(&text, DATETIME)
        .map(|datetime| datetime.and_utc())
        .map_err(|_| de::Error::custom(format!("the datetime '{text}' is not written as 2024/05/31 06:00:00")))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn write_testing<S: Serializer>(testing: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *testing { "True" } else { "False" })
}

fn read_testing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(de::Error::custom(format!("testing is '{text}', neither True nor False"))),
    }
}
