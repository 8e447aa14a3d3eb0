use aws_sdk_sagemaker::operation::create_hyper_parameter_tuning_job::builders::CreateHyperParameterTuningJobInputBuilder;
use aws_sdk_sagemaker::types;

use crate::{Channel, ParameterRanges, RangeValues, ResourceLimits, TrainingResources, TuningJobSpec, WarmStart};

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
    let parent = |parent: &crate::TuningJobName| {
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
