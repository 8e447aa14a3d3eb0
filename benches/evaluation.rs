//! Prediction by refit-booster beside libxgboost 1.6.2, on the same model, the same rows and one thread: a batch, and row by row.

use std::hint::black_box;
use std::ops::ControlFlow;

use refit_benches::{Claim, Goal, in_turn, numbers};
use refit_booster::Booster;
use refit_xgboost::{DMatrix, Format, Training};

const FEATURES: usize = 30;
const ROWS: usize = 200_000;
const TRAINED_ON: usize = 20_000;
const SINGLE: usize = 2_000;

fn main() {
    let rows: Vec<f32> = numbers(1).take(ROWS * FEATURES).map(|x| if x < 0.02 { f32::NAN } else { x }).collect();
    let theirs = train(&rows[..TRAINED_ON * FEATURES]);
    let ours = Booster::from_bytes(&theirs.save(Format::Ubj).expect("saved")).expect("read");

    let matrix = DMatrix::dense(&rows, FEATURES).expect("rows");
    let same =
        ours.predict_dense(&rows, FEATURES).expect("predicted").values == theirs.predict(&matrix).expect("predicted");
    let batch = in_turn(
        5,
        || drop(black_box(ours.predict_dense(&rows, FEATURES).expect("predicted"))),
        || {
            let matrix = DMatrix::dense(&rows, FEATURES).expect("rows");
            drop(black_box(theirs.predict(&matrix).expect("predicted")));
        },
    );
    let single = in_turn(
        5,
        || {
            rows.chunks(FEATURES)
                .take(SINGLE)
                .for_each(|row| drop(black_box(ours.predict_dense(row, FEATURES).expect("row"))))
        },
        || {
            for row in rows.chunks(FEATURES).take(SINGLE) {
                let matrix = DMatrix::dense(row, FEATURES).expect("row");
                drop(black_box(theirs.predict(&matrix).expect("row")));
            }
        },
    );

    println!("200 trees of depth 6, {FEATURES} features, one thread      ours    libxgboost 1.6.2");
    println!("{ROWS} rows at once, s                  {:9.3} {:14.3}", batch.0.as_secs_f64(), batch.1.as_secs_f64());
    let micros = |time: std::time::Duration| time.as_secs_f64() * 1e6 / SINGLE as f64;
    println!("one row at a time, µs a row               {:9.2} {:14.2}", micros(single.0), micros(single.1));
    let ratio = |times: (std::time::Duration, std::time::Duration)| times.0.as_secs_f64() / times.1.as_secs_f64();
    for claim in [
        Claim { name: "evaluation.same-bits", measured: f64::from(u8::from(same)), goal: Goal::AtLeast(1.0) },
        Claim { name: "evaluation.batch-to-libxgboost", measured: ratio(batch), goal: Goal::AtMost(1.0) },
        Claim { name: "evaluation.single-row-to-libxgboost", measured: ratio(single), goal: Goal::AtMost(1.0 / 3.0) },
    ] {
        println!("{claim}");
    }
}

fn train(rows: &[f32]) -> refit_xgboost::Booster {
    let mut matrix = DMatrix::dense(rows, FEATURES).expect("rows");
    let labels: Vec<f32> =
        rows.chunks(FEATURES).zip(numbers(2)).map(|(row, noise)| row[0] * 3.0 - row[1] + noise).collect();
    let labels: Vec<f32> = labels.into_iter().map(|label| if label.is_nan() { 0.0 } else { label }).collect();
    matrix.set_labels(&labels).expect("labels");
    let params = [("max_depth", "6"), ("eta", "0.1"), ("tree_method", "hist"), ("nthread", "1")];
    let training = Training::new(params, 200);
    training.run(&matrix, &[], |_| ControlFlow::Continue(())).expect("trained").booster
}
