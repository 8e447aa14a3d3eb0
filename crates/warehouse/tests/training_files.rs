//! What is written beside the lines: statistics, contracts, categories, Parquet.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array,
    RecordBatchIterator, StringArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float64Type, Int8Type, Int32Type, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use refit_warehouse::{
    Categories, DatasetError, DatasetSpec, Extract, Format, Manifest, SERVER_VERSION, SNAPSHOT, Set, Split,
    WarehouseError,
};
use sha2::{Digest, Sha256};

/// Two more rows than `train` to train on: the last but one validates, the last evaluates.
fn spec() -> DatasetSpec {
    DatasetSpec::new(
        "y",
        Split::ByTime {
            column: "day".to_owned(),
            validation_from: "2013-01-02".parse().unwrap(),
            evaluation_from: "2013-01-03".parse().unwrap(),
        },
    )
}

fn batch(train: usize, more: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let days = (0..train).map(|_| "2013-01-01").chain(["2013-01-02", "2013-01-03"]);
    let labels = (0..train + 2).map(|i| i as f64);
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("y", Arc::new(Float64Array::from_iter_values(labels))),
        ("day", Arc::new(StringArray::from_iter_values(days))),
    ];
    columns.extend(more);
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn reader(batch: RecordBatch) -> impl RecordBatchReader {
    let said =
        [(SERVER_VERSION, "15.4"), (SNAPSHOT, "740:740:")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let schema = Arc::new(Schema::new_with_metadata(batch.schema().fields().clone(), HashMap::from(said)));
    // In two batches, so that rows are counted over them.
    let half = batch.num_rows() / 2;
    let halves = [batch.slice(0, half), batch.slice(half, batch.num_rows() - half)];
    RecordBatchIterator::new(halves.map(Ok), schema)
}

fn write(spec: &DatasetSpec, batch: RecordBatch) -> Result<(tempfile::TempDir, Manifest), WarehouseError> {
    let dir = tempfile::tempdir().unwrap();
    let manifest = spec.write(reader(batch), &Extract::new("SELECT"), dir.path())?;
    Ok((dir, manifest))
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Expected values from pandas and numpy: `tests/fixtures/statistics.py`.
#[test]
fn a_manifest_knows_what_its_columns_are_like() {
    let value = |i: u64| (!i.is_multiple_of(11)).then(|| (i * 7919 % 1000) as f64 * 0.37 - 100.0);
    let x: Float64Array = (0..1000).map(value).chain([Some(f64::INFINITY), Some(f64::NAN)]).collect();
    let (dir, manifest) = write(&spec(), batch(1000, vec![("x", Arc::new(x))])).unwrap();
    let of = |set| &manifest.file(set).unwrap().columns;
    let names: Vec<_> = of(Set::Train).iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["y", "x"]);

    let x = &of(Set::Train)[1];
    assert_eq!((x.count, x.nulls, x.data_type.as_str()), (909, 91, "Float64"));
    assert_eq!((x.min, x.max), (Some(-99.63), Some(269.63)));
    assert!((x.mean.unwrap() - 84.855_500_550_055).abs() < 1e-12);
    assert!((x.stdev.unwrap() - 106.908_867_957_267_5).abs() < 1e-11);
    assert_eq!(x.quantiles.len(), 101);
    let shown: Vec<_> = x.quantiles.iter().map(|quantile| format!("{quantile:?}")).collect();
    assert_eq!(
        hex::encode(Sha256::digest(format!("{shown:?}"))),
        "b87937c7f0be6fe2944b745b8a0cbc6a9f289270d089617901259a5000693deb"
    );
    for set in [Set::Validation, Set::Evaluation] {
        let x = &of(set)[1];
        assert_eq!((x.count, x.nulls, x.min, x.mean, x.stdev), (0, 1, None, None, None));
        assert_eq!(x.quantiles, [0.0; 0]);
    }
    assert_eq!(manifest.server_version.as_deref(), Some("15.4"));
    assert_eq!(manifest.snapshot.as_deref(), Some("740:740:"));
    assert_eq!(Manifest::load(dir.path()).unwrap(), manifest);
}

#[test]
fn a_manifest_of_another_version_is_refused() {
    let (dir, _) = write(&spec(), batch(2, vec![("x", Arc::new(Int64Array::from(vec![1, 2, 3, 4])))])).unwrap();
    let path = dir.path().join(Manifest::FILE_NAME);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"version\": 1", "\"version\": 2", 1)).unwrap();
    let error = Manifest::load(dir.path()).unwrap_err();
    assert!(matches!(error, WarehouseError::ManifestVersion { version: 2, known: 1, .. }), "{error}");
}

/// The expected hash is that of Python's `json`: `tests/fixtures/statistics.py`.
#[test]
fn texts_become_codes_by_the_declared_list() {
    let sizes = texts(&[Some("groß"), None, Some("a \"b\""), Some("riesig")]);
    let x: ArrayRef = Arc::new(Float64Array::from(vec![0.5; 4]));
    let categories = Categories::new(["klein", "groß", "a \"b\""]).others_missing();
    let spec = spec().categories("größe", categories.clone());
    let (dir, manifest) = write(&spec, batch(2, vec![("größe", sizes.clone()), ("x", x.clone())])).unwrap();
    let content = |file: &str| std::fs::read_to_string(dir.path().join(file)).unwrap();
    assert_eq!(content("train.csv"), "0.0,1,0.5\n1.0,,0.5\n");
    assert_eq!(content("validation.csv"), "2.0,2,0.5\n");
    assert_eq!(content("evaluation.csv"), "3.0,,0.5\n");
    assert_eq!(manifest.contract.features[0].categories, Some(categories));
    assert_eq!(manifest.contract_sha256, "2b53ec5159641a91f9bb76ed5bd26daf1ff0ff3469ee0b0009cd740ad203b074");
    assert_eq!(manifest.contract.sha256().unwrap(), manifest.contract_sha256);

    let dictionary: DictionaryArray<Int32Type> =
        vec![Some("groß"), None, Some("a \"b\""), Some("riesig")].into_iter().collect();
    let (_, same) = write(&spec, batch(2, vec![("größe", Arc::new(dictionary)), ("x", x)])).unwrap();
    assert_eq!(same.digest, manifest.digest);

    let padded = texts(&[Some("groß  "), None, Some("a \"b\" "), Some("riesig")]);
    let (_, same) =
        write(&spec, batch(2, vec![("größe", padded), ("x", Arc::new(Float64Array::from(vec![0.5; 4])))])).unwrap();
    assert_eq!(same.digest, manifest.digest);
}

#[test]
fn a_list_that_does_not_fit_is_refused() {
    let x: ArrayRef = Arc::new(Int64Array::from(vec![1; 4]));
    let carriers = texts(&[Some("AA"), Some("UA"), Some("UA"), Some("ZZ")]);
    let refused = |spec: DatasetSpec| {
        let columns = vec![("carrier", carriers.clone()), ("x", x.clone())];
        match write(&spec, batch(2, columns)).unwrap_err() {
            WarehouseError::Dataset(error) => error,
            other => panic!("{other}"),
        }
    };
    let both = || Categories::new(["AA", "UA"]);
    match refused(spec().categories("carrier", both())) {
        DatasetError::UnknownCategory { column, row, value } => {
            assert_eq!((column.as_str(), row, value.as_str()), ("carrier", 4, "ZZ"));
        }
        other => panic!("{other}"),
    }
    let cases = [
        (spec().categories("carrier", Categories::new(["AA", "AA"])), "\"AA\" is listed twice"),
        (spec().categories("carrier", Categories::new(["AA", "AA "])), "\"AA\" is listed twice"),
        (spec().categories("carrier", Categories::new([""; 0])), "the list is empty"),
        (spec().categories("carrier", both()).categories("carrier", both()), "two lists"),
        (spec().categories("carier", both()), "there is no such column, but y, day, carrier, x"),
        (spec().categories("x", both()), "it is Int64 and no text"),
        (spec().categories("day", both()), "splits the rows"),
        (spec().categories("carrier", both()).leave_out(["carrier"]), "left out"),
    ];
    for (spec, expected) in cases {
        let error = refused(spec);
        assert!(matches!(error, DatasetError::InvalidCategories { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_table_of_parquet_holds_what_the_lines_hold() {
    let rows = 40_000;
    let float = |i: u64| match i % 5 {
        0 => None,
        1 => Some(f64::INFINITY),
        _ => Some(i as f64 * 0.37),
    };
    let more = || -> Vec<(&str, ArrayRef)> {
        let all = 0..rows as u64 + 2;
        let decimals = all.clone().map(|i| i128::from(i) * 12_345).collect::<Vec<_>>();
        vec![
            ("x", Arc::new(all.clone().map(float).collect::<Float64Array>())),
            ("single", Arc::new(all.clone().map(|i| (i % 3 > 0).then_some(i as f32)).collect::<Float32Array>())),
            ("flag", Arc::new(all.clone().map(|i| (i % 7 > 0).then_some(i % 2 == 0)).collect::<BooleanArray>())),
            ("price", Arc::new(Decimal128Array::from(decimals).with_precision_and_scale(18, 4).unwrap())),
            ("key", Arc::new(StringArray::from_iter_values(all.map(|i| ["a", "b"][i as usize % 2])))),
        ]
    };
    let spec = spec().categories("key", Categories::new(["a", "b"]));
    let (lines_dir, lines) = write(&spec, batch(rows, more())).unwrap();
    let (dir, manifest) = write(&spec.clone().format(Format::Parquet), batch(rows, more())).unwrap();
    let names: Vec<_> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["train.parquet", "validation.parquet", "evaluation.csv"]);
    assert_eq!(manifest.contract_sha256, lines.contract_sha256);
    assert_eq!(manifest.file(Set::Train).unwrap().columns, lines.file(Set::Train).unwrap().columns);

    let path = dir.path().join("train.parquet");
    assert_eq!(hex::encode(Sha256::digest(std::fs::read(&path).unwrap())), manifest.file(Set::Train).unwrap().sha256);
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = builder.schema().clone();
    let types: Vec<_> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
    let (double, single) = (DataType::Float64, DataType::Float32);
    assert_eq!(types, [double.clone(), double.clone(), single, DataType::Int8, double, DataType::Int32]);
    let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
    let table = concat_batches(&schema, &batches).unwrap();
    assert_eq!(table.num_rows(), rows);
    // Rust's own parser reads the lines.
    let text = std::fs::read_to_string(lines_dir.path().join("train.csv")).unwrap();
    let columns: Vec<ArrayRef> =
        table.columns().iter().map(|column| arrow::compute::cast(column, &DataType::Float64).unwrap()).collect();
    for (row, line) in text.lines().enumerate() {
        for (column, field) in columns.iter().zip(line.split(',')) {
            let column = column.as_primitive::<Float64Type>();
            let value = column.is_valid(row).then(|| column.value(row));
            assert_eq!(value, field.parse().ok(), "row {row}");
        }
    }
    assert_eq!(table.column(3).as_primitive::<Int8Type>().value(1), 0);
}
