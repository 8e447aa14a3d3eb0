//! boto3 against the embedded backend.

use refit_local::{LocalAws, Options};
use refit_tests::python;

async fn runs(script: &'static str) {
    let dir = tempfile::tempdir().unwrap();
    let aws = LocalAws::start(Options::new(dir.path())).await.unwrap();
    let url = aws.endpoint_url().to_owned();
    let printed = tokio::task::spawn_blocking(move || python::run(script, [url])).await.unwrap();
    assert!(!printed.trim().is_empty(), "{script} said nothing");
    aws.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_stores_objects() {
    runs("boto3_s3.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_tunes_registers_and_serves() {
    runs("boto3_sagemaker.py").await;
}
