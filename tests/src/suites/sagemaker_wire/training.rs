//! Training jobs of their own.

use aws_sdk_sagemaker::operation::describe_training_job::DescribeTrainingJobOutput;
use refit_booster::Booster;

use super::fixture::{COLUMNS, ROLE, Wire, algorithm, code, features, found, refusal, resources, rows, stopping};

/// A training job trains, and its artifact scores as its metric says.
pub async fn a_training_job_really_trains(wire: &Wire) {
    create(wire, "train-one", "train/", 20).await.unwrap();
    let job = ended(wire, "train-one").await;
    assert_eq!(job.training_job_status.unwrap().as_str(), "Completed");
    let statuses: Vec<_> =
        job.secondary_status_transitions.unwrap().into_iter().map(|transition| transition.status.unwrap()).collect();
    let statuses: Vec<&str> = statuses.iter().map(AsRef::as_ref).collect();
    assert_eq!(statuses, ["Starting", "Downloading", "Training", "Uploading", "Completed"]);
    let uri = job.model_artifacts.unwrap().s3_model_artifacts.unwrap();
    assert_eq!(uri, wire.uri("output/train-one/output/model.tar.gz"));
    let metrics = job.final_metric_data_list.unwrap();
    let metric = metrics.iter().find(|metric| metric.metric_name.as_deref() == Some("validation:rmse")).unwrap();
    let rmse = validation_rmse(&wire.get(&uri).await);
    assert!((f64::from(metric.value.unwrap()) - rmse).abs() < 1e-5, "{:?} and {rmse}", metric.value);
}

/// Names are taken once; a job that is not there is named as such.
pub async fn training_job_names_are_unique(wire: &Wire) {
    create(wire, "train-twice", "train/", 1).await.unwrap();
    assert_eq!(code(create(wire, "train-twice", "train/", 1).await), "ResourceInUse");
    ended(wire, "train-twice").await;
    let missing = wire.sagemaker.describe_training_job().training_job_name("nobody").send().await;
    // Not the ResourceNotFound of its model: https://github.com/aws/aws-sdk/issues/165
    assert_eq!(code(missing), "ValidationException");
    let stopped = wire.sagemaker.stop_training_job().training_job_name("train-twice").send().await;
    assert_eq!(code(stopped), "ValidationException");
}

/// A channel without data fails the job and says so.
pub async fn a_training_job_without_data_fails(wire: &Wire) {
    create(wire, "train-nothing", "nothing/", 1).await.unwrap();
    let job = ended(wire, "train-nothing").await;
    assert_eq!(job.training_job_status.unwrap().as_str(), "Failed");
    let reason = job.failure_reason.unwrap();
    assert!(reason.starts_with("ClientError: Data download failed"), "{reason}");
    // The model says that there always is one, so the SDK makes an absent one empty.
    assert_eq!(job.model_artifacts.unwrap().s3_model_artifacts.as_deref(), Some(""));
}

/// Stopping ends a training between rounds, and keeps the rounds so far.
pub async fn a_training_job_stops(wire: &Wire) {
    create(wire, "train-long", "train/", 1_000_000).await.unwrap();
    wire.sagemaker.stop_training_job().training_job_name("train-long").send().await.unwrap();
    let job = ended(wire, "train-long").await;
    assert_eq!(job.training_job_status.unwrap().as_str(), "Stopped");
    assert_eq!(job.secondary_status.unwrap().as_str(), "Stopped");
}

/// What cannot be honoured is refused by name.
pub async fn another_algorithm_is_refused(wire: &Wire) {
    let algorithm = aws_sdk_sagemaker::types::AlgorithmSpecification::builder()
        .training_image("683313688378.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1")
        .training_input_mode(aws_sdk_sagemaker::types::TrainingInputMode::File)
        .build();
    let request = request(wire, "train-linear", "train/", 1).algorithm_specification(algorithm);
    assert!(refusal(request.send().await).contains("linear-learner"));
}

/// First half of a restart: a training job in flight.
pub async fn a_training_job_before_a_restart(wire: &Wire) {
    create(wire, "train-cut", "train/", 1_000_000).await.unwrap();
}

/// Second half: it has failed, and says that it was not its own fault.
pub async fn a_training_job_after_a_restart(wire: &Wire) {
    let job = ended(wire, "train-cut").await;
    assert_eq!(job.training_job_status.unwrap().as_str(), "Failed");
    let reason = job.failure_reason.unwrap();
    assert!(reason.starts_with("InternalServerError"), "{reason}");
}

type Request = aws_sdk_sagemaker::operation::create_training_job::builders::CreateTrainingJobFluentBuilder;
type Created = Result<
    aws_sdk_sagemaker::operation::create_training_job::CreateTrainingJobOutput,
    aws_sdk_sagemaker::error::SdkError<aws_sdk_sagemaker::operation::create_training_job::CreateTrainingJobError>,
>;

async fn create(wire: &Wire, name: &str, train: &str, rounds: u32) -> Created {
    request(wire, name, train, rounds).send().await
}

fn request(wire: &Wire, name: &str, train: &str, rounds: u32) -> Request {
    wire.sagemaker
        .create_training_job()
        .training_job_name(name)
        .role_arn(ROLE)
        .algorithm_specification(algorithm())
        .hyper_parameters("objective", "reg:squarederror")
        .hyper_parameters("eval_metric", "rmse")
        .hyper_parameters("num_round", rounds.to_string())
        .input_data_config(wire.channel("train", train))
        .input_data_config(wire.channel("validation", "validation/"))
        .output_data_config(wire.output())
        .resource_config(resources())
        .stopping_condition(stopping())
}

async fn ended(wire: &Wire, name: &str) -> DescribeTrainingJobOutput {
    found(&format!("the end of training job {name}"), async || {
        let job = wire.sagemaker.describe_training_job().training_job_name(name).send().await.unwrap();
        (!["InProgress", "Stopping"].contains(&job.training_job_status.as_ref().unwrap().as_str())).then_some(job)
    })
    .await
}

/// The root mean squared error on the validation rows, by its formula.
pub(super) fn validation_rmse(artifact: &[u8]) -> f64 {
    let rows = rows(400, 500);
    let booster = Booster::from_artifact(artifact).unwrap();
    let scores = booster.predict_dense(&features(&rows), COLUMNS).unwrap();
    let squares: f64 =
        scores.values.iter().zip(&rows).map(|(score, row)| (f64::from(*score) - f64::from(row[0])).powi(2)).sum();
    (squares / rows.len() as f64).sqrt()
}
