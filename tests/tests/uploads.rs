//! Uploads against the embedded backend, and datasets of which S3 takes no more.

use std::path::Path;
use std::sync::Arc;

use refit_aws::ArtifactStore;
use refit_local::{Effect, Hazard, LocalAws, Options, Service};
use refit_pipeline::warehouse::{DatasetSpec, Extract, Format, Percent, Set, Split, Sqlite, Warehouse, WarehouseError};
use refit_pipeline::{ModelSpec, Pipeline, PipelineError, Prepared, RunId};
use refit_tests::on_local;
use refit_tests::suites::pipeline::{chain, pipeline};
use refit_tests::suites::uploads::leavings;

on_local!(uploads: an_object_appears_whole, an_upload_that_is_given_up_leaves_nothing);

/// A query of so many rows; seven hundred thousand are twenty megabytes to train on.
fn model(rows: i64) -> ModelSpec {
    let extract = Extract::new(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
         SELECT i AS key, i * 0.37 AS y, i * 1.7 AS x, i % 97 AS z, i * 0.3 AS w FROM n",
    );
    let percent = |share| Percent::new(share).unwrap();
    let split = Split::ByHash { column: "key".into(), validation: percent(10), evaluation: percent(10) };
    ModelSpec::new("large".parse().unwrap(), extract.bind(rows), DatasetSpec::new("y", split)).unwrap()
}

fn warehouse(dir: &Path) -> Arc<dyn Warehouse> {
    let path = dir.join("none.csv");
    std::fs::write(&path, "a\n1\n").unwrap();
    Arc::new(Sqlite::files([("none", path)]).unwrap())
}

async fn prepare(pipeline: &Pipeline, dir: &Path, run: &str, model: &ModelSpec) -> Result<Prepared, PipelineError> {
    let run: RunId = run.parse().unwrap();
    let outcomes = pipeline.prepare(&run, warehouse(dir), std::slice::from_ref(model)).await?;
    Ok(outcomes.into_result()?.remove(0))
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// S3 refuses a part, or to make an object of them: the error says how far it got, nothing is left here or there, and the next
/// try is whole. What fails once is tried again by the client, and nobody notices.
#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_that_s3_refuses_leaves_nothing_and_the_next_try_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let aws = LocalAws::start(Options::new(dir.path().join("aws"))).await.unwrap();
    let config = aws.sdk_config();
    let pipeline = pipeline(&config, &dir.path().join("work"), |_| {});
    let store = ArtifactStore::new(&config, "refit-tests".parse().unwrap());
    let model = model(700_000);
    let local = dir.path().join("work/datasets/large/one");

    for operation in ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] {
        let denied = Hazard::error("AccessDenied", 403, "Access Denied");
        aws.hazards().set(denied.on(Service::S3, operation)).unwrap();
        let error = prepare(&pipeline, dir.path(), "one", &model).await.unwrap_err();
        aws.hazards().clear();
        let PipelineError::Warehouse { source, .. } = &error else { panic!("{}", chain(&error)) };
        match &**source {
            WarehouseError::Unwritten { place, bytes, rows, .. } => {
                assert_eq!(place, "s3://refit-tests/datasets/large/one/train.csv");
                assert!(*bytes > 7_000_000 && *rows > 100_000, "{}", chain(&error));
            }
            other => panic!("{}", chain(other)),
        }
        assert!(chain(&error).contains(&format!("{operation} on s3://")), "{}", chain(&error));
        assert_eq!(leavings(&config, &store, "").await, (0, 0), "{operation}");
        assert_eq!(files(&local), [""; 0], "{operation}");
    }

    aws.hazards().set(Hazard::new(Effect::CutBefore).on(Service::S3, "UploadPart").times(2)).unwrap();
    let prepared = prepare(&pipeline, dir.path(), "one", &model).await.unwrap();
    assert_eq!(aws.hazards().list(), []);
    for file in &prepared.manifest.files {
        let key = format!("datasets/large/one/{}", file.name);
        let (bytes, object) = store.get(&store.uri(&key).unwrap()).await.unwrap();
        assert_eq!((object.size, object.sha256.unwrap().to_string()), (file.bytes, file.sha256.clone()));
        assert!(bytes == std::fs::read(local.join(&file.name)).unwrap());
    }
    assert!(prepared.manifest.file(Set::Train).unwrap().bytes > 16 * 1024 * 1024);
    assert_eq!(leavings(&config, &store, "incoming/").await, (0, 0));
    // Three files and a manifest, each in one version.
    prepare(&pipeline, dir.path(), "one", &model).await.unwrap();
    assert_eq!(leavings(&config, &store, "").await, (4, 0));
    aws.stop().await;
}

/// The same training data as the run before are said to be so; other rows, other columns and the first run are not.
#[tokio::test(flavor = "multi_thread")]
async fn unchanged_data_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let aws = LocalAws::start(Options::new(dir.path().join("aws"))).await.unwrap();
    let pipeline = pipeline(&aws.sdk_config(), &dir.path().join("work"), |_| {});
    let mut other = model(1_000);
    other.dataset = other.dataset.leave_out(["w"]);
    let steps = [
        ("one", model(1_000), None),
        ("one", model(1_000), None),
        ("two", model(1_000), Some("one")),
        ("three", model(1_001), None),
        ("four", model(1_000), None),
        ("five", other.clone(), None),
        ("six", other, Some("five")),
    ];
    for (run, model, expected) in steps {
        let prepared = prepare(&pipeline, dir.path(), run, &model).await.unwrap();
        let since = prepared.unchanged_since.as_ref().map(|run| run.as_str());
        assert_eq!(since, expected, "{run}");
        // S3 tells times to the second.
        aws.advance_clock(std::time::Duration::from_secs(2));
    }
    aws.stop().await;
}

/// One model of lines and one of Parquet, from the same rows: XGBoost learns the same.
#[tokio::test(flavor = "multi_thread")]
async fn parquet_trains_as_lines_do() {
    let dir = tempfile::tempdir().unwrap();
    let aws = LocalAws::start(Options::new(dir.path().join("aws"))).await.unwrap();
    // Two threads may add the same numbers in another order.
    let pipeline = pipeline(&aws.sdk_config(), &dir.path().join("work"), |settings| {
        settings.tuning.hyperparameters.insert("nthread".into(), "1".into());
    });
    let run: RunId = "one".parse().unwrap();
    let mut of_parquet = model(2_000);
    of_parquet.dataset = of_parquet.dataset.format(Format::Parquet);
    of_parquet.name = "table".parse().unwrap();
    of_parquet.group = "table".parse().unwrap();
    let models = [model(2_000), of_parquet];
    pipeline.prepare(&run, warehouse(dir.path()), &models).await.unwrap().into_result().unwrap();
    let retrained = pipeline.retrain(&run, &models).await.unwrap().into_result().unwrap();
    let [lines, table] = &retrained[..] else { panic!("two models") };
    assert_eq!(table.dataset.manifest.files[0].name, "train.parquet");
    let objectives = |model: &refit_pipeline::Retrained| {
        model.training_jobs.iter().map(|job| job.objective_value).collect::<Vec<_>>()
    };
    assert_eq!(objectives(lines), objectives(table));
    assert_eq!(lines.evaluation.metrics.rmse(), table.evaluation.metrics.rmse());
    aws.stop().await;
}
