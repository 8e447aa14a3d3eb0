//! What the tests of several files share: suites of behaviours that run against any endpoint, and a scripted endpoint.

pub mod python;
pub mod scripted;
pub mod suites;

/// Tests a suite's behaviours, each against an embedded backend of its own; with `in a folder`, those that keep files, too.
#[macro_export]
macro_rules! on_local {
    ($suite:ident: $($behaviour:ident),* $(,)?) => {
        $crate::on_local!($suite, |config, _folder| (config): $($behaviour),*);
    };
    ($suite:ident in a folder: $($behaviour:ident),* $(,)?) => {
        $crate::on_local!($suite, |config, folder| (config, folder): $($behaviour),*);
    };
    ($suite:ident, |$config:ident, $folder:ident| $arguments:tt: $($behaviour:ident),*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $behaviour() {
            let folder = tempfile::tempdir().unwrap();
            let local = refit_local::LocalAws::start(refit_local::Options::new(folder.path().join("aws"))).await.unwrap();
            let ($config, $folder) = (&local.sdk_config(), folder.path());
            $crate::suites::$suite::$behaviour $arguments.await;
            local.stop().await;
        })*
    };
}
