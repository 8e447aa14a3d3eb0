use chrono::{DateTime, Utc};
use refit_aws::HistoryRow;
use serde::{Deserialize, Serialize};

use crate::{TuningJob, TuningJobName};

/// What a tuning job must share with an earlier one to learn from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The model. The history's column is called `metric`, as in the article.
    pub model: String,
    /// A name that keeps tuning jobs of one model apart, such as one of a data layer.
    pub layer: String,
    /// XGBoost's learning objective, such as `reg:squarederror`.
    pub objective: String,
    /// The metric that is optimised, such as `rmse`.
    pub eval_metric: String,
}

/// A row of `tuningjobhistory.csv`, with the article's columns.
///
/// pandas reads it and writes it: `datetime` is `%Y/%m/%d %H:%M:%S` in UTC, and a count may come as `8.0`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuningHistoryRow {
    /// When the tuning job ended, in UTC, to the second.
    #[serde(with = "datetime")]
    pub datetime: DateTime<Utc>,
    /// The tuning job.
    pub tuningjob: TuningJobName,
    /// The model.
    pub metric: String,
    /// See [`Lineage::layer`].
    pub layer: String,
    /// XGBoost's learning objective.
    pub objective: String,
    /// The metric that was optimised.
    pub eval_metric: String,
    /// Its best value; `None` if no training job has one.
    pub eval_metric_value: Option<f64>,
    /// How many training jobs there were. A tuning job with one was a test.
    #[serde(with = "count")]
    pub trainingjobcount: u32,
}

impl TuningHistoryRow {
    /// The row of a tuning job that ended.
    pub fn new(lineage: &Lineage, job: &TuningJob, datetime: DateTime<Utc>) -> Self {
        Self {
            datetime,
            tuningjob: job.name.clone(),
            metric: lineage.model.clone(),
            layer: lineage.layer.clone(),
            objective: lineage.objective.clone(),
            eval_metric: lineage.eval_metric.clone(),
            eval_metric_value: job.best_training_job.as_ref().and_then(|best| best.objective_value),
            trainingjobcount: job.training_jobs.total(),
        }
    }

    /// Whether the tuning job is of this lineage.
    pub fn is_of(&self, lineage: &Lineage) -> bool {
        self.metric == lineage.model
            && self.layer == lineage.layer
            && self.objective == lineage.objective
            && self.eval_metric == lineage.eval_metric
    }
}

impl HistoryRow for TuningHistoryRow {
    const COLUMNS: &'static [&'static str] = &[
        "datetime",
        "tuningjob",
        "metric",
        "layer",
        "objective",
        "eval_metric",
        "eval_metric_value",
        "trainingjobcount",
    ];
    const KEY: &'static str = "tuningjob";
}

mod datetime {
    use chrono::{DateTime, NaiveDateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    const FORMAT: &str = "%Y/%m/%d %H:%M:%S";

    pub(super) fn serialize<S: Serializer>(datetime: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&datetime.format(FORMAT))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = NaiveDateTime::parse_from_str(text.trim(), FORMAT);
        parsed.map(|datetime| datetime.and_utc()).map_err(|error| D::Error::custom(format!("{text:?}: {error}")))
    }
}

mod count {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(count: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(*count)
    }

    /// pandas turns a column of counts into floats as soon as one is missing.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.trim();
        let whole = digits.split_once('.').map_or(digits, |(whole, rest)| match rest.trim_matches('0') {
            "" => whole,
            _ => digits,
        });
        whole.parse().map_err(|error| D::Error::custom(format!("{text:?} is no count: {error}")))
    }
}
