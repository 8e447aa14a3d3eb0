//! A model of several classes, its page, and what the registry and the history show of it (`fixtures/make_multiclass.py`).

use chrono::{TimeZone, Utc};
use proptest::prelude::*;
use refit_evaluation::{
    ApprovalRule, BinaryTally, ColumnProfile, ComparisonSpec, DriftLimits, DriftTally, Evaluation, EvaluationError,
    EvaluationRow, EvaluationSet, EvaluationSpec, Metric, MetricThreshold, MulticlassTally, Outcome, PairedTally,
    RegressionMetrics, Report, ReportContext, RequiredVerdict, SliceBy, SliceLimit, TrainingProfile, Verdict, evaluate,
    evaluate_with,
};
use serde_json::{Value, json};

use crate::fixtures::{booster, evaluation, features, path};

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(path("multiclass.json")).unwrap()).unwrap()
}

fn rows() -> EvaluationSet {
    EvaluationSet::from_csv(path("multiclass.csv"), &features()).unwrap()
}

fn compared(challenger: &str, champion: &str, metric: Option<Metric>) -> Evaluation {
    let champion = booster(champion);
    let mut spec = EvaluationSpec::default();
    spec.champion = Some(&champion);
    spec.comparison = metric.map(ComparisonSpec::new);
    spec.slices = vec![SliceBy { column: "visib".to_owned(), cuts: vec![8.0] }];
    evaluate_with(&booster(challenger), rows(), &spec).unwrap()
}

fn page(evaluation: &Evaluation) -> String {
    let mut context = ReportContext::new("jfk", "tune-jfk-001", Utc.with_ymd_and_hms(2024, 5, 31, 6, 0, 0).unwrap());
    context.label = "arrival".to_owned();
    context.class_names = ["on time", "late", "<very> late", "cancelled"].map(String::from).to_vec();
    Report::new(evaluation.clone(), context).html()
}

#[track_caller]
fn assert_close(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{what}: {found}, expected {expected}");
}

#[test]
fn figures_are_those_of_scikit_learn() {
    let (evaluation, expected) = (evaluate(&booster("multiclass.tar.gz"), rows()).unwrap(), expected());
    let (expected, figures) = (&expected["plain"]["figures"], evaluation.metrics.figures());
    for name in ["merror", "mlogloss", "macro_f1", "weighted_f1", "mae", "rmse", "stdev_error"] {
        assert_close(figures[name], &expected[name], name);
    }
    let metrics = evaluation.metrics.multiclass().unwrap();
    assert_close(metrics.baseline_merror, &expected["baseline_merror"], "baseline_merror");
    assert_close(metrics.baseline_mlogloss, &expected["baseline_mlogloss"], "baseline_mlogloss");
    assert_eq!(json!(metrics.confusion), expected["confusion"]);
    for (class, found) in metrics.classes.iter().enumerate() {
        assert_close(found.precision, &expected["precision"][class], "precision");
        assert_close(found.recall, &expected["recall"][class], "recall");
        assert_close(found.f1, &expected["f1"][class], "f1");
    }
    assert_eq!((evaluation.trees, evaluation.distributions), (80, None));
    assert_eq!(json!(evaluation.prediction_profile.classes), expected["said"]);
}

/// `multi:softmax` keeps the likeliest class only; XGBoost measures both by the probabilities.
#[test]
fn softmax_is_measured_as_softprob_of_the_same_trees() {
    let of = |model| evaluate(&booster(model), rows()).unwrap();
    let (softmax, softprob) = (of("softmax.tar.gz"), of("multiclass.tar.gz"));
    assert_eq!(softmax.objective, "multi:softmax");
    assert_eq!(softmax.metrics, softprob.metrics);
    assert_eq!(softmax.prediction_profile, softprob.prediction_profile);
    let compared = compared("softmax.tar.gz", "multiclass.tar.gz", None).champion.unwrap().comparison;
    assert_eq!((compared.verdict, compared.improvement), (Verdict::NotWorse, 0.0));
}

#[test]
fn a_weaker_champion_makes_way_and_a_weaker_challenger_does_not() {
    for (metric, name) in [(None, "mlogloss"), (Some(Metric::Mlogloss), "mlogloss"), (Some(Metric::Merror), "merror")] {
        let better = compared("multiclass.tar.gz", "multiclass_weaker.tar.gz", metric);
        let comparison = &better.champion.as_ref().unwrap().comparison;
        assert_eq!((comparison.metric.as_str(), comparison.verdict), (name, Verdict::Better));
        let expected = &expected()["plain"];
        assert_close(comparison.champion, &expected["champion"][name], name);
        assert_close(comparison.challenger, &expected["figures"][name], name);
        assert_eq!(ApprovalRule::default().decide(&better.evidence()).outcome, Outcome::Approve);
        let worse = compared("multiclass_weaker.tar.gz", "multiclass.tar.gz", metric);
        assert_eq!(worse.champion.as_ref().unwrap().comparison.verdict, Verdict::Worse);
        assert_eq!(ApprovalRule::default().decide(&worse.evidence()).outcome, Outcome::Reject);
    }
}

#[test]
fn the_interval_is_that_of_numpys_bootstrap() {
    let found = compared("multiclass.tar.gz", "multiclass_weaker.tar.gz", None).champion.unwrap().comparison;
    let expected: Vec<f64> = serde_json::from_value(expected()["plain"]["interval"].clone()).unwrap();
    // Two bootstraps of some thousand replicates agree to a tenth of the interval's width.
    let room = 0.1 * (expected[1] - expected[0]);
    for (found, expected) in [found.lower, found.upper].into_iter().zip(expected) {
        assert!((found - expected).abs() <= room, "{found}, expected {expected}");
    }
}

#[test]
fn slices_are_measured_alike() {
    let (found, expected) = (compared("multiclass.tar.gz", "softmax.tar.gz", None), expected());
    assert_eq!(found.slices.iter().map(|slice| slice.rows).sum::<u64>(), 400);
    for slice in &found.slices {
        let expected = &expected["plain"]["slices"][&slice.value];
        assert_close(slice.merror.unwrap(), &expected["merror"], &slice.value);
        assert_close(slice.mlogloss.unwrap(), &expected["mlogloss"], &slice.value);
        assert_close(slice.mae, &expected["mae"], &slice.value);
        assert_close(slice.rmse, &expected["rmse"], &slice.value);
        assert_close(slice.stdev_error, &expected["stdev_error"], &slice.value);
        assert_eq!((slice.bias, slice.label_mean, slice.auc, slice.logloss), (None, None, None, None));
    }
}

#[test]
fn a_rule_has_thresholds_on_classes() {
    let evaluation = compared("multiclass.tar.gz", "multiclass_weaker.tar.gz", None);
    let decided = |rule: ApprovalRule| rule.decide(&evaluation.evidence());
    let of = |thresholds| ApprovalRule { verdict: RequiredVerdict::Any, thresholds, ..ApprovalRule::default() };
    let good = [
        MetricThreshold::at_most("merror", 0.3),
        MetricThreshold::at_most("mlogloss", 0.61),
        MetricThreshold::at_least("macro_f1", 0.7),
        MetricThreshold::at_least("improvement_over_shares", 0.4),
    ];
    assert_eq!(decided(of(good.to_vec())).outcome, Outcome::Approve);
    for short in [MetricThreshold::at_most("merror", 0.2), MetricThreshold::at_least("auc", 0.5)] {
        assert_eq!(decided(of(vec![short])).outcome, Outcome::LeavePending);
    }
    // By NumPy the MAE of a slice is at most 0.510 (where `visib` is missing), that of all rows 0.404.
    let behind = |most_times_mae| {
        let slices = Some(SliceLimit { most_times_mae, least_rows: 10 });
        decided(ApprovalRule { slices, ..ApprovalRule::default() }).outcome
    };
    assert_eq!((behind(1.3), behind(1.2)), (Outcome::Approve, Outcome::LeavePending));
}

#[test]
fn effects_are_those_of_python_added_up_over_the_classes() {
    let text = std::fs::read_to_string(path("multiclass.csv")).unwrap();
    let lines: String = text.lines().take(100).map(|line| format!("{line}\n")).collect();
    let set = EvaluationSet::from_reader("rows", std::io::Cursor::new(lines), &features());
    let found = evaluate(&booster("multiclass.tar.gz"), set).unwrap();
    for feature in &found.importance {
        let expected = expected()["effects"][&feature.feature].as_f64().unwrap();
        let effect = feature.effect.unwrap();
        assert!((effect - expected).abs() <= 1e-5 * expected, "{}: {effect}, expected {expected}", feature.feature);
    }
}

#[test]
fn the_registry_gets_sagemakers_shape() {
    let at = Utc.with_ymd_and_hms(2024, 5, 31, 6, 0, 0).unwrap();
    let evaluation = evaluate(&booster("multiclass.tar.gz"), rows()).unwrap();
    let (found, expected) = (evaluation.model_quality(at), expected());
    assert_eq!(found["dataset"], json!({"item_count": 400, "evaluation_time": "2024-05-31T06:00:00Z"}));
    let (metrics, expected) = (&found["multiclass_classification_metrics"], &expected["plain"]["figures"]);
    for name in ["weighted_precision", "weighted_recall", "weighted_f0_5", "weighted_f1", "weighted_f2"] {
        assert_close(metrics[name]["value"].as_f64().unwrap(), &expected[name], name);
        assert_eq!(metrics[name]["standard_deviation"], "NaN");
    }
    assert_close(metrics["accuracy"]["value"].as_f64().unwrap(), &expected["weighted_recall"], "accuracy");
    for (label, said) in (0..4).flat_map(|label| (0..4).map(move |said| (label, said))) {
        let found = &metrics["confusion_matrix"][label.to_string()][said.to_string()];
        assert_eq!(*found, expected["confusion"][label][said]);
    }
}

/// The values of the example in *Model quality metrics* of the SageMaker Developer Guide, whose most frequent class has
/// 0.19370229007633588 of the rows: here 203 of 1048 have it.
#[test]
fn the_constant_classifier_is_sagemakers() {
    let mut tally = MulticlassTally::new("rows", 6);
    for (class, count) in [(0, 203), (1, 169), (2, 169), (3, 169), (4, 169), (5, 169)] {
        (0..count).for_each(|_| tally.add(f64::from(class), &[0.5, 0.1, 0.1, 0.1, 0.1, 0.1], 1.0).unwrap());
    }
    let mut evaluation = evaluate(&booster("multiclass.tar.gz"), rows()).unwrap();
    evaluation.metrics = refit_evaluation::Metrics::Multiclass(tally.metrics().unwrap());
    let found = evaluation.model_quality(Utc::now());
    for (name, expected) in [
        ("accuracy", 0.193_702_290_076_335_88),
        ("weighted_recall", 0.193_702_290_076_335_88),
        ("weighted_precision", 0.037_520_577_181_066_97),
        ("weighted_f0_5", 0.044_734_431_041_520_11),
        ("weighted_f1", 0.062_864_212_446_836_43),
        ("weighted_f2", 0.105_703_131_412_624_14),
    ] {
        let metrics = &found["multiclass_classification_metrics"];
        for name in [name.to_owned(), format!("{name}_best_constant_classifier")] {
            let found = metrics[&name]["value"].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-12, "{name}: {found}, expected {expected}");
        }
    }
}

#[test]
fn the_history_keeps_what_the_right_class_lacks() {
    let (evaluation, expected) = (evaluate(&booster("multiclass.tar.gz"), rows()).unwrap(), expected());
    let row = EvaluationRow::new(Utc::now(), "job", &evaluation.objective, "validation:mlogloss", &evaluation.metrics);
    let expected = &expected["plain"]["figures"];
    assert_eq!(row.objective, "multi:softprob");
    assert_close(row.mae, &expected["mae"], "mae");
    assert_close(row.rmse, &expected["rmse"], "rmse");
    assert_close(row.stdev_error, &expected["stdev_error"], "stdev_error");
}

#[test]
fn the_page_has_what_applies_to_classes() {
    let html = page(&compared("multiclass.tar.gz", "multiclass_weaker.tar.gz", None));
    // Of multiclass.json: merror 0.2825, mlogloss 0.60006 against 1.01687, recall of class 0 is 98 of 130.
    let texts = [
        "rightly for <b>71.8%</b>",
        "0.6001",
        "41.0% lower",
        "Always saying late: 50.0%",
        "Verdict",
        "mlogloss",
        "Confusion",
        "98<small>75.4%</small>",
        "&lt;very&gt; late",
        "No row has <b>cancelled</b>",
        "error rate",
        "Log loss vs champion",
        "added up over the classes",
        "lacks.",
    ];
    for text in texts {
        assert!(html.contains(text), "the page does not hold {text:?}");
    }
    for text in ["Predicted and actual", "ROC", "Calibration", "RMSE vs mean", "prediction − actual", "NaN", "<very>"]
    {
        assert!(!html.contains(text), "the page holds {text:?}");
    }
    assert!(html.find("Verdict").unwrap() < html.find("Error rate").unwrap());
    let plain = page(&evaluation());
    assert!(!plain.contains("Confusion") && plain.contains("Predicted and actual"));
}

/// The history may begin with models of amounts.
#[test]
fn an_earlier_model_of_another_kind_is_no_measure() {
    let at = Utc.with_ymd_and_hms(2024, 5, 31, 6, 0, 0).unwrap();
    let of = |objective: &str| {
        let earlier = at - chrono::TimeDelta::days(30);
        EvaluationRow::new(earlier, "earlier", objective, "validation:rmse", &evaluation().metrics)
    };
    let report = |objective: &str| {
        let mut context = ReportContext::new("jfk", "tune-jfk-001", at);
        context.history = vec![of(objective)];
        Report::new(evaluate(&booster("multiclass.tar.gz"), rows()).unwrap(), context)
    };
    let other = report("reg:squarederror");
    assert_eq!(other.comparison().previous, None);
    let html = other.html();
    assert!(
        html.contains("No earlier model is one to compare with") && !html.contains("RMSE and MAE over the evaluations")
    );
    let alike = report("multi:softmax");
    assert_eq!(alike.comparison().previous, Some(of("multi:softmax")));
    assert!(alike.html().contains("RMSE and MAE over the evaluations"));
}

#[test]
fn the_page_of_very_many_classes_is_bounded() {
    let mut tally = MulticlassTally::new("rows", 500);
    let probabilities: Vec<f32> = (0..500).map(|_| 0.002).collect();
    (0..500).for_each(|class| tally.add(f64::from(class), &probabilities, 1.0).unwrap());
    let mut evaluation = evaluate(&booster("multiclass.tar.gz"), rows()).unwrap();
    evaluation.metrics = refit_evaluation::Metrics::Multiclass(tally.metrics().unwrap());
    let html = page(&evaluation);
    assert!(html.len() < 150_000, "{} bytes", html.len());
    assert!(html.contains("The 16 classes of the most rows, of 500") && html.contains(", …"));
}

#[test]
fn predicted_classes_drift_by_their_shares() {
    let champion = booster("multiclass_weaker.tar.gz");
    let earlier = Report::new(evaluate(&champion, rows()).unwrap(), ReportContext::new("m", "j", Utc::now()));
    let profile = ColumnProfile::from_report(earlier.json().to_string().as_bytes()).unwrap();
    let manifest = json!({"contract": {"label": {"name": "arrival"}, "features": features().iter().map(|name| json!({"name": name})).collect::<Vec<_>>()}});
    let mut training = TrainingProfile::from_manifest(manifest.to_string().as_bytes()).unwrap();
    training.columns = vec![profile.clone()];
    let mut spec = EvaluationSpec::default();
    spec.training = Some(&training);
    let own = evaluate_with(&booster("multiclass.tar.gz"), rows(), &spec).unwrap();
    // PSI by its definition, over the classes, with 0.0001 for one that is never said.
    let share = |rows: u64| (rows as f64 / 400.0).max(1e-4);
    let terms = profile.classes.iter().zip(&own.prediction_profile.classes);
    let psi: f64 = terms.map(|(then, now)| (share(*now) - share(*then)) * (share(*now) / share(*then)).ln()).sum();
    let drifted = &own.drift.unwrap().columns[0];
    assert!((drifted.psi.unwrap() - psi).abs() < 1e-12 && psi > 0.01, "{drifted:?}, expected {psi}");
    assert_eq!((drifted.ks, drifted.rows), (None, 400));
    spec.champion = Some(&champion);
    let same = evaluate_with(&booster("multiclass.tar.gz"), rows(), &spec).unwrap().drift.unwrap();
    assert!(same.columns[0].psi.unwrap() < 1e-12, "{same:?}");
    // What numbers were like says nothing of classes.
    training.columns[0].classes.clear();
    let mut spec = EvaluationSpec::default();
    spec.training = Some(&training);
    assert_eq!(evaluate_with(&champion, rows(), &spec).unwrap().drift.unwrap().columns, []);
}

#[test]
fn a_class_that_was_never_said_in_training_drifts() {
    let profile =
        ColumnProfile { name: "prediction".into(), count: 90, classes: vec![50, 40, 0], ..Default::default() };
    let psi = |said: [u32; 4]| {
        let mut tally = DriftTally::new(profile.clone());
        said.into_iter().enumerate().for_each(|(class, rows)| (0..rows).for_each(|_| tally.add(Some(class as f64))));
        tally.drift(&DriftLimits::default()).psi.unwrap()
    };
    assert_eq!(psi([50, 40, 0, 0]), 0.0);
    let part = |now: f64, then: f64| (now - then) * (now / then).ln();
    let expected = part(0.4, 50.0 / 90.0) + part(0.4, 40.0 / 90.0) + part(0.2, 1e-4);
    assert!((psi([40, 40, 20, 0]) - expected).abs() < 1e-12);
    assert!((psi([40, 40, 0, 20]) - expected).abs() < 1e-12, "a class that the profile does not know");
}

#[test]
fn a_champion_of_other_classes_is_told() {
    let against = |champion: &str| {
        let champion = booster(champion);
        let mut spec = EvaluationSpec::default();
        spec.champion = Some(&champion);
        match evaluate_with(&booster("multiclass.tar.gz"), rows(), &spec).unwrap_err() {
            EvaluationError::Champion { source, .. } => *source,
            other => panic!("{other}"),
        }
    };
    let classes = against("classes.tar.gz");
    assert!(matches!(classes, EvaluationError::ChampionClasses { champion: 3, challenger: 4 }), "{classes}");
    assert!(matches!(against("binary.tar.gz"), EvaluationError::ChampionKind { .. }));
}

#[test]
fn a_metric_that_does_not_fit_is_refused_before_a_row_is_read() {
    for (model, metric, text) in [
        (
            "multiclass.tar.gz",
            Metric::Rmse,
            "the metric rmse does not measure predictions of several classes; compare by mlogloss or merror",
        ),
        (
            "binary.tar.gz",
            Metric::Mlogloss,
            "the metric mlogloss does not measure predictions of two classes; compare by logloss, error, brier or auc",
        ),
        (
            "model.tar.gz",
            Metric::Loss,
            "the metric loss does not measure predictions of one number a row; compare by mae, rmse, quantile_loss or deviance",
        ),
    ] {
        let mut spec = EvaluationSpec::default();
        spec.comparison = Some(ComparisonSpec::new(metric));
        let error = evaluate_with(&booster(model), crate::fixtures::set("not a row"), &spec).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    let mut tally = PairedTally::new("rows", ComparisonSpec::new(Metric::Merror)).unwrap();
    assert!(matches!(tally.add(1.0, 0.5, 0.5, 1.0), Err(EvaluationError::MetricMisfit { .. })));
    assert!(matches!(
        tally.add_classes(2.0, &[0.5, 0.5], &[0.5, 0.5], 1.0),
        Err(EvaluationError::Class { row: 2, .. })
    ));
    let mut tally = PairedTally::new("rows", ComparisonSpec::new(Metric::Mae)).unwrap();
    assert!(matches!(tally.add_classes(1.0, &[0.5, 0.5], &[0.5, 0.5], 1.0), Err(EvaluationError::MetricMisfit { .. })));
}

proptest! {
    /// Two classes are several: what both ways measure is the same.
    #[test]
    fn two_classes_measure_as_several_do(rows in proptest::collection::vec((any::<bool>(), 0..=64_u8, 0..4_u8), 2..100)) {
        prop_assume!(rows.iter().any(|row| row.2 > 0));
        // Parts of 64 have an exact rest.
        let rows = rows.into_iter().map(|(label, p, w)| (f64::from(u8::from(label)), f32::from(p) / 64.0, f64::from(w)));
        let (mut several, mut two) = (MulticlassTally::new("rows", 2), BinaryTally::new("rows"));
        for (label, p, weight) in rows.clone() {
            several.add(label, &[1.0 - p, p], weight).unwrap();
            two.add((label, f64::from(p), weight)).unwrap();
        }
        let errors = RegressionMetrics::from_pairs(rows.map(|(label, p, weight)| (label, f64::from(p), weight))).unwrap();
        let (several, two) = (several.metrics().unwrap(), two.metrics().unwrap());
        for (name, one, other) in [
            ("mlogloss", several.mlogloss, two.logloss),
            ("merror", several.merror, two.error),
            ("mae", several.mae, errors.mae),
            ("rmse", several.rmse, errors.rmse),
            ("f1", several.classes[1].f1, two.f1),
        ] {
            prop_assert!((one - other).abs() <= 1e-12, "{name}: {one}, {other}");
        }
        prop_assert_eq!(several.confusion, two.confusion.map(Vec::from));
    }
}
