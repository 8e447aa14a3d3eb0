//! What a caller meets besides numbers: stops, missing values, refusals, the log.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without, it unwraps")]
#![allow(unsafe_code, reason = "the bytes that are loaded are vouched for where they are")]

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use refit_xgboost::{Booster, DMatrix, EarlyStopping, Training, XgboostError};

/// y = 0, 1, …, 39 from x = 0, 1, …, 39.
fn line() -> DMatrix {
    let values: Vec<f32> = (0..40_u8).map(f32::from).collect();
    let mut matrix = DMatrix::dense(&values, 1).unwrap();
    matrix.set_labels(&values).unwrap();
    matrix
}

fn refusal(training: &Training) -> XgboostError {
    let matrix = line();
    training.run(&matrix, &[("train", &matrix)], |_| ControlFlow::Continue(())).unwrap_err()
}

#[test]
fn a_break_ends_the_training_after_that_round() {
    let matrix = line();
    let mut seen = Vec::new();
    let trained = Training::new([("objective", "reg:squarederror")], 100)
        .run(&matrix, &[("train", &matrix)], |round| {
            seen.push(round.index);
            if round.index == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    assert_eq!((trained.rounds.len(), trained.booster.rounds().unwrap()), (5, 5));
    assert!(trained.stopped);
    assert_eq!(trained.best_iteration, None);
}

#[test]
fn a_training_without_evaluation_sets_still_tells_its_rounds() {
    let matrix = line();
    let mut rounds = 0;
    let trained = Training::new([("objective", "reg:squarederror")], 3)
        .run(&matrix, &[], |round| {
            assert!(round.metrics.is_empty());
            rounds += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((rounds, trained.booster.rounds().unwrap()), (3, 3));
}

#[test]
fn nan_is_missing_and_zero_is_a_value() {
    // Zero stands for 10, one for 20, missing for 30; a reader that drops zeros cannot learn this.
    let kinds = [(0.0, 10.0), (1.0, 20.0), (f32::NAN, 30.0)];
    let rows: Vec<f32> = (0..300).map(|i| kinds[i % 3].0).collect();
    let labels: Vec<f32> = (0..300).map(|i| kinds[i % 3].1).collect();
    let mut matrix = DMatrix::dense(&rows, 1).unwrap();
    matrix.set_labels(&labels).unwrap();
    let trained = Training::new([("objective", "reg:squarederror"), ("eta", "1"), ("lambda", "0")], 5)
        .run(&matrix, &[], |_| ControlFlow::Continue(()))
        .unwrap();
    let probe = DMatrix::dense(&[0.0, 1.0, f32::NAN], 1).unwrap();
    for (found, (_, expected)) in trained.booster.predict(&probe).unwrap().iter().zip(kinds) {
        assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
    }
}

#[test]
fn a_refused_parameter_is_named_as_the_caller_spelled_it() {
    for (name, value, part) in [
        ("max_depth", "deep", "expect int"),
        ("eta", "0.1x", "trailing characters"),
        ("gamma", "x", "min_split_loss"),
        ("min_child_weight", "1e999", "Out of range"),
        ("subsample", "1.5", "exceed bound"),
        ("objective", "reg:nonsense", "Unknown objective"),
        ("eval_metric", "nonsense", "Unknown metric"),
        ("booster", "nonsense", "Unknown gbm"),
        ("tree_method", "nonsense", "valid values are"),
    ] {
        match refusal(&Training::new([("max_bin", "64"), (name, value)], 2)) {
            XgboostError::Parameter { name: found, value: with, reason } => {
                assert_eq!((found.as_str(), with.as_str()), (name, value));
                assert!(reason.contains(part), "{name}: {reason}");
                assert!(!reason.contains("Stack trace") && !reason.contains(".cc:"), "{name}: {reason}");
            }
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn no_rounds_and_a_nul_are_refused_before_xgboost_sees_them() {
    assert!(
        matches!(refusal(&Training::new([("eta", "0.1")], 0)), XgboostError::Parameter { name, .. } if name == "num_round")
    );
    assert!(
        matches!(refusal(&Training::new([("eta", "0\0.1")], 1)), XgboostError::Parameter { name, .. } if name == "eta")
    );
}

#[test]
fn data_that_does_not_fit_is_refused() {
    assert!(matches!(DMatrix::dense(&[1.0; 7], 2), Err(XgboostError::Length { what: "rows", expected: 8, found: 7 })));
    assert!(matches!(DMatrix::dense(&[], 2), Err(XgboostError::Length { what: "rows", .. })));
    assert!(matches!(DMatrix::dense(&[1.0], 0), Err(XgboostError::Length { what: "columns", .. })));
    assert!(matches!(DMatrix::dense(&[f32::INFINITY], 1), Err(XgboostError::Library { .. })));
    let mut matrix = DMatrix::dense(&[1.0, 2.0], 1).unwrap();
    assert!(matches!(matrix.set_labels(&[1.0]), Err(XgboostError::Length { what: "labels", expected: 2, found: 1 })));
    assert!(matches!(matrix.set_labels(&[1.0, f32::NAN]), Err(XgboostError::Value { what: "label", index: 1, .. })));
    assert!(matches!(matrix.set_weights(&[-1.0, 1.0]), Err(XgboostError::Value { what: "weight", index: 0, .. })));
}

#[test]
fn sets_without_labels_or_with_the_same_name_are_refused() {
    let (train, bare) = (line(), DMatrix::dense(&[1.0], 1).unwrap());
    let run = |train: &DMatrix, sets: &[(&str, &DMatrix)]| {
        Training::new([("eta", "0.1")], 1).run(train, sets, |_| ControlFlow::Continue(())).unwrap_err()
    };
    assert!(matches!(run(&bare, &[]), XgboostError::Unlabelled { set } if set == "training"));
    assert!(matches!(run(&train, &[("validation", &bare)]), XgboostError::Unlabelled { set } if set == "validation"));
    assert!(
        matches!(run(&train, &[("a", &train), ("a", &train)]), XgboostError::EvaluationSet { name, .. } if name == "a")
    );
    assert!(matches!(run(&train, &[("a\tb", &train)]), XgboostError::EvaluationSet { .. }));
}

#[test]
fn early_stopping_that_cannot_watch_says_what_there_is() {
    let mut training = Training::new([("eval_metric", "mae")], 5);
    training.early_stopping =
        Some(EarlyStopping { rounds: 2, metric: Some("rmse".to_owned()), maximize: false, save_best: true });
    let text = refusal(&training).to_string();
    assert!(text.contains("`rmse`") && text.contains("`train` is evaluated by mae"), "{text}");
}

#[test]
fn a_model_of_another_width_is_not_asked() {
    let matrix = line();
    let trained = Training::new([("eta", "0.1")], 1).run(&matrix, &[], |_| ControlFlow::Continue(())).unwrap();
    let narrow = DMatrix::dense(&[1.0, 2.0], 2).unwrap();
    assert!(matches!(
        trained.booster.predict(&narrow),
        Err(XgboostError::Length { what: "columns", expected: 1, found: 2 })
    ));
}

#[test]
fn bytes_that_are_no_model_are_an_error() {
    for bytes in [&b"{}"[..], b"{\"a\": 1, \"b\": 2}"] {
        // SAFETY: XGBoost parses JSON with checks, and this is well-formed JSON that is no model.
        assert!(matches!(unsafe { Booster::load(bytes) }, Err(XgboostError::Library { .. })));
    }
}

#[test]
fn a_matrix_moves_to_another_thread() {
    let matrix = line();
    let rounds = std::thread::spawn(move || {
        let training = Training::new([("objective", "reg:squarederror"), ("tree_method", "hist")], 3);
        training.run(&matrix, &[], |_| ControlFlow::Continue(())).unwrap().booster.rounds().unwrap()
    });
    assert_eq!(rounds.join().unwrap(), 3);
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn xgboosts_log_goes_to_tracing() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let matrix = line();
        Training::new([("max_dept", "3")], 1).run(&matrix, &[], |_| ControlFlow::Continue(())).unwrap();
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("WARN") && text.contains("max_dept"), "{text}");
}
