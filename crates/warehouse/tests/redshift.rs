//! Redshift, against a double of it over a PostgreSQL of the tests' own.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[allow(dead_code, reason = "other tests use more of the double")]
mod double;
mod support;

use std::sync::{Arc, Mutex};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use double::{AT_ONCE, Double, PASSWORD, Row};
use refit_warehouse::{
    Connection, ConnectionError, Credentials, DatasetError, Extract, IamRole, Parallel, Redshift, SERVER_VERSION,
    Unload, UnloadFormat, WarehouseError, Way,
};
use support::postgres::Server;
use support::{suite, whole};

/// An UNLOAD's query and rows.
type Unloaded = Arc<Mutex<Vec<(String, Vec<Row>)>>>;

fn start() -> (Server, Double, Unloaded) {
    let server = Server::start();
    let schema = "CREATE SCHEMA \"My \"\"Features\"; SET search_path TO \"My \"\"Features\"; SET TIME ZONE 'UTC';";
    server.client().batch_execute(&(schema.to_owned() + suite::READINGS + &suite::delays())).unwrap();
    let unloaded = Unloaded::default();
    let into = unloaded.clone();
    let double = Double::start(
        &server.url("postgres"),
        Arc::new(move |statement, _, rows| {
            into.lock().unwrap().push((statement.query.clone(), rows));
            if statement.prefix.contains("denied") { Err("Access Denied,Status 403".to_owned()) } else { Ok(()) }
        }),
    );
    (server, double, unloaded)
}

fn warehouse(double: &Double) -> Redshift {
    Redshift::new(Connection::url(&double.url()).unwrap().search_path(["My \"Features"])).unwrap()
}

/// Values as text and parameters as literals: the types, the windows, the parameters, the injections and the datasets are those
/// of every warehouse.
#[test]
fn the_suite_holds() {
    let (_server, double, _) = start();
    suite::run(&warehouse(&double));
    let said = double.said();
    let begun = |sql: &&String| sql.starts_with("BEGIN READ ONLY; SET TIME ZONE 'UTC'");
    let first = said.iter().find(begun).expect("a read-only transaction");
    assert!(first.contains("SET extra_float_digits TO 2; SET search_path TO \"My \"\"Features\""), "{first}");
    assert!(said.iter().all(|sql| !sql.contains("pg_type") && !sql.contains("snapshot")), "{said:?}");
}

#[test]
fn what_is_redshifts_own_is_read() {
    let (_server, double, _) = start();
    let warehouse = warehouse(&double);
    let extract = Extract::new(
        "SELECT CAST('{\"a\":1}' AS jsonb) AS doc, CAST('NaN' AS numeric(5,2)) AS n, CAST('Infinity' AS float8) AS x, 0.1::float4 + 0.2::float4 AS f, time '05:06:07.5' AS t, NULL AS nothing",
    );
    let read = suite::batch(&warehouse, &extract.clone().parallel(Parallel::by_range("x", 4)));
    assert_eq!(read.column(0).as_string::<i32>().value(0), "{\"a\": 1}");
    assert!(read.column(1).is_null(0) && read.column(5).is_null(0));
    assert_eq!(read.column(2).as_primitive::<Float64Type>().value(0), f64::INFINITY);
    let types: Vec<_> = read.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(types[..4], [DataType::Utf8, DataType::Decimal128(5, 2), DataType::Float64, DataType::Float32]);
    assert!(read.schema().metadata()[SERVER_VERSION].contains("Redshift 1.0.27554"));

    let writes = suite::error(&warehouse, &Extract::new("INSERT INTO readings (id) VALUES (9) RETURNING id"));
    assert!(matches!(writes, WarehouseError::Writes { .. }), "{}", whole(&writes));
    let late = suite::error(&warehouse, &Extract::new("SELECT 1 / (20000 - i) AS x FROM generate_series(1, 30000) i"));
    assert!(matches!(late, WarehouseError::Failed { rows, .. } if rows == 3 * AT_ONCE), "{}", whole(&late));
    let nul = suite::error(&warehouse, &Extract::new("SELECT $1 AS x").bind("a\0'; DROP TABLE readings; --"));
    assert!(matches!(nul, WarehouseError::Nul { .. }), "{nul}");
}

#[test]
fn credentials_are_given_by_a_function_and_asked_for_once() {
    let (_server, double, _) = start();
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let port = double.url().rsplit_once(':').unwrap().1.trim_end_matches("/dev").parse().unwrap();
    let connection = Connection::to("127.0.0.1", "dev").port(port).credentials(move || {
        *count.lock().unwrap() += 1;
        let expires = std::time::SystemTime::now() + std::time::Duration::from_secs(900);
        Ok(Credentials::new("IAM:etl", PASSWORD).expires_at(expires))
    });
    let warehouse = Redshift::new(connection.clone()).unwrap();
    for _ in 0..2 {
        suite::batch(&warehouse, &Extract::new("SELECT 1 AS one"));
    }
    assert_eq!(*asked.lock().unwrap(), 1);
    let expired = connection.credentials(|| Ok(Credentials::new("IAM:etl", "expired")));
    let error = suite::error(&Redshift::new(expired).unwrap(), &Extract::new("SELECT 1 AS one"));
    let named =
        matches!(&error, WarehouseError::Connection(ConnectionError::Authentication { user, .. }) if user == "IAM:etl");
    assert!(named, "{}", whole(&error));
}

#[test]
fn the_servers_plan_says_which_way_to_go() {
    let (server, double, _) = start();
    server.client().batch_execute("ANALYZE").unwrap();
    let estimate =
        warehouse(&double).estimate(&Extract::new("SELECT id, delay FROM delays WHERE tail <> $1;").bind("'")).unwrap();
    // Most of a thousand rows, an int8 and an int4.
    assert!((900..=1000).contains(&estimate.rows), "{estimate:?}");
    assert_eq!((estimate.width, estimate.bytes()), (12, estimate.rows * 12));
    assert_eq!(estimate.way(), Way::Stream);
}

#[test]
fn unload_sends_the_query_with_its_parameters_in_it() {
    let (_server, double, unloaded) = start();
    let warehouse = warehouse(&double);
    let extract = Extract::new("SELECT id, tail, flag, delay, wind FROM delays WHERE tail <> $1 AND id < $2 -- all")
        .bind("it's \\ $$")
        .bind(2);
    let role = IamRole::Arn("arn:aws:iam::123456789012:role/o'neill".to_owned());
    let training =
        UnloadFormat::TrainingCsv { label: "delay".to_owned(), leave_out: vec!["tail".to_owned(), "id".to_owned()] };
    let unload = Unload { iam_role: role, ordered: true, ..Unload::to("s3://bucket/datasets/run-", training) };
    assert_eq!(warehouse.unload(&extract, &unload).unwrap(), "s3://bucket/datasets/run-manifest");
    let text = |values: &[Option<&str>]| values.iter().map(|value| value.map(str::to_owned)).collect::<Vec<_>>();
    // Rows 0 and 1 of the formulas: delay, flag as 1 and 0, wind, which is missing in every seventh row.
    let expected = [text(&[Some("-20"), Some("1"), None]), text(&[Some("-19"), Some("0"), Some("1.1")])];
    let (query, rows) = unloaded.lock().unwrap().pop().unwrap();
    assert_eq!(rows, expected, "{query}");
    assert!(double.said().iter().all(|sql| !sql.starts_with("BEGIN")));

    let denied = Unload::to("s3://denied/", UnloadFormat::Parquet);
    let error = warehouse.unload(&extract, &denied).unwrap_err();
    assert!(error.to_string().contains("Access Denied"), "{error}");
    let text = UnloadFormat::TrainingCsv { label: "delay".to_owned(), leave_out: Vec::new() };
    let error = warehouse.unload(&extract, &Unload::to("s3://bucket/x", text)).unwrap_err();
    assert!(
        matches!(&error, WarehouseError::Dataset(DatasetError::TextFeature { column }) if column == "tail"),
        "{error}"
    );
}

/// A text within a text: whatever the parameter says, the cluster's query has it as a value, and does not do what it says.
#[test]
fn a_parameter_is_a_value_within_unload_too() {
    let (server, double, unloaded) = start();
    let warehouse = warehouse(&double);
    for nasty in suite::NASTY {
        let extract =
            Extract::new("SELECT CAST($1 AS text) AS a, 'kept $1' AS b, CAST($2 AS text) AS c").bind(nasty).bind("'");
        warehouse.unload(&extract, &Unload::to("s3://bucket/run-", UnloadFormat::Parquet)).unwrap();
        let (query, rows) = unloaded.lock().unwrap().pop().unwrap();
        let expected = [nasty, "kept $1", "'"].map(|text| Some(text.to_owned()));
        assert_eq!(rows, [expected.to_vec()], "{query}");
    }
    assert_eq!(server.psql("SELECT count(*) FROM \"My \"\"Features\".readings"), ["4"]);
    let nul = warehouse
        .unload(&Extract::new("SELECT $1 AS x").bind("a\0'"), &Unload::to("s3://bucket/x", UnloadFormat::Parquet));
    assert!(matches!(nul, Err(WarehouseError::Nul { .. })), "{nul:?}");
}
