//! The facade's models of several classes against the embedded backend.

refit_tests::on_local!(
    classes in a folder:
    several_classes_go_the_whole_way,
    a_metric_of_another_objective_is_refused,
);
