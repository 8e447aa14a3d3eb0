//! boto3 against the embedded backend.

use refit_tests::python;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_finds_aws() {
    python::suite(&[], "tests/boto3").await;
}
