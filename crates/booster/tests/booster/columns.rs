//! Arrow columns of any numeric type predict what the same numbers predict as `f32`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array, Int64Array, StringArray,
    UInt32Array,
};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use refit_booster::{Booster, BoosterError};

use crate::fixtures::Fixtures;

/// Rows of the fixture whose fifth column is a whole number or missing.
const ROWS: usize = 70;

fn booster(fixtures: &Fixtures) -> Booster {
    Booster::from_bytes(fixtures.bytes("reg-squarederror/model.json")).unwrap()
}

/// Python's predictions for the first rows.
fn expected(fixtures: &Fixtures) -> Vec<u32> {
    let (_, output) = fixtures.case("reg:squarederror").files().next().unwrap();
    output.predictions[..ROWS].to_vec()
}

fn column(fixtures: &Fixtures, index: usize) -> Vec<Option<f32>> {
    let rows = fixtures.rows();
    let cells = rows.iter().skip(index).step_by(fixtures.index.columns).take(ROWS);
    cells.map(|value| Some(*value).filter(|value| !value.is_nan())).collect()
}

fn whole(fixtures: &Fixtures) -> Vec<Option<i64>> {
    column(fixtures, 4).into_iter().map(|value| value.map(|value| value as i64)).collect()
}

/// The fixture's rows with another fifth column.
fn batch(fixtures: &Fixtures, fifth: ArrayRef) -> RecordBatch {
    let columns = (0..fixtures.index.columns).map(|index| {
        let array: ArrayRef = match index {
            4 => fifth.clone(),
            // Missing as null, and missing as NaN.
            0 => Arc::new(Float64Array::from_iter(column(fixtures, 0).into_iter().map(|v| v.map(f64::from)))),
            1 => {
                Arc::new(Float32Array::from_iter_values(column(fixtures, 1).into_iter().map(|v| v.unwrap_or(f32::NAN))))
            }
            _ => Arc::new(Float32Array::from_iter(column(fixtures, index))),
        };
        (format!("c{index}"), array, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

#[test]
fn numbers_of_every_type_predict_alike() {
    let fixtures = Fixtures::of("3.0.5");
    let booster = booster(&fixtures);
    let whole = whole(&fixtures);
    let decimals = Decimal128Array::from_iter(whole.iter().map(|v| v.map(|v| i128::from(v) * 100)));
    let fifths: [ArrayRef; 5] = [
        Arc::new(Int64Array::from(whole.clone())),
        Arc::new(Int8Array::from_iter(whole.iter().map(|v| v.map(|v| v as i8)))),
        Arc::new(UInt32Array::from_iter(whole.iter().map(|v| v.map(|v| v as u32)))),
        Arc::new(decimals.with_precision_and_scale(12, 2).unwrap()),
        Arc::new(Float32Array::from_iter(column(&fixtures, 4))),
    ];
    for fifth in fifths {
        let data_type = fifth.data_type().clone();
        let predictions = booster.predict(&batch(&fixtures, fifth)).unwrap();
        let bits: Vec<u32> = predictions.values.iter().map(|value| value.to_bits()).collect();
        assert_eq!(bits, expected(&fixtures), "{data_type}");
    }
}

#[test]
fn booleans_are_one_and_zero_and_nulls_are_missing() {
    let fixtures = Fixtures::of("3.0.5");
    let booster = booster(&fixtures);
    let flags: Vec<Option<bool>> = whole(&fixtures).into_iter().map(|value| value.map(|value| value > 2)).collect();
    let numbers = Float32Array::from_iter(flags.iter().map(|flag| flag.map(|flag| f32::from(u8::from(flag)))));
    let of_flags = booster.predict(&batch(&fixtures, Arc::new(BooleanArray::from(flags)))).unwrap();
    assert_eq!(of_flags, booster.predict(&batch(&fixtures, Arc::new(numbers))).unwrap());
    let missing = arrow::array::new_null_array(&DataType::Null, ROWS);
    let of_null = booster.predict(&batch(&fixtures, missing)).unwrap();
    let all_nan = Float32Array::from_iter_values([f32::NAN; ROWS]);
    assert_eq!(of_null, booster.predict(&batch(&fixtures, Arc::new(all_nan))).unwrap());
    assert_ne!(of_null, of_flags);
}

#[test]
fn margins_come_before_the_transformation() {
    let fixtures = Fixtures::of("3.0.5");
    let booster = Booster::from_bytes(fixtures.bytes("binary-logistic/model.json")).unwrap();
    let margins = booster.predict_margin(&batch(&fixtures, Arc::new(Int64Array::from(whole(&fixtures))))).unwrap();
    let (_, output) = fixtures.case("binary:logistic").files().next().unwrap();
    let bits: Vec<u32> = margins.values.iter().map(|value| value.to_bits()).collect();
    assert_eq!(bits, output.margins[..ROWS]);
}

#[test]
fn columns_that_do_not_fit_are_named() {
    let fixtures = Fixtures::of("3.0.5");
    let words: ArrayRef = Arc::new(StringArray::from_iter_values((0..ROWS).map(|_| "word")));
    match booster(&fixtures).predict(&batch(&fixtures, words)) {
        Err(BoosterError::ColumnType { name, .. }) => assert_eq!(name, "c4"),
        other => panic!("{other:?}"),
    }
    let fits = batch(&fixtures, Arc::new(Int64Array::from(whole(&fixtures))));
    let narrow = fits.project(&[0, 1]).unwrap();
    match booster(&fixtures).predict(&narrow) {
        Err(BoosterError::ColumnCount { expected: 6, found: 2 }) => {}
        other => panic!("{other:?}"),
    }
    let named = Booster::from_bytes(fixtures.bytes("named features/model.json")).unwrap();
    match named.predict(&fits) {
        Err(BoosterError::ColumnName { index: 0, expected, found }) => {
            assert_eq!((expected.as_str(), found.as_str()), ("feature 0", "c0"));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(named.predict_dense(&[1.0; 7], 6), Err(BoosterError::RaggedRows { values: 7, columns: 6 })));
    assert!(matches!(named.predict_dense(&[1.0; 7], 7), Err(BoosterError::ColumnCount { .. })));
}

#[test]
fn no_rows_predict_nothing() {
    let fixtures = Fixtures::of("3.0.5");
    let none = batch(&fixtures, Arc::new(Int64Array::from(whole(&fixtures)))).slice(0, 0);
    let predictions = booster(&fixtures).predict(&none).unwrap();
    assert_eq!((predictions.rows(), predictions.groups), (0, 1));
}
