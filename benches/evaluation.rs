//! Prediction by refit-booster beside libxgboost 1.6.2, on the same model, the same rows and one thread: a batch, and row by row.
//! Then refit-evaluation from Arrow to the whole report, beside Python on the same cores. `--rows=N` sets another size than a
//! million rows for that, `--rounds=N` how often each side runs.

#[path = "warehouse/measured.rs"]
#[allow(dead_code, reason = "the warehouse's bench uses more of it")]
mod measured;
#[path = "evaluation/report.rs"]
mod report;

use std::hint::black_box;
use std::ops::ControlFlow;

use refit_benches::{Claim, Goal, in_turn, numbers};
use refit_booster::Booster;
use refit_xgboost::{DMatrix, Format, Training};

use report::Files;

const FEATURES: usize = 30;
const ROWS: usize = 200_000;
const TRAINED_ON: usize = 20_000;
const SINGLE: usize = 2_000;

fn main() {
    let option = |name: &str| std::env::args().find_map(|argument| argument.strip_prefix(name).map(str::to_owned));
    let number = |name: &str, default: usize| option(name).map_or(default, |text| text.parse().expect("a number"));
    let (report_rows, rounds) = (number("--rows=", 1_000_000), number("--rounds=", 3));
    if let Some(dir) = option("--report=") {
        return report::child(&Files { dir: dir.into(), rows: report_rows, features: FEATURES });
    }
    predict();
    let dir = tempfile::tempdir().expect("a folder");
    let files = Files { dir: dir.path().to_owned(), rows: report_rows, features: FEATURES };
    let rows: Vec<f32> = random(3).take(report_rows * FEATURES).collect();
    let model = train(&rows[..TRAINED_ON.min(report_rows) * FEATURES]).save(Format::Ubj).expect("saved");
    files.write(&model, &rows, &labels(&rows));
    drop(rows);
    report::compare(&files, rounds);
}

fn predict() {
    let rows: Vec<f32> = random(1).take(ROWS * FEATURES).collect();
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
        Claim { name: "evaluation.single-row-us", measured: micros(single.0), goal: Goal::AtMost(10.0) },
        Claim { name: "evaluation.single-row-to-libxgboost", measured: ratio(single), goal: Goal::AtMost(1.0 / 3.0) },
    ] {
        println!("{claim}");
    }
}

fn train(rows: &[f32]) -> refit_xgboost::Booster {
    let mut matrix = DMatrix::dense(rows, FEATURES).expect("rows");
    matrix.set_labels(&labels(rows)).expect("labels");
    let params = [("max_depth", "6"), ("eta", "0.1"), ("tree_method", "hist"), ("nthread", "1")];
    let training = Training::new(params, 200);
    training.run(&matrix, &[], |_| ControlFlow::Continue(())).expect("trained").booster
}

/// Features of which one in fifty is missing.
fn random(seed: u64) -> impl Iterator<Item = f32> {
    numbers(seed).map(|x| if x < 0.02 { f32::NAN } else { x })
}

fn labels(rows: &[f32]) -> Vec<f32> {
    let labels = rows.chunks(FEATURES).zip(numbers(2)).map(|(row, noise)| row[0] * 3.0 - row[1] + noise);
    labels.map(|label| if label.is_nan() { 0.0 } else { label }).collect()
}
