//! Every model predicts what the Python XGBoost that wrote it predicts, bit for bit.

use refit_booster::{Booster, Format};

use crate::fixtures::{Fixtures, RELEASES};

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn bit_for_bit(release: &str) {
    let fixtures = Fixtures::of(release);
    let (rows, columns) = (fixtures.rows(), fixtures.index.columns);
    for case in &fixtures.index.cases {
        for (file, expected) in case.files() {
            let booster = Booster::from_bytes(fixtures.bytes(file)).unwrap_or_else(|error| panic!("{file}: {error:?}"));
            assert_eq!(booster.num_trees(), case.trees, "{file}");
            assert_eq!(booster.num_features(), columns, "{file}");
            assert_eq!(booster.best_ntree_limit(), expected.best_ntree_limit, "{file}");
            let margins = booster.predict_margin_dense(&rows, columns).unwrap();
            assert_eq!(bits(&margins.values), expected.margins, "margins of {release} {file}");
            let predictions = booster.predict_dense(&rows, columns).unwrap();
            assert_eq!(bits(&predictions.values), expected.predictions, "predictions of {release} {file}");
            assert_eq!(predictions.groups, expected.values_per_row, "{file}");
            assert_eq!(predictions.rows(), rows.len() / columns, "{file}");
        }
    }
}

#[test]
fn release_0_90() {
    bit_for_bit("0.90");
}

#[test]
fn release_1_0_2() {
    bit_for_bit("1.0.2");
}

#[test]
fn release_1_2_1() {
    bit_for_bit("1.2.1");
}

#[test]
fn release_1_3_3() {
    bit_for_bit("1.3.3");
}

#[test]
fn release_1_4_2() {
    bit_for_bit("1.4.2");
}

#[test]
fn release_1_5_2() {
    bit_for_bit("1.5.2");
}

#[test]
fn release_1_6_2() {
    bit_for_bit("1.6.2");
}

#[test]
fn release_1_7_6() {
    bit_for_bit("1.7.6");
}

#[test]
fn release_2_1_4() {
    bit_for_bit("2.1.4");
}

#[test]
fn release_3_0_5() {
    bit_for_bit("3.0.5");
}

#[test]
fn release_3_2_0() {
    bit_for_bit("3.2.0");
}

#[test]
fn release_3_4_1() {
    bit_for_bit("3.4.1");
}

/// A file's name in the archives says how Python wrote it; the crate must find out by itself.
#[test]
fn the_content_tells_format_and_version() {
    for release in RELEASES {
        let fixtures = Fixtures::of(release);
        for (file, bytes) in fixtures.models() {
            let booster = Booster::from_bytes(bytes).unwrap();
            let expected = match file.rsplit('.').next().unwrap() {
                "pickle3" | "pickle4" => Format::Pickle,
                "json" => Format::Json,
                "ubj" => Format::Ubj,
                // Python's default, its memory image and `.deprecated`, which changed over time.
                _ if bytes.starts_with(b"{L") => Format::Ubj,
                _ => Format::Binary,
            };
            assert_eq!(booster.format(), expected, "{release} {file}");
            let version = booster.version().map(|version| format!("{}.{}", version.major, version.minor));
            let written = release.rsplit_once('.').unwrap().0;
            assert_eq!(version.as_deref(), (release != "0.90").then_some(written), "{release} {file}");
        }
    }
}

#[test]
fn a_model_names_its_features_where_it_can() {
    let names = (0..6).map(|index| format!("feature {index}")).collect::<Vec<_>>();
    for (release, file) in [("1.2.1", "pickle4"), ("1.7.6", "pickle4"), ("1.5.2", "json"), ("3.0.5", "ubj")] {
        let fixtures = Fixtures::of(release);
        let named = Booster::from_bytes(fixtures.bytes(&format!("named features/model.{file}"))).unwrap();
        assert_eq!(named.feature_names(), Some(names.as_slice()), "{release} {file}");
        let unnamed = Booster::from_bytes(fixtures.bytes(&format!("reg-squarederror/model.{file}"))).unwrap();
        assert_eq!(unnamed.feature_names(), None, "{release} {file}");
    }
}

#[test]
fn objectives_and_groups_are_told() {
    let fixtures = Fixtures::of("3.0.5");
    for (case, objective, groups) in [
        ("multi:softmax", "multi:softmax", 3),
        ("two targets", "reg:squarederror", 2),
        ("reg:quantileerror of three", "reg:quantileerror", 3),
        ("dart", "reg:squarederror", 1),
    ] {
        for (file, _) in fixtures.case(case).files() {
            let booster = Booster::from_bytes(fixtures.bytes(file)).unwrap();
            assert_eq!((booster.objective(), booster.num_groups()), (objective, groups), "{file}");
        }
    }
}
