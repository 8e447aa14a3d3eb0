//! Drift against NumPy's and SciPy's figures (`fixtures/make_drift.py`).

use proptest::prelude::*;
use refit_evaluation::{
    ColumnProfile, DriftLevel, DriftLimits, DriftReport, DriftTally, EvaluationError, TrainingProfile,
};
use serde::Deserialize;

use crate::fixtures::path;

#[derive(Deserialize)]
struct Case {
    profile: ColumnProfile,
    today: Vec<Option<f64>>,
    psi: f64,
    ks: f64,
    missing_rate: f64,
    below: f64,
    above: f64,
}

fn cases() -> Vec<Case> {
    serde_json::from_slice(&std::fs::read(path("drift.json")).unwrap()).unwrap()
}

fn tallied(profile: &ColumnProfile, today: &[Option<f64>]) -> refit_evaluation::ColumnDrift {
    let mut tally = DriftTally::new(profile.clone());
    today.iter().for_each(|value| tally.add(*value));
    tally.drift(&DriftLimits::default())
}

#[test]
fn figures_are_those_of_numpy_and_scipy() {
    for case in cases() {
        let found = tallied(&case.profile, &case.today);
        let name = &case.profile.name;
        let psi = found.psi.unwrap();
        assert!((psi - case.psi).abs() <= 1e-9 * case.psi.max(1e-3), "{name}: PSI {psi}, expected {}", case.psi);
        // A hundred quantiles know a distribution to 0.01.
        assert!((found.ks.unwrap() - case.ks).abs() <= 0.0101, "{name}: KS {:?}, expected {}", found.ks, case.ks);
        assert!((found.missing_rate - case.missing_rate).abs() < 1e-12, "{name}");
        assert!((found.below_training - case.below).abs() < 1e-12, "{name}");
        assert!((found.above_training - case.above).abs() < 1e-12, "{name}");
    }
}

#[test]
fn levels_are_the_conventional_ones() {
    let drifted: Vec<_> = cases().iter().map(|case| tallied(&case.profile, &case.today)).collect();
    let level = |name: &str| drifted.iter().find(|column| column.column == name).unwrap().level;
    assert_eq!(level("the same"), DriftLevel::Stable);
    assert_eq!(level("moved"), DriftLevel::Moderate);
    assert_eq!(level("far"), DriftLevel::Major);
    assert_eq!(level("constant"), DriftLevel::Stable);
    let report = DriftReport::new(drifted, DriftLimits::default());
    assert_eq!(report.level(), DriftLevel::Major);
    assert!(report.columns.is_sorted_by(|one, other| one.level >= other.level));
}

#[test]
fn a_column_without_values_has_no_psi() {
    let profile = ColumnProfile { name: "new".into(), ..ColumnProfile::default() };
    let found = tallied(&profile, &[Some(1.0), None]);
    assert_eq!((found.psi, found.ks, found.rows), (None, None, 2));
}

#[test]
fn a_manifest_is_read() {
    let column = |name: &str| {
        serde_json::json!({"name": name, "data_type": "Float32", "count": 2, "nulls": 0, "min": 0.0, "max": 1.0,
            "mean": 0.5, "stdev": 0.7, "quantiles": [0.0, 1.0]})
    };
    let manifest = serde_json::json!({
        "version": 1,
        "contract": {"label": {"name": "y", "data_type": "Float64"}, "features": [{"name": "a", "data_type": "Float32"}], "missing": "", "version": 1},
        "contract_sha256": "ab",
        "files": [{"set": "evaluation", "columns": []}, {"set": "train", "columns": [column("y"), column("a")]}],
    });
    let profile = TrainingProfile::from_manifest(manifest.to_string().as_bytes()).unwrap();
    assert_eq!((profile.label.as_str(), profile.features.as_slice()), ("y", &["a".to_owned()][..]));
    assert_eq!(profile.column("a").unwrap().quantiles, [0.0, 1.0]);
    assert!(matches!(TrainingProfile::from_manifest(b"{}"), Err(EvaluationError::Profile { .. })));
    let turned = manifest.to_string().replace("[0.0,1.0]", "[1.0,0.0]");
    let error = TrainingProfile::from_manifest(turned.as_bytes()).unwrap_err();
    assert!(matches!(&error, EvaluationError::ProfileColumn { column } if column == "y"), "{error}");
}

proptest! {
    #[test]
    fn the_training_rows_themselves_do_not_drift(mut values in proptest::collection::vec(-1e6..1e6_f64, 200..400)) {
        values.sort_by(f64::total_cmp);
        let rank = |percent: usize| (percent * values.len()).div_ceil(100).max(1) - 1;
        let quantiles: Vec<f64> = (0..=100).map(|percent| values[rank(percent)]).collect();
        let profile = ColumnProfile {
            name: "x".into(), count: values.len() as u64, min: values.first().copied(), max: values.last().copied(), quantiles,
            ..ColumnProfile::default()
        };
        let today: Vec<_> = values.iter().copied().map(Some).collect();
        let found = tallied(&profile, &today);
        prop_assert!(found.psi.unwrap() < 0.001, "{found:?}");
        prop_assert!(found.ks.unwrap() <= 0.0101, "{found:?}");
        prop_assert_eq!((found.below_training, found.above_training), (0.0, 0.0));
    }
}
