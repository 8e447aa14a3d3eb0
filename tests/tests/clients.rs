//! Clients beside boto3 against the embedded backend.

use refit_tests::python;

#[tokio::test(flavor = "multi_thread")]
async fn the_sagemaker_python_sdk_runs_unchanged() {
    python::suite(&["--clients"], "tests/sagemaker_sdk").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_clients_of_s3_agree() {
    python::suite(&["--clients"], "tests/s3_clients").await;
}
