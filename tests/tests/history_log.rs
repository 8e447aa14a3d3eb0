//! The history log's suite against refit-local.

refit_tests::on_local!(
    history_log:
    rows_are_added_once,
    pandas_files_are_added_to,
    writers_lose_no_row,
    a_local_file_becomes_the_beginning,
    what_is_no_history_is_left_alone,
);
