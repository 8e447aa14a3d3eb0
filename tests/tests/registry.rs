//! The registry suite against refit-local.

refit_tests::on_local!(
    registry:
    a_group_is_created_once,
    a_model_is_registered_once,
    a_decision_keeps_its_reason,
    the_latest_approved_is_the_newest_registered,
    a_list_reads_every_page,
    what_is_missing_is_named,
    a_group_has_the_policy_that_was_put,
);
