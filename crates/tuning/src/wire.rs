//! Between this crate's nouns and the shapes of the SageMaker API. Pure.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sagemaker::operation::create_hyper_parameter_tuning_job::builders::CreateHyperParameterTuningJobInputBuilder;
use aws_sdk_sagemaker::operation::describe_hyper_parameter_tuning_job::DescribeHyperParameterTuningJobOutput;
use aws_sdk_sagemaker::operation::describe_training_job::DescribeTrainingJobOutput;
use aws_sdk_sagemaker::{primitives, types};
use chrono::{DateTime, Utc};
use refit_aws::RequestError;

use crate::{
    BestTrainingJob, Channel, Direction, Hyperparameter, ObjectiveMetric, ParameterRanges, RangeValues, ResourceLimits,
    ScalingType, StatusTransition, TrainingJob, TrainingJobCounters, TrainingResources, TuningError, TuningJob,
    TuningJobName, TuningJobSpec, WarmStart, WarmStartType,
};

/// SageMaker adds hyperparameters of its own, such as `_tuning_objective_metric`. All of them begin like this.
const INTERNAL: char = '_';

/// The hyperparameter in which SageMaker tells a training job the metric of its tuning job.
const OBJECTIVE_METRIC: &str = "_tuning_objective_metric";

const DESCRIBE: &str = "DescribeHyperParameterTuningJob";
const DESCRIBE_TRAINING: &str = "DescribeTrainingJob";

/// The request that starts a tuning job. What is not set is left out: SageMaker takes no empty structures.
pub(crate) fn create_tuning_job(spec: &TuningJobSpec) -> CreateHyperParameterTuningJobInputBuilder {
    let tags: Vec<types::Tag> =
        spec.tags.iter().map(|(key, value)| types::Tag::builder().key(key).value(value).build()).collect();
    CreateHyperParameterTuningJobInputBuilder::default()
        .hyper_parameter_tuning_job_name(spec.name.as_str())
        .hyper_parameter_tuning_job_config(config(spec))
        .training_job_definition(definition(spec))
        .set_warm_start_config(spec.warm_start.as_ref().map(warm_start))
        .set_tags((!tags.is_empty()).then_some(tags))
}

fn config(spec: &TuningJobSpec) -> types::HyperParameterTuningJobConfig {
    let objective = types::HyperParameterTuningJobObjective::builder()
        .r#type(spec.metric.direction().as_str().into())
        .metric_name(spec.metric.name())
        .build();
    types::HyperParameterTuningJobConfig::builder()
        .strategy(spec.strategy.as_str().into())
        .hyper_parameter_tuning_job_objective(objective)
        .resource_limits(limits(&spec.limits))
        .parameter_ranges(ranges(&spec.ranges))
        .training_job_early_stopping_type(spec.early_stopping.as_str().into())
        .set_random_seed(spec.seed.and_then(|seed| i32::try_from(seed).ok()))
        .build()
}

fn definition(spec: &TuningJobSpec) -> types::HyperParameterTrainingJobDefinition {
    let algorithm = types::HyperParameterAlgorithmSpecification::builder()
        .training_image(spec.image.as_str())
        .training_input_mode(types::TrainingInputMode::File)
        .build();
    let output = types::OutputDataConfig::builder().s3_output_path(spec.output.to_string()).build();
    let stopping = types::StoppingCondition::builder()
        .max_runtime_in_seconds(whole(spec.resources.max_runtime().as_secs()))
        .build();
    types::HyperParameterTrainingJobDefinition::builder()
        .set_static_hyper_parameters(Some(spec.hyperparameters.clone().into_iter().collect()))
        .algorithm_specification(algorithm)
        .role_arn(spec.role.as_str())
        .set_input_data_config(Some(spec.channels.iter().map(channel).collect()))
        .output_data_config(output)
        .hyper_parameter_tuning_resource_config(resources(&spec.resources))
        .stopping_condition(stopping)
        .build()
}

fn limits(limits: &ResourceLimits) -> types::ResourceLimits {
    types::ResourceLimits::builder()
        .max_number_of_training_jobs(whole(limits.max_jobs().into()))
        .max_parallel_training_jobs(whole(limits.max_parallel().into()))
        .set_max_runtime_in_seconds(limits.max_runtime().map(|runtime| whole(runtime.as_secs())))
        .build()
}

fn resources(resources: &TrainingResources) -> types::HyperParameterTuningResourceConfig {
    types::HyperParameterTuningResourceConfig::builder()
        .instance_type(resources.instance_type().as_str().into())
        .instance_count(whole(resources.instance_count().into()))
        .volume_size_in_gb(whole(resources.volume_gb().into()))
        .build()
}

/// Bounds travel as text.
fn ranges(ranges: &ParameterRanges) -> types::ParameterRanges {
    let mut wire = types::ParameterRanges::builder();
    for range in ranges {
        wire = match range.values() {
            RangeValues::Continuous { min, max, scaling } => wire.continuous_parameter_ranges(
                types::ContinuousParameterRange::builder()
                    .name(range.name())
                    .min_value(min.to_string())
                    .max_value(max.to_string())
                    .scaling_type(scaling.as_str().into())
                    .build(),
            ),
            RangeValues::Integer { min, max, scaling } => wire.integer_parameter_ranges(
                types::IntegerParameterRange::builder()
                    .name(range.name())
                    .min_value(min.to_string())
                    .max_value(max.to_string())
                    .scaling_type(scaling.as_str().into())
                    .build(),
            ),
            RangeValues::Categorical { values } => wire.categorical_parameter_ranges(
                types::CategoricalParameterRange::builder().name(range.name()).set_values(Some(values.clone())).build(),
            ),
        };
    }
    wire.build()
}

fn channel(channel: &Channel) -> types::Channel {
    let s3 = types::S3DataSource::builder()
        .s3_data_type(types::S3DataType::S3Prefix)
        .s3_uri(channel.uri().to_string())
        .s3_data_distribution_type(types::S3DataDistribution::FullyReplicated)
        .build();
    types::Channel::builder()
        .channel_name(channel.name().as_str())
        .data_source(types::DataSource::builder().s3_data_source(s3).build())
        .content_type(channel.content_type())
        .build()
}

fn warm_start(warm_start: &WarmStart) -> types::HyperParameterTuningJobWarmStartConfig {
    let parent = |parent: &TuningJobName| {
        types::ParentHyperParameterTuningJob::builder().hyper_parameter_tuning_job_name(parent.as_str()).build()
    };
    types::HyperParameterTuningJobWarmStartConfig::builder()
        .warm_start_type(warm_start.kind().as_str().into())
        .set_parent_hyper_parameter_tuning_jobs(Some(warm_start.parents().iter().map(parent).collect()))
        .build()
}

/// The nouns have checked their limits, so nothing is cut off here.
fn whole(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A tuning job, out of its description.
pub(crate) fn tuning_job(answer: &DescribeHyperParameterTuningJobOutput) -> Result<TuningJob, TuningError> {
    let status = answer.hyper_parameter_tuning_job_status().ok_or_else(|| lacks(DESCRIBE, "status"))?;
    let counters = answer.training_job_status_counters();
    let with_objective = answer.objective_status_counters().and_then(|counters| counters.succeeded());
    Ok(TuningJob {
        name: answer.hyper_parameter_tuning_job_name().unwrap_or_default().parse()?,
        arn: answer.hyper_parameter_tuning_job_arn().unwrap_or_default().to_owned(),
        status: status.as_str().into(),
        failure_reason: answer.failure_reason().map(str::to_owned),
        metric: metric(answer)?,
        hyperparameters: hyperparameters(answer)?,
        training_jobs: counters.map(training_jobs).unwrap_or_default(),
        with_objective: count(with_objective),
        best_training_job: answer.best_training_job().map(best).transpose()?,
        overall_best_training_job: answer.overall_best_training_job().map(best).transpose()?,
        warm_start: answer.warm_start_config().map(warm_start_of).transpose()?,
        created: answer.creation_time().and_then(time),
        ended: answer.hyper_parameter_tuning_end_time().and_then(time),
    })
}

/// A training job, out of its description and, if it has one, its line in the list of its tuning job.
pub(crate) fn training_job(
    answer: &DescribeTrainingJobOutput,
    summary: Option<&types::HyperParameterTrainingJobSummary>,
) -> Result<TrainingJob, TuningError> {
    let status = answer.training_job_status().ok_or_else(|| lacks(DESCRIBE_TRAINING, "status"))?;
    let all = answer.hyper_parameters().cloned().unwrap_or_default();
    let final_metrics: BTreeMap<String, f64> = answer
        .final_metric_data_list()
        .iter()
        .filter_map(|metric| Some((metric.metric_name()?.to_owned(), decimal(metric.value()?))))
        .collect();
    let listed = summary.and_then(|summary| summary.final_hyper_parameter_tuning_job_objective_metric());
    let own = all.get(OBJECTIVE_METRIC).and_then(|metric| final_metrics.get(metric)).copied();
    let artifact = answer.model_artifacts().and_then(|artifacts| artifacts.s3_model_artifacts());
    Ok(TrainingJob {
        name: answer.training_job_name().unwrap_or_default().parse()?,
        arn: answer.training_job_arn().unwrap_or_default().to_owned(),
        status: status.as_str().into(),
        failure_reason: answer.failure_reason().map(str::to_owned),
        objective_value: listed.and_then(|metric| metric.value()).map(decimal).or(own),
        final_metrics,
        hyperparameters: ours(all),
        artifact: artifact.filter(|uri| !uri.is_empty()).map(str::parse).transpose()?,
        created: answer.creation_time().and_then(time),
        started: answer.training_start_time().and_then(time),
        ended: answer.training_end_time().and_then(time),
        transitions: answer.secondary_status_transitions().iter().filter_map(transition).collect(),
    })
}

/// The best training job of a tuning job, as far as the tuning job tells.
pub(crate) fn best(summary: &types::HyperParameterTrainingJobSummary) -> Result<BestTrainingJob, TuningError> {
    let metric = summary.final_hyper_parameter_tuning_job_objective_metric();
    Ok(BestTrainingJob {
        name: summary.training_job_name().unwrap_or_default().parse()?,
        objective_value: metric.and_then(|metric| metric.value()).map(decimal),
        searched: ours(summary.tuned_hyper_parameters().cloned().unwrap_or_default()),
    })
}

/// What a job that exists and a job to start differ in. The warm start is left out: a run that is repeated may find
/// other parents than it did the first time, and the job is still its own.
pub(crate) fn differences(
    spec: &TuningJobSpec,
    answer: &DescribeHyperParameterTuningJobOutput,
) -> Result<Vec<&'static str>, TuningError> {
    let config = answer.hyper_parameter_tuning_job_config();
    let definition = answer.training_job_definition();
    let limits = config.and_then(|config| config.resource_limits());
    let theirs_limits = limits.map(|l| (count(l.max_number_of_training_jobs()), count(l.max_parallel_training_jobs())));
    let strategy = config.and_then(|config| config.strategy()).map(|strategy| strategy.as_str());
    let image = definition.and_then(|d| d.algorithm_specification()).and_then(|a| a.training_image());
    let output = definition.and_then(|d| d.output_data_config()).and_then(|o| o.s3_output_path());
    let ours_channels: BTreeMap<String, String> =
        spec.channels.iter().map(|channel| (channel.name().to_string(), channel.uri().to_string())).collect();
    let same = [
        ("objective metrics", metric(answer)?.as_ref() == Some(&spec.metric)),
        ("strategies", strategy == Some(spec.strategy.as_str())),
        ("resource limits", theirs_limits == Some((spec.limits.max_jobs(), spec.limits.max_parallel()))),
        ("hyperparameters", hyperparameters(answer)? == spec.all_hyperparameters()),
        ("images", image == Some(spec.image.as_str())),
        ("channels", definition.map(channels).as_ref() == Some(&ours_channels)),
        (
            "output paths",
            output.map(|o| o.trim_end_matches('/')) == Some(spec.output.to_string().trim_end_matches('/')),
        ),
    ];
    Ok(same.into_iter().filter(|(_, same)| !same).map(|(what, _)| what).collect())
}

fn metric(answer: &DescribeHyperParameterTuningJobOutput) -> Result<Option<ObjectiveMetric>, TuningError> {
    let of_config = answer.hyper_parameter_tuning_job_config().and_then(|c| c.hyper_parameter_tuning_job_objective());
    let of_definition = answer.training_job_definition().and_then(|d| d.tuning_objective());
    let Some(objective) = of_config.or(of_definition) else { return Ok(None) };
    let direction = match objective.r#type() {
        Some(types::HyperParameterTuningJobObjectiveType::Maximize) => Direction::Maximize,
        Some(types::HyperParameterTuningJobObjectiveType::Minimize) => Direction::Minimize,
        _ => return Err(lacks(DESCRIBE, "direction of the objective metric")),
    };
    ObjectiveMetric::custom(objective.metric_name().unwrap_or_default(), direction).map(Some)
}

fn hyperparameters(
    answer: &DescribeHyperParameterTuningJobOutput,
) -> Result<BTreeMap<String, Hyperparameter>, TuningError> {
    let definition = answer.training_job_definition();
    let fixed = definition.and_then(|d| d.static_hyper_parameters()).cloned().unwrap_or_default();
    let mut all: BTreeMap<String, Hyperparameter> =
        ours(fixed).into_iter().map(|(name, value)| (name, Hyperparameter::Static(value))).collect();
    let of_config = answer.hyper_parameter_tuning_job_config().and_then(|config| config.parameter_ranges());
    let Some(ranges) = of_config.or(definition.and_then(|d| d.hyper_parameter_ranges())) else { return Ok(all) };
    for range in ranges.continuous_parameter_ranges() {
        let (min, max) = bounds(range.min_value(), range.max_value())?;
        let values = RangeValues::Continuous { min, max, scaling: scaling(range.scaling_type()) };
        all.insert(range.name().unwrap_or_default().to_owned(), Hyperparameter::Searched(values));
    }
    for range in ranges.integer_parameter_ranges() {
        let (min, max) = bounds(range.min_value(), range.max_value())?;
        let values = RangeValues::Integer { min, max, scaling: scaling(range.scaling_type()) };
        all.insert(range.name().unwrap_or_default().to_owned(), Hyperparameter::Searched(values));
    }
    for range in ranges.categorical_parameter_ranges() {
        let values = RangeValues::Categorical { values: range.values().to_vec() };
        all.insert(range.name().unwrap_or_default().to_owned(), Hyperparameter::Searched(values));
    }
    Ok(all)
}

fn bounds<T: std::str::FromStr>(min: Option<&str>, max: Option<&str>) -> Result<(T, T), TuningError> {
    let bound = |text: Option<&str>| text.and_then(|text| text.parse().ok());
    bound(min).zip(bound(max)).ok_or_else(|| lacks(DESCRIBE, "number as a bound of each parameter range"))
}

fn scaling(scaling: Option<&types::HyperParameterScalingType>) -> ScalingType {
    match scaling {
        Some(types::HyperParameterScalingType::Linear) => ScalingType::Linear,
        Some(types::HyperParameterScalingType::Logarithmic) => ScalingType::Logarithmic,
        Some(types::HyperParameterScalingType::ReverseLogarithmic) => ScalingType::ReverseLogarithmic,
        _ => ScalingType::Auto,
    }
}

fn channels(definition: &types::HyperParameterTrainingJobDefinition) -> BTreeMap<String, String> {
    let uri = |channel: &types::Channel| Some(channel.data_source()?.s3_data_source()?.s3_uri()?.to_owned());
    let channels = definition.input_data_config().iter();
    channels.map(|c| (c.channel_name().unwrap_or_default().to_owned(), uri(c).unwrap_or_default())).collect()
}

fn training_jobs(counters: &types::TrainingJobStatusCounters) -> TrainingJobCounters {
    TrainingJobCounters {
        completed: count(counters.completed()),
        in_progress: count(counters.in_progress()),
        retryable_error: count(counters.retryable_error()),
        non_retryable_error: count(counters.non_retryable_error()),
        stopped: count(counters.stopped()),
    }
}

fn warm_start_of(config: &types::HyperParameterTuningJobWarmStartConfig) -> Result<WarmStart, TuningError> {
    let kind = match config.warm_start_type() {
        Some(types::HyperParameterTuningJobWarmStartType::IdenticalDataAndAlgorithm) => {
            WarmStartType::IdenticalDataAndAlgorithm
        }
        _ => WarmStartType::TransferLearning,
    };
    let parents = config.parent_hyper_parameter_tuning_jobs().iter();
    let parents: Result<Vec<_>, _> =
        parents.map(|parent| parent.hyper_parameter_tuning_job_name().unwrap_or_default().parse()).collect();
    WarmStart::new(kind, parents?)
}

fn transition(transition: &types::SecondaryStatusTransition) -> Option<StatusTransition> {
    Some(StatusTransition {
        status: transition.status()?.as_str().to_owned(),
        started: transition.start_time().and_then(time)?,
        ended: transition.end_time().and_then(time),
        message: transition.status_message().filter(|message| !message.is_empty()).map(str::to_owned),
    })
}

fn ours(hyperparameters: HashMap<String, String>) -> BTreeMap<String, String> {
    hyperparameters.into_iter().filter(|(name, _)| !name.starts_with(INTERNAL)).collect()
}

/// A 32-bit float as the decimal number it was written as: 0.85, not 0.8500000238418579.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| value.into())
}

fn count(count: Option<i32>) -> u32 {
    count.and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
}

fn time(time: &primitives::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}

fn lacks(operation: &'static str, what: &str) -> TuningError {
    RequestError::from_answer(operation, format!("the answer lacks the {what}")).into()
}
