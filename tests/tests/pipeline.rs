//! The facade against the embedded backend.

refit_tests::on_local!(
    pipeline in a folder:
    two_months_and_a_rollback,
    what_is_damaged_in_s3_is_named,
    models_must_be_told_apart,
    running_again_resumes,
    one_failure_stops_no_other,
    a_testing_run_is_never_a_parent,
);
