//! The S3 suite against refit-local.

use std::future::Future;

use aws_types::SdkConfig;
use refit_local::{LocalAws, Options};
use refit_tests::suites::s3_wire;

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
                against_local(|config| async move { s3_wire::$behaviour(&config).await }).await;
            }
        )*
    };
}

suite! {
    objects_come_back
    a_file_travels_in_chunks_with_a_trailer
    a_wrong_checksum_is_refused
    conditions_guard_writes
    one_of_many_writers_creates
    versions_stay
    copies_keep_or_replace_metadata
    listings_page_and_roll_up
    parts_become_an_object
    the_expected_owner_is_checked
}
