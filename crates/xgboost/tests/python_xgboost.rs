//! Trainings agree with Python XGBoost 1.6.2, round by round. `fixtures/make_trainings.py` wrote the expected values.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without, it unwraps")]
#![allow(unsafe_code, reason = "the bytes that are loaded are vouched for where they are")]

use std::ops::ControlFlow;

use refit_xgboost::{Booster, DMatrix, EarlyStopping, Format, Round, Trained, Training};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/trainings.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f32> {
    // Through the decimal text, so that the shortest decimal of an f32 gives that f32.
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| if number.is_null() { f32::NAN } else { number.to_string().parse().unwrap() })
        .collect()
}

fn matrices(fixture: &Value, case: &Value) -> (DMatrix, DMatrix) {
    let columns = fixture["columns"].as_u64().unwrap() as usize;
    let labels = &fixture["labels"][case["labels"].as_str().unwrap()];
    let mut train = DMatrix::dense(&floats(&fixture["train"]), columns).unwrap();
    train.set_labels(&floats(&labels["train"])).unwrap();
    if case["weighted"].as_bool().unwrap() {
        train.set_weights(&floats(&fixture["weights"])).unwrap();
    }
    let mut validation = DMatrix::dense(&floats(&fixture["validation"]), columns).unwrap();
    validation.set_labels(&floats(&labels["validation"])).unwrap();
    (train, validation)
}

fn training(case: &Value) -> Training {
    let params = case["params"].as_array().unwrap().iter();
    let params = params.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
    let mut training =
        Training::new([("nthread", "1")].into_iter().chain(params), case["num_round"].as_u64().unwrap() as u32);
    training.early_stopping = case["early"].as_u64().map(|rounds| EarlyStopping {
        rounds: rounds as u32,
        metric: None,
        maximize: case["name"] == "early_maximize",
        save_best: true,
    });
    training
}

fn trained(fixture: &Value, case: &Value) -> (Trained, DMatrix) {
    let (train, validation) = matrices(fixture, case);
    let sets = [("train", &train), ("validation", &validation)];
    let trained = training(case).run(&train, &sets, |_| ControlFlow::Continue(())).unwrap();
    (trained, validation)
}

/// The history of one metric, in the shape Python's `evals_result` has.
fn history(rounds: &[Round], set: &str, name: &str) -> Vec<f64> {
    let of_round = |round: &Round| {
        round.metrics.iter().find(|metric| metric.set == set && metric.name == name).map(|metric| metric.value).unwrap()
    };
    rounds.iter().map(of_round).collect()
}

fn case<'a>(fixture: &'a Value, name: &str) -> &'a Value {
    fixture["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap()
}

#[test]
fn every_metric_of_every_round_is_pythons() {
    let fixture = fixture();
    for case in fixture["cases"].as_array().unwrap() {
        let (trained, _) = trained(&fixture, case);
        for (set, metrics) in case["evals"].as_object().unwrap() {
            for (name, expected) in metrics.as_object().unwrap() {
                let expected: Vec<f64> = expected.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
                let found = history(&trained.rounds, set, name);
                assert_eq!(found.len(), expected.len(), "{}: rounds of {set}-{name}", case["name"]);
                for (round, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    // Python's wheel was built by another compiler: sums may differ in the last digits.
                    assert!(
                        (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
                        "{}: {set}-{name} of round {round} is {found}, not {expected}",
                        case["name"]
                    );
                }
            }
        }
    }
}

#[test]
fn predictions_and_margins_are_pythons() {
    let fixture = fixture();
    for case in fixture["cases"].as_array().unwrap() {
        let (trained, validation) = trained(&fixture, case);
        let found =
            [trained.booster.predict(&validation).unwrap(), trained.booster.predict_margin(&validation).unwrap()];
        for (found, kind) in found.iter().zip(["predictions", "margins"]) {
            let expected = floats(&case[kind]);
            assert_eq!(found.len(), expected.len(), "{}: number of {kind}", case["name"]);
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
                    "{}: {kind}: {found}, not {expected}",
                    case["name"]
                );
            }
        }
    }
}

#[test]
fn early_stopping_ends_where_python_ends_and_keeps_the_best_rounds() {
    let fixture = fixture();
    for name in ["early", "early_maximize"] {
        let case = case(&fixture, name);
        let (trained, _) = trained(&fixture, case);
        let best = case["best_iteration"].as_u64().unwrap() as u32;
        assert_eq!(trained.best_iteration, Some(best), "{name}");
        assert_eq!(trained.rounds.len() as u64, u64::from(best) + 1 + case["early"].as_u64().unwrap(), "{name}");
        assert_eq!(u64::from(trained.booster.rounds().unwrap()), case["rounds_kept"].as_u64().unwrap(), "{name}");
        assert_eq!(trained.booster.best_iteration().unwrap(), Some(best), "{name}");
        assert!(!trained.stopped, "{name}: the caller did not stop it");
    }
}

#[test]
fn without_save_best_all_rounds_stay() {
    let fixture = fixture();
    let case = case(&fixture, "early");
    let (train, validation) = matrices(&fixture, case);
    let mut training = training(case);
    training.early_stopping.as_mut().unwrap().save_best = false;
    let trained =
        training.run(&train, &[("train", &train), ("validation", &validation)], |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(trained.booster.rounds().unwrap() as usize, trained.rounds.len());
    assert_eq!(trained.booster.best_iteration().unwrap(), trained.best_iteration);
}

#[test]
fn a_saved_model_predicts_the_same_in_each_format() {
    let fixture = fixture();
    for case in fixture["cases"].as_array().unwrap() {
        let (trained, validation) = trained(&fixture, case);
        let before = trained.booster.predict(&validation).unwrap();
        for (format, head) in
            [(Format::Json, b"{\"learner\"".as_slice()), (Format::Ubj, b"{L"), (Format::Deprecated, b"binf")]
        {
            let bytes = trained.booster.save(format).unwrap();
            assert!(bytes.starts_with(head), "{}: {format:?} starts with {:?}", case["name"], &bytes[..10]);
            // SAFETY: XGBoost itself wrote these bytes, just now.
            let loaded = unsafe { Booster::load(&bytes) }.unwrap();
            assert_eq!(loaded.num_features(), 4);
            assert_eq!(loaded.predict(&validation).unwrap(), before, "{}: {format:?}", case["name"]);
        }
    }
}

#[test]
fn the_same_training_gives_the_same_model() {
    let fixture = fixture();
    let case = case(&fixture, "hist");
    let model = || trained(&fixture, case).0.booster.save(Format::Json).unwrap();
    assert_eq!(model(), model());
}
