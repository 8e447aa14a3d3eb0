//! The facade's evaluation against the embedded backend.

refit_tests::on_local!(
    champion in a folder:
    the_second_model_is_judged_beside_what_serves,
    a_person_has_the_last_word,
    an_open_decision_is_taken_by_the_next_run,
    a_champion_that_cannot_be_compared_is_told,
    rows_are_held_to_the_contract,
    settings_that_say_nothing_are_refused,
);
