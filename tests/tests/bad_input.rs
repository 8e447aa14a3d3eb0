//! What is wrong is said by name, with the remedy, and before anything is asked of AWS where that can be.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use aws_types::region::Region;
use refit_aws::{ArtifactStore, AwsError};
use refit_local::{Account, LocalAws, Options};
use refit_pipeline::tuning::{ParameterRange, ScalingType};
use refit_pipeline::warehouse::{DateWindow, Extract};
use refit_pipeline::{Pipeline, PipelineError, RunId};
use refit_tests::suites::pipeline::{chain, model, pipeline, warehouse};

/// Asserts that an error says all of this.
fn says(error: &dyn std::error::Error, words: &[&str]) {
    let text = chain(error);
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
}

/// An `SdkConfig` of an AWS that nobody runs: a request would fail by its own error.
fn nobody(region: &'static str) -> aws_types::SdkConfig {
    aws_types::SdkConfig::builder().region(Region::new(region)).endpoint_url("http://127.0.0.1:9").build()
}

async fn local(dir: &Path) -> LocalAws {
    LocalAws::start(Options::new(dir.join("aws"))).await.unwrap()
}

#[test]
fn an_empty_window_is_refused_before_any_request() {
    let day = |text: &str| text.parse().unwrap();
    let error = DateWindow::new(day("2024-06-01"), day("2024-06-01")).unwrap_err();
    says(&error, &["2024-06-01", "no day", "push back fewer days"]);
    let error = DateWindow::pushed_back(day("2024-05-20"), day("2024-06-01"), 30).unwrap_err();
    says(&error, &["2024-05-20", "2024-05-02"]);
}

#[test]
fn a_log_scaled_range_that_touches_zero_is_refused_before_any_request() {
    let error = ParameterRange::continuous("alpha", 0.0, 10.0, ScalingType::Logarithmic).unwrap_err();
    says(&error, &["alpha", "Logarithmic", "0"]);
}

#[test]
fn an_unknown_region_is_refused_before_any_request() {
    let dir = tempfile::tempdir().unwrap();
    let settings = refit_tests::suites::pipeline::settings(dir.path());
    let error = Pipeline::new(&nobody("us-middle-1"), settings).unwrap_err();
    says(&error, &["us-middle-1", "us-east-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_label_and_a_text_feature_are_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let aws = local(dir.path()).await;
    let pipeline = pipeline(&aws.sdk_config(), &dir.path().join("work"), |_| {});
    let run: RunId = "may".parse().unwrap();
    let mut unlabelled = model("unlabelled", "2024-05-01", "2024-06-01");
    unlabelled.dataset.label = "price".into();
    let mut texts = model("texts", "2024-05-01", "2024-06-01");
    let window = texts.extract.date_window().unwrap();
    let sql =
        "SELECT y, day, a, CASE WHEN b > 5 THEN 'high' ELSE 'low' END AS level FROM rows WHERE day >= $1 AND day < $2";
    texts.extract = Extract::new(sql).window(window);
    let models = [unlabelled, texts];
    let prepared = pipeline.prepare(&run, warehouse(dir.path()), &models).await.unwrap();
    let errors: Vec<_> = prepared.failed().map(|(_, error)| error).collect();
    says(errors[0], &["unlabelled", "price", "y, day, a, b"]);
    says(errors[1], &["texts", "level", "CASE WHEN"]);
    aws.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_bucket_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let ours = Account::new("123456789012", "ours", "ours").unwrap();
    let stranger = Account::new("210987654321", "stranger", "stranger").unwrap();
    let options = Options::new(dir.path().join("aws")).accounts([ours, stranger]);
    let aws = LocalAws::start(options).await.unwrap();
    let theirs = aws.sdk_config_for("210987654321").unwrap();
    ArtifactStore::new(&theirs, "refit-tests".parse().unwrap()).ensure_bucket().await.unwrap();
    let pipeline = pipeline(&aws.sdk_config(), &dir.path().join("work"), |_| {});
    let models = [model("north", "2024-05-01", "2024-06-01")];
    let error = pipeline.prepare(&"may".parse().unwrap(), warehouse(dir.path()), &models).await.unwrap_err();
    says(&error, &["s3://refit-tests/", "denied", "another account"]);
    assert!(matches!(error, PipelineError::Aws { source: AwsError::AccessDenied { .. }, .. }), "{error:?}");
    aws.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_artifact_is_named_and_nothing_is_unpacked_outside() {
    let dir = tempfile::tempdir().unwrap();
    let aws = local(dir.path()).await;
    let config = aws.sdk_config();
    let pipeline = pipeline(&config, &dir.path().join("work"), |_| {});
    let run: RunId = "may".parse().unwrap();
    let models = [model("north", "2024-05-01", "2024-06-01")];
    pipeline.prepare(&run, Arc::clone(&warehouse(dir.path())), &models).await.unwrap().into_result().unwrap();
    let retrained = pipeline.retrain(&run, &models).await.unwrap().into_result().unwrap();
    let artifact = &retrained[0].artifact;
    let store = ArtifactStore::new(&config, "refit-tests".parse().unwrap());
    let good = std::fs::read(&artifact.path).unwrap();

    for (bytes, words) in [
        (good[..good.len() / 2].to_vec(), vec!["north", "model.tar.gz"]),
        (b"not an archive at all".to_vec(), vec!["north", "model.tar.gz"]),
        (climbing(), vec!["north", "model.tar.gz", "../../escaped"]),
    ] {
        store.put(artifact.uri.key(), bytes).await.unwrap();
        let again = pipeline.retrain(&run, &models).await.unwrap();
        let (_, error) = again.failed().next().unwrap();
        assert!(matches!(error, PipelineError::Artifact { .. }), "{error:?}");
        says(error, &words);
    }
    let escaped = walk(dir.path()).into_iter().find(|path| path.ends_with("escaped"));
    assert_eq!(escaped, None);
    aws.stop().await;
}

/// An archive with a member whose path climbs out of the folder it is unpacked in.
fn climbing() -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_size(3);
    header.set_mode(0o644);
    // The tar crate refuses to write such a path, so it goes into the header's bytes.
    header.as_gnu_mut().unwrap().name[..13].copy_from_slice(b"../../escaped");
    header.set_cksum();
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    archive.append(&header, &b"out"[..]).unwrap();
    let mut gz = archive.into_inner().unwrap();
    gz.flush().unwrap();
    gz.finish().unwrap()
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}
