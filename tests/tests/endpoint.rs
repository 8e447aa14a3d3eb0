//! The endpoint suite against refit-local.

refit_tests::on_local!(
    endpoint:
    models_are_deployed_and_invoked,
    a_replaced_model_is_served_after_the_refresh,
    an_interrupted_apply_is_finished_by_the_next,
    a_rollback_brings_the_older_model_back,
    adding_a_model_refreshes_nothing,
    a_removed_model_answers_until_the_refresh,
    a_refresh_is_done_once_for_a_reason,
    superseded_configs_are_deleted_but_for_the_last,
    a_refresh_that_sagemaker_undoes_is_an_error,
    callers_at_the_same_time_agree,
    the_bytes_deployed_are_the_bytes_evaluated,
    what_cannot_be_served_is_named,
);
