//! What refit-tuning asks SageMaker, and what it makes of each answer.
//!
//! The requests are compared with those of botocore 1.44.5 (`tests/golden/`, captured while the SageMaker Python SDK
//! 2.257.7 ran). The answers have the shapes of SageMaker's API reference.

use std::path::Path;
use std::time::Duration;

use refit_aws::Poll;
use refit_tests::scripted::{Answer, Scripted};
use refit_tuning::{
    Channel, Direction, EarlyStopping, Hyperparameter, ObjectiveMetric, ParameterRange, ParameterRanges, RangeValues,
    ResourceLimits, ScalingType, Started, TuningClient, TuningError, TuningJobName, TuningJobSpec, TuningJobStatus,
    WarmStart,
};
use serde_json::{Value, json};

const DESCRIBE: &str = "DescribeHyperParameterTuningJob";
const CREATE: &str = "CreateHyperParameterTuningJob";
const LIST: &str = "ListTrainingJobsForHyperParameterTuningJob";
const STOP: &str = "StopHyperParameterTuningJob";
const DESCRIBE_TRAINING: &str = "DescribeTrainingJob";

fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The job that the captured requests start.
fn churn(name: &str, early_stopping: EarlyStopping, parent: Option<&str>) -> TuningJobSpec {
    let ranges = ParameterRanges::new([
        ParameterRange::continuous("eta", 0.01, 0.5, ScalingType::Logarithmic).unwrap(),
        ParameterRange::categorical("booster", ["gbtree", "dart"]).unwrap(),
        ParameterRange::integer("max_depth", 3, 9, ScalingType::Auto).unwrap(),
    ]);
    let data = || "s3://sagemaker-us-east-1-123456789012/data/train/".parse().unwrap();
    TuningJobSpec::builder(
        name.parse().unwrap(),
        refit_aws::xgboost_image("us-east-1", "1.2-2").unwrap(),
        "arn:aws:iam::123456789012:role/SageMakerRole".parse().unwrap(),
        "auc".parse().unwrap(),
        "s3://sagemaker-us-east-1-123456789012/out".parse().unwrap(),
    )
    .ranges(ranges.unwrap())
    .hyperparameters([("objective", "binary:logistic"), ("num_round", "50"), ("eval_metric", "auc")])
    .channel(Channel::train(data()).unwrap())
    .channel(Channel::validation(data()).unwrap())
    .limits(ResourceLimits::new(4, 2).unwrap())
    .early_stopping(early_stopping)
    .warm_start(parent.map(|parent| WarmStart::transfer_learning([parent.parse().unwrap()]).unwrap()))
    .build()
    .unwrap()
}

fn missing() -> Answer {
    Answer::refused(DESCRIBE, 400, "ResourceNotFound", "Amazon SageMaker can't find a tuning job with this name")
}

fn created() -> Answer {
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/churn";
    Answer::ok(CREATE, json!({ "HyperParameterTuningJobArn": arn }))
}

/// SageMaker's description of the captured job: what was asked, and what the service adds.
fn description(status: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = golden("create_tuning_job")["body"].take();
    let fixed = &mut body["TrainingJobDefinition"]["StaticHyperParameters"];
    fixed["_tuning_objective_metric"] = json!("validation:auc");
    body["TrainingJobDefinition"]["OutputDataConfig"]["KmsKeyId"] = json!("");
    body["TrainingJobDefinition"]["EnableNetworkIsolation"] = json!(false);
    for channel in body["TrainingJobDefinition"]["InputDataConfig"].as_array_mut().unwrap() {
        channel["CompressionType"] = json!("None");
        channel["RecordWrapperType"] = json!("None");
    }
    body["HyperParameterTuningJobArn"] =
        json!("arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/churn");
    body["HyperParameterTuningJobStatus"] = json!(status);
    body["CreationTime"] = json!(1_763_795_102.25);
    body["TrainingJobStatusCounters"] =
        json!({ "Completed": 2, "InProgress": 1, "RetryableError": 0, "NonRetryableError": 1, "Stopped": 3 });
    body["ObjectiveStatusCounters"] = json!({ "Succeeded": 5, "Pending": 1, "Failed": 1 });
    change(&mut body);
    Answer::ok(DESCRIBE, body)
}

fn summary(job: &str, value: Option<f32>) -> Value {
    let mut summary = json!({
        "TrainingJobName": job,
        "TrainingJobArn": format!("arn:aws:sagemaker:us-east-1:123456789012:training-job/{job}"),
        "CreationTime": 1_763_795_110.0,
        "TrainingJobStatus": "Completed",
        "TunedHyperParameters": { "eta": "0.1", "max_depth": "5", "booster": "gbtree" },
        "ObjectiveStatus": if value.is_some() { "Succeeded" } else { "Failed" },
    });
    if let Some(value) = value {
        let metric = json!({ "MetricName": "validation:auc", "Type": "Maximize", "Value": value });
        summary["FinalHyperParameterTuningJobObjectiveMetric"] = metric;
    }
    summary
}

fn training_description(job: &str, created: f64) -> Answer {
    Answer::ok(
        DESCRIBE_TRAINING,
        json!({
            "TrainingJobName": job,
            "TrainingJobArn": format!("arn:aws:sagemaker:us-east-1:123456789012:training-job/{job}"),
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "ModelArtifacts": { "S3ModelArtifacts": format!("s3://bucket/out/{job}/output/model.tar.gz") },
            "HyperParameters": { "eta": "0.1", "num_round": "50", "_tuning_objective_metric": "validation:auc" },
            "CreationTime": created,
            "TrainingStartTime": created + 1.0,
            "TrainingEndTime": created + 9.5,
            "FinalMetricDataList": [
                { "MetricName": "train:auc", "Value": 0.95, "Timestamp": created },
                { "MetricName": "validation:auc", "Value": 0.85, "Timestamp": created },
            ],
            "SecondaryStatusTransitions": [
                { "Status": "Starting", "StartTime": created, "EndTime": created + 1.0, "StatusMessage": "Preparing" },
                { "Status": "Downloading", "StartTime": created + 1.0, "EndTime": created + 2.0, "StatusMessage": "" },
                { "Status": "Training", "StartTime": created + 2.0, "EndTime": created + 8.5, "StatusMessage": "" },
                { "Status": "Uploading", "StartTime": created + 8.5, "EndTime": created + 9.5, "StatusMessage": "" },
                { "Status": "Completed", "StartTime": created + 9.5, "StatusMessage": "done" },
            ],
        }),
    )
}

fn name() -> TuningJobName {
    "churn-261122-0705".parse().unwrap()
}

fn quick() -> Poll {
    Poll::default().with_first(Duration::from_millis(1)).with_ceiling(Duration::from_millis(1))
}

async fn scripted(script: impl IntoIterator<Item = Answer>) -> (Scripted, TuningClient) {
    let server = Scripted::start(script).await.unwrap();
    let client = TuningClient::new(server.config());
    (server, client)
}

#[tokio::test]
async fn requests_are_those_of_botocore() {
    let (server, client) = scripted([missing(), created(), missing(), created()]).await;
    let cold = churn("churn-261122-0705", EarlyStopping::Auto, None);
    let warm = churn("churn-warm-1", EarlyStopping::Off, Some("churn-261122-0705"));
    assert_eq!(client.start(&cold).await.unwrap(), Started::Created);
    assert_eq!(client.start(&warm).await.unwrap(), Started::Created);

    let asked = server.asked();
    assert_eq!(asked.len(), 4);
    let expected = [(0, "describe_tuning_job"), (1, "create_tuning_job"), (3, "create_tuning_job_warm_start")];
    for (at, capture) in expected {
        let capture = golden(capture);
        assert_eq!(format!("SageMaker.{}", asked[at].operation), capture["headers"]["X-Amz-Target"]);
        assert_eq!(asked[at].content_type, capture["headers"]["Content-Type"]);
        assert_eq!(asked[at].body, capture["body"], "request {at}");
    }
}

#[tokio::test]
async fn a_job_that_is_there_is_not_created_again() {
    // The description carries what SageMaker adds; that is no difference.
    let (server, client) = scripted([description("InProgress", |_| {})]).await;
    let spec = churn("churn-261122-0705", EarlyStopping::Auto, Some("some-parent"));
    assert_eq!(client.start(&spec).await.unwrap(), Started::AlreadyThere);
    assert_eq!(server.operations(), [DESCRIBE]);
}

#[tokio::test]
async fn a_name_taken_between_two_requests_is_found_and_compared() {
    let taken = || Answer::refused(CREATE, 400, "ResourceInUse", "A hyperparameter tuning job with this name exists");
    let spec = churn("churn-261122-0705", EarlyStopping::Auto, None);
    let (server, client) = scripted([missing(), taken(), description("InProgress", |_| {})]).await;
    assert_eq!(client.start(&spec).await.unwrap(), Started::AlreadyThere);
    assert_eq!(server.operations(), [DESCRIBE, CREATE, DESCRIBE]);

    let other = description("InProgress", |body| {
        body["TrainingJobDefinition"]["StaticHyperParameters"]["num_round"] = json!("60");
        body["TrainingJobDefinition"]["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] =
            json!("s3://x-y/z");
    });
    let (_server, client) = scripted([missing(), taken(), other]).await;
    let error = client.start(&spec).await.unwrap_err();
    let TuningError::JobDiffers { differences, .. } = &error else { panic!("{error}") };
    assert_eq!(*differences, ["hyperparameters", "channels"]);
}

#[tokio::test]
async fn a_quota_is_told_apart_from_other_refusals() {
    let spec = churn("churn-261122-0705", EarlyStopping::Auto, None);
    let quota = Answer::refused(CREATE, 400, "ResourceLimitExceeded", "The account-level service limit is 0 Instances");
    let (_server, client) = scripted([missing(), quota]).await;
    let error = client.start(&spec).await.unwrap_err();
    assert!(matches!(&error, TuningError::QuotaExceeded(request) if request.operation() == CREATE), "{error}");

    let denied = Answer::refused(DESCRIBE, 400, "AccessDeniedException", "not authorized to perform");
    let (_server, client) = scripted([denied]).await;
    let error = client.start(&spec).await.unwrap_err();
    let TuningError::Request(request) = &error else { panic!("{error}") };
    assert_eq!((request.code(), request.is_retryable()), (Some("AccessDeniedException"), false));
    assert_eq!(request.request_id(), Some("scripted"));
}

#[tokio::test]
async fn a_description_becomes_a_job() {
    let described = description("Stopped", |body| {
        body["BestTrainingJob"] = summary("churn-001-abcdef01", Some(0.85));
        body["HyperParameterTuningEndTime"] = json!(1_763_795_200.0);
        body["WarmStartConfig"] = golden("create_tuning_job_warm_start")["body"]["WarmStartConfig"].take();
    });
    let (_server, client) = scripted([described, missing()]).await;
    let job = client.describe(&name()).await.unwrap().unwrap();
    assert_eq!(job.name, name());
    assert_eq!(job.status, TuningJobStatus::Stopped);
    assert_eq!(job.metric, Some(ObjectiveMetric::custom("validation:auc", Direction::Maximize).unwrap()));
    assert_eq!((job.training_jobs.total(), job.training_jobs.stopped, job.with_objective), (7, 3, 5));
    // 2025-11-22T07:05:02.25Z, by `date -u -d @1763795102.25`.
    assert_eq!(job.created.unwrap().to_rfc3339(), "2025-11-22T07:05:02.250+00:00");
    assert!(!job.hyperparameters.contains_key("_tuning_objective_metric"));
    assert_eq!(job.hyperparameters["num_round"], Hyperparameter::Static("50".to_owned()));
    let eta = RangeValues::Continuous { min: 0.01, max: 0.5, scaling: ScalingType::Logarithmic };
    assert_eq!(job.hyperparameters["eta"], Hyperparameter::Searched(eta));
    assert_eq!(job.warm_start.unwrap().parents(), [name()]);
    assert_eq!(job.overall_best_training_job, None);
    let best = job.best_training_job.unwrap();
    // The wire has a 32-bit float; the job has the number that was written.
    assert_eq!((best.name.as_str(), best.objective_value), ("churn-001-abcdef01", Some(0.85)));
    assert_eq!(best.searched["eta"], "0.1");

    assert_eq!(client.describe(&name()).await.unwrap(), None);
}

#[tokio::test]
async fn waiting_outlasts_throttling_and_shows_every_answer() {
    let throttled = || Answer::refused(DESCRIBE, 400, "ThrottlingException", "Rate exceeded");
    // The SDK itself tries a throttled request three times.
    let script =
        [description("InProgress", |_| {}), throttled(), throttled(), throttled(), description("Completed", |_| {})];
    let (server, client) = scripted(script).await;
    // On a task of its own, as services wait.
    let waiting = tokio::spawn(async move {
        let mut seen = Vec::new();
        let job = client.wait(&name(), &quick(), |job| seen.push(job.status.to_string())).await.unwrap();
        (job, seen)
    });
    let (job, seen) = waiting.await.unwrap();
    assert_eq!(job.status, TuningJobStatus::Completed);
    assert_eq!(seen, ["InProgress", "Completed"]);
    assert_eq!(server.operations().len(), 5);
}

#[tokio::test]
async fn a_failed_job_is_an_error_with_sagemakers_reason() {
    let failed = description("Failed", |body| body["FailureReason"] = json!("All training jobs failed"));
    let (_server, client) = scripted([failed, missing()]).await;
    let error = client.wait(&name(), &quick(), |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "tuning job churn-261122-0705 ended as Failed: All training jobs failed");
    let error = client.wait(&name(), &quick(), |_| {}).await.unwrap_err();
    assert!(matches!(error, TuningError::NoSuchTuningJob { .. }), "{error}");
}

#[tokio::test]
async fn every_page_of_training_jobs_is_read() {
    let page = |jobs: Value, next: Option<&str>| {
        let mut page = json!({ "TrainingJobSummaries": jobs });
        if let Some(next) = next {
            page["NextToken"] = json!(next);
        }
        Answer::ok(LIST, page)
    };
    let script = [
        page(json!([summary("churn-002-b", Some(0.5))]), Some("more")),
        // A page may be empty and still not be the last one.
        page(json!([]), Some("and-more")),
        page(json!([summary("churn-001-a", None)]), None),
        training_description("churn-002-b", 1_763_795_300.0),
        training_description("churn-001-a", 1_763_795_100.0),
    ];
    let (server, client) = scripted(script).await;
    let jobs = client.training_jobs(&name()).await.unwrap();
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["churn-001-a", "churn-002-b"], "in the order of their creation");
    assert_eq!(server.asked()[0].body, golden("list_training_jobs")["body"]);
    assert_eq!(server.asked()[2].body["NextToken"], "and-more");

    // The list's value of the metric goes before the description's.
    assert_eq!((jobs[0].objective_value, jobs[1].objective_value), (Some(0.85), Some(0.5)));
    assert_eq!(jobs[0].final_metrics["train:auc"], 0.95);
    assert_eq!(jobs[0].artifact.as_ref().unwrap().key(), "out/churn-001-a/output/model.tar.gz");
    assert_eq!(jobs[0].hyperparameters.keys().collect::<Vec<_>>(), ["eta", "num_round"]);
    assert_eq!(jobs[0].time_in("Training").num_milliseconds(), 6500);
    assert_eq!(jobs[0].time_in("Uploading").num_milliseconds(), 1000);
    assert_eq!(jobs[0].time_in("Interrupted").num_milliseconds(), 0);
}

#[tokio::test]
async fn the_best_training_job_is_the_jobs_own() {
    // A server that always sends OverallBestTrainingJob must not lead to a training job of a parent.
    let described = description("Completed", |body| {
        body["BestTrainingJob"] = summary("churn-001-a", Some(0.7));
        body["OverallBestTrainingJob"] = summary("parent-001-a", Some(0.9));
    });
    let (server, client) = scripted([described, training_description("churn-001-a", 1_763_795_100.0)]).await;
    let best = client.best_training_job(&name()).await.unwrap();
    assert_eq!((best.name.as_str(), best.objective_value), ("churn-001-a", Some(0.7)));
    assert_eq!(server.asked()[1].body, json!({ "TrainingJobName": "churn-001-a" }));
}

#[tokio::test]
async fn no_best_training_job_is_an_error_that_says_why() {
    let mut failed = summary("churn-001-a", None);
    failed["FailureReason"] = json!("AlgorithmError: the label column is empty");
    let list = Answer::ok(LIST, json!({ "TrainingJobSummaries": [failed] }));
    let (_server, client) = scripted([description("Completed", |_| {}), list]).await;
    let error = client.best_training_job(&name()).await.unwrap_err();
    assert!(matches!(error, TuningError::NoBestTrainingJob { .. }), "{error}");
    assert!(
        error.to_string().contains("churn-001-a failed with \"AlgorithmError: the label column is empty\""),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_training_job_is_none_in_both_of_sagemakers_ways_to_say_so() {
    let script = [
        Answer::refused(DESCRIBE_TRAINING, 400, "ValidationException", "Requested resource not found."),
        Answer::refused(DESCRIBE_TRAINING, 400, "ResourceNotFound", "no such job"),
        Answer::refused(DESCRIBE_TRAINING, 400, "ValidationException", "1 validation error detected"),
    ];
    let (_server, client) = scripted(script).await;
    let training_job = "churn-001-a".parse().unwrap();
    assert_eq!(client.describe_training_job(&training_job).await.unwrap(), None);
    assert_eq!(client.describe_training_job(&training_job).await.unwrap(), None);
    assert!(client.describe_training_job(&training_job).await.is_err());
}

#[tokio::test]
async fn stopping_a_job_that_has_ended_is_no_error() {
    let (server, client) = scripted([description("Completed", |_| {})]).await;
    client.stop(&name()).await.unwrap();
    assert_eq!(server.operations(), [DESCRIBE]);

    let late =
        Answer::refused(STOP, 400, "ValidationException", "The request was rejected because the job is Completed");
    let script = [description("InProgress", |_| {}), late, description("Completed", |_| {})];
    let (_server, client) = scripted(script).await;
    client.stop(&name()).await.unwrap();

    let (_server, client) = scripted([missing()]).await;
    assert!(matches!(client.stop(&name()).await, Err(TuningError::NoSuchTuningJob { .. })));
}

#[tokio::test]
async fn an_answer_that_lacks_what_it_must_have_is_an_error_not_a_guess() {
    let odd_bound = description("Completed", |body| {
        let ranges = &mut body["HyperParameterTuningJobConfig"]["ParameterRanges"];
        ranges["ContinuousParameterRanges"][0]["MinValue"] = json!("small");
    });
    let (_server, client) = scripted([odd_bound]).await;
    let error = client.describe(&name()).await.unwrap_err().to_string();
    assert!(error.contains("the answer lacks the number as a bound"), "{error}");
}
