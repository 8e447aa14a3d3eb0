//! What every warehouse must do, over a table that each holds in its own way.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array,
    Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::record_batch::RecordBatch;
use refit_warehouse::{DatasetSpec, DateWindow, Extract, Percent, Split, Warehouse, WarehouseError};

use super::whole;

/// Makes the table, in SQL that every warehouse takes.
pub(crate) const READINGS: &str = "
    CREATE TABLE readings (
        id int8, flag boolean, small int2, medium int4, single float4, \"double\" double precision,
        price numeric(12,4), free numeric, note text, day date, seen timestamp, seen_utc timestamptz
    );
    INSERT INTO readings VALUES
        (1, true, -32768, 2147483647, 0.5, 0.1, 12.34, 0.1, 'a,b', '2013-01-01', '2013-01-01 05:00:00', '2013-01-01 05:00:00'),
        (2, false, 32767, -2147483648, -1.5, 1e300, -0.0001, 1e20, '', '2013-01-31', '2013-01-31 23:59:59.5', '2013-01-31 23:59:59.5'),
        (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (9223372036854775807, true, 0, 0, 16777216, 123456789.125, 99999999.9999, 3, 'ä', '2013-02-01', '2013-02-01 00:00:00', '2013-02-01 00:00:00');
";

/// Makes a table of a thousand rows to learn from. `tests/fixtures/delays.py` has the same formulas.
pub(crate) fn delays() -> String {
    let rows: Vec<_> = (0..1000)
        .map(|i| {
            let (flag, missing) = (i % 3 == 0, i % 7 == 0);
            let (day, hour) = (i / 40 + 1, i % 24);
            let wind = if missing { "NULL".to_owned() } else { format!("{}.{}", i % 50, i % 10) };
            let fare = format!("{}.{:04}", i * 7, i * 13 % 10_000);
            format!(
                "({i}, {}, {flag}, {wind}, {fare}, '2013-01-{day:02} {hour:02}:00:00', 'N{}')",
                i % 97 - 20,
                i % 211
            )
        })
        .collect();
    format!(
        "CREATE TABLE delays (id int8, delay int4, flag boolean, wind double precision, fare numeric(12,4), seen timestamptz,
            tail text);
        INSERT INTO delays VALUES {};",
        rows.join(", ")
    )
}

/// A table of numbers from 1, of as many rows as are asked for.
pub(crate) fn count_to(rows: usize) -> Extract {
    Extract::new("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n")
        .bind(i64::try_from(rows).unwrap())
}

/// Runs every behaviour.
pub(crate) fn run(warehouse: &dyn Warehouse) {
    types_and_values(warehouse);
    the_window_is_half_open(warehouse);
    parameters_of_each_type(warehouse);
    batches_are_bounded(warehouse);
    a_result_without_rows_has_its_columns(warehouse);
    parameters_must_match(warehouse);
    a_bad_query_is_refused(warehouse);
    a_parameter_is_a_value_and_nothing_else(warehouse);
    a_reader_dropped_early_does_no_harm(warehouse);
    a_dataset_has_the_same_bytes(warehouse);
}

pub(crate) fn batch(warehouse: &dyn Warehouse, extract: &Extract) -> RecordBatch {
    let reader = warehouse.extract(extract).unwrap_or_else(|error| panic!("{}", whole(&error)));
    let schema = reader.schema();
    let batches: Vec<_> = reader.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{}", whole(&error)));
    concat_batches(&schema, &batches).unwrap()
}

/// The error that an extraction ends in, before the first row or later.
pub(crate) fn error(warehouse: &dyn Warehouse, extract: &Extract) -> WarehouseError {
    match warehouse.extract(extract) {
        Ok(reader) => reader.filter_map(Result::err).map(WarehouseError::from).next().expect("no error came"),
        Err(error) => error,
    }
}

fn ids(warehouse: &dyn Warehouse, extract: &Extract) -> Vec<i64> {
    let batch = batch(warehouse, extract);
    let ids = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
    ids.values().to_vec()
}

/// Expected values written down from the SQL literals; times from Python's `datetime`.
fn readings() -> RecordBatch {
    let micros = TimeUnit::Microsecond;
    let seen = vec![Some(1_357_016_400_000_000), Some(1_359_676_799_500_000), None, Some(1_359_676_800_000_000)];
    let columns: Vec<(&str, DataType, ArrayRef)> = vec![
        ("id", DataType::Int64, Arc::new(Int64Array::from(vec![1, 2, 3, i64::MAX]))),
        ("flag", DataType::Boolean, Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]))),
        ("small", DataType::Int16, Arc::new(Int16Array::from(vec![Some(i16::MIN), Some(i16::MAX), None, Some(0)]))),
        ("medium", DataType::Int32, Arc::new(Int32Array::from(vec![Some(i32::MAX), Some(i32::MIN), None, Some(0)]))),
        (
            "single",
            DataType::Float32,
            Arc::new(Float32Array::from(vec![Some(0.5), Some(-1.5), None, Some(16_777_216.0)])),
        ),
        (
            "double",
            DataType::Float64,
            Arc::new(Float64Array::from(vec![Some(0.1), Some(1e300), None, Some(123_456_789.125)])),
        ),
        (
            "price",
            DataType::Decimal128(12, 4),
            Arc::new(
                Decimal128Array::from(vec![Some(123_400), Some(-1), None, Some(999_999_999_999)])
                    .with_precision_and_scale(12, 4)
                    .unwrap(),
            ),
        ),
        ("free", DataType::Float64, Arc::new(Float64Array::from(vec![Some(0.1), Some(1e20), None, Some(3.0)]))),
        ("note", DataType::Utf8, Arc::new(StringArray::from(vec![Some("a,b"), Some(""), None, Some("ä")]))),
        ("day", DataType::Date32, Arc::new(Date32Array::from(vec![Some(15_706), Some(15_736), None, Some(15_737)]))),
        ("seen", DataType::Timestamp(micros, None), Arc::new(TimestampMicrosecondArray::from(seen.clone()))),
        (
            "seen_utc",
            DataType::Timestamp(micros, Some("+00:00".into())),
            Arc::new(TimestampMicrosecondArray::from(seen).with_timezone("+00:00")),
        ),
    ];
    let fields: Vec<_> =
        columns.iter().map(|(name, data_type, _)| Field::new(*name, data_type.clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, _, array)| array).collect())
        .unwrap()
}

fn types_and_values(warehouse: &dyn Warehouse) {
    let all = batch(warehouse, &Extract::new("SELECT * FROM readings ORDER BY id"));
    assert_eq!(all.schema().fields(), readings().schema().fields());
    assert_eq!(all.columns(), readings().columns());
}

fn the_window_is_half_open(warehouse: &dyn Warehouse) {
    let january = DateWindow::new("2013-01-01".parse().unwrap(), "2013-02-01".parse().unwrap()).unwrap();
    for column in ["day", "seen", "seen_utc"] {
        let sql = format!("SELECT id FROM readings WHERE {column} >= $1 AND {column} < $2 ORDER BY id");
        assert_eq!(ids(warehouse, &Extract::new(sql).window(january)), [1, 2], "{column}");
    }
}

fn parameters_of_each_type(warehouse: &dyn Warehouse) {
    let moment: chrono::NaiveDateTime = "2013-01-31T23:59:59.500".parse().unwrap();
    let chosen = |condition: &str, parameter: refit_warehouse::Parameter| {
        ids(warehouse, &Extract::new(format!("SELECT id FROM readings WHERE {condition} ORDER BY id")).bind(parameter))
    };
    assert_eq!(chosen("medium = $1", i64::from(i32::MAX).into()), [1]);
    assert_eq!(chosen("price > $1", 12.3.into()), [1, i64::MAX]);
    assert_eq!(chosen("flag = $1", false.into()), [2]);
    assert_eq!(chosen("note = $1", "a,b".into()), [1]);
    assert_eq!(chosen("day <= $1", moment.date().into()), [1, 2]);
    assert_eq!(chosen("seen >= $1", moment.into()), [2, i64::MAX]);
    assert_eq!(chosen("seen_utc < $1", moment.into()), [1]);
    // A parameter used twice, and one with SQL in it.
    assert_eq!(chosen("note = $1 OR note = $1 || ''", "ä".into()), [i64::MAX]);
    assert_eq!(chosen("note = $1", "' OR 1=1 --".into()), [0_i64; 0]);
}

fn batches_are_bounded(warehouse: &dyn Warehouse) {
    for (rows, expected) in [(8192, vec![8192]), (20_000, vec![8192, 8192, 3616])] {
        let reader = warehouse.extract(&count_to(rows)).unwrap();
        let sizes: Vec<_> = reader.map(|batch| batch.unwrap().num_rows()).collect();
        assert_eq!(sizes, expected);
    }
}

fn a_result_without_rows_has_its_columns(warehouse: &dyn Warehouse) {
    let reader = warehouse.extract(&Extract::new("SELECT id, day FROM readings WHERE id = 0")).unwrap();
    assert_eq!(reader.schema().fields().len(), 2);
    assert_eq!(reader.schema().field(1).data_type(), &DataType::Date32);
    assert_eq!(reader.count(), 0);
}

fn parameters_must_match(warehouse: &dyn Warehouse) {
    let window = DateWindow::new("2013-01-01".parse().unwrap(), "2013-02-01".parse().unwrap()).unwrap();
    let sql = "SELECT id FROM readings WHERE day >= $1";
    for extract in
        [Extract::new(sql), Extract::new(sql).window(window), Extract::new("SELECT id FROM readings").bind(1)]
    {
        match warehouse.extract(&extract) {
            Err(WarehouseError::Parameters { bound, .. }) => assert_eq!(bound, extract.parameters().len()),
            Err(other) => panic!("{}", whole(&other)),
            Ok(_) => panic!("{extract:?} ran"),
        }
    }
}

fn a_bad_query_is_refused(warehouse: &dyn Warehouse) {
    for (sql, named) in
        [("SELEC 1", "SELEC"), ("SELECT * FROM nowhere", "nowhere"), ("SELECT \"none\" FROM readings", "none")]
    {
        match warehouse.extract(&Extract::new(sql)) {
            Err(error @ WarehouseError::Query { .. }) => assert!(error.to_string().contains(named), "{error}"),
            Err(other) => panic!("{}", whole(&other)),
            Ok(_) => panic!("{sql} ran"),
        }
    }
    let error = warehouse.extract(&Extract::new("CREATE TEMP TABLE t (i int4)")).err().unwrap();
    assert!(matches!(error, WarehouseError::NoColumns), "{error}");
    let twice = warehouse.extract(&Extract::new("SELECT id, id FROM readings")).err().unwrap();
    assert!(matches!(&twice, WarehouseError::DuplicateColumn { column } if column == "id"), "{twice}");
    let several = warehouse.extract(&Extract::new("SELECT id FROM readings; SELECT 1 AS one")).err().unwrap();
    assert!(matches!(several, WarehouseError::SeveralStatements { .. }), "{}", whole(&several));
}

/// Texts that say SQL, and what could end a text.
pub(crate) const NASTY: [&str; 15] = [
    "'; DROP TABLE readings; --",
    "' OR '1'='1",
    "\\'; DROP TABLE readings; --",
    "\\\\' || (SELECT note FROM readings LIMIT 1) || '",
    "$$; DROP TABLE readings; $$",
    "$tag$ '' $tag$",
    "\"; DROP TABLE readings; --",
    "/* ' */ -- ' \n '",
    "$1 $2 ($3)",
    "E'\\''",
    "'",
    "\\",
    "''\\''\\\\",
    "ünï’cödé \u{2019} \u{ff07} \t \r\n",
    "",
];

/// Whatever a text says, it comes back as it was bound, and what it says is not done.
fn a_parameter_is_a_value_and_nothing_else(warehouse: &dyn Warehouse) {
    for nasty in NASTY {
        let extract =
            Extract::new("SELECT CAST($1 AS text) AS a, 'kept $1' AS b, CAST($2 AS text) AS c").bind(nasty).bind("'");
        let read = batch(warehouse, &extract);
        let text =
            |column: usize| read.column(column).as_any().downcast_ref::<StringArray>().unwrap().value(0).to_owned();
        assert_eq!([text(0), text(1), text(2)], [nasty, "kept $1", "'"]);
    }
    assert_eq!(ids(warehouse, &Extract::new("SELECT id FROM readings WHERE id < 3 ORDER BY id")), [1, 2]);
}

fn a_reader_dropped_early_does_no_harm(warehouse: &dyn Warehouse) {
    let mut reader = warehouse.extract(&count_to(50_000_000)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().num_rows(), 8192);
    drop(reader);
    assert_eq!(ids(warehouse, &Extract::new("SELECT id FROM readings WHERE id < 3 ORDER BY id")), [1, 2]);
}

/// The SHA-256 are those of the files that `tests/fixtures/delays.py` writes with Python and its `csv` and `hashlib`.
fn a_dataset_has_the_same_bytes(warehouse: &dyn Warehouse) {
    let window = DateWindow::new("2013-01-01".parse().unwrap(), "2013-01-21".parse().unwrap()).unwrap();
    let sql = "SELECT * FROM delays WHERE seen >= $1 AND seen < $2 ORDER BY id";
    let extract = Extract::new(sql).window(window);
    let by_time = Split::ByTime {
        column: "seen".to_owned(),
        validation_from: "2013-01-11".parse().unwrap(),
        evaluation_from: "2013-01-16".parse().unwrap(),
    };
    let by_hash = |column: &str| Split::ByHash {
        column: column.to_owned(),
        validation: Percent::new(20).unwrap(),
        evaluation: Percent::new(10).unwrap(),
    };
    for (split, left_out, expected) in [
        (by_time, vec!["id", "tail"], BY_TIME),
        (by_hash("tail"), vec!["id", "seen"], BY_TAIL),
        (by_hash("seen"), vec!["id", "tail"], BY_SEEN),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let spec = DatasetSpec::new("delay", split).leave_out(left_out);
        let manifest = spec.write(warehouse.extract(&extract).unwrap(), &extract, dir.path()).unwrap();
        let digests: Vec<_> = manifest.files.iter().map(|file| file.sha256.as_str()).collect();
        assert_eq!(digests, expected);
    }
}
const BY_TIME: [&str; 3] = [
    "1d7588344f725619e32265c0aecb6e0ec98d4590567ab91ee90d61432b5fd93b",
    "1c2f604fde9b53c067d8a6302288aa4339bde8c31c9603284038cb4942a79d97",
    "232a98b410733ba6929d252f70f1ec9fe6c8ae7bf1c6824d1e2cb532e3a6d90f",
];
const BY_TAIL: [&str; 3] = [
    "46e017534dd0847bab816c3aa60f56a88512c7ffe147028cad37673aca094e94",
    "0d47c947875003772c49b7c9e514b2552dba7cbe57c5fda6bab9492ff8f40a86",
    "908399b3ff0feb6725993de50c394ec4e66c02d148c33dba5aff3ebae4546408",
];
const BY_SEEN: [&str; 3] = [
    "abc4af2a6750f79fbab19ebb9b83d92db51f5c467861b62928ff48518fd423cb",
    "014d80f4207ee42cdf8198e841d1e018d6740fe0ae8f8cb939671346bc1c6f12",
    "d85a092a2d9e52b0d59b17ad52c91f69a59fd3e106f9cc718ea60047d9e5c2a1",
];
