//! The tuning suite against refit-local.

refit_tests::on_local!(
    tuning:
    a_job_runs_to_its_best,
    the_latest_job_that_can_be_a_parent_is_one,
    a_job_is_stopped,
    what_is_missing_is_named,
    bad_data_ends_with_the_containers_reason,
);
