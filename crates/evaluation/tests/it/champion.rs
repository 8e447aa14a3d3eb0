//! Champion against challenger, beside a bootstrap of NumPy and scikit-learn (`fixtures/make_champion.py`).

use proptest::prelude::*;
use refit_evaluation::{
    Change, ComparisonSpec, Deviance, EvaluationError, Metric, PairedComparison, PairedTally, Verdict,
};
use serde::Deserialize;

use crate::fixtures::path;

#[derive(Deserialize)]
struct Case {
    name: String,
    metric: Metric,
    label: Vec<u64>,
    champion: Vec<u64>,
    challenger: Vec<u64>,
    weight: Vec<u64>,
    values: [f64; 2],
    interval: [f64; 2],
}

fn compared(case: &Case, spec: ComparisonSpec) -> PairedComparison {
    let mut tally = PairedTally::new("rows", spec).unwrap();
    for row in 0..case.label.len() {
        let [label, champion, challenger, weight] =
            [&case.label, &case.champion, &case.challenger, &case.weight].map(|column| f64::from_bits(column[row]));
        tally.add(label, champion, challenger, weight).unwrap();
    }
    tally.comparison().unwrap()
}

fn cases() -> Vec<Case> {
    serde_json::from_slice(&std::fs::read(path("champion.json")).unwrap()).unwrap()
}

#[test]
fn values_and_intervals_are_those_of_numpy() {
    for case in cases() {
        let found = compared(&case, ComparisonSpec::new(case.metric));
        for (found, expected) in [found.champion, found.challenger].into_iter().zip(case.values) {
            assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{}: {found}, expected {expected}", case.name);
        }
        // Two bootstraps of some thousand replicates agree to a tenth of the interval's width.
        let room = 0.1 * (case.interval[1] - case.interval[0]);
        for (found, expected) in [found.lower, found.upper].into_iter().zip(case.interval) {
            assert!((found - expected).abs() <= room, "{}: {found}, expected {expected}", case.name);
        }
    }
}

#[test]
fn verdicts_follow_the_interval() {
    let expected = |name: &str, verdict: Verdict| match name {
        "better" => verdict == Verdict::Better,
        "worse" => verdict == Verdict::Worse,
        _ => matches!(verdict, Verdict::Undecided { .. } | Verdict::NotWorse),
    };
    for case in cases() {
        let found = compared(&case, ComparisonSpec::new(case.metric));
        assert!(expected(&case.name, found.verdict), "{}: {found:?}", case.name);
    }
}

#[test]
fn an_improvement_that_is_too_small_is_not_better() {
    let case = cases().remove(0);
    let mut spec = ComparisonSpec::new(case.metric);
    spec.better_by = Change { absolute: 0.0, relative: 0.9 };
    assert_eq!(compared(&case, spec).verdict, Verdict::NotWorse);
}

#[test]
fn the_same_seed_gives_the_same_interval() {
    let case = cases().remove(2);
    let spec = ComparisonSpec::new(case.metric);
    assert_eq!(compared(&case, spec.clone()), compared(&case, spec.clone()));
    let mut other = spec.clone();
    other.seed = 1;
    assert_ne!(compared(&case, spec).lower, compared(&case, other).lower);
}

/// 50,000 rows are more than there are groups; the normal approximation is the independent figure.
#[test]
fn many_rows_share_groups_and_keep_their_spread() {
    let mut tally = PairedTally::new("rows", ComparisonSpec::new(Metric::Mae)).unwrap();
    let gains: Vec<f64> =
        (0..50_000_u32).map(|row| f64::from(row.wrapping_mul(2_654_435_761) >> 16) / 65536.0).collect();
    gains.iter().for_each(|gain| tally.add(0.0, 2.0, 2.0 - gain, 1.0).unwrap());
    let rows = gains.len() as f64;
    let mean = gains.iter().sum::<f64>() / rows;
    let spread = (gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / rows).sqrt();
    let found = tally.comparison().unwrap();
    assert!((found.improvement - mean).abs() < 1e-12);
    let half = (found.upper - found.lower) / 2.0;
    let expected = 1.959964 * spread / rows.sqrt();
    assert!((half / expected - 1.0).abs() < 0.08, "{half}, expected {expected}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let mut spec = ComparisonSpec::new(Metric::Auc);
    let one_class = |spec| {
        let mut tally = PairedTally::new("rows", spec).unwrap();
        tally.add(1.0, 0.5, 0.6, 1.0).unwrap();
        tally.comparison().unwrap_err()
    };
    assert!(matches!(one_class(spec.clone()), EvaluationError::OneClass { label: 1.0, .. }));
    let mut tally = PairedTally::new("rows", spec.clone()).unwrap();
    assert!(matches!(tally.comparison(), Err(EvaluationError::EmptySet { .. })));
    assert!(matches!(tally.add(0.5, 0.5, 0.5, 1.0), Err(EvaluationError::Class { row: 1, .. })));
    assert!(matches!(tally.add(1.0, f64::NAN, 0.5, 1.0), Err(EvaluationError::NotFinite { row: 2, .. })));
    spec.confidence = 1.0;
    assert!(matches!(PairedTally::new("rows", spec), Err(EvaluationError::Comparison { .. })));
    for (metric, named) in [
        (Metric::QuantileLoss { alpha: 1.5 }, "quantile of 1.5"),
        (Metric::Deviance(Deviance::Tweedie { power: 2.0 }), "Tweedie power of 2"),
    ] {
        let error = ComparisonSpec::new(metric).check().unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
    let mut spec = ComparisonSpec::new(Metric::Rmse);
    spec.worse_by.relative = f64::NAN;
    assert!(spec.check().unwrap_err().to_string().contains("worse_by"));
}

proptest! {
    #[test]
    fn a_model_is_not_worse_than_itself(rows in proptest::collection::vec((-1e3..1e3_f64, -1e3..1e3_f64), 30..100)) {
        let mut tally = PairedTally::new("rows", ComparisonSpec::new(Metric::Rmse)).unwrap();
        rows.iter().for_each(|(label, predicted)| tally.add(*label, *predicted, *predicted, 1.0).unwrap());
        let found = tally.comparison().unwrap();
        prop_assert_eq!((found.improvement, found.lower, found.upper), (0.0, 0.0, 0.0));
        prop_assert_eq!(found.verdict, Verdict::NotWorse);
    }

    #[test]
    fn the_interval_holds_the_improvement(rows in proptest::collection::vec((0.0..1.0_f64, 0.0..1.0_f64, any::<bool>()), 30..100)) {
        for metric in [Metric::Brier, Metric::Error, Metric::Logloss] {
            let mut tally = PairedTally::new("rows", ComparisonSpec::new(metric)).unwrap();
            rows.iter().for_each(|(one, other, label)| tally.add(f64::from(u8::from(*label)), *one, *other, 1.0).unwrap());
            let found = tally.comparison().unwrap();
            prop_assert!(found.lower <= found.improvement && found.improvement <= found.upper, "{found:?}");
        }
    }
}
