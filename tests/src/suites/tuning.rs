//! Tuning jobs: from the start to the best training job, warm starts, and what is said when something is missing.

use std::path::Path;
use std::time::Duration;

use aws_types::SdkConfig;
use chrono::Utc;
use refit_aws::{Appended, ArtifactStore, HistoryLog, Poll};
use refit_booster::Booster;
use refit_tuning::warm_start::Refusal;
use refit_tuning::{
    Channel, Lineage, ParameterRange, ParameterRanges, ResourceLimits, ScalingType, Started, TrainingJob,
    TrainingJobStatus, TuningClient, TuningError, TuningHistoryRow, TuningJob, TuningJobName, TuningJobSpec,
    TuningJobSpecBuilder, TuningJobStatus,
};

use super::{fresh, fresh_bucket};

/// Rows of `y = 3a - 2b + noise`, as SageMaker's XGBoost wants them: no header, the label first.
fn rows(count: usize, seed: u64) -> Vec<[f32; 3]> {
    let mut state = seed;
    let mut random = || {
        // Knuth's MMIX generator: the same rows on every machine.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    let row = |_| {
        let (a, b) = (random() * 10.0, random() * 10.0);
        [3.0 * a - 2.0 * b + random(), a, b]
    };
    (0..count).map(row).collect()
}

fn csv(rows: &[[f32; 3]]) -> String {
    rows.iter().map(|[y, a, b]| format!("{y},{a},{b}\n")).collect()
}

/// A bucket with data, and a client.
struct Bench {
    store: ArtifactStore,
    client: TuningClient,
    validation: Vec<[f32; 3]>,
}

impl Bench {
    async fn new(config: &SdkConfig) -> Self {
        let store = ArtifactStore::new(config, fresh_bucket("tuning"));
        store.ensure_bucket().await.unwrap();
        let validation = rows(120, 2);
        store.put("data/train.csv", csv(&rows(400, 1))).await.unwrap();
        store.put("data/validation.csv", csv(&validation)).await.unwrap();
        Self { store, client: TuningClient::new(config), validation }
    }

    /// A small search of two hyperparameters.
    fn spec(&self, name: &TuningJobName) -> TuningJobSpecBuilder {
        let ranges = ParameterRanges::new([
            ParameterRange::continuous("eta", 0.1, 0.5, ScalingType::Logarithmic).unwrap(),
            ParameterRange::integer("max_depth", 2, 4, ScalingType::Auto).unwrap(),
        ]);
        TuningJobSpec::builder(
            name.clone(),
            refit_aws::xgboost_image("us-east-1", "1.7-1").unwrap(),
            "arn:aws:iam::123456789012:role/SageMakerRole".parse().unwrap(),
            "rmse".parse().unwrap(),
            self.store.uri("output").unwrap(),
        )
        .ranges(ranges.unwrap())
        .hyperparameters([("objective", "reg:squarederror"), ("num_round", "12")])
        .channel(Channel::train(self.store.uri("data/train.csv").unwrap()).unwrap())
        .channel(Channel::validation(self.store.uri("data/validation.csv").unwrap()).unwrap())
        .limits(ResourceLimits::new(3, 2).unwrap())
        .seed(7)
    }

    async fn run(&self, spec: TuningJobSpecBuilder) -> TuningJob {
        let spec = spec.build().unwrap();
        self.client.run(&spec, &poll(), |_| {}).await.unwrap()
    }

    fn history(&self, folder: &Path) -> HistoryLog<TuningHistoryRow> {
        HistoryLog::new(self.store.clone(), "logs/tuningjobhistory.csv", folder.join("tuningjobhistory.csv")).unwrap()
    }
}

fn poll() -> Poll {
    Poll::default().with_timeout(Duration::from_secs(600))
}

fn job_name(what: &str) -> TuningJobName {
    fresh(what).parse().unwrap()
}

fn lineage() -> Lineage {
    Lineage {
        model: "line".to_owned(),
        layer: "test".to_owned(),
        objective: "reg:squarederror".to_owned(),
        eval_metric: "rmse".to_owned(),
    }
}

/// The RMSE of an artifact on the validation rows, in the textbook's formula.
fn rmse(artifact: &[u8], rows: &[[f32; 3]]) -> f64 {
    let features: Vec<f32> = rows.iter().flat_map(|[_, a, b]| [*a, *b]).collect();
    let predictions = Booster::from_artifact(artifact).unwrap().predict_dense(&features, 2).unwrap();
    let squares = rows.iter().zip(&predictions.values).map(|([y, ..], p)| (f64::from(*y) - f64::from(*p)).powi(2));
    (squares.sum::<f64>() / rows.len() as f64).sqrt()
}

/// A tuning job runs to its end; its best training job has the lowest RMSE of all, and its artifact has that RMSE.
pub async fn a_job_runs_to_its_best(config: &SdkConfig) {
    let bench = Bench::new(config).await;
    let name = job_name("run");
    let spec = bench.spec(&name).build().unwrap();
    assert_eq!(bench.client.start(&spec).await.unwrap(), Started::Created);
    assert_eq!(bench.client.start(&spec).await.unwrap(), Started::AlreadyThere);

    let mut answers = 0;
    let job = bench.client.wait(&name, &poll(), |_| answers += 1).await.unwrap();
    assert!(answers >= 1);
    assert_eq!((job.status.clone(), job.training_jobs.completed), (TuningJobStatus::Completed, 3));
    assert_eq!((job.with_objective, job.overall_best_training_job.clone()), (3, None));
    assert!(job.ended.unwrap() >= job.created.unwrap());
    assert_eq!(job.hyperparameters.keys().collect::<Vec<_>>(), ["eta", "max_depth", "num_round", "objective"]);

    let training_jobs = bench.client.training_jobs(&name).await.unwrap();
    assert_eq!(training_jobs.len(), 3);
    training_jobs.iter().for_each(|job| check_training_job(&name, job));
    let best = bench.client.best_training_job(&name).await.unwrap();
    let lowest = training_jobs.iter().filter_map(|job| job.objective_value).fold(f64::INFINITY, f64::min);
    assert_eq!(best.objective_value, Some(lowest));
    assert_eq!(job.best_training_job.unwrap().name, best.name);
    assert!(training_jobs.contains(&best));

    let (artifact, _) = bench.store.get(best.artifact.as_ref().unwrap()).await.unwrap();
    let measured = rmse(&artifact, &bench.validation);
    // SageMaker gives the metric with five digits behind the point.
    assert!((measured - lowest).abs() < 1e-4, "{measured} {lowest}");

    // Starting it when it is over finds it, and a job with other settings does not.
    assert_eq!(bench.client.start(&spec).await.unwrap(), Started::AlreadyThere);
    let other = bench.spec(&name).limits(ResourceLimits::new(4, 2).unwrap()).hyperparameter("num_round", "13");
    let error = bench.client.start(&other.build().unwrap()).await.unwrap_err();
    let TuningError::JobDiffers { differences, .. } = &error else { panic!("{error}") };
    assert_eq!(*differences, ["resource limits", "hyperparameters"]);
    bench.client.stop(&name).await.unwrap();
}

fn check_training_job(tuning_job: &TuningJobName, job: &TrainingJob) {
    assert!(job.name.as_str().starts_with(&format!("{tuning_job}-")), "{}", job.name);
    assert_eq!(job.status, TrainingJobStatus::Completed);
    let eta: f64 = job.hyperparameters["eta"].parse().unwrap();
    let depth: i64 = job.hyperparameters["max_depth"].parse().unwrap();
    assert!((0.1..=0.5).contains(&eta) && (2..=4).contains(&depth), "{eta} {depth}");
    assert_eq!(job.hyperparameters["num_round"], "12");
    assert_eq!(job.objective_value, job.final_metrics.get("validation:rmse").copied());
    let artifact = job.artifact.as_ref().unwrap();
    assert_eq!(artifact.key(), format!("output/{}/output/model.tar.gz", job.name));
    assert!(job.created <= job.started && job.started <= job.ended);
    let steps: Vec<&str> = job.transitions.iter().map(|step| step.status.as_str()).collect();
    for step in ["Downloading", "Training", "Uploading"] {
        assert!(steps.contains(&step), "{steps:?}");
    }
    let whole = job.ended.unwrap() - job.created.unwrap();
    assert!(job.time_in("Training") <= whole, "{} {whole}", job.time_in("Training"));
}

/// The history leads to the latest job that can be a parent, past those that cannot.
pub async fn the_latest_job_that_can_be_a_parent_is_one(config: &SdkConfig) {
    let bench = Bench::new(config).await;
    let folder = tempfile::tempdir().unwrap();
    let history = bench.history(folder.path());
    let keep = async |job: &TuningJob| {
        let row = TuningHistoryRow::new(&lineage(), job, Utc::now());
        assert_eq!(history.append(&row).await.unwrap(), Appended::Added);
    };

    let first = bench.run(bench.spec(&job_name("first"))).await;
    keep(&first).await;
    // Latest of all, but each for a reason of its own no parent: a test, and one with another hyperparameter.
    let test = bench.run(bench.spec(&job_name("test")).limits(ResourceLimits::testing())).await;
    keep(&test).await;
    let other = bench.run(bench.spec(&job_name("other")).hyperparameter("nthread", "1")).await;
    keep(&other).await;

    let name = job_name("second");
    let spec = bench.spec(&name).build().unwrap();
    let rows = history.read().await.unwrap();
    assert_eq!(rows.iter().map(|row| row.trainingjobcount).collect::<Vec<_>>(), [3, 1, 3]);
    let plan = bench.client.plan_warm_start(&spec, &rows, &lineage(), 1).await.unwrap();
    assert_eq!(plan.warm_start.as_ref().unwrap().parents(), std::slice::from_ref(&first.name));
    let [(refused, Refusal::OtherHyperparameters { lacking, .. })] = &plan.refused[..] else { panic!("{plan:?}") };
    assert_eq!((refused, lacking), (&other.name, &vec!["nthread".to_owned()]));

    let spec = spec.with_warm_start(plan.warm_start.clone()).unwrap();
    let second = bench.client.run(&spec, &poll(), |_| {}).await.unwrap();
    assert_eq!(second.warm_start, plan.warm_start);
    assert_eq!(second.training_jobs.total(), 3, "the parent's training jobs are not counted as its own");
    assert_eq!(second.overall_best_training_job, None, "only identical data has one");
    let best = bench.client.best_training_job(&name).await.unwrap();
    assert!(best.name.as_str().starts_with(&format!("{name}-")));

    // A job of a history that this account does not know is passed over, and said so.
    let gone = TuningHistoryRow { tuningjob: job_name("gone"), ..rows[0].clone() };
    let third = bench.spec(&job_name("third")).build().unwrap();
    let plan = bench.client.plan_warm_start(&third, &[rows[0].clone(), gone.clone()], &lineage(), 1).await.unwrap();
    assert_eq!(plan.refused, [(gone.tuningjob, Refusal::Missing)]);
    assert_eq!(plan.warm_start.unwrap().parents(), [first.name]);
}

/// A job with the article's ranges is taken as it is; it stops when it is asked to, and may then be a parent.
pub async fn a_job_is_stopped(config: &SdkConfig) {
    let bench = Bench::new(config).await;
    let name = job_name("stop");
    let data = |file: &str| bench.store.uri(&format!("data/{file}.csv")).unwrap();
    let article = |name: &TuningJobName| {
        TuningJobSpec::builder(
            name.clone(),
            refit_aws::xgboost_image("us-east-1", "1.2-2").unwrap(),
            "arn:aws:iam::123456789012:role/SageMakerRole".parse().unwrap(),
            "rmse".parse().unwrap(),
            bench.store.uri("output").unwrap(),
        )
        .hyperparameter("objective", "reg:squarederror")
        .channel(Channel::train(data("train")).unwrap())
        .channel(Channel::validation(data("validation")).unwrap())
        .limits(ResourceLimits::new(100, 2).unwrap())
        .build()
        .unwrap()
    };
    bench.client.start(&article(&name)).await.unwrap();
    let row = TuningHistoryRow {
        trainingjobcount: 100,
        ..TuningHistoryRow::new(&lineage(), &bench.client.describe(&name).await.unwrap().unwrap(), Utc::now())
    };
    let next = article(&job_name("next"));
    let plan = bench.client.plan_warm_start(&next, std::slice::from_ref(&row), &lineage(), 1).await.unwrap();
    assert!(matches!(&plan.refused[..], [(_, Refusal::NotTerminal { .. })]), "{plan:?}");

    bench.client.stop(&name).await.unwrap();
    let job = bench.client.wait(&name, &poll(), |_| {}).await.unwrap();
    assert_eq!(job.status, TuningJobStatus::Stopped);
    assert!(job.training_jobs.total() < 100, "{}", job.training_jobs);
    bench.client.stop(&name).await.unwrap();
    let plan = bench.client.plan_warm_start(&next, &[row], &lineage(), 1).await.unwrap();
    assert_eq!(plan.warm_start.unwrap().parents(), [name]);
}

/// What does not exist is said to be missing, by name.
pub async fn what_is_missing_is_named(config: &SdkConfig) {
    let client = TuningClient::new(config);
    let name = job_name("missing");
    assert_eq!(client.describe(&name).await.unwrap(), None);
    assert_eq!(client.describe_training_job(&"missing-001".parse().unwrap()).await.unwrap(), None);
    let errors = [
        client.wait(&name, &poll(), |_| {}).await.unwrap_err(),
        client.stop(&name).await.unwrap_err(),
        client.best_training_job(&name).await.unwrap_err(),
        client.training_jobs(&name).await.unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(&error, TuningError::NoSuchTuningJob { name: named } if *named == name.to_string()),
            "{error}"
        );
    }
}

/// Data that cannot be trained on ends in an error that carries the container's reason.
pub async fn bad_data_ends_with_the_containers_reason(config: &SdkConfig) {
    let bench = Bench::new(config).await;
    bench.store.put("data/train.csv", "1,2,words\n").await.unwrap();
    let name = job_name("bad");
    let spec = bench.spec(&name).limits(ResourceLimits::testing()).build().unwrap();
    let error = match bench.client.run(&spec, &poll(), |_| {}).await {
        Ok(_) => bench.client.best_training_job(&name).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, TuningError::JobFailed { .. } | TuningError::NoBestTrainingJob { .. }), "{error}");
    let failed = bench.client.training_jobs(&name).await.unwrap();
    assert_eq!((failed.len(), failed[0].status.clone()), (1, TrainingJobStatus::Failed));
    assert!(failed[0].failure_reason.is_some() && failed[0].objective_value.is_none());
}
