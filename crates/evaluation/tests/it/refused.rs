//! Bad input gets an error that names the thing.

use refit_evaluation::{EvaluationError, EvaluationSet, RegressionMetrics, evaluate};

use crate::fixtures::{booster, evaluated, features, path, set};

const GOOD: &str = "1,8,1205,13.5,9.9,0\n";

#[track_caller]
fn refused(lines: &str) -> EvaluationError {
    evaluated(lines).unwrap_err()
}

#[test]
fn a_set_without_rows() {
    for lines in ["", "\n\n"] {
        assert!(matches!(refused(lines), EvaluationError::EmptySet { set } if set == "rows"));
    }
    assert!(matches!(RegressionMetrics::from_pairs([(0.0, 0.0); 0]), Err(EvaluationError::EmptySet { .. })));
}

#[test]
fn a_missing_label() {
    for label in ["", " ", "nan", "NaN"] {
        let error = refused(&format!("{GOOD}{label},8,1205,13.5,9.9,0\n"));
        assert!(matches!(error, EvaluationError::MissingLabel { line: 2, .. }), "{label:?}: {error}");
    }
}

#[test]
fn a_label_that_is_no_finite_number() {
    for label in ["inf", "-Infinity", "1e39", "late"] {
        let error = refused(&format!("{GOOD}{GOOD}{label},8,1205,13.5,9.9,0\n"));
        let named = matches!(&error, EvaluationError::Label { line: 3, value, .. } if value == label);
        assert!(named, "{label:?}: {error}");
    }
}

#[test]
fn a_header_is_a_label_that_is_no_number() {
    let error = refused(&format!("arr_delay,dep_delay,distance,wind_speed,visib,unused\n{GOOD}"));
    assert_eq!(
        error.to_string(),
        "the label 'arr_delay' in line 1 of rows is no finite 32-bit number; labels are numbers and the file has no header"
    );
}

#[test]
fn a_feature_that_is_no_finite_number() {
    for value in ["gusty", "inf", "-1e39", "1,5"] {
        let error = refused(&format!("{GOOD}1,8,1205,\"{value}\",9.9,0\n"));
        let EvaluationError::Field { set, line, column, value: named } = &error else { panic!("{error}") };
        assert_eq!((set.as_str(), *line, column.as_str(), named.as_str()), ("rows", 2, "wind_speed", value));
    }
}

#[test]
fn a_row_of_another_width() {
    for (line, found) in [("1,8,1205,13.5,9.9\n", 5), ("1,8,1205,13.5,9.9,0,1\n", 7)] {
        let error = refused(&format!("{GOOD}{line}{GOOD}"));
        assert_eq!(error.to_string(), format!("line 2 of rows has {found} fields, not 6 (the label and 5 features)"));
    }
}

#[test]
fn an_error_ends_the_set() {
    let mut set = set(&format!("x,8,1205,13.5,9.9,0\n{GOOD}"));
    assert!(matches!(set.next(), Some(Err(_))));
    assert!(set.next().is_none());
}

#[test]
fn a_long_field_is_cut_in_the_error() {
    let error = refused(&format!("{},8,1205,13.5,9.9,0\n", "é".repeat(100_000)));
    assert!(error.to_string().len() < 300);
}

#[test]
fn a_file_that_is_not_there() {
    let error = EvaluationSet::from_csv(path("nowhere.csv"), &features()).unwrap_err();
    assert!(error.to_string().contains("nowhere.csv"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn another_number_of_features_names_both() {
    let set = EvaluationSet::from_csv(path("evaluation.csv"), &features()[..3]).unwrap();
    let error = evaluate(&booster("model.tar.gz"), set).unwrap_err();
    assert!(matches!(error, EvaluationError::FeatureCount { found: 3, expected: 5, .. }), "{error}");
    assert!(error.to_string().contains("has 3 features, the model was trained on 5"));
}

#[test]
fn labels_that_are_no_class_by_their_row() {
    for (label, row) in [("3", 2), ("-1", 2), ("1.5", 2), ("1e9", 2)] {
        let lines = format!("{GOOD}{label},8,1205,13.5,9.9,0\n{GOOD}");
        let error = evaluate(&booster("classes.tar.gz"), set(&lines)).unwrap_err();
        let text = format!(
            "row {row} has the label {}; the classes are the whole numbers 0 to 2",
            label.parse::<f64>().unwrap()
        );
        assert_eq!(error.to_string(), text);
    }
    let error = evaluate(&booster("classes.tar.gz"), set(&GOOD.repeat(3))).unwrap_err();
    let text =
        "all rows of rows have the label 1; widen the evaluation split or the date window until another class is in it";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_model_of_two_labels() {
    let error = evaluate(&booster("outputs.tar.gz"), set(GOOD)).unwrap_err();
    assert!(matches!(error, EvaluationError::Outputs { outputs: 2 }), "{error}");
}

#[test]
fn pairs_that_are_not_finite() {
    for (label, prediction) in [(f64::NAN, 0.0), (0.0, f64::INFINITY)] {
        let error = RegressionMetrics::from_pairs([(1.0, 1.0), (label, prediction)]).unwrap_err();
        assert!(matches!(error, EvaluationError::NotFinite { row: 2, .. }), "{error}");
    }
}
