//! The registry suite against refit-local.

use refit_local::{LocalAws, Options};
use refit_tests::suites::registry;

macro_rules! on_local {
    ($($behaviour:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $behaviour() {
            let folder = tempfile::tempdir().unwrap();
            let aws = LocalAws::start(Options::new(folder.path())).await.unwrap();
            registry::$behaviour(&aws.sdk_config()).await;
            aws.stop().await;
        })*
    };
}

on_local!(
    a_group_is_created_once,
    a_model_is_registered_once,
    a_decision_keeps_its_reason,
    the_latest_approved_is_the_newest_registered,
    a_list_reads_every_page,
    what_is_missing_is_named,
    a_group_has_the_policy_that_was_put,
);
