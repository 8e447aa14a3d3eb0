//! What the crate does not read is refused by its name.

use refit_booster::{Booster, BoosterError};

use crate::fixtures::{Fixtures, RELEASES};

#[test]
fn unsupported_models_are_named() {
    for release in RELEASES {
        let fixtures = Fixtures::of(release);
        assert!(!fixtures.index.refused.is_empty());
        for refused in &fixtures.index.refused {
            match Booster::from_bytes(fixtures.bytes(&refused.file)) {
                Err(BoosterError::Unsupported { what, .. }) => {
                    assert!(what.contains(&refused.what), "{release} {}: {what}", refused.file);
                }
                other => panic!("{release} {}: {other:?}", refused.file),
            }
        }
    }
}

#[test]
fn an_objective_of_somebody_else_is_named() {
    let fixtures = Fixtures::of("3.0.5");
    let json = std::str::from_utf8(fixtures.bytes("reg-squarederror/model.json")).unwrap();
    let other = json.replace("reg:squarederror", "reg:home-made");
    match Booster::from_bytes(other.as_bytes()) {
        Err(BoosterError::Unsupported { what, .. }) => assert!(what.contains("reg:home-made"), "{what}"),
        other => panic!("{other:?}"),
    }
}

/// What a release means is not known before it is out; 3.1 and 3.4 changed what a file of the same shape predicts.
#[test]
fn a_release_from_the_future_is_named() {
    let fixtures = Fixtures::of("3.2.0");
    let mut model: serde_json::Value = serde_json::from_slice(fixtures.bytes("dart/model.json")).unwrap();
    for version in [[3, 5, 0], [4, 0, 0]] {
        model["version"] = serde_json::json!(version);
        match Booster::from_bytes(model.to_string().as_bytes()) {
            Err(BoosterError::Unsupported { what, .. }) => {
                assert!(what.contains(&version.map(|n| n.to_string()).join(".")), "{what}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// `pickle.dumps` of an object whose `__reduce__` gives `(os.system, ("touch /tmp/refit-was-here",))`, protocol 3.
#[test]
fn a_pickle_that_would_run_a_command_is_refused_and_not_run() {
    let pickle = b"\x80\x03cposix\nsystem\nq\x00X\x19\x00\x00\x00touch /tmp/refit-was-hereq\x01\x85q\x02Rq\x03.";
    match Booster::from_bytes(pickle) {
        Err(BoosterError::NotABooster { holds }) => assert_eq!(holds, "posix.system"),
        other => panic!("{other:?}"),
    }
    assert!(!std::path::Path::new("/tmp/refit-was-here").exists());
}

#[test]
fn what_is_no_model_is_shown() {
    for (bytes, shown) in [(&b"feature,label\n1,2\n"[..], "feature,label\\n1"), (b"", ""), (&[0; 300], "\\x00")] {
        match Booster::from_bytes(bytes) {
            Err(BoosterError::UnknownFormat { start }) => assert!(start.starts_with(shown), "{start}"),
            other => panic!("{other:?}"),
        }
    }
}

/// Each change is one that libxgboost reads out of bounds for, or without end.
#[test]
fn trees_that_lead_nowhere_are_refused() {
    let fixtures = Fixtures::of("3.0.5");
    let model: serde_json::Value = serde_json::from_slice(fixtures.bytes("reg-squarederror/model.json")).unwrap();
    for (field, node, value, expected) in [
        ("left_children", 0, 1_000_000_i64, "leads to node 1000000"),
        ("right_children", 0, -7, "leads to node -7"),
        ("left_children", 1, 0, "node 0 is reached twice"),
        ("left_children", 0, 2, "node 2 is reached twice"),
        ("split_indices", 0, 6, "splits on feature 6"),
        ("split_indices", 0, 2_147_483_648, "splits on feature 2147483648"),
    ] {
        let mut model = model.clone();
        model["learner"]["gradient_booster"]["model"]["trees"][1][field][node] = serde_json::Value::from(value);
        match Booster::from_bytes(model.to_string().as_bytes()) {
            Err(BoosterError::Inconsistent { tree: 1, reason }) => assert!(reason.contains(expected), "{reason}"),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn numbers_that_do_not_fit_together_are_refused() {
    let fixtures = Fixtures::of("3.0.5");
    let model: serde_json::Value = serde_json::from_slice(fixtures.bytes("multi-softprob/model.json")).unwrap();
    let damage = |change: fn(&mut serde_json::Value)| {
        let mut model = model.clone();
        change(&mut model["learner"]);
        match Booster::from_bytes(model.to_string().as_bytes()) {
            Err(BoosterError::Damaged { source, .. }) => source.to_string(),
            Err(BoosterError::Inconsistent { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    };
    let huge = damage(|learner| learner["learner_model_param"]["num_class"] = "2147483647".into());
    assert!(huge.contains("2147483647 outputs"), "{huge}");
    let wide = damage(|learner| learner["learner_model_param"]["num_feature"] = "18446744073709551615".into());
    assert!(wide.contains("18446744073709551615 features"), "{wide}");
    let scores = damage(|learner| learner["learner_model_param"]["base_score"] = "[1E0,2E0]".into());
    assert!(scores.contains("2 values of base_score for 3 outputs"), "{scores}");
    let group = damage(|learner| learner["gradient_booster"]["model"]["tree_info"][0] = 3.into());
    assert!(group.contains("adds to output 3"), "{group}");
    let short = damage(|learner| learner["gradient_booster"]["model"]["tree_info"] = serde_json::json!([0]));
    assert!(short.contains("1 entries of tree_info"), "{short}");
}
