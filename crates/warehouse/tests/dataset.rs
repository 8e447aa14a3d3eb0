//! Training files: what is written, and what is refused.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int64Array,
    RecordBatchIterator, StringArray, TimestampMillisecondArray,
};
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use refit_warehouse::{
    DatasetError, DatasetSpec, DateWindow, Extract, Format, Manifest, Percent, Set, Split, WarehouseError,
};
use sha2::{Digest, Sha256};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn reader(batch: RecordBatch) -> impl RecordBatchReader {
    let schema = batch.schema();
    RecordBatchIterator::new([Ok(batch)], schema)
}

fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// 2013-01-01 and the days after it.
fn days(count: i32) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(15_706..15_706 + count))
}

fn days_as_numbers() -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(0..4))
}

fn by_day() -> Split {
    Split::ByTime {
        column: "day".to_owned(),
        validation_from: "2013-01-03".parse().unwrap(),
        evaluation_from: "2013-01-04".parse().unwrap(),
    }
}

fn by_hash(column: &str) -> Split {
    Split::ByHash {
        column: column.to_owned(),
        validation: Percent::new(20).unwrap(),
        evaluation: Percent::new(10).unwrap(),
    }
}

/// Four days: two to train, one to validate, one to evaluate.
fn four_days(more: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let mut columns = vec![("y", floats(&[Some(1.0), Some(0.1), Some(-3.5), Some(1e-7)])), ("day", days(4))];
    columns.extend(more);
    batch(columns)
}

fn feature() -> (&'static str, ArrayRef) {
    ("x", floats(&[Some(0.25), None, Some(f64::NAN), Some(f64::INFINITY)]))
}

fn refused(spec: &DatasetSpec, batch: RecordBatch) -> WarehouseError {
    let dir = tempfile::tempdir().unwrap();
    let error = spec.write(reader(batch), &Extract::new("SELECT"), dir.path()).unwrap_err();
    assert_eq!(files(dir.path()), [""; 0], "{error}");
    error
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_files_are_what_sagemaker_reads() {
    let more = vec![
        feature(),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)])) as ArrayRef),
        ("count", Arc::new(Int64Array::from(vec![Some(-1), Some(i64::MAX), None, Some(0)]))),
        ("single", Arc::new(Float32Array::from(vec![0.1, 16_777_216.0, 1e-5, -0.0]))),
        ("price", Arc::new(Decimal128Array::from(vec![123_400, -1, 0, 5]).with_precision_and_scale(12, 4).unwrap())),
        ("key", Arc::new(StringArray::from(vec!["a", "b", "c", "d"]))),
    ];
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("made/on/the/way");
    let window = DateWindow::new("2013-01-01".parse().unwrap(), "2013-01-05".parse().unwrap()).unwrap();
    let extract = Extract::new("SELECT …").window(window).bind("EWR");
    let spec = DatasetSpec::new("y", by_day()).leave_out(["key"]);
    let manifest = spec.write(reader(four_days(more)), &extract, &dir).unwrap();

    let content = |set: Set| fs::read_to_string(dir.join(Format::Csv.file_name(set))).unwrap();
    assert_eq!(content(Set::Train), "1.0,0.25,1,-1,0.1,12.3400\n0.1,,0,9223372036854775807,16777216.0,-0.0001\n");
    assert_eq!(content(Set::Validation), "-3.5,,,,0.00001,0.0000\n");
    assert_eq!(content(Set::Evaluation), "1e-7,,1,0,-0.0,0.0005\n");
    assert_eq!(files(&dir), ["evaluation.csv", "manifest.json", "train.csv", "validation.csv"]);

    assert_eq!(manifest.feature_names(), ["x", "flag", "count", "single", "price"]);
    assert_eq!(manifest.contract.features[4].data_type, "Decimal128(12, 4)");
    for (set, rows) in [(Set::Train, 2), (Set::Validation, 1), (Set::Evaluation, 1)] {
        let file = manifest.file(set).unwrap();
        let text = content(set);
        assert_eq!((file.rows, file.bytes), (rows, text.len() as u64));
        assert_eq!(file.sha256, hex::encode(Sha256::digest(&text)));
    }
    assert_eq!(manifest.window, Some(window));
    assert_eq!(manifest.parameters, extract.parameters());
    assert_eq!(Manifest::load(&dir).unwrap(), manifest);
}

#[test]
fn the_same_input_has_the_same_digest_and_another_has_not() {
    let digest = |label: &str, more: Vec<(&str, ArrayRef)>| {
        let dir = tempfile::tempdir().unwrap();
        let spec = DatasetSpec::new(label, by_day());
        let manifest = spec.write(reader(four_days(more)), &Extract::new("SELECT"), dir.path()).unwrap();
        (manifest.digest, fs::read(dir.path().join("manifest.json")).unwrap())
    };
    let first = digest("y", vec![feature()]);
    assert_eq!(digest("y", vec![feature()]), first);
    let (_, values) = feature();
    assert_ne!(digest("y", vec![("renamed", values)]).0, first.0);
    assert_ne!(digest("y", vec![("x", floats(&[Some(0.5), None, None, None]))]).0, first.0);
}

#[test]
fn a_time_of_any_kind_splits() {
    let millis = (0..4).map(|day| 1_357_002_000_000 + day * 86_400_000);
    let kinds: [ArrayRef; 3] = [
        days(4),
        Arc::new(TimestampMillisecondArray::from_iter_values(millis).with_timezone("-05:00")),
        Arc::new(StringArray::from(vec!["2013-01-01", "2013-01-02 23:59:59", "2013-01-03T00:00:00Z", "2013-01-04"])),
    ];
    for kind in kinds {
        let dir = tempfile::tempdir().unwrap();
        let columns = vec![("y", floats(&[Some(1.0); 4])), ("day", kind), feature()];
        let manifest =
            DatasetSpec::new("y", by_day()).write(reader(batch(columns)), &Extract::new("SELECT"), dir.path()).unwrap();
        let rows: Vec<_> = manifest.files.iter().map(|file| file.rows).collect();
        assert_eq!(rows, [2, 1, 1]);
    }
}

/// Expected counts from Python: `int.from_bytes(hashlib.sha256(str(i).encode()).digest()[:8], "big") % 100` for i in 0..10000.
#[test]
fn a_hash_splits_by_the_keys_text() {
    let written = |key: ArrayRef| {
        let dir = tempfile::tempdir().unwrap();
        let values: Vec<_> = (0..10_000).map(|i| Some(f64::from(i))).collect();
        let columns = vec![("y", floats(&values)), ("x", floats(&values)), ("key", key)];
        let spec = DatasetSpec::new("y", by_hash("key"));
        spec.write(reader(batch(columns)), &Extract::new("SELECT"), dir.path()).unwrap()
    };
    let numbers = written(Arc::new(Int64Array::from_iter_values(0..10_000)));
    let rows: Vec<_> = numbers.files.iter().map(|file| file.rows).collect();
    assert_eq!(rows, PYTHON_COUNTS);
    let texts = written(Arc::new(StringArray::from_iter_values((0..10_000).map(|i| i.to_string()))));
    assert_eq!(texts.digest, numbers.digest);
    // As PostgreSQL hands out a char(8).
    let padded = written(Arc::new(StringArray::from_iter_values((0..10_000).map(|i| format!("{i:<8}")))));
    assert_eq!(padded.digest, numbers.digest);
}

#[test]
fn the_label_must_be_there_and_a_number() {
    let error = refused(&DatasetSpec::new("arr_delay", by_day()), four_days(vec![feature()]));
    assert!(error.to_string().contains("there is no label column arr_delay: there are y, day, x"), "{error}");
    let error = refused(&DatasetSpec::new("y", by_hash("x")), four_days(vec![feature()]));
    assert!(matches!(error, WarehouseError::Dataset(DatasetError::SplitColumnType { .. })), "{error}");
    let error = refused(&DatasetSpec::new("day", by_day()), four_days(vec![feature()]));
    assert!(matches!(error, WarehouseError::Dataset(DatasetError::LabelType { .. })), "{error}");
}

#[test]
fn a_row_without_a_label_is_named() {
    for missing in [None, Some(f64::NAN), Some(f64::INFINITY)] {
        let columns = vec![("y", floats(&[Some(1.0), Some(2.0), missing, Some(3.0)])), ("day", days(4)), feature()];
        match refused(&DatasetSpec::new("y", by_day()), batch(columns)) {
            WarehouseError::Dataset(DatasetError::NullLabel { label, row }) => {
                assert_eq!((label.as_str(), row), ("y", 3))
            }
            other => panic!("{other}"),
        }
    }
}

/// XGBoost 3.0.5 reads 3.3999999999999997e38 from CSV as 3.4000004e38, 3.4028235e38 not at all, and 1e39 as 1e38.
#[test]
fn a_number_beyond_float32_is_named() {
    let written = |value: f64| {
        let dir = tempfile::tempdir().unwrap();
        let x = floats(&[Some(0.5), Some(-3.399_999_999_999_999_7e38), Some(value), None]);
        DatasetSpec::new("y", by_day()).write(
            reader(four_days(vec![("z", days_as_numbers()), ("x", x)])),
            &Extract::new("SELECT"),
            dir.path(),
        )
    };
    written(3.399_999_999_999_999_7e38).unwrap();
    for value in [3.4e38, f64::from(f32::MAX), f64::from(f32::MIN), 1e39, f64::MIN] {
        match written(value).unwrap_err() {
            WarehouseError::Dataset(DatasetError::BeyondFloat32 { column, row, value: named }) => {
                assert_eq!((column.as_str(), row, named), ("x", 3, value));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_feature_that_is_no_number_is_refused_with_the_sql_to_write() {
    let spec = DatasetSpec::new("y", by_day());
    let text: ArrayRef = Arc::new(StringArray::from(vec!["UA", "AA", "B6", "UA"]));
    let error = refused(&spec, four_days(vec![feature(), ("carrier", text.clone())]));
    assert!(matches!(error, WarehouseError::Dataset(DatasetError::TextFeature { .. })), "{error}");
    assert!(error.to_string().contains("CASE WHEN \"carrier\" = '…' THEN 1 ELSE 0 END"), "{error}");

    let error = refused(&spec, four_days(vec![feature(), ("sold", days(4))]));
    assert!(matches!(error, WarehouseError::Dataset(DatasetError::TimeFeature { .. })), "{error}");
    assert!(error.to_string().contains("EXTRACT(HOUR FROM \"sold\")"), "{error}");
    assert!(error.to_string().contains("strftime('%H', \"sold\")"), "{error}");

    let blob: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"", b"", b"", b""]));
    let error = refused(&spec, four_days(vec![("blob", blob)]));
    assert!(matches!(error, WarehouseError::Dataset(DatasetError::FeatureType { .. })), "{error}");
    let error = refused(&spec, four_days(vec![]));
    assert!(matches!(error, WarehouseError::Dataset(DatasetError::NoFeatures { .. })), "{error}");
}

#[test]
fn columns_that_are_not_there_or_there_twice_are_named() {
    let spec = DatasetSpec::new("y", by_hash("nowhere"));
    let error = refused(&spec, four_days(vec![feature()]));
    assert!(error.to_string().contains("no column nowhere to split by: there are y, day, x"), "{error}");
    let spec = DatasetSpec::new("y", by_day()).leave_out(["z"]);
    let error = refused(&spec, four_days(vec![feature()]));
    assert!(error.to_string().contains("no column z to leave out: there are y, day, x"), "{error}");
    let error = refused(&DatasetSpec::new("y", by_day()), four_days(vec![feature(), feature()]));
    assert!(matches!(&error, WarehouseError::DuplicateColumn { column } if column == "x"), "{error}");
}

#[test]
fn a_row_without_a_place_is_named() {
    let texts: [ArrayRef; 2] = [
        Arc::new(StringArray::from(vec![Some("2013-01-01"), None, None, None])),
        Arc::new(StringArray::from(vec!["2013-01-01", "yesterday", "", ""])),
    ];
    for text in texts {
        let columns = vec![("y", floats(&[Some(1.0); 4])), ("day", text), feature()];
        match refused(&DatasetSpec::new("y", by_day()), batch(columns)) {
            WarehouseError::Dataset(DatasetError::NullSplit { column, row })
            | WarehouseError::Value { column, row, .. } => {
                assert_eq!((column.as_str(), row), ("day", 2));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_set_without_rows_is_named() {
    let columns = vec![("y", floats(&[Some(1.0); 3])), ("day", days(3)), ("x", floats(&[None; 3]))];
    match refused(&DatasetSpec::new("y", by_day()), batch(columns)) {
        WarehouseError::Dataset(DatasetError::EmptySplit { file, rows, .. }) => {
            assert_eq!((file, rows), ("evaluation.csv", 3))
        }
        other => panic!("{other}"),
    }
    let none = four_days(vec![feature()]).slice(0, 0);
    let error = refused(&DatasetSpec::new("y", by_day()), none);
    assert!(error.to_string().contains("widen the window"), "{error}");
}

#[test]
fn a_failed_write_leaves_the_earlier_dataset_whole() {
    let dir = tempfile::tempdir().unwrap();
    let spec = DatasetSpec::new("y", by_day());
    let extract = Extract::new("SELECT");
    let manifest = spec.write(reader(four_days(vec![feature()])), &extract, dir.path()).unwrap();
    let broken = batch(vec![("y", floats(&[Some(1.0), None])), ("day", days(2)), ("x", floats(&[None; 2]))]);
    spec.write(reader(broken), &extract, dir.path()).unwrap_err();
    assert_eq!(Manifest::load(dir.path()).unwrap(), manifest);
    assert_eq!(files(dir.path()), ["evaluation.csv", "manifest.json", "train.csv", "validation.csv"]);
    for file in &manifest.files {
        let content = fs::read(dir.path().join(&file.name)).unwrap();
        assert_eq!(hex::encode(Sha256::digest(&content)), file.sha256);
    }
}

#[test]
fn a_manifest_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Manifest::load(dir.path()), Err(WarehouseError::File { .. })));
    fs::write(dir.path().join("manifest.json"), "{}").unwrap();
    assert!(matches!(Manifest::load(dir.path()), Err(WarehouseError::InvalidManifest { .. })));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let extract = Extract::new("SELECT");
    let error = DatasetSpec::new("y", by_day()).write(reader(four_days(vec![feature()])), &extract, &file).unwrap_err();
    assert!(matches!(&error, WarehouseError::Unwritten { place, .. } if place.contains("/file/train.csv")), "{error}");
}

const PYTHON_COUNTS: [u64; 3] = [7_083, 1_953, 964];
