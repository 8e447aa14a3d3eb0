//! Every type of PostgreSQL: what a literal is read as, checked against psql's own text.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int16Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::concat;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType,
};
use refit_warehouse::{Extract, InfiniteTimes, NumericAs, Parallel, Postgres, WarehouseError};
use support::postgres::Server;
use support::{suite, whole};

/// A type, literals of it, and what they are read as.
struct Case {
    sql: &'static str,
    literals: Vec<&'static str>,
    expected: ArrayRef,
}

fn case(sql: &'static str, literals: &[&'static str], expected: impl Array + 'static) -> Case {
    Case { sql, literals: literals.to_vec(), expected: Arc::new(expected) }
}

impl Case {
    /// The literals in their order, and a null at last.
    fn query(&self) -> String {
        format!("SELECT x FROM ({}) q ORDER BY i", self.numbered_query())
    }

    /// The same beside their numbers.
    fn numbered_query(&self) -> String {
        let rows = self.literals.iter().enumerate().map(|(i, literal)| format!("({i}, '{literal}')"));
        let rows: Vec<_> = rows.chain([format!("({}, NULL)", self.literals.len())]).collect();
        format!("SELECT i, CAST(x AS {}) AS x FROM (VALUES {}) v(i, x) ORDER BY i", self.sql, rows.join(", "))
    }

    fn expected(&self) -> ArrayRef {
        concat(&[&self.expected, &new_null_array(self.expected.data_type(), 1)]).unwrap()
    }
}

fn decimals(precision: u8, scale: i8, values: Vec<Option<i128>>) -> Decimal128Array {
    Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap()
}

/// The values are the literals, in Arrow's units: those of days and microseconds are Python's `datetime`'s, those beyond its
/// calendar PostgreSQL's `extract(epoch)`.
fn cases() -> Vec<Case> {
    let text = |sql, literals: &[&'static str]| case(sql, literals, StringArray::from(literals.to_vec()));
    let interval = IntervalMonthDayNano::new;
    vec![
        case("bool", &["true", "false"], BooleanArray::from(vec![true, false])),
        case("int2", &["-32768", "0", "32767"], Int16Array::from(vec![i16::MIN, 0, i16::MAX])),
        case("int4", &["-2147483648", "0", "2147483647"], Int32Array::from(vec![i32::MIN, 0, i32::MAX])),
        case(
            "int8",
            &["-9223372036854775808", "0", "9223372036854775807"],
            Int64Array::from(vec![i64::MIN, 0, i64::MAX]),
        ),
        case(
            "float4",
            &["0.1", "-3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity", "-0"],
            Float32Array::from(vec![0.1, f32::MIN, 1e-45, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0]),
        ),
        case(
            "float8",
            &["0.1", "1.7976931348623157e308", "5e-324", "NaN", "Infinity", "-Infinity", "-0"],
            Float64Array::from(vec![0.1, f64::MAX, 5e-324, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]),
        ),
        case(
            "numeric(12,4)",
            &["12.34", "-0.0001", "99999999.9999", "-99999999.9999", "0"],
            decimals(12, 4, vec![Some(123_400), Some(-1), Some(999_999_999_999), Some(-999_999_999_999), Some(0)]),
        ),
        case(
            "numeric(38,0)",
            &["99999999999999999999999999999999999999", "-1"],
            decimals(38, 0, vec![Some(10_i128.pow(38) - 1), Some(-1)]),
        ),
        case("numeric(5,5)", &["0.00001", "-0.99999"], decimals(5, 5, vec![Some(1), Some(-99_999)])),
        text("text", &["", "a,b", "ä€😀", "two\nlines", "NULL"]),
        text("varchar(5)", &["abc", "äöüßx"]),
        text("char(3)", &["a  "]),
        text("name", &["a name"]),
        text("uuid", &["0b2f4c1e-9f3a-4a6e-8d0c-123456789abc", "00000000-0000-0000-0000-000000000000"]),
        text("json", &["{\"a\" :1}", "null"]),
        text("jsonb", &["{\"a\": 1}", "[1, \"x\", null]"]),
        text("xml", &["<a/>"]),
        text("mood", &["low", "high"]),
        text("citext", &["MiXed"]),
        case("bytea", &["\\x", "\\x00c0ffee"], BinaryArray::from(vec![&[][..], &[0, 0xc0, 0xff, 0xee]])),
        case(
            "date",
            &["1970-01-01", "2013-01-31", "0001-01-01", "9999-12-31", "4713-01-01 BC", "5874897-12-31"],
            Date32Array::from(vec![0, 15_736, -719_162, 2_932_896, -2_440_550, 2_145_042_905]),
        ),
        case(
            "time",
            &["00:00:00", "05:06:07.000008", "23:59:59.999999", "24:00:00"],
            Time64MicrosecondArray::from(vec![0, 18_367_000_008, 86_399_999_999, 86_400_000_000]),
        ),
        case(
            "timestamp",
            &["1970-01-01 00:00:00", "2013-01-31 23:59:59.5", "4713-01-01 00:00:00 BC"],
            TimestampMicrosecondArray::from(vec![0, 1_359_676_799_500_000, -210_863_520_000_000_000]),
        ),
        case(
            "timestamptz",
            &["1970-01-01 00:00:00+00", "2013-02-01 00:59:59.5+01"],
            TimestampMicrosecondArray::from(vec![0, 1_359_676_799_500_000]).with_timezone("+00:00"),
        ),
        case(
            "interval",
            &["00:00:00", "1 year 2 mons 3 days 04:05:06.789", "-1 days", "-178000000 years"],
            IntervalMonthDayNanoArray::from(vec![
                interval(0, 0, 0),
                interval(14, 3, 14_706_789_000_000),
                interval(0, -1, 0),
                interval(-2_136_000_000, 0, 0),
            ]),
        ),
        case("miles", &["7"], Int32Array::from(vec![7])),
        case(
            "int4[]",
            &["{}", "{1,NULL,-3}"],
            ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![]), Some(vec![Some(1), None, Some(-3)])]),
        ),
        case(
            "miles[]",
            &["{1,2}"],
            ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), Some(2)])]),
        ),
        case(
            "float8[]",
            &["{0.5,Infinity}"],
            ListArray::from_iter_primitive::<Float64Type, _, _>(vec![Some(vec![Some(0.5), Some(f64::INFINITY)])]),
        ),
        case("mood[]", &["{low,NULL,high}"], texts(&[&[Some("low"), None, Some("high")]])),
        case("text[]", &["{a,\"b c\",\"\"}"], texts(&[&[Some("a"), Some("b c"), Some("")]])),
    ]
}

fn texts(lists: &[&[Option<&str>]]) -> ListArray {
    let mut builder = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
    for list in lists {
        builder.append_value(list.iter().copied());
    }
    builder.finish()
}

/// A value as psql writes it.
fn shown(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) {
        return String::new();
    }
    match array.data_type() {
        DataType::Boolean => if array.as_boolean().value(row) { "t" } else { "f" }.to_owned(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Binary => {
            let hex = |byte: &u8| format!("{byte:02x}");
            format!("\\x{}", array.as_binary::<i32>().value(row).iter().map(hex).collect::<String>())
        }
        other => panic!("{other} is compared as a value"),
    }
}

/// Compares a value with psql's text: by the text, or, where many texts mean one value, by the value that the text names.
fn assert_same(array: &dyn Array, row: usize, text: &str, sql: &str) {
    let name = format!("{sql}, row {row}: psql writes {text}");
    if array.is_null(row) || text.is_empty() {
        assert!(text.is_empty(), "{name}");
        assert!(array.is_null(row) || shown(array, row).is_empty(), "{name}");
        return;
    }
    match array.data_type() {
        DataType::Float32 => {
            let value: f32 = text.parse().unwrap();
            let read = array.as_primitive::<Float32Type>().value(row);
            assert!(read.to_bits() == value.to_bits() || read.is_nan() && value.is_nan(), "{name}");
        }
        DataType::Float64 => {
            let value: f64 = text.parse().unwrap();
            let read = array.as_primitive::<Float64Type>().value(row);
            assert!(read.to_bits() == value.to_bits() || read.is_nan() && value.is_nan(), "{name}");
        }
        DataType::Date32 => same_number(array.as_primitive::<Date32Type>().value(row).into(), text, &name),
        DataType::Time64(_) => same_number(array.as_primitive::<Time64MicrosecondType>().value(row), text, &name),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            same_number(array.as_primitive::<TimestampMicrosecondType>().value(row), text, &name);
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            assert_eq!(format!("{} {} {}", value.months, value.days, value.nanoseconds / 1000), text, "{name}");
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>().value(row);
            let values = (0..list.len()).map(|index| match list.is_null(index) {
                true => "NULL".to_owned(),
                false if list.data_type() == &DataType::Float64 => {
                    list.as_primitive::<Float64Type>().value(index).to_string().replace("inf", "Infinity")
                }
                false => match shown(&list, index) {
                    text if text.is_empty() || text.contains(' ') => format!("\"{text}\""),
                    text => text,
                },
            });
            assert_eq!(format!("{{{}}}", values.collect::<Vec<_>>().join(",")), text, "{name}");
        }
        _ => assert_eq!(shown(array, row), text, "{name}"),
    }
}

fn same_number(read: i64, text: &str, name: &str) {
    assert_eq!(read.to_string(), text, "{name}");
}

/// What psql is asked for: the value's own text, or a number where Arrow counts.
fn as_psql_counts(case: &Case) -> String {
    let number = match case.expected.data_type() {
        DataType::Date32 => "x - date '1970-01-01'",
        DataType::Time64(_) => "CAST(extract(epoch FROM x) * 1000000 AS int8)",
        DataType::Timestamp(..) => "CAST(extract(epoch FROM x) * 1000000 AS int8)",
        DataType::Interval(_) => {
            "extract(year FROM x) * 12 + extract(month FROM x) || ' ' || extract(day FROM x) || ' ' ||
             CAST(extract(hour FROM x) * 3600000000 + extract(minute FROM x) * 60000000 + extract(microseconds FROM x) AS int8)"
        }
        _ => return case.query(),
    };
    format!("SELECT {number} FROM ({}) t", case.query())
}

#[test]
fn a_literal_is_the_arrow_value_it_stands_for() {
    let server = Server::start();
    server
        .client()
        .batch_execute("CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('low', 'high'); CREATE DOMAIN miles AS int4")
        .unwrap();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    for case in cases() {
        let read = suite::batch(&warehouse, &Extract::new(case.query()));
        assert_eq!(read.column(0), &case.expected(), "{}", case.sql);
        let in_parts = Extract::new(case.numbered_query()).parallel(Parallel::by_range("i", 3).in_order());
        assert_eq!(suite::batch(&warehouse, &in_parts).column(1), &case.expected(), "{} in parallel", case.sql);
        let psql = server.psql(&as_psql_counts(&case));
        assert_eq!(psql.len(), read.num_rows(), "{}: {psql:?}", case.sql);
        for (row, text) in psql.iter().enumerate() {
            assert_same(read.column(0), row, text, case.sql);
        }
    }
    what_has_no_value_in_arrow(&warehouse);
    any_other_type_is_text(&warehouse, &server);
}

/// NaN and the infinities of numerics and times.
fn what_has_no_value_in_arrow(warehouse: &Postgres) {
    let column = |warehouse: &Postgres, sql: &str| suite::batch(warehouse, &Extract::new(sql)).column(0).clone();
    let nan = "SELECT CAST('NaN' AS numeric(5,2)) AS x";
    assert!(column(warehouse, nan).is_null(0));
    let doubles = warehouse.clone().numeric(NumericAs::Float64);
    assert!(column(&doubles, nan).as_primitive::<Float64Type>().value(0).is_nan());
    let declared = column(&doubles, "SELECT CAST(12.34 AS numeric(12,4)) AS x");
    assert_eq!(declared.as_primitive::<Float64Type>().value(0), 12.34);
    for (literal, expected) in
        [("'Infinity'", f64::INFINITY), ("'-Infinity'", f64::NEG_INFINITY), ("1e-20", 1e-20), ("1e300", 1e300)]
    {
        let bare = column(warehouse, &format!("SELECT CAST({literal} AS numeric) AS x"));
        assert_eq!(bare.as_primitive::<Float64Type>().value(0), expected, "{literal}");
    }
    let nulls = warehouse.clone().infinite_times(InfiniteTimes::Null);
    for sql in ["date", "timestamp", "timestamptz"] {
        for infinity in ["infinity", "-infinity"] {
            let sql = format!("SELECT CAST(x AS {sql}) AS x FROM (VALUES ('2013-01-01'), ('{infinity}')) v(x)");
            assert!(column(&nulls, &sql).is_null(1), "{sql}");
            match suite::error(warehouse, &Extract::new(&sql)) {
                WarehouseError::Value { column, row, problem } => {
                    assert_eq!((column.as_str(), row), ("x", 2));
                    assert!(problem.contains("NULLIF") && problem.contains("infinite_times"), "{problem}");
                }
                other => panic!("{sql}: {}", whole(&other)),
            }
        }
    }
    let array = column(&nulls, "SELECT ARRAY[date '2013-01-01', 'infinity', NULL] AS x");
    let list = array.as_list::<i32>().value(0);
    assert_eq!((list.len(), list.null_count(), list.is_null(1)), (3, 2, true));
    let nested = suite::error(warehouse, &Extract::new("SELECT ARRAY[[1, 2], [3, 4]] AS x"));
    assert!(nested.to_string().contains("2 dimensions"), "{nested}");
}

/// The query is not refused; the text is psql's.
fn any_other_type_is_text(warehouse: &Postgres, server: &Server) {
    for sql in [
        "CAST(1 AS money)",
        "CAST('05:00+01' AS timetz)",
        "CAST('127.0.0.1/8' AS inet)",
        "CAST(1 AS oid)",
        "CAST('pg_class' AS regclass)",
        "ROW(1, 'a')",
        "B'101'",
        "point(1, 2)",
        "int4range(1, 5)",
        "to_tsvector('a b')",
        "ARRAY[inet '127.0.0.1']",
    ] {
        let query = format!("SELECT {sql} AS x");
        let read = suite::batch(warehouse, &Extract::new(&query));
        assert_eq!(shown(read.column(0), 0), server.psql(&query)[0], "{sql}");
        assert_eq!(read.column(0).data_type(), &DataType::Utf8);
    }
}

/// The table of types is the server's own.
#[test]
fn the_oids_are_the_servers() {
    let server = Server::start();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    for (name, expected) in [
        ("bool", DataType::Boolean),
        ("int2", DataType::Int16),
        ("int4", DataType::Int32),
        ("int8", DataType::Int64),
        ("float4", DataType::Float32),
        ("float8", DataType::Float64),
        ("numeric", DataType::Float64),
        ("text", DataType::Utf8),
        ("\"char\"", DataType::Utf8),
        ("name", DataType::Utf8),
        ("bpchar", DataType::Utf8),
        ("varchar", DataType::Utf8),
        ("json", DataType::Utf8),
        ("jsonb", DataType::Utf8),
        ("xml", DataType::Utf8),
        ("uuid", DataType::Utf8),
        ("bytea", DataType::Binary),
        ("date", DataType::Date32),
        ("time", DataType::Time64(TimeUnit::Microsecond)),
        ("timestamp", DataType::Timestamp(TimeUnit::Microsecond, None)),
        ("timestamptz", DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))),
        ("interval", DataType::Interval(IntervalUnit::MonthDayNano)),
    ] {
        let sql = format!("SELECT CAST(NULL AS {name}) AS one, CAST(NULL AS {name}[]) AS many");
        let schema = suite::batch(&warehouse, &Extract::new(&sql)).schema();
        assert_eq!(schema.field(0).data_type(), &expected, "{name}");
        assert_eq!(schema.field(1).data_type(), &DataType::new_list(expected, true), "{name}[]");
    }
}
