//! What goes wrong on demand, seen by real clients; and that the clients of this suite survive what they say they survive.
//!
//! The errors' codes, statuses and messages are those of AWS's documentation: "Common errors" of each API, "Error responses"
//! of S3.

use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sagemaker::config::retry::RetryConfig;
use aws_sdk_sagemakerruntime::primitives::Blob;
use chrono::{DateTime, Utc};
use refit_aws::{Appended, HistoryLog};
use refit_endpoint::EndpointError;
use refit_local::{Effect, Hazard, LocalAws, Options, Service};
use refit_registry::{ModelPackageGroupName, RegistryClient};
use refit_tests::suites::endpoint::Stage;
use refit_tests::suites::{fresh, fresh_bucket};
use refit_tuning::TuningHistoryRow;

const GROUP: &str = "flights";

/// A backend and clients that try once.
struct Subject {
    local: LocalAws,
    _folder: tempfile::TempDir,
    sagemaker: aws_sdk_sagemaker::Client,
    runtime: aws_sdk_sagemakerruntime::Client,
    s3: aws_sdk_s3::Client,
}

impl Subject {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
        let config = local.sdk_config().into_builder().retry_config(RetryConfig::disabled()).build();
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Self {
            _folder: folder,
            sagemaker: aws_sdk_sagemaker::Client::new(&config),
            runtime: aws_sdk_sagemakerruntime::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            local,
        }
    }

    fn set(&self, hazard: Hazard) {
        self.local.hazards().set(hazard).unwrap();
    }

    /// Says that everything that was set has happened.
    fn all_happened(&self) {
        assert_eq!(self.local.hazards().list(), []);
    }

    async fn create_group(&self) -> Result<(), Failure> {
        let sent = self.sagemaker.create_model_package_group().model_package_group_name(GROUP).send().await;
        sent.map(drop).map_err(Failure::of)
    }

    async fn describe_group(&self) -> Result<(), Failure> {
        let sent = self.sagemaker.describe_model_package_group().model_package_group_name(GROUP).send().await;
        sent.map(drop).map_err(Failure::of)
    }

    async fn invoke(&self) -> Result<(), Failure> {
        let sent = self.runtime.invoke_endpoint().endpoint_name("none").body(Blob::new("1"));
        sent.send().await.map(drop).map_err(Failure::of)
    }

    async fn put(&self, bucket: &str) -> Result<(), Failure> {
        let sent = self.s3.put_object().bucket(bucket).key("key").body(ByteStream::from_static(b"value")).send().await;
        sent.map(drop).map_err(Failure::of)
    }
}

/// How a request failed.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// With an answer.
    Answered { status: u16, code: String, message: String },
    /// Without one.
    NoAnswer,
}

impl Failure {
    fn of<E: ProvideErrorMetadata>(error: SdkError<E, aws_sdk_s3::config::http::HttpResponse>) -> Self {
        match &error {
            SdkError::ServiceError(answered) => Self::Answered {
                status: answered.raw().status().as_u16(),
                code: answered.err().code().unwrap_or_default().to_owned(),
                message: answered.err().message().unwrap_or_default().to_owned(),
            },
            _ => Self::NoAnswer,
        }
    }

    fn new(status: u16, code: &str, message: &str) -> Self {
        Self::Answered { status, code: code.to_owned(), message: message.to_owned() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_writes_a_refusal_in_its_own_words() {
    let subject = Subject::new().await;
    let group = |hazard: Hazard| subject.set(hazard.on(Service::Sagemaker, "DescribeModelPackageGroup").times(1));
    let invocation = |hazard: Hazard| subject.set(hazard.on(Service::SagemakerRuntime, "InvokeEndpoint").times(1));
    let object = |hazard: Hazard| subject.set(hazard.on(Service::S3, "PutObject").times(1));

    let throttle = || Hazard::new(Effect::Throttle);
    group(throttle());
    let rate = Failure::new(400, "ThrottlingException", "Rate exceeded");
    assert_eq!(subject.describe_group().await, Err(rate));
    invocation(throttle());
    assert_eq!(subject.invoke().await, Err(Failure::new(400, "ThrottlingException", "Rate exceeded")));
    object(throttle());
    assert_eq!(subject.put("none").await, Err(Failure::new(503, "SlowDown", "Please reduce your request rate.")));

    for (status, s3, other) in
        [(500, "InternalError", "InternalFailure"), (503, "ServiceUnavailable", "ServiceUnavailable")]
    {
        let failing = || Hazard::new(Effect::ServerError { status });
        let code = |failed: Result<(), Failure>| match failed {
            Err(Failure::Answered { status, code, .. }) => (status, code),
            other => panic!("{other:?}"),
        };
        group(failing());
        assert_eq!(code(subject.describe_group().await), (status, other.to_owned()));
        invocation(failing());
        assert_eq!(code(subject.invoke().await), (status, other.to_owned()));
        object(failing());
        assert_eq!(code(subject.put("none").await), (status, s3.to_owned()));
    }

    group(Hazard::error("ResourceLimitExceeded", 400, "No more."));
    assert_eq!(subject.describe_group().await, Err(Failure::new(400, "ResourceLimitExceeded", "No more.")));
    invocation(Hazard::error("ModelNotReadyException", 429, "The model is loading."));
    assert_eq!(subject.invoke().await, Err(Failure::new(429, "ModelNotReadyException", "The model is loading.")));
    object(Hazard::error("ConditionalRequestConflict", 409, "Again."));
    assert_eq!(subject.put("none").await, Err(Failure::new(409, "ConditionalRequestConflict", "Again.")));
    subject.all_happened();

    // Nothing of it was done, and the next requests are answered as ever.
    assert_eq!(subject.create_group().await, Ok(()));
    assert!(matches!(subject.put("none").await, Err(Failure::Answered { code, .. }) if code == "NoSuchBucket"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_cut_before_the_effect_or_after() {
    let subject = Subject::new().await;
    let bucket = fresh_bucket("cut");
    subject.s3.create_bucket().bucket(bucket.as_str()).send().await.unwrap();
    for (effect, has_effect) in [(Effect::CutBefore, false), (Effect::CutAfter, true)] {
        subject.set(Hazard::new(effect.clone()).on(Service::Sagemaker, "CreateModelPackageGroup").times(1));
        subject.set(Hazard::new(effect.clone()).on(Service::S3, "PutObject").times(1));
        assert_eq!(subject.create_group().await, Err(Failure::NoAnswer), "{effect:?}");
        assert_eq!(subject.put(bucket.as_str()).await, Err(Failure::NoAnswer), "{effect:?}");
        assert_eq!(subject.describe_group().await.is_ok(), has_effect, "{effect:?}");
        let object = subject.s3.head_object().bucket(bucket.as_str()).key("key").send().await;
        assert_eq!(object.is_ok(), has_effect, "{effect:?}");
        subject.all_happened();
    }
}

/// The effects show while both answers are under way.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_comes_after_the_effect() {
    let subject = Subject::new().await;
    let bucket = fresh_bucket("slow");
    subject.set(Hazard::slow(Duration::from_secs(600)).on(Service::Sagemaker, "CreateModelPackageGroup").times(1));
    subject.set(Hazard::slow(Duration::from_secs(600)).on(Service::S3, "CreateBucket").times(1));
    let effects = async {
        while subject.describe_group().await.is_err() || subject.put(bucket.as_str()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        answer = subject.create_group() => panic!("{answer:?}"),
        answer = subject.s3.create_bucket().bucket(bucket.as_str()).send() => panic!("{answer:?}"),
        shown = tokio::time::timeout(Duration::from_secs(120), effects) => shown.unwrap(),
    }
    subject.all_happened();
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_lag_behind_the_last_change() {
    let subject = Subject::new().await;
    let names = async || {
        let listed = subject.sagemaker.list_model_package_groups().send().await.unwrap();
        listed.model_package_group_summary_list().len()
    };
    subject.set(Hazard::new(Effect::Stale).on(Service::Sagemaker, "Describe*").times(2));
    subject.set(Hazard::new(Effect::Stale).on(Service::Sagemaker, "List*").times(1));
    // Nothing has changed yet, so nothing shows and nothing counts.
    assert_eq!(names().await, 0);
    assert!(subject.describe_group().await.is_err());
    assert_eq!(subject.create_group().await, Ok(()));
    assert!(subject.describe_group().await.is_err());
    assert_eq!((names().await, names().await), (0, 1));
    assert!(subject.describe_group().await.is_err());
    assert_eq!(subject.describe_group().await, Ok(()));
    subject.all_happened();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_may_be_empty_and_go_on() {
    let subject = Subject::new().await;
    let mut expected = Vec::new();
    for number in 0..5 {
        let name = format!("group-{number}");
        subject.sagemaker.create_model_package_group().model_package_group_name(&name).send().await.unwrap();
        expected.push(name);
    }
    subject.set(Hazard::new(Effect::EmptyPage).on(Service::Sagemaker, "ListModelPackageGroups").times(2));
    let mut pages = subject.sagemaker.list_model_package_groups().max_results(2).into_paginator().send();
    let mut found = Vec::new();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        let groups = page.unwrap().model_package_group_summary_list.unwrap_or_default();
        sizes.push(groups.len());
        found.extend(groups.into_iter().filter_map(|group| group.model_package_group_name));
    }
    found.sort();
    assert_eq!((found, sizes), (expected, vec![0, 0, 2, 2, 1]));
    subject.all_happened();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_after_the_clock_was_moved_is_dated_later() {
    let subject = Subject::new().await;
    let day = Duration::from_secs(86_400);
    let before = Utc::now().timestamp();
    subject.local.advance_clock(day);
    assert_eq!(subject.create_group().await, Ok(()));
    let sent = subject.sagemaker.describe_model_package_group().model_package_group_name(GROUP).send().await.unwrap();
    let created = sent.creation_time().unwrap().secs();
    assert!(created >= before + 86_400, "{created}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_survives_a_model_that_is_not_ready_and_a_service_that_is_not_there() {
    let subject = Subject::new().await;
    let stage = Stage::new(&subject.local.sdk_config()).await;
    stage.apply(&[stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await]).await;
    for hazard in [
        Hazard::error("ModelNotReadyException", 429, "The model is loading."),
        Hazard::new(Effect::ServerError { status: 503 }),
        Hazard::error("InternalDependencyException", 530, "A dependency failed."),
        Hazard::new(Effect::Throttle),
        Hazard::new(Effect::CutBefore),
        Hazard::new(Effect::CutAfter),
    ] {
        subject.set(hazard.on(Service::SagemakerRuntime, "InvokeEndpoint").times(2));
        assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);
        subject.all_happened();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_without_memory_is_named() {
    let subject = Subject::new().await;
    let stage = Stage::new(&subject.local.sdk_config()).await;
    stage.apply(&[stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await]).await;
    subject.set(Hazard::model_error(507, "No memory left").on(Service::SagemakerRuntime, "InvokeEndpoint").times(1));
    let error = stage.client.invoke(&"ewr.tar.gz".parse().unwrap(), "0\n").await.unwrap_err();
    let EndpointError::ModelFailed { status, .. } = &error else { panic!("{error}") };
    assert_eq!(*status, Some(507), "{error}");
    subject.all_happened();
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_rollback_is_an_error_and_the_same_refresh_works_later() {
    let subject = Subject::new().await;
    let stage = Stage::new(&subject.local.sdk_config()).await;
    stage.apply(&[stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await]).await;
    let before = stage.serving().await;
    subject.set(Hazard::new(Effect::RollBack).times(1));
    let error = stage.client.refresh("run 7").await.unwrap_err();
    assert!(matches!(error, EndpointError::RolledBack { .. }), "{error}");
    assert_eq!((stage.serving().await, stage.invoke("ewr.tar.gz").await), (before, vec![10.0, 20.0]));
    subject.all_happened();
    stage.client.refresh("run 7").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_survives_throttles_cuts_and_describes_of_the_past() {
    let subject = Subject::new().await;
    let stage = Stage::new(&subject.local.sdk_config()).await;
    let create = ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"];
    for operation in create.into_iter().chain(["UpdateEndpoint"]) {
        for effect in [Effect::Throttle, Effect::CutAfter] {
            subject.set(Hazard::new(effect).on(Service::Sagemaker, operation).times(1));
        }
    }
    stage.apply(&[stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await]).await;
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);
    stage.apply(&[stage.trained("ewr.tar.gz", 2, 30.0, 40.0).await]).await;
    assert_eq!(stage.invoke("ewr.tar.gz").await, [30.0, 40.0]);
    subject.local.hazards().clear();

    subject.set(Hazard::new(Effect::Stale).on(Service::Sagemaker, "DescribeEndpoint").times(2));
    stage.apply(&[stage.trained("ewr.tar.gz", 3, 50.0, 60.0).await]).await;
    assert_eq!(stage.invoke("ewr.tar.gz").await, [50.0, 60.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_log_takes_a_row_once_over_conflicts_throttles_and_cuts() {
    let subject = Subject::new().await;
    let store = refit_aws::ArtifactStore::new(&subject.local.sdk_config(), fresh_bucket("history"));
    store.ensure_bucket().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = HistoryLog::new(store, "logs/tuningjobhistory.csv", folder.path().join("log.csv")).unwrap();
    for (job, hazard) in [
        ("conflict", Hazard::error("ConditionalRequestConflict", 409, "Another request is under way.")),
        ("throttle", Hazard::new(Effect::Throttle)),
        ("cut-before", Hazard::new(Effect::CutBefore)),
        ("cut-after", Hazard::new(Effect::CutAfter)),
    ] {
        subject.set(hazard.on(Service::S3, "PutObject").times(1));
        let added = log.append(&row(job)).await.unwrap();
        // After a cut, the row may be there before the answer is.
        assert!(added == Appended::Added || job == "cut-after", "{job}: {added:?}");
        subject.all_happened();
    }
    let jobs: Vec<String> = log.read().await.unwrap().iter().map(|row| row.tuningjob.to_string()).collect();
    assert_eq!(jobs, ["conflict", "throttle", "cut-before", "cut-after"]);
}

fn row(job: &str) -> TuningHistoryRow {
    let datetime: DateTime<Utc> = "2026-11-22T10:11:12Z".parse().unwrap();
    TuningHistoryRow {
        datetime,
        tuningjob: job.parse().unwrap(),
        metric: "ewr".to_owned(),
        layer: "gold".to_owned(),
        objective: "reg:squarederror".to_owned(),
        eval_metric: "rmse".to_owned(),
        eval_metric_value: Some(12.5),
        trainingjobcount: 8,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_made_once_over_throttles_and_cuts() {
    let subject = Subject::new().await;
    let registry = RegistryClient::new(&subject.local.sdk_config());
    for effect in [Effect::Throttle, Effect::CutBefore, Effect::CutAfter] {
        subject.set(Hazard::new(effect).on(Service::Sagemaker, "CreateModelPackageGroup").times(1));
        let name: ModelPackageGroupName = fresh("arrival-delay").parse().unwrap();
        let arn = registry.ensure_group(&name).await.unwrap();
        assert_eq!(arn.name(), name.as_str());
        subject.all_happened();
    }
}
