//! The lines that refit writes, read by others: pandas, and XGBoost's own CSV parser, which the container calls.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array,
    Int64Array, RecordBatchIterator,
};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int16Type, Int64Type};
use arrow::record_batch::RecordBatch;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use refit_pipeline::warehouse::{DatasetSpec, Extract, Split};

const CASES: usize = 60;

/// A double that XGBoost can hold: it makes float32 of it, and refuses what is infinite as one.
fn double() -> impl Strategy<Value = f64> {
    let whole = (-1_000_000_i64..1_000_000).prop_map(|whole| whole as f64);
    let exact = any::<f64>().prop_filter("in float32's range", |value| {
        *value == 0.0 || (1e-37..1e38).contains(&value.abs()) || !value.is_finite()
    });
    prop_oneof![whole, exact, Just(f64::NAN), Just(f64::INFINITY), Just(-0.0), -1e3..1e3]
}

fn single() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<f32>().prop_filter("normal", |value| *value == 0.0 || value.is_normal() && value.abs() < 1e38),
        Just(f32::NAN),
        -1e3_f32..1e3
    ]
}

/// A column of so many rows, of one of the types that a warehouse hands out.
fn column(rows: usize) -> BoxedStrategy<ArrayRef> {
    fn maybe<T: std::fmt::Debug + Clone>(
        value: impl Strategy<Value = T>,
        rows: usize,
    ) -> impl Strategy<Value = Vec<Option<T>>> {
        prop::collection::vec(prop::option::weighted(0.8, value), rows)
    }
    let decimals = (1_u8..=38).prop_flat_map(|digits| (Just(digits), 0..=digits.min(37) as i8)).prop_flat_map(
        move |(digits, scale)| {
            let end = 10_i128.pow(digits.into());
            maybe(1 - end..end, rows).prop_map(move |values| {
                Arc::new(Decimal128Array::from(values).with_precision_and_scale(digits, scale).unwrap()) as ArrayRef
            })
        },
    );
    prop_oneof![
        maybe(double(), rows).prop_map(|values| Arc::new(Float64Array::from(values)) as ArrayRef),
        maybe(single(), rows).prop_map(|values| Arc::new(Float32Array::from(values)) as ArrayRef),
        maybe(any::<i64>(), rows).prop_map(|values| Arc::new(Int64Array::from(values)) as ArrayRef),
        maybe(any::<i16>(), rows).prop_map(|values| Arc::new(Int16Array::from(values)) as ArrayRef),
        maybe(any::<bool>(), rows).prop_map(|values| Arc::new(BooleanArray::from(values)) as ArrayRef),
        decimals,
    ]
    .boxed()
}

/// A label that is there, a day that puts all rows but two into the train set, and two to five features.
fn table() -> impl Strategy<Value = RecordBatch> {
    (3_usize..40, 2_usize..6).prop_flat_map(|(rows, features)| {
        let label = prop::collection::vec(double().prop_filter("finite", |value| value.is_finite()), rows);
        (label, prop::collection::vec(column(rows), features)).prop_map(move |(label, features)| {
            let days = (0..rows as i32).map(|row| (row + 3 - rows as i32).max(0));
            let mut columns: Vec<(String, ArrayRef)> = vec![
                ("y".to_owned(), Arc::new(Float64Array::from(label))),
                ("day".to_owned(), Arc::new(Date32Array::from_iter_values(days))),
            ];
            columns.extend(features.into_iter().enumerate().map(|(index, column)| (format!("x{index}"), column)));
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
                .unwrap()
        })
    })
}

/// What Arrow says: the value as a double, none where it is null, NaN or infinite. Decimals by Rust's parser.
fn value(array: &dyn Array, row: usize) -> Option<f64> {
    if array.is_null(row) {
        return None;
    }
    let value = match array.data_type() {
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row) as f64,
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Boolean => array.as_boolean().value(row).into(),
        _ => arrow::util::display::array_value_to_string(array, row).unwrap().parse().unwrap(),
    };
    value.is_finite().then_some(value)
}

/// Python's `float.fromhex` reads it.
fn hex(value: f64) -> String {
    let bits = value.to_bits();
    let (sign, exponent, mantissa) =
        (if bits >> 63 == 1 { "-" } else { "" }, bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
    match exponent {
        0 => format!("{sign}0x0.{mantissa:013x}p-1022"),
        _ => format!("{sign}0x1.{mantissa:013x}p{}", exponent as i64 - 1023),
    }
}

fn write(batch: &RecordBatch, dir: &Path) {
    let day = |number: u32| format!("1970-01-{number:02}").parse().unwrap();
    let split = Split::ByTime { column: "day".to_owned(), validation_from: day(2), evaluation_from: day(3) };
    let reader = RecordBatchIterator::new([Ok(batch.clone())], batch.schema());
    DatasetSpec::new("y", split).write(reader, &Extract::new("SELECT"), dir).unwrap();
    let written = [0].into_iter().chain(2..batch.num_columns());
    let row = |row| written.clone().map(|column| value(batch.column(column), row).map(hex)).collect::<Vec<_>>();
    let rows: Vec<_> = (0..batch.num_rows() - 2).map(row).collect();
    let single: Vec<_> = written.clone().map(|column| *batch.column(column).data_type() == DataType::Float32).collect();
    let expected = serde_json::json!({ "rows": rows, "single": single });
    std::fs::write(dir.join("expected.json"), expected.to_string()).unwrap();
}

/// One Python process reads all of the cases.
#[test]
fn pandas_and_xgboost_read_what_arrow_holds() {
    let dir = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::default();
    for case in 0..CASES {
        let batch = table().new_tree(&mut runner).unwrap().current();
        write(&batch, &dir.path().join(format!("case-{case:03}")));
    }
    let said = refit_tests::python::run(["tests/python/csv_readers.py", dir.path().to_str().unwrap()]);
    assert_eq!(said.trim(), format!("{CASES} files read alike"));
}
