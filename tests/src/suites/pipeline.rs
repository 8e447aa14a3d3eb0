//! The facade: several models, run after run, as a team's scheduler drives it.

use std::path::Path;
use std::sync::Arc;

use aws_types::SdkConfig;
use chrono::NaiveDate;
use refit_pipeline::aws::ArtifactStore;
use refit_pipeline::booster::Booster;
use refit_pipeline::evaluation::{ApprovalRule, MetricThreshold, RequiredVerdict};
use refit_pipeline::registry::{ApprovalStatus, RegistryClient};
use refit_pipeline::tuning::{ParameterRange, ParameterRanges, ResourceLimits, ScalingType};
use refit_pipeline::warehouse::{DatasetSpec, DateWindow, Extract, Split, Sqlite, Warehouse};
use refit_pipeline::{ModelSpec, Pipeline, PipelineError, RunId, Settings};

/// Quick searches, small models, everything below this folder.
pub fn settings(base_dir: &Path) -> Settings {
    let role = "arn:aws:iam::123456789012:role/refit".parse().unwrap();
    let mut settings =
        Settings::new("refit-tests".parse().unwrap(), base_dir, role, "serving".parse().unwrap()).unwrap();
    settings.approval = Some(beats_the_mean());
    settings.tuning.limits = ResourceLimits::new(3, 2).unwrap();
    settings.tuning.seed = Some(7);
    settings.tuning.ranges = ParameterRanges::new([
        ParameterRange::continuous("eta", 0.1, 0.5, ScalingType::Logarithmic).unwrap(),
        ParameterRange::integer("max_depth", 2, 4, ScalingType::Auto).unwrap(),
    ])
    .unwrap();
    settings.tuning.hyperparameters.insert("num_round".into(), "12".into());
    settings
}

/// Approves what is better than predicting the mean, whatever the champion is.
pub fn beats_the_mean() -> ApprovalRule {
    ApprovalRule {
        verdict: RequiredVerdict::Any,
        reject_worse: false,
        thresholds: vec![MetricThreshold::at_least("improvement_over_mean", 0.0)],
        ..ApprovalRule::default()
    }
}

/// A pipeline over this AWS with those settings, and a change to them.
pub fn pipeline(config: &SdkConfig, base_dir: &Path, change: impl FnOnce(&mut Settings)) -> Pipeline {
    let mut settings = settings(base_dir);
    change(&mut settings);
    Pipeline::new(config, settings).unwrap()
}

/// Ten rows a day of the year 2024: `y` is `3·a − 2·b` and a little that no model can know.
pub fn warehouse(dir: &Path) -> Arc<dyn Warehouse> {
    let path = dir.join("rows.csv");
    let mut text = String::from("day,id,a,b,y\n");
    let mut state = 1_u64;
    let mut random = || {
        // Knuth's MMIX generator: the same rows on every machine.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let first = date("2024-01-01");
    for id in 0..3_660_u64 {
        let (a, b) = (random() * 10.0, random() * 10.0);
        let day = first + chrono::Days::new(id / 10);
        text += &format!("{day},{id},{a},{b},{}\n", 3.0 * a - 2.0 * b + random());
    }
    std::fs::write(&path, text).unwrap();
    Arc::new(Sqlite::files([("rows", path)]).unwrap())
}

/// A model of the rows up to the end of this month: it evaluates, the month before validates, the earlier ones train.
pub fn model(name: &str, evaluation_from: &str, ceiling: &str) -> ModelSpec {
    let evaluation_from = date(evaluation_from);
    let validation_from = evaluation_from - chrono::Months::new(1);
    let split = Split::ByTime { column: "day".into(), validation_from, evaluation_from };
    let window = DateWindow::new(date("2024-01-01"), date(ceiling)).unwrap();
    let extract = Extract::new("SELECT y, day, a, b FROM rows WHERE day >= $1 AND day < $2 ORDER BY id").window(window);
    ModelSpec::new(name.parse().unwrap(), extract, DatasetSpec::new("y", split)).unwrap()
}

fn models(evaluation_from: &str, ceiling: &str) -> Vec<ModelSpec> {
    ["north", "south"].map(|name| model(name, evaluation_from, ceiling)).to_vec()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn run(text: &str) -> RunId {
    text.parse().unwrap()
}

/// Two months of two models: the first cold, the second warm; then the endpoint serves the second, and a rollback the first.
pub async fn two_months_and_a_rollback(config: &SdkConfig, dir: &Path) {
    let pipeline = pipeline(config, &dir.join("work"), |_| {});
    let warehouse = warehouse(dir);
    let rows = "1.5,2\n9,0.25\n,7\n";
    let mut served = Vec::new();
    let mut parents = Vec::new();
    for (month, from, ceiling) in [("2024-05", "2024-05-01", "2024-06-01"), ("2024-06", "2024-06-01", "2024-07-01")] {
        let models = models(from, ceiling);
        pipeline.prepare(&run(month), Arc::clone(&warehouse), &models).await.unwrap().into_result().unwrap();
        let retrained = pipeline.retrain(&run(month), &models).await.unwrap().into_result().unwrap();
        let refreshed = pipeline.refresh(&models).await.unwrap();
        assert_eq!(refreshed.packages.succeeded().count(), 2);
        for model in &retrained {
            assert_eq!(model.package.approval, ApprovalStatus::Approved);
            assert_eq!(model.training_jobs.len(), 3);
            assert!(model.report.is_file());
            // The endpoint answers what the artifact says: the container prints each f32 as Python's float, a double.
            let booster = Booster::from_artifact(&std::fs::read(&model.artifact.path).unwrap()).unwrap();
            let expected = booster.predict_dense(&[1.5, 2.0, 9.0, 0.25, f32::NAN, 7.0], 2).unwrap();
            let expected: Vec<f64> = expected.values.iter().map(|value| f64::from(*value)).collect();
            assert_eq!(pipeline.invoke(&model.model, rows).await.unwrap(), expected);
        }
        let north = &retrained[0];
        parents.push((north.tuning_job.name.clone(), north.parents().to_vec()));
        served.push((pipeline.invoke(&north.model, rows).await.unwrap(), north.package.arn.clone()));
    }
    assert_eq!(parents[0].1, []);
    assert_eq!(parents[1].1, [parents[0].0.clone()]);
    assert_ne!(served[0].0, served[1].0, "the two months' models must be told apart");

    // Leaving the second package is repeated, as after an interruption: the first one is not left as well.
    let models = models("2024-06-01", "2024-07-01");
    let (north, why) = (&models[0], "predicts too high since June");
    for _ in 0..2 {
        let rolled_back = pipeline.rollback(north, &served[1].1, why).await.unwrap().packages.into_result().unwrap();
        assert_eq!(rolled_back[0].arn, served[0].1);
        assert_eq!(pipeline.invoke(&north.name, rows).await.unwrap(), served[0].0);
    }
    let left = RegistryClient::new(config).describe(&served[1].1).await.unwrap().unwrap();
    assert_eq!(left.approval, ApprovalStatus::Rejected);
    assert_eq!(left.approval_description.as_deref(), Some(why));
    let refreshed = pipeline.refresh(&models).await.unwrap();
    assert!(refreshed.plan.is_empty(), "{}", refreshed.plan);
    assert_eq!(pipeline.invoke(&north.name, rows).await.unwrap(), served[0].0);

    let other = pipeline.rollback(&models[1], &served[0].1, why).await.unwrap_err();
    assert!(matches!(other, PipelineError::OtherGroup { .. }), "{other:?}");
}

/// An artifact that is gone, and a dataset that was overwritten in part: each is named, and the other model goes on.
pub async fn what_is_damaged_in_s3_is_named(config: &SdkConfig, dir: &Path) {
    let pipeline = pipeline(config, &dir.join("work"), |_| {});
    let (models, may) = (models("2024-05-01", "2024-06-01"), run("2024-05"));
    let warehouse = warehouse(dir);
    pipeline.prepare(&may, Arc::clone(&warehouse), &models).await.unwrap().into_result().unwrap();
    let retrained = pipeline.retrain(&may, &models).await.unwrap().into_result().unwrap();
    let store = ArtifactStore::new(config, "refit-tests".parse().unwrap());
    store.delete(retrained[0].artifact.uri.key()).await.unwrap();
    let refreshed = pipeline.refresh(&models).await.unwrap();
    let (failed, error) = refreshed.packages.failed().next().unwrap();
    assert_eq!(failed.as_str(), "north");
    assert!(chain(error).contains(retrained[0].artifact.uri.key()), "{}", chain(error));
    assert_eq!(pipeline.invoke(&models[1].name, "1,2").await.unwrap().len(), 1);

    store.put("datasets/south/2024-05/train.csv", "1,2,3\n").await.unwrap();
    let again = pipeline.retrain(&may, &models).await.unwrap();
    let error = again.of(&models[1].name).unwrap().result.as_ref().unwrap_err();
    assert!(matches!(error, PipelineError::DatasetTorn { .. }), "{error:?}");
    pipeline.prepare(&may, warehouse, &models).await.unwrap().into_result().unwrap();
    assert!(pipeline.retrain(&may, &models).await.unwrap().of(&models[1].name).unwrap().result.is_ok());
}

/// No model, one name twice, one group for two models: refused before any request.
pub async fn models_must_be_told_apart(config: &SdkConfig, dir: &Path) {
    let pipeline = pipeline(config, &dir.join("work"), |_| {});
    let mut models = models("2024-05-01", "2024-06-01");
    assert!(matches!(pipeline.refresh(&[]).await, Err(PipelineError::NoModels)));
    models[1].group = models[0].group.clone();
    assert!(matches!(pipeline.refresh(&models).await, Err(PipelineError::SharedGroup { .. })));
    let twice = [models[0].clone(), model("North", "2024-05-01", "2024-06-01")];
    assert!(matches!(pipeline.refresh(&twice).await, Err(PipelineError::DuplicateModel { .. })));
}

/// The same run again, on this machine and on another one: nothing is tuned, logged, registered or deployed twice.
pub async fn running_again_resumes(config: &SdkConfig, dir: &Path) {
    let warehouse = warehouse(dir);
    let (models, may) = (models("2024-05-01", "2024-06-01"), run("2024-05"));
    let mut seen = Vec::new();
    for base_dir in ["one", "one", "other"] {
        let base_dir = dir.join(base_dir);
        let pipeline = pipeline(config, &base_dir, |_| {});
        if seen.is_empty() {
            pipeline.prepare(&may, Arc::clone(&warehouse), &models).await.unwrap().into_result().unwrap();
        }
        let retrained = pipeline.retrain(&may, &models).await.unwrap().into_result().unwrap();
        let refreshed = pipeline.refresh(&models).await.unwrap();
        assert_eq!(refreshed.plan.is_empty(), !seen.is_empty(), "{}", refreshed.plan);
        let what = |model: &refit_pipeline::Retrained| {
            let report = std::fs::read_to_string(&model.report).unwrap();
            (model.tuning_job.name.clone(), model.best.name.clone(), model.package.arn.clone(), report)
        };
        let logs = ["logs/tuningjobhistory.csv", "models/north/evaluationhistory.csv"];
        let logs = logs.map(|log| std::fs::read_to_string(base_dir.join(log)).unwrap());
        assert_eq!(logs[0].lines().count(), 1 + 2);
        assert_eq!(logs[1].lines().count(), 1 + 1);
        seen.push((retrained.iter().map(what).collect::<Vec<_>>(), logs, refreshed.endpoint.config));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

/// A model whose query has no label fails with the column's name; its neighbour comes through.
pub async fn one_failure_stops_no_other(config: &SdkConfig, dir: &Path) {
    let pipeline = pipeline(config, &dir.join("work"), |_| {});
    let mut models = models("2024-05-01", "2024-06-01");
    models[0].dataset.label = "price".into();
    let may = run("2024-05");
    let prepared = pipeline.prepare(&may, warehouse(dir), &models).await.unwrap();
    let (failed, error) = prepared.failed().next().unwrap();
    assert_eq!(failed.as_str(), "north");
    assert!(chain(error).contains("price"), "{}", chain(error));
    let retrained = pipeline.retrain(&may, &models).await.unwrap();
    assert!(matches!(retrained.of(&models[0].name).unwrap().result, Err(PipelineError::NotPrepared { .. })));
    assert_eq!(retrained.succeeded().map(|model| model.model.as_str()).collect::<Vec<_>>(), ["south"]);
    let refreshed = pipeline.refresh(&models).await.unwrap();
    let (failed, error) = refreshed.packages.failed().next().unwrap();
    assert_eq!(failed.as_str(), "north");
    assert!(matches!(error, PipelineError::Registry { .. }) && chain(error).contains("north"), "{}", chain(error));
    assert_eq!(pipeline.invoke(&models[1].name, "1,2").await.unwrap().len(), 1);
}

/// A testing run has one training job, is marked as a test, is not approved, and is no parent.
pub async fn a_testing_run_is_never_a_parent(config: &SdkConfig, dir: &Path) {
    let warehouse = warehouse(dir);
    let models = [model("north", "2024-05-01", "2024-06-01")];
    let work = dir.join("work");
    let mut parents = Vec::new();
    for (id, testing) in [("one", true), ("two", false), ("three", true), ("four", false)] {
        let pipeline = pipeline(config, &work, |settings| settings.testing = testing);
        pipeline.prepare(&run(id), Arc::clone(&warehouse), &models).await.unwrap().into_result().unwrap();
        let retrained = pipeline.retrain(&run(id), &models).await.unwrap().into_result().unwrap();
        assert_eq!(retrained[0].training_jobs.len(), if testing { 1 } else { 3 });
        assert_eq!(retrained[0].package.approval == ApprovalStatus::PendingManualApproval, testing);
        parents.push((retrained[0].tuning_job.name.clone(), retrained[0].parents().to_vec()));
    }
    assert_eq!(parents[1].1, [], "a test is no parent");
    assert_eq!(parents[3].1, [parents[1].0.clone()]);
    let history = std::fs::read_to_string(work.join("models/north/evaluationhistory.csv")).unwrap();
    let tests: Vec<_> = history.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert_eq!(tests, ["True", "False", "True", "False"], "as pandas writes it");
}

/// An error with everything below it, as a program prints it.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}
