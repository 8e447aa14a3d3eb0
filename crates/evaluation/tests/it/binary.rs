//! A model of two classes, its page, and what the registry shows of it (`fixtures/make_binary.py`).

use chrono::{TimeZone, Utc};
use refit_evaluation::{
    ApprovalRule, Evaluation, EvaluationError, EvaluationSet, EvaluationSpec, Outcome, Report, ReportContext, SliceBy,
    Verdict, evaluate_with,
};
use serde_json::Value;

use crate::fixtures::{booster, evaluation, features, path};

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(path("binary.json")).unwrap()).unwrap()
}

fn rows() -> EvaluationSet {
    EvaluationSet::from_csv(path("binary.csv"), &features()).unwrap()
}

fn compared(challenger: &str, champion: &str) -> Evaluation {
    let champion = booster(champion);
    let mut spec = EvaluationSpec::default();
    spec.champion = Some(&champion);
    spec.slices = vec![SliceBy { column: "visib".to_owned(), cuts: vec![8.0, 10.0] }];
    evaluate_with(&booster(challenger), rows(), &spec).unwrap()
}

#[test]
fn figures_are_those_of_scikit_learn() {
    let (figures, expected) = (compared("binary.tar.gz", "weaker.tar.gz").figures(), expected());
    for name in ["auc", "pr_auc", "logloss", "f1"] {
        let (found, expected) = (figures[name], expected[name].as_f64().unwrap());
        assert!((found - expected).abs() <= 1e-9 * expected, "{name}: {found}, expected {expected}");
    }
}

#[test]
fn a_weaker_champion_makes_way_and_a_weaker_challenger_does_not() {
    let better = compared("binary.tar.gz", "weaker.tar.gz");
    assert_eq!(better.champion.as_ref().unwrap().comparison.verdict, Verdict::Better);
    assert_eq!(ApprovalRule::default().decide(&better.evidence()).outcome, Outcome::Approve);
    let worse = compared("weaker.tar.gz", "binary.tar.gz");
    assert_eq!(worse.champion.as_ref().unwrap().comparison.verdict, Verdict::Worse);
    assert_eq!(ApprovalRule::default().decide(&worse.evidence()).outcome, Outcome::Reject);
}

#[test]
fn the_registry_gets_sagemakers_shape() {
    let at = Utc.with_ymd_and_hms(2024, 5, 31, 6, 0, 0).unwrap();
    let (found, expected) = (compared("binary.tar.gz", "weaker.tar.gz").model_quality(at), expected());
    assert_eq!(found["dataset"], serde_json::json!({"item_count": 400, "evaluation_time": "2024-05-31T06:00:00Z"}));
    let metrics = &found["binary_classification_metrics"];
    for (name, standard) in [("auc", "auc"), ("f1", "f1"), ("f0_5", "f0_5"), ("f2", "f2")] {
        let apart = metrics[name]["value"].as_f64().unwrap() - expected[standard].as_f64().unwrap();
        assert!(apart.abs() < 1e-9, "{name}");
        assert_eq!(metrics[name]["standard_deviation"], "NaN");
    }
    for (label, said) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let found = metrics["confusion_matrix"][label.to_string()][said.to_string()].as_f64();
        assert_eq!(found, expected["confusion"][label][said].as_f64());
    }
    let regression = evaluation().model_quality(at);
    assert_eq!(regression["regression_metrics"]["rmse"]["value"].as_f64(), Some(evaluation().metrics.rmse()));
}

#[test]
fn the_page_says_the_verdict_first() {
    let evaluation = compared("binary.tar.gz", "weaker.tar.gz");
    let mut context = ReportContext::new("jfk", "tune-jfk-001", Utc.with_ymd_and_hms(2024, 5, 31, 6, 0, 0).unwrap());
    context.decision = Some(ApprovalRule::default().decide(&evaluation.evidence()));
    let report = Report::new(evaluation, context);
    let html = report.html();
    for part in ["better than", "The approval rule", "ROC curve", "Calibration", "Slices", "10 and above"] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.find("Verdict").unwrap() < html.find("RMSE vs mean").unwrap());
    assert!(html.len() < 1_000_000 && !html.contains("NaN"));
    assert!(report.json()["evaluation"]["champion"]["comparison"]["verdict"] == "better");
}

#[test]
fn one_class_is_refused_by_its_label() {
    let lines = std::io::Cursor::new("1,8,1205,13.5,9.9,0\n1,9,1205,13.5,9.9,0\n");
    let set = EvaluationSet::from_reader("late", lines, &features());
    let error = evaluate_with(&booster("binary.tar.gz"), set, &EvaluationSpec::default()).unwrap_err();
    assert!(matches!(&error, EvaluationError::OneClass { set, label: 1.0 } if set == "late"), "{error}");
}
