//! The embedded warehouse.
#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use refit_warehouse::{DateWindow, Extract, Sqlite, Warehouse, WarehouseError};
use support::{example, suite, whole};

fn database(dir: &Path, sql: &str) -> PathBuf {
    let path = dir.join("warehouse.sqlite");
    rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    path
}

/// A table of a CSV file.
fn csv(dir: &Path, name: &str, text: &str) -> Sqlite {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    Sqlite::files([(name, path)]).unwrap()
}

fn first_error(warehouse: &Sqlite, sql: &str) -> WarehouseError {
    let reader = match warehouse.extract(&Extract::new(sql)) {
        Ok(reader) => reader,
        Err(error) => return error,
    };
    reader.filter_map(Result::err).map(WarehouseError::from).next().expect("no error came")
}

#[test]
fn the_suite_holds() {
    let dir = tempfile::tempdir().unwrap();
    let sql = suite::READINGS.to_owned() + &suite::delays();
    suite::run(&Sqlite::file(database(dir.path(), &sql)).unwrap());
}

/// Expected counts from pandas: `flights.merge(weather, on=["origin", "time_hour"])` on the same files.
#[test]
fn files_are_tables_that_join() {
    let warehouse = Sqlite::files([("flights", example("flights.parquet")), ("weather", example("weather.parquet"))])
        .unwrap()
        .index("weather", &["origin", "time_hour"])
        .unwrap();
    let window = DateWindow::new("2013-01-01".parse().unwrap(), "2013-02-01".parse().unwrap()).unwrap();
    let joined = Extract::new(
        "SELECT count(*) AS flights, sum(f.distance) AS miles, count(w.wind_gust) AS gusts
         FROM flights f JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
         WHERE f.time_hour >= $1 AND f.time_hour < $2",
    );
    let batch = suite::batch(&warehouse, &joined.window(window));
    let numbers: Vec<_> = batch.columns().iter().map(|column| column.as_primitive::<Int64Type>().value(0)).collect();
    assert_eq!(numbers, [26_813, 27_014_836, 6_682]);

    let reader = warehouse.extract(&Extract::new("SELECT * FROM flights")).unwrap();
    let schema = reader.schema();
    assert_eq!(schema.field_with_name("dep_delay").unwrap().data_type(), &DataType::Int32);
    let hour = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    assert_eq!(schema.field_with_name("time_hour").unwrap().data_type(), &hour);
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 336_776);
}

#[test]
fn a_csv_file_is_a_table_too() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = csv(dir.path(), "sales", "day,shop,sold,price\n2013-01-01,\"a, b\",3,1\n2013-01-02,c,,2.5\n");
    let batch = suite::batch(&warehouse, &Extract::new("SELECT * FROM sales WHERE day >= $1").bind("2013-01-01"));
    let types: Vec<_> = batch.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(types, [DataType::Date32, DataType::Utf8, DataType::Int64, DataType::Float64]);
    assert_eq!(batch.column(1).as_string::<i32>().value(0), "a, b");
    assert!(batch.column(2).is_null(1));
}

#[test]
fn a_fraction_of_a_second_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse =
        csv(dir.path(), "times", "ts\n2013-01-01T10:00:00.250\n2013-01-01T10:00:00\n2013-01-01T10:00:00.000001\n");
    let batch = suite::batch(&warehouse, &Extract::new("SELECT ts FROM times ORDER BY ts"));
    let micros = batch.column(0).as_primitive::<TimestampMicrosecondType>();
    // Seconds since 1970 by `date -u -d "2013-01-01 10:00" +%s`.
    let ten = 1_357_034_400_000_000;
    assert_eq!(micros.values().to_vec(), [ten, ten + 1, ten + 250_000]);
}

#[test]
fn codes_of_a_csv_file_keep_their_zeros() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = csv(dir.path(), "shops", "zip,phone,sold,loss\n10001,+1212,0,-5\n07001,1212,10,0\n");
    let batch = suite::batch(&warehouse, &Extract::new("SELECT * FROM shops WHERE zip = '07001'"));
    let types: Vec<_> = batch.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(types, [DataType::Utf8, DataType::Utf8, DataType::Int64, DataType::Int64]);
    assert_eq!(batch.num_rows(), 1);
}

#[test]
fn long_values_make_small_batches() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = Sqlite::file(database(dir.path(), "")).unwrap();
    let ten = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)";
    let extract = Extract::new(format!("{ten} SELECT hex(zeroblob(1500000)) AS x FROM n"));
    let sizes: Vec<_> = warehouse.extract(&extract).unwrap().map(|batch| batch.unwrap().num_rows()).collect();
    assert_eq!(sizes, [3, 3, 3, 1]);
}

#[test]
fn a_file_that_is_no_table_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (junk, missing) = (dir.path().join("junk.parquet"), dir.path().join("missing.csv"));
    fs::write(&junk, "no parquet").unwrap();
    for path in [&junk, &missing] {
        let error = Sqlite::files([("t", path)]).unwrap_err();
        assert!(matches!(error, WarehouseError::Load { .. }), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    let weather = example("weather.parquet");
    let error = Sqlite::files([("w", &weather), ("w", &weather)]).unwrap_err();
    assert!(whole(&error).contains("already exists"), "{}", whole(&error));
}

#[test]
fn a_database_that_is_none_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let junk = dir.path().join("junk.sqlite");
    fs::write(&junk, "x".repeat(5000)).unwrap();
    for path in [junk, dir.path().join("missing.sqlite"), dir.path().to_owned()] {
        let error = Sqlite::file(&path).unwrap_err();
        assert!(matches!(error, WarehouseError::Open { .. }), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert!(!dir.path().join("missing.sqlite").exists());
}

#[test]
fn only_loaded_tables_are_indexed() {
    let dir = tempfile::tempdir().unwrap();
    let file = Sqlite::file(database(dir.path(), suite::READINGS)).unwrap();
    let error = file.index("readings", &["id"]).unwrap_err();
    assert!(matches!(error, WarehouseError::Index { source: None, .. }), "{error}");
    let loaded = Sqlite::files([("weather", example("weather.parquet"))]).unwrap();
    let error = loaded.index("weather", &["nowhere"]).unwrap_err();
    assert!(error.to_string().contains("\"nowhere\""), "{error}");
}

#[test]
fn a_database_file_is_only_read() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = Sqlite::file(database(dir.path(), suite::READINGS)).unwrap();
    let error = first_error(&warehouse, "DELETE FROM readings RETURNING id");
    assert!(error.to_string().contains("readonly"), "{error}");
}

#[test]
fn a_value_that_misfits_names_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let sql = "CREATE TABLE t (i int4, d date, f numeric(5,2), s float4);
        INSERT INTO t VALUES (1, '2013-01-01', 1.25, 0.1), (2, '1.2.2013', 0.125, 1e300), (3000000000, '2013-01-01', 1, 1);";
    let warehouse = Sqlite::file(database(dir.path(), sql)).unwrap();
    for (column, expected) in [("i", 3), ("d", 2), ("f", 2), ("s", 2)] {
        match first_error(&warehouse, &format!("SELECT {column} FROM t")) {
            WarehouseError::Value { column: named, row, .. } => assert_eq!((named.as_str(), row), (column, expected)),
            other => panic!("{}", whole(&other)),
        }
    }
}

/// The type of an expression comes from the first batch; what comes later must fit it.
#[test]
fn an_expression_that_changes_its_type_names_the_row() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = Sqlite::file(database(dir.path(), "")).unwrap();
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)";
    let late = format!("{numbers} SELECT CASE WHEN i = 9000 THEN 0.5 ELSE i END AS x FROM n");
    match first_error(&warehouse, &late) {
        WarehouseError::Value { column, row, problem } => {
            assert_eq!((column.as_str(), row), ("x", 9000));
            assert!(problem.contains("CAST"), "{problem}");
        }
        other => panic!("{}", whole(&other)),
    }
    let cast = format!("{numbers} SELECT CAST(CASE WHEN i = 9000 THEN 0.5 ELSE i END AS REAL) AS x FROM n");
    assert_eq!(suite::batch(&warehouse, &Extract::new(cast)).schema().field(0).data_type(), &DataType::Float64);
}

#[test]
fn the_temporary_file_goes_with_the_last_clone() {
    let warehouse = Sqlite::files([("weather", example("weather.parquet"))]).unwrap();
    let shown = format!("{warehouse:?}");
    let path = shown.split('"').find(|part| part.ends_with(".sqlite")).map(PathBuf::from).unwrap();
    let reader = warehouse.extract(&Extract::new("SELECT * FROM weather")).unwrap();
    let clone = warehouse.clone();
    drop(warehouse);
    assert!(path.exists());
    drop(clone);
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 26_115);
    assert!(!path.exists());
}
