//! The history log's suite against refit-local.

use std::future::Future;

use aws_types::SdkConfig;
use refit_local::{LocalAws, Options};
use refit_tests::suites::history_log;

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
                against_local(|config| async move { history_log::$behaviour(&config).await }).await;
            }
        )*
    };
}

suite! {
    rows_are_added_once
    pandas_files_are_added_to
    writers_lose_no_row
    a_local_file_becomes_the_beginning
    what_is_no_history_is_left_alone
}
