//! Redshift's UNLOAD into the embedded S3: the files that a double of it writes are the training files that refit writes, and the
//! facade trains on them where they are.

#[path = "../../crates/warehouse/tests/double/mod.rs"]
#[allow(dead_code, reason = "the warehouse's tests use more of the double")]
mod double;
#[path = "../../crates/warehouse/tests/support/postgres.rs"]
#[allow(dead_code, reason = "the warehouse's tests use more of the server")]
mod postgres;

use std::sync::Arc;

use aws_sdk_s3::Client;
use double::{Double, FUNCTIONS, Row, Statement};
use refit_local::{LocalAws, Options};
use refit_pipeline::aws::ArtifactStore;
use refit_pipeline::warehouse::{
    DatasetSpec, Extract, IamRole, Percent, Postgres, Redshift, Set, Split, Unload, UnloadFormat, UnloadManifest,
    UnloadRule, Warehouse,
};
use refit_pipeline::{ModelSpec, PipelineError};
use refit_tests::suites::pipeline::{chain, pipeline};

const BUCKET: &str = "datasets";

/// Every kind of feature, with values missing, doubles that are no numbers, and a text that is left out.
const READINGS: &str = "
    CREATE TABLE readings AS SELECT
        CAST(i AS int8) AS id, i % 3 = 0 AS flag, CASE WHEN i % 7 > 0 THEN i END AS hour, CAST(i AS numeric(12,4)) / 8 AS price,
        CASE i % 5 WHEN 0 THEN 'NaN'::float8 WHEN 1 THEN 'Infinity' WHEN 2 THEN NULL ELSE i * 0.1 END AS wind,
        i % 97 - 20 AS delay, 'it''s ' || i AS note
    FROM generate_series(1, 1000) i";

/// The bucket and the key.
fn address(url: &str) -> (&str, &str) {
    url.strip_prefix("s3://").and_then(|address| address.split_once('/')).expect("an address on S3")
}

/// Two files and a manifest, as a cluster of two slices writes them. The manifest tells of so many rows more.
async fn write(s3: &Client, statement: &Statement, rows: Vec<Row>, more: usize) -> Result<(), String> {
    let (bucket, prefix) = address(&statement.prefix);
    let mut entries = Vec::new();
    for (slice, rows) in rows.chunks(rows.len().div_ceil(2)).enumerate() {
        let line =
            |row: &Row| row.iter().map(|value| value.clone().unwrap_or_default()).collect::<Vec<_>>().join(",") + "\n";
        let text: String = rows.iter().map(line).collect();
        let key = format!("{prefix}{slice:04}_part_00");
        entries.push(serde_json::json!({
            "url": format!("s3://{bucket}/{key}"),
            "meta": {"content_length": text.len(), "record_count": rows.len() + more},
        }));
        put(s3, bucket, &key, text).await?;
    }
    put(s3, bucket, &format!("{prefix}manifest"), serde_json::json!({"entries": entries}).to_string()).await
}

async fn put(s3: &Client, bucket: &str, key: &str, text: String) -> Result<(), String> {
    let request = s3.put_object().bucket(bucket).key(key).body(text.into_bytes().into());
    request.send().await.map(drop).map_err(|error| format!("{error:?}"))
}

async fn read(s3: &Client, url: &str) -> Vec<u8> {
    let (bucket, key) = address(url);
    let object = s3.get_object().bucket(bucket).key(key).send().await.unwrap();
    object.body.collect().await.unwrap().to_vec()
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn unloaded_training_files_are_those_that_refit_writes() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
    let s3 = Client::new(&local.sdk_config());
    s3.create_bucket().bucket(BUCKET).send().await.unwrap();
    let (client, runtime) = (s3.clone(), tokio::runtime::Handle::current());
    let (double, server) = tokio::task::spawn_blocking(move || {
        let server = postgres::Server::start();
        server.client().batch_execute(READINGS).unwrap();
        let into =
            move |statement: &Statement, _: &[String], rows| runtime.block_on(write(&client, statement, rows, 0));
        (Double::start(&server.url("postgres"), Arc::new(into)), server)
    })
    .await
    .unwrap();

    let extract = Extract::new("SELECT * FROM readings WHERE note <> $1 AND id >= $2").bind("it's 13\\").bind(14);
    let (manifest, ours) = tokio::task::spawn_blocking(move || {
        let leave_out = vec!["note".to_owned(), "id".to_owned()];
        let format = UnloadFormat::TrainingCsv { label: "delay".to_owned(), leave_out: leave_out.clone() };
        let redshift = Redshift::new(&double.url()).unwrap();
        let manifest = redshift.unload(&extract, &Unload::to(format!("s3://{BUCKET}/run/train-"), format)).unwrap();
        let tenth = || Percent::new(10).unwrap();
        let split = Split::ByHash { column: "id".to_owned(), validation: tenth(), evaluation: tenth() };
        let spec = DatasetSpec::new("delay", split).leave_out(leave_out);
        let dir = tempfile::tempdir().unwrap();
        let postgres = Postgres::new(&server.url("postgres")).unwrap();
        let dataset = spec.write(postgres.extract(&extract).unwrap(), &extract, dir.path()).unwrap();
        let text = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        let lines =
            dataset.files.iter().flat_map(|file| text(&file.name).lines().map(str::to_owned).collect::<Vec<_>>());
        (manifest, lines.collect::<Vec<_>>())
    })
    .await
    .unwrap();

    assert_eq!(manifest, format!("s3://{BUCKET}/run/train-manifest"));
    let manifest = UnloadManifest::parse(&read(&s3, &manifest).await).unwrap();
    assert_eq!((manifest.files.len(), manifest.rows()), (2, 987));
    let mut unloaded = Vec::new();
    for file in &manifest.files {
        let bytes = read(&s3, &file.url).await;
        assert_eq!(bytes.len() as u64, file.bytes);
        unloaded.extend(String::from_utf8(bytes).unwrap().lines().map(str::to_owned));
    }
    // Each cell as the number that it names: PostgreSQL writes 1 where refit writes 1.0.
    let numbers = |lines: Vec<String>| {
        let cell = |cell: &str| cell.parse::<f64>().map_or_else(|_| cell.to_owned(), |number| number.to_string());
        sorted(lines.iter().map(|line| line.split(',').map(cell).collect::<Vec<_>>().join(",")).collect())
    };
    assert_eq!(numbers(unloaded), numbers(ours));
    local.stop().await;
}

/// `delay` is half of `hour`, and a little that no model can know.
const DELAYS: &str = "
    CREATE TABLE delays AS SELECT CAST(i AS int8) AS id, i % 24 AS hour, i % 7 AS wind, i % 24 / 2.0 + i % 3 * 0.1 AS delay
    FROM generate_series(1, 1500) i";

/// A model of the delays, and the double of a cluster that unloads them into this AWS.
async fn cluster(s3: Client) -> (ModelSpec, Redshift, postgres::Server) {
    let runtime = tokio::runtime::Handle::current();
    let started = tokio::task::spawn_blocking(move || {
        let server = postgres::Server::start();
        server.client().batch_execute(&format!("{FUNCTIONS} {DELAYS}")).unwrap();
        let into = move |statement: &Statement, _: &[String], rows: Vec<Row>| match statement.iam_role.as_str() {
            // As one that may write the first of the sets only.
            "arn:aws:iam::123456789012:role/half" if statement.prefix.contains("/validation/") => {
                Err("Access Denied,Status 403".to_owned())
            }
            "arn:aws:iam::123456789012:role/more" => runtime.block_on(write(&s3, statement, rows, 1)),
            _ => runtime.block_on(write(&s3, statement, rows, 0)),
        };
        (Double::start(&server.url("postgres"), Arc::new(into)), server)
    });
    let (double, server) = started.await.unwrap();
    let split = Split::ByHash {
        column: "id".to_owned(),
        validation: Percent::new(20).unwrap(),
        evaluation: Percent::new(20).unwrap(),
    };
    let extract = Extract::new("SELECT id, delay, hour, wind FROM delays WHERE id > $1").bind(0);
    let model = ModelSpec::new("delays".parse().unwrap(), extract, DatasetSpec::new("delay", split)).unwrap();
    (model, Redshift::new(&*double.url()).unwrap(), server)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_trained_on_what_the_cluster_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalAws::start(Options::new(folder.path().join("aws"))).await.unwrap();
    let config = local.sdk_config();
    let (model, redshift, server) = cluster(Client::new(&config)).await;
    let models = [model];
    let pipeline = pipeline(&config, &folder.path().join("work"), |_| {});
    let store = ArtifactStore::new(&config, "refit-tests".parse().unwrap());
    let by = |role: IamRole| Arc::new(redshift.clone().unload_by(UnloadRule::new(role).min_bytes(0)));
    let keys = |run: &'static str| {
        let store = store.clone();
        async move {
            let prefix = format!("datasets/delays/{run}/");
            let listed = store.list(&prefix).await.unwrap();
            listed.iter().map(|object| object.uri.key()[prefix.len()..].to_owned()).collect::<Vec<_>>()
        }
    };
    let (one, two, three) = ("one".parse().unwrap(), "two".parse().unwrap(), "three".parse().unwrap());

    for (role, said) in
        [("half", "Access Denied"), ("more", "rows in the train set, and the manifest of its UNLOAD lists")]
    {
        let role = IamRole::Arn(format!("arn:aws:iam::123456789012:role/{role}"));
        let failed = pipeline.prepare(&one, by(role), &models).await.unwrap();
        let error = failed.failed().next().expect("it fails").1;
        assert!(chain(error).contains(said), "{}", chain(error));
        assert!(keys("one").await.is_empty(), "{:?}", keys("one").await);
    }

    for (run, name, unchanged) in [(&one, "one", None), (&two, "two", Some(&one)), (&one, "one", Some(&two))] {
        let prepared = pipeline.prepare(run, by(IamRole::Default), &models).await.unwrap().into_result().unwrap();
        assert_eq!(prepared[0].unchanged_since.as_ref(), unchanged);
        let files = ["train/0000_part_00", "train/0001_part_00", "validation/0000_part_00", "validation/0001_part_00"];
        assert_eq!(keys(name).await, [&["evaluation.csv", "manifest.json"], &files[..]].concat());
        let manifest = &prepared[0].manifest;
        assert_eq!(manifest.files.iter().map(|file| file.rows).sum::<u64>(), 1500);
        let parts: Vec<_> = manifest.files.iter().flat_map(|file| &file.parts).map(|part| part.name.as_str()).collect();
        assert_eq!(parts, files);
        let here: Vec<_> = std::fs::read_dir(&prepared[0].dir).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(here.len(), 2, "{here:?}");
    }
    let retrained = pipeline.retrain(&one, &models).await.unwrap().into_result().unwrap();
    // It has learnt: what no model can know is less than a tenth of it.
    let metrics = retrained[0].evaluation.metrics.regression().unwrap();
    assert!(metrics.rmse < 0.5 * metrics.baseline_rmse, "{} {}", metrics.rmse, metrics.baseline_rmse);
    assert_eq!(metrics.rows as u64, retrained[0].dataset.manifest.file(Set::Evaluation).unwrap().rows);

    // What lies among the files would be trained on.
    store.put("datasets/delays/two/train/stray", "1,2,3\n").await.unwrap();
    let torn = pipeline.retrain(&two, &models).await.unwrap();
    assert!(matches!(torn.failed().next(), Some((_, PipelineError::DatasetTorn { .. }))), "{torn:?}");

    let small = UnloadRule::new(IamRole::Default);
    let streamed = pipeline.prepare(&three, Arc::new(redshift.unload_by(small)), &models).await.unwrap();
    streamed.into_result().unwrap();
    assert_eq!(keys("three").await, ["evaluation.csv", "manifest.json", "train.csv", "validation.csv"]);
    drop(server);
    local.stop().await;
}
