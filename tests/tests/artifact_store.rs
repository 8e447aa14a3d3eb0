//! The artifact store's suite against refit-local.

use std::future::Future;

use aws_types::SdkConfig;
use refit_local::{Account, LocalAws, Options};
use refit_tests::suites::artifact_store;

const ACCOUNT: &str = "123456789012";
const OTHER: &str = "210987654321";

async fn against_local<F: Future<Output = ()>>(behaviour: impl FnOnce(SdkConfig, SdkConfig) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let accounts = [ACCOUNT, OTHER].map(|id| Account::new(id, format!("key-of-{id}"), "secret").unwrap());
    let local = LocalAws::start(Options::new(folder.path()).accounts(accounts)).await.unwrap();
    behaviour(local.sdk_config(), local.sdk_config_for(OTHER).unwrap()).await;
    local.stop().await;
}

macro_rules! suite {
    ($($behaviour:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                against_local(|config, _| async move { artifact_store::$behaviour(&config).await }).await;
            }
        )*
    };
}

suite! {
    versions_are_kept
    any_key_goes
    long_listings_are_whole
    files_go_there_and_back
    changed_bytes_are_found
    copies_are_made_once
    a_missing_bucket_is_named
    versioning_is_turned_on
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unexpected_owner_is_refused() {
    let owner = ACCOUNT.parse().unwrap();
    against_local(|config, _| async move { artifact_store::an_unexpected_owner_is_refused(&config, &owner).await })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_accounts_bucket_is_refused() {
    against_local(|config, other| async move {
        artifact_store::another_accounts_bucket_is_refused(&config, &other).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_account_is_known() {
    let (first, second) = (ACCOUNT.parse().unwrap(), OTHER.parse().unwrap());
    against_local(|config, other| async move {
        artifact_store::the_callers_account_is_known(&config, &first).await;
        artifact_store::the_callers_account_is_known(&other, &second).await;
    })
    .await;
}
