//! What a tuning job asks for, read from a request or from what Describe shows.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::api::ApiError;

use super::described_definition;
use super::hyperband::Resources;
use super::members::{Members, Object};
use super::objective;
use super::ranges::{Range, Values};
use super::refusal::not_emulated;

/// The hyperparameter by which the service tells the container the objective.
pub(super) const OBJECTIVE_HYPERPARAMETER: &str = "_tuning_objective_metric";

/// The most training jobs a tuning job may start, its parents' included (developer guide,
/// automatic-model-tuning-limits).
const MAX_TRAINING_JOBS: u64 = 750;

/// What AWS raises its limit of parallel training jobs to, on request.
const MAX_PARALLEL: usize = 100;

/// A tuning job's settings.
#[derive(Clone, Debug)]
pub(super) struct TuningSpec {
    pub(super) name: String,
    pub(super) strategy: String,
    /// Hyperband's rounds.
    pub(super) hyperband: Option<Resources>,
    pub(super) metric: String,
    pub(super) maximize: bool,
    pub(super) ranges: Vec<Range>,
    /// Without the objective's own.
    pub(super) statics: BTreeMap<String, String>,
    pub(super) max_jobs: Option<u64>,
    pub(super) max_parallel: usize,
    pub(super) max_runtime: Option<Duration>,
    pub(super) early_stopping: bool,
    pub(super) target: Option<f64>,
    pub(super) max_not_improving: Option<u64>,
    /// Whether it ends when it has converged.
    pub(super) until_convergence: bool,
    pub(super) seed: Option<u64>,
    pub(super) image: String,
    /// Channel names with what they read.
    pub(super) inputs: BTreeMap<String, String>,
    /// TrainingJobDefinition.
    pub(super) definition: Object,
}

impl TuningSpec {
    /// Reads what has passed the service model's constraints.
    pub(super) fn parse(input: &Object) -> Result<Self, ApiError> {
        let config = input.object("HyperParameterTuningJobConfig").cloned().unwrap_or_default();
        let definition = definition(input)?.clone();
        let objective = objective(&config, &definition)?.clone();
        let limits = config.object("ResourceLimits").cloned().unwrap_or_default();
        let criteria = config.object("TuningJobCompletionCriteria").cloned().unwrap_or_default();
        let no_ranges = Object::new();
        let statics = definition.pairs("StaticHyperParameters").into_iter();
        let algorithm = definition.object("AlgorithmSpecification");
        let not_improving = criteria.object("BestObjectiveNotImproving");
        let spec = Self {
            name: input.required("HyperParameterTuningJobName").to_owned(),
            strategy: config.required("Strategy").to_owned(),
            hyperband: (config.text("Strategy") == Some("Hyperband")).then(|| Resources::parse(&config)).transpose()?,
            metric: objective.required("MetricName").to_owned(),
            maximize: objective.text("Type") == Some("Maximize"),
            ranges: Range::read_all(config.object("ParameterRanges").unwrap_or(&no_ranges))?,
            statics: statics
                .filter(|(name, _)| *name != OBJECTIVE_HYPERPARAMETER)
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            max_jobs: limits.whole("MaxNumberOfTrainingJobs"),
            max_parallel: limits.whole("MaxParallelTrainingJobs").and_then(|n| n.try_into().ok()).unwrap_or(1),
            max_runtime: limits.whole("MaxRuntimeInSeconds").map(Duration::from_secs),
            early_stopping: config.text("TrainingJobEarlyStoppingType") == Some("Auto"),
            target: criteria.real("TargetObjectiveMetricValue"),
            max_not_improving: not_improving.and_then(|limit| limit.whole("MaxNumberOfTrainingJobsNotImproving")),
            until_convergence: criteria
                .object("ConvergenceDetected")
                .is_some_and(|convergence| convergence.text("CompleteOnConvergence") == Some("Enabled")),
            seed: config.whole("RandomSeed"),
            image: algorithm.map(|algorithm| algorithm.required("TrainingImage").to_owned()).unwrap_or_default(),
            inputs: inputs(&definition),
            definition,
        };
        spec.check(&config)?;
        Ok(spec)
    }

    /// The range of a tunable hyperparameter.
    pub(super) fn range(&self, name: &str) -> Option<&Range> {
        self.ranges.iter().find(|range| range.name == name)
    }

    /// Whether `value` is a better objective than `other`.
    pub(super) fn is_better(&self, value: f64, other: f64) -> bool {
        if self.maximize { value > other } else { value < other }
    }

    fn check(&self, config: &Object) -> Result<(), ApiError> {
        objective::check(&self.metric, self.maximize, &self.image)?;
        if let Some(range) = self.ranges.iter().find(|range| self.statics.contains_key(&range.name)) {
            let name = &range.name;
            return Err(ApiError::validation(format!(
                "Hyperparameter [{name}] is both in StaticHyperParameters and in ParameterRanges: it can be only one of them."
            )));
        }
        if self.ranges.is_empty() {
            return Err(ApiError::validation("ParameterRanges must name at least one hyperparameter to tune."));
        }
        if self.hyperband.is_none() && config.contains_key("StrategyConfig") {
            return Err(ApiError::validation("StrategyConfig can be given only when the strategy is Hyperband."));
        }
        if self.strategy == "Grid" {
            self.check_grid()?;
        }
        let ends = self.max_jobs.is_some() || self.max_runtime.is_some() || self.strategy == "Grid";
        if !ends && self.target.is_none() && self.max_not_improving.is_none() && !self.until_convergence {
            return Err(ApiError::validation(
                "The tuning job would not end: give MaxNumberOfTrainingJobs, MaxRuntimeInSeconds or completion criteria.",
            ));
        }
        if self.max_parallel > MAX_PARALLEL {
            return Err(ApiError::new(
                "ResourceLimitExceeded",
                format!("MaxParallelTrainingJobs is above the limit of {MAX_PARALLEL} training jobs at a time."),
            ));
        }
        check_training_jobs(self.max_jobs.unwrap_or_default())
    }
}

impl TuningSpec {
    /// Grid is for categories, and has as many training jobs as these have combinations (API reference,
    /// HyperParameterTuningJobConfig).
    fn check_grid(&self) -> Result<(), ApiError> {
        let mut combinations = 1_u64;
        for range in &self.ranges {
            let Values::Categorical(values) = &range.values else {
                return Err(ApiError::validation(format!(
                    "The strategy Grid supports only categorical hyperparameters, and [{}] is {}.",
                    range.name,
                    range.kind()
                )));
            };
            combinations = combinations.saturating_mul(values.len() as u64);
        }
        if self.max_jobs.is_some_and(|jobs| jobs != combinations) {
            return Err(ApiError::validation(format!(
                "MaxNumberOfTrainingJobs must be the number of combinations, {combinations}, or left out when the strategy is \
                 Grid."
            )));
        }
        check_training_jobs(combinations)
    }
}

/// Refuses more training jobs than a tuning job may have with those of its parents.
pub(super) fn check_training_jobs(training_jobs: u64) -> Result<(), ApiError> {
    if training_jobs <= MAX_TRAINING_JOBS {
        return Ok(());
    }
    Err(ApiError::new(
        "ResourceLimitExceeded",
        format!(
            "The tuning job and its parents have {training_jobs} training jobs; the limit is {MAX_TRAINING_JOBS} a tuning job."
        ),
    ))
}

/// The one training job definition.
fn definition(input: &Object) -> Result<&Object, ApiError> {
    if input.contains_key("TrainingJobDefinitions") {
        return Err(not_emulated("TrainingJobDefinitions: a tuning job of several algorithms"));
    }
    if input.contains_key("Autotune") {
        return Err(not_emulated("Autotune"));
    }
    let definition = input.object("TrainingJobDefinition");
    let definition = definition.ok_or_else(|| ApiError::validation("TrainingJobDefinition must be given."))?;
    let given = definition.object("AlgorithmSpecification").and_then(|algorithm| algorithm.get("MetricDefinitions"));
    // A tuner that the SageMaker Python SDK attached to a job sends what was described.
    if given.is_some_and(|given| *given != json!([]) && *given != described_definition::metric_definitions()) {
        return Err(ApiError::validation(
            "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the request without \
             specifying metric definitions.",
        ));
    }
    Ok(definition)
}

fn objective<'a>(config: &'a Object, definition: &'a Object) -> Result<&'a Object, ApiError> {
    config
        .object("HyperParameterTuningJobObjective")
        .or_else(|| definition.object("TuningObjective"))
        .ok_or_else(|| ApiError::validation("HyperParameterTuningJobObjective must be given."))
}

fn inputs(definition: &Object) -> BTreeMap<String, String> {
    let channels = definition.objects("InputDataConfig").into_iter();
    channels
        .map(|channel| {
            let source = channel.object("DataSource").and_then(|source| source.object("S3DataSource"));
            let uri = source.map(|source| source.required("S3Uri")).unwrap_or_default();
            (channel.required("ChannelName").to_owned(), uri.to_owned())
        })
        .collect()
}
