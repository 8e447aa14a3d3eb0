//! The SageMaker suites against `refit-local`, over a socket, with AWS's own SDK.

use std::time::Duration;

use refit_local::{LocalAws, Options, Pace, Transition};
use refit_tests::suites;
use refit_tests::suites::sagemaker_wire::{self as suite, Wire};

macro_rules! against_local {
    ($($behaviour:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $behaviour() {
            let folder = tempfile::tempdir().unwrap();
            let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
            suite::$behaviour(&Wire::new(&local.sdk_config(), &suites::fresh("wire")).await).await;
            local.stop().await;
        }
    )*};
}

against_local![
    a_training_job_really_trains,
    training_job_names_are_unique,
    a_training_job_without_data_fails,
    a_training_job_stops,
    another_algorithm_is_refused,
    a_tuning_job_finds_the_best_of_its_training_jobs,
    warm_starts_follow_their_rules,
    tuning_job_names_are_unique,
    a_tuning_job_stops,
    a_tuning_job_without_data_fails,
    bad_tuning_jobs_are_refused,
    model_package_groups,
    versions_and_client_tokens,
    approval,
    listing_packages,
    a_multi_model_endpoint_serves_what_it_loaded,
    answers_have_the_containers_shape,
    bad_invocations_are_refused,
    a_failed_update_rolls_back,
    a_model_package_is_hosted,
    hosting_resources_come_and_go,
];

macro_rules! under_conditions {
    ($($behaviour:ident: $options:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $behaviour() {
            let folder = tempfile::tempdir().unwrap();
            let options: fn(Options) -> Options = $options;
            let local = LocalAws::start(options(Options::new(folder.path()))).await.unwrap();
            let wire = Wire::new(&local.sdk_config(), &suites::fresh("wire")).await;
            suite::$behaviour(&wire, &local).await;
            local.stop().await;
        }
    )*};
}

under_conditions![
    updates_drop_and_mix_no_request: |options| options;
    states_take_the_time_of_the_pace: |options| options.pace(Pace::every(Duration::from_secs(3600)));
    an_update_is_rolled_back_without_a_word: |options| options.pace(
        Pace::immediate().with(Transition::RollingBack, Duration::from_secs(3600))
    );
    the_least_recently_used_model_makes_room: |options| options.instance_memory(suite::TWO_MODELS);
];

macro_rules! over_a_restart {
    ($($name:ident: $before:ident, $after:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let (folder, bucket) = (tempfile::tempdir().unwrap(), suites::fresh("wire"));
            let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
            suite::$before(&Wire::new(&local.sdk_config(), &bucket).await).await;
            local.stop().await;
            let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
            suite::$after(&Wire::of(&local.sdk_config(), &bucket)).await;
            local.stop().await;
        }
    )*};
}

over_a_restart![
    updates_go_on: an_update_before_a_restart, an_update_after_a_restart;
    endpoints_are_in_service_and_cold: an_endpoint_before_a_restart, an_endpoint_after_a_restart;
    tuning_jobs_go_on: a_tuning_job_before_a_restart, a_tuning_job_after_a_restart;
    training_jobs_in_flight_fail: a_training_job_before_a_restart, a_training_job_after_a_restart;
];
