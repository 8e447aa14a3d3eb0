//! The suite of two accounts against refit-local.

use refit_local::{Account, LocalAws, Options};
use refit_tests::suites::accounts as suite;

macro_rules! against_local {
    ($($behaviour:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $behaviour() {
            let folder = tempfile::tempdir().unwrap();
            let other = Account::new("210987654321", "other", "other-secret").unwrap();
            let options = Options::new(folder.path()).accounts([Account::default(), other]);
            let local = LocalAws::start(options).await.unwrap();
            let production = local.sdk_config_for("210987654321").unwrap();
            suite::$behaviour(&local.sdk_config(), &production).await;
            local.stop().await;
        }
    )*};
}

against_local![what_one_account_approves_another_serves, an_account_registers_in_the_group_of_another];
