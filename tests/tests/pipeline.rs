//! The facade against the embedded backend.

use refit_local::{LocalAws, Options};
use refit_tests::suites::pipeline;

macro_rules! on_local {
    ($($behaviour:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $behaviour() {
            let dir = tempfile::tempdir().unwrap();
            let aws = LocalAws::start(Options::new(dir.path().join("aws"))).await.unwrap();
            pipeline::$behaviour(&aws.sdk_config(), dir.path()).await;
            aws.stop().await;
        })*
    };
}

on_local!(
    two_months_and_a_rollback,
    what_is_damaged_in_s3_is_named,
    models_must_be_told_apart,
    running_again_resumes,
    one_failure_stops_no_other,
    a_testing_run_is_never_a_parent,
);
