//! The tuning suite against refit-local.

use std::future::Future;

use aws_types::SdkConfig;
use refit_local::{LocalAws, Options};
use refit_tests::suites::tuning;

async fn against_local<F: Future<Output = ()>>(behaviour: impl FnOnce(SdkConfig) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
    behaviour(local.sdk_config()).await;
    local.stop().await;
}

macro_rules! suite {
    ($($behaviour:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                against_local(|config| async move { tuning::$behaviour(&config).await }).await;
            }
        )*
    };
}

suite! {
    a_job_runs_to_its_best
    the_latest_job_that_can_be_a_parent_is_one
    a_job_is_stopped
    what_is_missing_is_named
    bad_data_ends_with_the_containers_reason
}
