//! Contributions and leaves are those of Python's XGBoost (`fixtures/make_explained.py`).

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array};
use arrow::record_batch::RecordBatch;
use refit_booster::{Booster, BoosterError};
use serde::Deserialize;

use crate::fixtures::path;

const COLUMNS: usize = 5;

#[derive(Deserialize)]
struct Case {
    name: String,
    model: serde_json::Value,
    rows: Vec<u32>,
    contributions: Vec<f64>,
    leaves: Vec<u32>,
}

impl Case {
    fn booster(&self) -> Booster {
        Booster::from_bytes(self.model.to_string().as_bytes()).unwrap()
    }

    fn rows(&self) -> Vec<f32> {
        self.rows.iter().map(|bits| f32::from_bits(*bits)).collect()
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_slice(&std::fs::read(path("explained.json")).unwrap()).unwrap()
}

#[test]
fn contributions_are_those_of_python() {
    for case in cases() {
        let found = case.booster().contributions_dense(&case.rows(), COLUMNS).unwrap();
        assert_eq!((found.values.len(), found.width), (case.contributions.len(), COLUMNS + 1), "{}", case.name);
        for (at, (found, expected)) in found.values.iter().zip(&case.contributions).enumerate() {
            let apart = (f64::from(*found) - expected).abs();
            assert!(
                apart <= 1e-5 * expected.abs().max(1.0),
                "{}: value {at} is {found}, expected {expected}",
                case.name
            );
        }
    }
}

#[test]
fn contributions_add_up_to_the_margin() {
    for case in cases() {
        let (booster, rows) = (case.booster(), case.rows());
        let found = booster.contributions_dense(&rows, COLUMNS).unwrap();
        let margins = booster.predict_margin_dense(&rows, COLUMNS).unwrap();
        for (parts, margin) in found.values.chunks(found.width).zip(margins.values) {
            let sum: f32 = parts.iter().sum();
            assert!((sum - margin).abs() <= 1e-4 * margin.abs().max(1.0), "{}: {sum}, expected {margin}", case.name);
        }
    }
}

#[test]
fn leaves_are_those_of_python() {
    for case in cases() {
        assert_eq!(case.booster().leaves_dense(&case.rows(), COLUMNS).unwrap(), case.leaves, "{}", case.name);
    }
}

#[test]
fn rows_of_another_width_are_refused() {
    let booster = cases()[0].booster();
    assert!(matches!(booster.contributions_dense(&[0.0; 4], 4), Err(BoosterError::ColumnCount { .. })));
    assert!(matches!(booster.leaves_dense(&[0.0; 7], COLUMNS), Err(BoosterError::RaggedRows { .. })));
}

/// Several threads, single rows and batches of any height go different ways to the same bits.
#[test]
fn every_way_leads_to_the_same_bits() {
    for case in cases() {
        let (booster, rows) = (case.booster(), case.rows());
        let repeated: Vec<f32> = rows.iter().copied().cycle().take(3001 * COLUMNS).collect();
        let whole = booster.predict_dense(&repeated, COLUMNS).unwrap();
        let single: Vec<f32> =
            repeated.chunks(COLUMNS).flat_map(|row| booster.predict_dense(row, COLUMNS).unwrap().values).collect();
        assert_eq!(single, whole.values, "{}", case.name);
        let columns = (0..COLUMNS).map(|column| {
            let values: Vec<f32> = repeated.iter().copied().skip(column).step_by(COLUMNS).collect();
            (format!("f{column}"), Arc::new(Float32Array::from(values)) as ArrayRef)
        });
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        for threads in [1, 2, 3, 64] {
            let found = booster.predict_by_threads(&batch, NonZeroUsize::new(threads).unwrap()).unwrap();
            assert_eq!(found, whole, "{} on {threads} threads", case.name);
        }
    }
}
