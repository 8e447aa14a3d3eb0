//! What the tests of several files share: suites of behaviours that run against any endpoint, and a scripted endpoint.

pub mod python;
pub mod scripted;
pub mod suites;

/// Tests a suite's behaviours, each against an embedded backend of its own.
#[macro_export]
macro_rules! on_local {
    ($suite:ident: $($behaviour:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $behaviour() {
            let folder = tempfile::tempdir().unwrap();
            let local = refit_local::LocalAws::start(refit_local::Options::new(folder.path())).await.unwrap();
            $crate::suites::$suite::$behaviour(&local.sdk_config()).await;
            local.stop().await;
        })*
    };
}
