//! Importance agrees with Python's `Booster.get_score`.

use refit_booster::{Booster, FeatureImportance};

use crate::fixtures::{Fixtures, RELEASES};

/// What `get_score` calls a kind of importance.
type Kind = (&'static str, fn(&FeatureImportance) -> f64);

const KINDS: [Kind; 5] = [
    ("weight", |feature| feature.weight as f64),
    ("gain", FeatureImportance::gain),
    ("cover", FeatureImportance::cover),
    ("total_gain", |feature| feature.total_gain),
    ("total_cover", |feature| feature.total_cover),
];

/// `get_score` sums in single precision, and before 1.5 over a text dump of six digits.
const TOLERANCE: f64 = 2e-6;

#[test]
fn importance_is_that_of_get_score() {
    for release in RELEASES {
        let fixtures = Fixtures::of(release);
        for case in &fixtures.index.cases {
            for (file, _) in case.files() {
                let booster = Booster::from_bytes(fixtures.bytes(file)).unwrap();
                let importance = booster.importance();
                for (kind, value) in KINDS {
                    let expected = &case.importance[kind];
                    assert_eq!(importance.len(), expected.len(), "{release} {file}");
                    for feature in &importance {
                        let name = match case.name.as_str() {
                            "named features" => format!("feature {}", feature.feature),
                            _ => format!("f{}", feature.feature),
                        };
                        let (ours, theirs) = (value(feature), expected[&name]);
                        let error = (ours - theirs).abs() / theirs.abs();
                        assert!(error <= TOLERANCE, "{kind} of {name} in {release} {file}: {ours} instead of {theirs}");
                    }
                }
            }
        }
    }
}
