//! Rows that count more or less than others (`fixtures/make_weighted.py` and `fixtures/make_multiclass.py`).

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::record_batch::RecordBatch;
use refit_evaluation::{
    Evaluation, EvaluationError, EvaluationSet, EvaluationSpec, Report, ReportContext, SliceBy, evaluate, evaluate_with,
};
use serde_json::Value;

use crate::fixtures::{booster, features, path};

fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path(name)).unwrap()).unwrap()
}

/// Quarters from 0 to 2.5 by the row's number, as the scripts have it.
fn weight(row: usize) -> f64 {
    (row * 7919 % 11) as f64 / 4.0
}

/// The file's rows with the weights in the second field, as a container with `csv_weights` reads them.
fn weighted(file: &str) -> EvaluationSet {
    let text = std::fs::read_to_string(path(file)).unwrap();
    let line = |(row, line): (usize, &str)| {
        let (label, features) = line.split_once(',').unwrap();
        format!("{label},{},{features}\n", weight(row))
    };
    of_lines(&text.lines().enumerate().map(line).collect::<String>())
}

fn of_lines(lines: &str) -> EvaluationSet {
    let columns: Vec<String> = std::iter::once("count".to_owned()).chain(features()).collect();
    EvaluationSet::from_reader("rows", Cursor::new(lines.to_owned()), &columns).weighted_by("count").unwrap()
}

fn compared(challenger: &str, champion: &str, file: &str) -> Evaluation {
    let champion = booster(champion);
    let mut spec = EvaluationSpec::default();
    spec.champion = Some(&champion);
    spec.slices = vec![SliceBy { column: "visib".to_owned(), cuts: vec![8.0] }];
    evaluate_with(&booster(challenger), weighted(file), &spec).unwrap()
}

#[track_caller]
fn assert_close(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{what}: {found}, expected {expected}");
}

#[track_caller]
fn assert_figures(evaluation: &Evaluation, expected: &Value, names: &[&str]) {
    let figures = evaluation.metrics.figures();
    names.iter().for_each(|name| assert_close(figures[name], &expected["figures"][name], name));
    for slice in &evaluation.slices {
        let expected = &expected["slices"][&slice.value];
        for (name, found) in [
            ("mae", Some(slice.mae)),
            ("rmse", Some(slice.rmse)),
            ("bias", slice.bias),
            ("stdev_error", Some(slice.stdev_error)),
            ("label_mean", slice.label_mean),
            ("auc", slice.auc),
            ("logloss", slice.logloss),
            ("merror", slice.merror),
            ("mlogloss", slice.mlogloss),
        ] {
            assert_eq!(found.is_some(), expected.get(name).is_some(), "{}: {name}", slice.value);
            found.into_iter().for_each(|found| assert_close(found, &expected[name], name));
        }
    }
    assert_eq!(evaluation.slices.iter().map(|slice| slice.rows).sum::<u64>(), evaluation.metrics.rows());
}

/// Both models' values and the interval of their difference.
fn assert_compared(evaluation: &Evaluation, expected: &Value, name: &str) {
    let found = &evaluation.champion.as_ref().unwrap().comparison;
    assert_eq!(found.metric, name);
    assert_close(found.challenger, &expected["figures"][name], name);
    assert_close(found.champion, &expected["champion"][name], name);
    let interval: Vec<f64> = serde_json::from_value(expected["interval"].clone()).unwrap();
    // Two bootstraps of some thousand replicates agree to a tenth of the interval's width.
    let room = 0.1 * (interval[1] - interval[0]);
    for (found, expected) in [found.lower, found.upper].into_iter().zip(interval) {
        assert!((found - expected).abs() <= room, "{found}, expected {expected}");
    }
}

#[test]
fn amounts_are_weighted_as_in_scikit_learn() {
    let (evaluation, expected) = (compared("model.tar.gz", "model.tar.gz", "evaluation.csv"), read("weighted.json"));
    let expected = &expected["regression"];
    assert_figures(&evaluation, expected, &["mae", "rmse", "bias", "stdev_error"]);
    let metrics = evaluation.metrics.regression().unwrap();
    assert_close(metrics.label_mean, &expected["figures"]["label_mean"], "label_mean");
    assert_close(metrics.baseline_rmse, &expected["figures"]["baseline_rmse"], "baseline_rmse");
    assert_eq!((Some(metrics.rows), Some(metrics.weight)), (expected["rows"].as_u64(), expected["weight"].as_f64()));
    assert_eq!(evaluation.weighted_by.as_deref(), Some("count"));
    let html = Report::new(evaluation, ReportContext::new("jfk", "job", chrono::Utc::now())).html();
    assert!(html.contains("held-out rows, weighted by <em>count</em>,") && html.contains("Their weight"));
}

#[test]
fn two_classes_are_weighted_as_in_scikit_learn() {
    let (evaluation, expected) = (compared("binary.tar.gz", "weaker.tar.gz", "binary.csv"), read("weighted.json"));
    let names = ["mae", "rmse", "bias", "stdev_error", "auc", "pr_auc", "logloss", "error", "f1", "brier"];
    assert_figures(&evaluation, &expected["binary"], &names);
    assert_compared(&evaluation, &expected["binary"], "logloss");
}

#[test]
fn several_classes_are_weighted_as_in_scikit_learn() {
    let evaluation = compared("multiclass.tar.gz", "multiclass_weaker.tar.gz", "multiclass.csv");
    let expected = read("multiclass.json");
    let names = ["merror", "mlogloss", "macro_f1", "weighted_f1", "mae", "rmse", "stdev_error"];
    assert_figures(&evaluation, &expected["weighted"], &names);
    assert_compared(&evaluation, &expected["weighted"], "mlogloss");
    let metrics = evaluation.metrics.multiclass().unwrap();
    let confusion: Vec<Vec<f64>> =
        serde_json::from_value(expected["weighted"]["figures"]["confusion"].clone()).unwrap();
    assert_eq!(metrics.confusion, confusion);
    let quality = evaluation.model_quality(chrono::Utc::now());
    for name in ["weighted_precision", "weighted_recall", "weighted_f0_5", "weighted_f2"] {
        let found = quality["multiclass_classification_metrics"][name]["value"].as_f64().unwrap();
        assert_close(found, &expected["weighted"]["figures"][name], name);
    }
    let html = Report::new(evaluation, ReportContext::new("jfk", "job", chrono::Utc::now())).html();
    assert!(html.contains(">weight</th>"), "support is a weight");
}

/// Rows that are there twice and rows of the weight 2 are the same, but for how many they are; of weight 0, none.
#[test]
fn a_weight_is_so_many_rows() {
    let text = std::fs::read_to_string(path("multiclass.csv")).unwrap();
    let copies = |row: usize| row % 3;
    let lines = || text.lines().take(120).enumerate();
    let once =
        lines().map(|(row, line)| line.replacen(',', &format!(",{},", copies(row)), 1) + "\n").collect::<String>();
    let repeated = lines().map(|(row, line)| format!("{line}\n").repeat(copies(row))).collect::<String>();
    for model in ["multiclass.tar.gz", "model.tar.gz"] {
        let one = evaluate(&booster(model), of_lines(&once)).unwrap();
        let set = EvaluationSet::from_reader("rows", Cursor::new(repeated.clone()), &features());
        let other = evaluate(&booster(model), set).unwrap();
        assert_eq!((one.metrics.weight(), one.metrics.rows()), (other.metrics.rows() as f64, 80));
        for ((name, one), (_, other)) in one.metrics.figures().into_iter().zip(other.metrics.figures()) {
            assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0), "{name}: {one}, {other}");
        }
        for (one, other) in one.importance.iter().zip(&other.importance) {
            let (one, other) = (one.effect.unwrap(), other.effect.unwrap());
            assert!((one - other).abs() <= 1e-9 * other.max(1.0), "{one}, {other}");
        }
    }
}

const GOOD: &str = "1,1,8,1205,13.5,9.9,0\n2,0.5,9,1205,13.5,9.9,0\n";

#[test]
fn weights_that_are_none_are_refused_with_their_row() {
    for value in ["", "nan", "-1", "-1e-9", "inf", "1e39", "heavy"] {
        let error = evaluate(&booster("model.tar.gz"), of_lines(&format!("{GOOD}3,{value},8,1205,13.5,9.9,0\n")));
        let text = format!(
            "the weight '{value}' (count) in line 3 of rows is no finite 32-bit number from 0 on; give 0 to leave a row out"
        );
        assert_eq!(error.unwrap_err().to_string(), text);
    }
    let wide = evaluate(&booster("model.tar.gz"), of_lines(&format!("{GOOD}1,2,3\n"))).unwrap_err();
    assert_eq!(wide.to_string(), "line 3 of rows has 3 fields, not 7 (the label, the weight and 5 features)");
}

#[test]
fn weights_of_record_batches_are_held_to_the_same() {
    let evaluated = |weights: Vec<Option<f64>>| {
        let of = |value: f64| Arc::new(Float64Array::from(vec![value; 2])) as ArrayRef;
        let columns = [
            ("arr_delay", Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef),
            ("dep_delay", Arc::new(Float64Array::from(vec![8.0, 9.0]))),
            ("distance", of(1205.0)),
            ("wind_speed", of(13.5)),
            ("visib", of(9.9)),
            ("unused", of(0.0)),
            ("count", Arc::new(Float64Array::from(weights))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let schema = batch.schema();
        let set =
            EvaluationSet::from_batches("rows", &schema, std::iter::once(Ok(batch))).weighted_by("count").unwrap();
        assert_eq!((set.features().last(), set.weight()), (Some("unused"), Some("count")));
        evaluate(&booster("model.tar.gz"), set)
    };
    assert_eq!(
        evaluated(vec![Some(1.0), Some(0.5)]).unwrap(),
        evaluate(&booster("model.tar.gz"), of_lines(GOOD)).unwrap()
    );
    for (weight, value) in [(None, "null"), (Some(f64::NAN), "NaN"), (Some(-2.0), "-2"), (Some(f64::INFINITY), "inf")] {
        let error = evaluated(vec![Some(1.0), weight]).unwrap_err();
        let named = matches!(&error, EvaluationError::RowWeight { line: 2, column, value: found, .. }
            if column == "count" && found == value);
        assert!(named, "{error}");
    }
}

#[test]
fn rows_of_which_none_counts_are_not_the_same_as_no_rows() {
    for (model, label) in [("model.tar.gz", 7), ("binary.tar.gz", 1), ("multiclass.tar.gz", 1)] {
        let lines = format!("{label},0,8,1205,13.5,9.9,0\n").repeat(3);
        let error = evaluate(&booster(model), of_lines(&lines)).unwrap_err();
        let text =
            "all 3 rows of rows have the weight 0 (count), which leaves them out; give those that count a weight";
        assert_eq!(error.to_string(), text);
        assert!(matches!(evaluate(&booster(model), of_lines("")), Err(EvaluationError::EmptySet { .. })));
    }
}

/// A class that only rows of weight 0 have is not there.
#[test]
fn rows_of_weight_0_tell_no_class_apart() {
    let lines = "1,1,8,1205,13.5,9.9,0\n0,0,9,1205,13.5,9.9,0\n1,2,9,1205,13.5,9.9,0\n";
    for model in ["binary.tar.gz", "multiclass.tar.gz"] {
        let error = evaluate(&booster(model), of_lines(lines)).unwrap_err();
        assert!(matches!(error, EvaluationError::OneClass { label: 1.0, .. }), "{error}");
    }
}

#[test]
fn a_column_to_weigh_by_must_be_there() {
    let set = EvaluationSet::from_csv(path("evaluation.csv"), &features()).unwrap();
    let text =
        "has no column exposure to weigh its rows by; its columns are dep_delay, distance, wind_speed, visib, unused";
    let error = set.weighted_by("exposure").unwrap_err();
    assert!(error.to_string().ends_with(text), "{error}");
}
