//! Tuning jobs.

use std::collections::HashMap;

use aws_sdk_sagemaker::error::SdkError;
use aws_sdk_sagemaker::operation::create_hyper_parameter_tuning_job::{
    CreateHyperParameterTuningJobError, CreateHyperParameterTuningJobOutput,
};
use aws_sdk_sagemaker::types::{
    HyperParameterTrainingJobDefinition, HyperParameterTrainingJobSummary, HyperParameterTuningJobConfig,
    HyperParameterTuningJobWarmStartConfig, HyperParameterTuningJobWarmStartType, ParentHyperParameterTuningJob,
    TrainingJobSortByOptions,
};

use super::fixture::{METRIC, Wire, code, refusal, search};
use super::training::validation_rmse;

/// A tuning job trains as many jobs as asked, and its best is the best of them.
pub async fn a_tuning_job_finds_the_best_of_its_training_jobs(wire: &Wire) {
    create(wire, "tune-four", search(4), wire.definition(10), None).await.unwrap();
    assert_eq!(wire.ended("tune-four").await.as_str(), "Completed");
    let job = describe(wire, "tune-four").await;
    let counters = job.training_job_status_counters.unwrap();
    assert_eq!((counters.completed, counters.in_progress, counters.non_retryable_error), (Some(4), Some(0), Some(0)));
    assert_eq!(job.objective_status_counters.unwrap().succeeded, Some(4));
    assert!(job.overall_best_training_job.is_none(), "only a warm start on identical data has one");
    let definition = job.training_job_definition.unwrap();
    assert_eq!(definition.static_hyper_parameters.unwrap()["_tuning_objective_metric"], METRIC);

    let children = children(wire, "tune-four", TrainingJobSortByOptions::Name).await;
    assert_eq!(children.len(), 4);
    let best = job.best_training_job.unwrap();
    let lowest = children.iter().map(value).fold(f32::INFINITY, f32::min);
    assert_eq!(value(&best), lowest);
    check_child(wire, &best).await;
    // Ordered by objective, ascending is from the lowest.
    let ranked = self::children(wire, "tune-four", TrainingJobSortByOptions::FinalObjectiveMetricValue).await;
    assert!(ranked.windows(2).all(|pair| value(&pair[0]) <= value(&pair[1])));
    assert_eq!(value(&ranked[0]), lowest);
}

/// The child's name, hyperparameters and metric are what its artifact and AWS's rules say.
async fn check_child(wire: &Wire, best: &HyperParameterTrainingJobSummary) {
    let name = best.training_job_name.as_deref().unwrap();
    let mut parts = name.strip_prefix("tune-four-").unwrap().split('-');
    let (number, unique) = (parts.next().unwrap(), parts.next().unwrap());
    assert!((1..=4).contains(&number.parse().unwrap()) && number.len() == 3, "{name}");
    assert!(unique.len() == 8 && unique.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    let tuned = best.tuned_hyper_parameters.clone().unwrap();
    let eta: f64 = tuned["eta"].parse().unwrap();
    let depth: u32 = tuned["max_depth"].parse().unwrap();
    assert!((0.1..=0.5).contains(&eta) && (1..=6).contains(&depth), "{tuned:?}");
    let job = wire.sagemaker.describe_training_job().training_job_name(name).send().await.unwrap();
    let expected = HashMap::from([
        ("_tuning_objective_metric".to_owned(), METRIC.to_owned()),
        ("eval_metric".to_owned(), "rmse".to_owned()),
        ("num_round".to_owned(), "10".to_owned()),
        ("objective".to_owned(), "reg:squarederror".to_owned()),
        ("eta".to_owned(), tuned["eta"].clone()),
        ("max_depth".to_owned(), tuned["max_depth"].clone()),
    ]);
    assert_eq!(job.hyper_parameters.unwrap(), expected);
    assert!(job.tuning_job_arn.unwrap().ends_with(":hyper-parameter-tuning-job/tune-four"));
    let uri = job.model_artifacts.unwrap().s3_model_artifacts.unwrap();
    assert_eq!(uri, wire.uri(&format!("output/{name}/output/model.tar.gz")));
    let rmse = validation_rmse(&wire.get(&uri).await);
    assert!((f64::from(value(best)) - rmse).abs() < 1e-5, "{} and {rmse}", value(best));
}

/// A warm start names its parents; on identical data the best of all is shown, on transfer only the job's own.
pub async fn warm_starts_follow_their_rules(wire: &Wire) {
    let identical = HyperParameterTuningJobWarmStartType::IdenticalDataAndAlgorithm;
    let transfer = HyperParameterTuningJobWarmStartType::TransferLearning;
    create(wire, "warm-parent", search(3), wire.definition(5), None).await.unwrap();
    let running = create(wire, "warm-early", search(2), wire.definition(5), Some(("warm-parent", &transfer))).await;
    // Unless the parent was quicker than the request, it is refused while it runs.
    if let Err(error) = &running {
        assert!(format!("{error:?}").contains("warm-parent is InProgress"), "{error:?}");
    }
    wire.ended("warm-parent").await;
    let parent_best = value(&describe(wire, "warm-parent").await.best_training_job.unwrap());

    create(wire, "warm-same", search(2), wire.definition(5), Some(("warm-parent", &identical))).await.unwrap();
    create(wire, "warm-next", search(2), wire.definition(5), Some(("warm-parent", &transfer))).await.unwrap();
    wire.ended("warm-same").await;
    wire.ended("warm-next").await;
    let same = describe(wire, "warm-same").await;
    let overall = same.overall_best_training_job.unwrap();
    assert_eq!(value(&overall), parent_best.min(value(&same.best_training_job.unwrap())));
    assert!(overall.tuning_job_name.is_some());
    let next = describe(wire, "warm-next").await;
    assert!(next.overall_best_training_job.is_none());
    let parents = next.warm_start_config.unwrap().parent_hyper_parameter_tuning_jobs.unwrap();
    assert_eq!(parents[0].hyper_parameter_tuning_job_name.as_deref(), Some("warm-parent"));

    let orphan = create(wire, "warm-orphan", search(2), wire.definition(5), Some(("nobody", &transfer))).await;
    assert!(refusal(orphan).contains("nobody"));
    let mut more = wire.definition(5);
    more.static_hyper_parameters.as_mut().unwrap().insert("gamma".into(), "1".into());
    let more = create(wire, "warm-more", search(2), more, Some(("warm-parent", &transfer))).await;
    assert!(refusal(more).contains("number of static and tunable hyperparameters"));
}

/// Tuning job names are unique without regard to case.
pub async fn tuning_job_names_are_unique(wire: &Wire) {
    create(wire, "tune-Once", search(1), wire.definition(1), None).await.unwrap();
    let twice = create(wire, "TUNE-once", search(1), wire.definition(1), None).await;
    assert!(twice.unwrap_err().into_service_error().is_resource_in_use());
    wire.ended("tune-once").await;
    assert_eq!(describe(wire, "tune-once").await.hyper_parameter_tuning_job_name.as_deref(), Some("tune-Once"));
    let missing = wire.sagemaker.describe_hyper_parameter_tuning_job().hyper_parameter_tuning_job_name("nobody");
    assert!(missing.send().await.unwrap_err().into_service_error().is_resource_not_found());
}

/// A tuning job stops with its training jobs, and what they found stays.
pub async fn a_tuning_job_stops(wire: &Wire) {
    create(wire, "tune-long", search(50), wire.definition(1_000_000), None).await.unwrap();
    while children(wire, "tune-long", TrainingJobSortByOptions::Name).await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let stop = wire.sagemaker.stop_hyper_parameter_tuning_job().hyper_parameter_tuning_job_name("tune-long");
    stop.clone().send().await.unwrap();
    assert_eq!(wire.ended("tune-long").await.as_str(), "Stopped");
    let children = children(wire, "tune-long", TrainingJobSortByOptions::Name).await;
    assert!(children.iter().all(|child| child.training_job_status.as_ref().unwrap().as_str() == "Stopped"));
    assert_eq!(code(stop.send().await), "ValidationException");
}

/// First half of a restart: a tuning job in flight.
pub async fn a_tuning_job_before_a_restart(wire: &Wire) {
    create(wire, "tune-cut", search(4), wire.definition(300), None).await.unwrap();
}

/// Second half: it goes on, and training jobs that were cut off do not count against its limit.
pub async fn a_tuning_job_after_a_restart(wire: &Wire) {
    assert_eq!(wire.ended("tune-cut").await.as_str(), "Completed");
    let counters = describe(wire, "tune-cut").await.training_job_status_counters.unwrap();
    assert_eq!((counters.completed, counters.in_progress, counters.non_retryable_error), (Some(4), Some(0), Some(0)));
    let children = children(wire, "tune-cut", TrainingJobSortByOptions::Name).await;
    let names: Vec<_> = children.iter().map(|child| child.training_job_name.clone().unwrap()).collect();
    let numbers: Vec<_> = names.iter().map(|name| name["tune-cut-".len()..][..3].parse::<usize>().unwrap()).collect();
    assert_eq!(numbers, (1..=children.len()).collect::<Vec<_>>());
}

/// When no training job succeeds, the tuning job fails; each says why.
pub async fn a_tuning_job_without_data_fails(wire: &Wire) {
    let mut definition = wire.definition(1);
    definition.input_data_config =
        Some(vec![wire.channel("train", "nothing/"), wire.channel("validation", "nothing/")]);
    create(wire, "tune-nothing", search(2), definition, None).await.unwrap();
    assert_eq!(wire.ended("tune-nothing").await.as_str(), "Failed");
    let job = describe(wire, "tune-nothing").await;
    assert!(job.failure_reason.unwrap().starts_with("All training jobs failed"));
    assert!(job.best_training_job.is_none());
    assert_eq!(job.training_job_status_counters.unwrap().non_retryable_error, Some(2));
    for child in children(wire, "tune-nothing", TrainingJobSortByOptions::Name).await {
        assert!(child.failure_reason.unwrap().starts_with("ClientError: Data download failed"));
    }
}

/// Bad requests are refused before anything is created.
pub async fn bad_tuning_jobs_are_refused(wire: &Wire) {
    let long = "a".repeat(33);
    let refused = create(wire, &long, search(1), wire.definition(1), None).await;
    assert!(refusal(refused).contains("'hyperParameterTuningJobName' failed to satisfy constraint"));
    let mut log = search(1);
    let ranges = log.parameter_ranges.as_mut().unwrap().continuous_parameter_ranges.as_mut().unwrap();
    ranges[0].min_value = Some("0".to_owned());
    ranges[0].scaling_type = Some("Logarithmic".into());
    assert!(refusal(create(wire, "tune-log", log, wire.definition(1), None).await).contains("eta"));
    let list = wire.sagemaker.list_hyper_parameter_tuning_jobs().name_contains("tune-log").send().await.unwrap();
    assert_eq!(list.hyper_parameter_tuning_job_summaries.unwrap(), []);
}

pub(super) async fn create(
    wire: &Wire,
    name: &str,
    config: HyperParameterTuningJobConfig,
    definition: HyperParameterTrainingJobDefinition,
    warm_start: Option<(&str, &HyperParameterTuningJobWarmStartType)>,
) -> Result<CreateHyperParameterTuningJobOutput, SdkError<CreateHyperParameterTuningJobError>> {
    let warm_start = warm_start.map(|(parent, warm_start_type)| {
        let parent = ParentHyperParameterTuningJob::builder().hyper_parameter_tuning_job_name(parent).build();
        HyperParameterTuningJobWarmStartConfig::builder()
            .parent_hyper_parameter_tuning_jobs(parent)
            .warm_start_type(warm_start_type.clone())
            .build()
    });
    wire.sagemaker
        .create_hyper_parameter_tuning_job()
        .hyper_parameter_tuning_job_name(name)
        .hyper_parameter_tuning_job_config(config)
        .training_job_definition(definition)
        .set_warm_start_config(warm_start)
        .send()
        .await
}

async fn describe(
    wire: &Wire,
    name: &str,
) -> aws_sdk_sagemaker::operation::describe_hyper_parameter_tuning_job::DescribeHyperParameterTuningJobOutput {
    wire.sagemaker.describe_hyper_parameter_tuning_job().hyper_parameter_tuning_job_name(name).send().await.unwrap()
}

async fn children(wire: &Wire, name: &str, sort_by: TrainingJobSortByOptions) -> Vec<HyperParameterTrainingJobSummary> {
    let list = wire.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job().hyper_parameter_tuning_job_name(name);
    let pages = list.sort_by(sort_by).max_results(3).into_paginator().send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    pages.into_iter().flat_map(|page| page.training_job_summaries.unwrap()).collect()
}

fn value(summary: &HyperParameterTrainingJobSummary) -> f32 {
    summary.final_hyper_parameter_tuning_job_objective_metric.as_ref().unwrap().value.unwrap()
}
