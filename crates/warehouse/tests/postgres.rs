//! PostgreSQL, against a server of the tests' own.

mod support;

use std::thread::sleep;
use std::time::{Duration, Instant};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use refit_warehouse::{Extract, Postgres, TlsMode, Warehouse, WarehouseError};
use support::postgres::{NAMED, PASSWORD, Server};
use support::{suite, whole};

fn error(warehouse: &Postgres, sql: &str) -> WarehouseError {
    let error = match warehouse.extract(&Extract::new(sql)) {
        Ok(reader) => reader.filter_map(Result::err).map(WarehouseError::from).next().expect("no error came"),
        Err(error) => error,
    };
    assert!(!whole(&error).contains(PASSWORD), "{}", whole(&error));
    error
}

fn type_of(warehouse: &Postgres, sql: &str) -> DataType {
    suite::batch(warehouse, &Extract::new(sql)).schema().field(0).data_type().clone()
}

fn text(warehouse: &Postgres, sql: &str) -> String {
    suite::batch(warehouse, &Extract::new(sql)).column(0).as_string::<i32>().value(0).to_owned()
}

/// The tables are in a schema that the server does not look in by itself, and whose name needs quotes.
#[test]
fn the_suite_holds() {
    let server = Server::start();
    let made =
        format!("CREATE SCHEMA \"My \"\"Features\"; SET search_path TO \"My \"\"Features\"; SET TIME ZONE 'UTC';");
    server.client().batch_execute(&(made + suite::READINGS + &suite::delays())).unwrap();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    assert!(matches!(error(&warehouse, "SELECT * FROM readings"), WarehouseError::Query { .. }));
    suite::run(&warehouse.search_path(["nowhere", "My \"Features"]));
}

#[test]
fn every_type_is_read_or_refused_by_name() {
    let server = Server::start();
    server.client().batch_execute("CREATE TYPE mood AS ENUM ('low', 'high'); CREATE DOMAIN miles AS int4").unwrap();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    read_as_text(&warehouse);
    read_as_numbers(&warehouse);
    refused_with_a_remedy_that_works(&warehouse);
    infinity_is_no_time(&warehouse);
}

/// Expected values are the literals themselves.
fn read_as_text(warehouse: &Postgres) {
    let uuid = "0b2f4c1e-9f3a-4a6e-8d0c-123456789abc";
    let cases = [
        ("CAST('a' AS varchar(3))", "a"),
        ("CAST('a' AS char(3))", "a  "),
        ("CAST('a' AS name)", "a"),
        ("'a'", "a"),
        ("CAST('high' AS mood)", "high"),
        ("CAST('{\"a\":1}' AS json)", "{\"a\":1}"),
        ("CAST('{\"a\":1}' AS jsonb)", "{\"a\": 1}"),
        (&format!("CAST('{uuid}' AS uuid)"), uuid),
    ];
    for (sql, expected) in cases {
        assert_eq!(text(warehouse, &format!("SELECT {sql} AS x")), expected, "{sql}");
    }
    let bytes = suite::batch(warehouse, &Extract::new("SELECT CAST('\\xc0ffee' AS bytea) AS x"));
    assert_eq!(bytes.column(0).as_binary::<i32>().value(0), [0xc0, 0xff, 0xee]);
}

fn read_as_numbers(warehouse: &Postgres) {
    let cases = [
        ("CAST(1 AS miles)", DataType::Int32),
        ("CAST(1 AS numeric(38,0))", DataType::Decimal128(38, 0)),
        ("CAST(1 AS numeric(39,0))", DataType::Float64),
        ("CAST(1200 AS numeric(2,-2))", DataType::Decimal128(4, 0)),
        ("CAST(0.00012 AS numeric(2,5))", DataType::Decimal128(5, 5)),
        ("avg(1)", DataType::Float64),
        ("count(*)", DataType::Int64),
        ("EXTRACT(HOUR FROM now())", DataType::Float64),
    ];
    for (sql, expected) in cases {
        assert_eq!(type_of(warehouse, &format!("SELECT {sql} AS x")), expected, "{sql}");
    }
    let extract = Extract::new(
        "SELECT CAST('NaN' AS numeric(5,2)) AS a, CAST('NaN' AS numeric) AS b, CAST('-Infinity' AS numeric) AS c, 1e-20 AS d",
    );
    let batch = suite::batch(warehouse, &extract);
    assert!(batch.column(0).is_null(0));
    let float = |index: usize| batch.column(index).as_primitive::<Float64Type>().value(0);
    assert!(float(1).is_nan());
    assert_eq!((float(2), float(3)), (f64::NEG_INFINITY, 1e-20));
    assert_eq!(text(warehouse, "SELECT CAST(CAST(1200 AS numeric(2,-2)) AS text) AS x"), "1200");
}

fn refused_with_a_remedy_that_works(warehouse: &Postgres) {
    let cases = [
        "CAST('1 day' AS interval)",
        "CAST(1 AS money)",
        "CAST('05:00' AS time)",
        "ARRAY[1, 2]",
        "CAST('127.0.0.1' AS inet)",
        "CAST(1 AS oid)",
        "ROW(1, 2)",
    ];
    for sql in cases {
        let table = format!("FROM (SELECT {sql} AS \"It\") t");
        match error(warehouse, &format!("SELECT \"It\" {table}")) {
            WarehouseError::UnsupportedType { column, remedy, .. } => {
                assert_eq!(column, "It");
                let select = remedy.split(',').next().unwrap();
                // A comma within the cast's own digits.
                let select = if select.contains("numeric(20") { remedy.as_str() } else { select };
                suite::batch(warehouse, &Extract::new(format!("{select} {table}")));
            }
            other => panic!("{sql}: {}", whole(&other)),
        }
    }
}

fn infinity_is_no_time(warehouse: &Postgres) {
    for kind in ["date", "timestamp", "timestamptz"] {
        let sql = format!("SELECT CAST(x AS {kind}) AS x FROM (VALUES ('2013-01-01'), ('infinity')) v(x)");
        match error(warehouse, &sql) {
            WarehouseError::Value { column, row, problem } => {
                assert_eq!((column.as_str(), row), ("x", 2));
                assert!(problem.contains("NULLIF"), "{problem}");
            }
            other => panic!("{}", whole(&other)),
        }
        let remedied = format!(
            "SELECT NULLIF(NULLIF(x, 'infinity'), '-infinity') AS x FROM (SELECT CAST('infinity' AS {kind}) AS x) t"
        );
        assert!(suite::batch(warehouse, &Extract::new(remedied)).column(0).is_null(0));
    }
}

#[test]
fn a_connection_that_fails_says_at_what() {
    let server = Server::start();
    let port = server.port();
    let at = |user: &str, host: &str, database: &str| {
        Postgres::new(&format!("postgres://{user}:{PASSWORD}@{host}:{port}/{database}")).unwrap()
    };
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let encrypted = |warehouse: &Postgres| suite::batch(warehouse, &Extract::new(sql)).column(0).as_boolean().value(0);

    // Plain on loopback by default; encrypted when asked, with the authority and the name in order.
    assert!(!encrypted(&at("etl", "127.0.0.1", "postgres")));
    let local = at("etl", "localhost", "postgres").tls(TlsMode::VerifyFull).ca_file(server.ca_file());
    assert!(encrypted(&local));
    assert!(encrypted(&at("careful", "localhost", "postgres").tls(TlsMode::VerifyFull).ca_file(server.ca_file())));

    // Encrypted by default where the host is not loopback, whatever its address is.
    let far = Postgres::new(&format!("postgres://etl:{PASSWORD}@{NAMED}:{port}/postgres?hostaddr=127.0.0.1")).unwrap();
    assert!(encrypted(&far.clone().ca_file(server.ca_file())));
    assert!(!encrypted(&far.clone().tls(TlsMode::Plain)));

    let wrong_authority = local.clone().ca_file(server.other_ca_file());
    let wrong_name = at("etl", "127.0.0.1", "postgres").tls(TlsMode::VerifyFull).ca_file(server.ca_file());
    for (warehouse, why) in [(wrong_authority, "UnknownIssuer"), (wrong_name, "not valid for name")] {
        let error = error(&warehouse, sql);
        assert!(matches!(error, WarehouseError::Tls { .. }), "{}", whole(&error));
        assert!(whole(&error).contains(why), "{}", whole(&error));
    }
    let error_of = |warehouse: Postgres| error(&warehouse, sql);
    let plain = error_of(at("careful", "127.0.0.1", "postgres"));
    assert!(matches!(&plain, WarehouseError::Tls { remedy, .. } if remedy.contains("VerifyFull")), "{}", whole(&plain));
    let no_file = error_of(local.clone().ca_file("/nowhere/ca.crt"));
    assert!(matches!(no_file, WarehouseError::CertificateAuthorities { .. }), "{}", whole(&no_file));

    let stranger = error_of(at("stranger", "127.0.0.1", "postgres"));
    assert!(matches!(&stranger, WarehouseError::Authentication { user, .. } if user == "stranger"), "{stranger}");
    let wrong = error_of(at("etl", "127.0.0.1", "postgres").password("wrong"));
    assert!(matches!(&wrong, WarehouseError::Authentication { user, .. } if user == "etl"), "{wrong}");
    let none = error_of(Postgres::new(&format!("postgres://etl@127.0.0.1:{port}/postgres")).unwrap());
    assert!(matches!(none, WarehouseError::Authentication { .. }), "{}", whole(&none));
    let database = error_of(at("etl", "127.0.0.1", "nowhere"));
    assert!(matches!(&database, WarehouseError::Database { database, .. } if database == "nowhere"), "{database}");

    assert!(!format!("{local:?}").contains(PASSWORD), "{local:?}");
    drop(server);
    let gone = error_of(at("etl", "127.0.0.1", "postgres"));
    assert!(
        matches!(&gone, WarehouseError::Unreachable { host, .. } if *host == format!("127.0.0.1:{port}")),
        "{gone}"
    );
    let unknown = error_of(at("etl", "no-such-host.invalid", "postgres").tls(TlsMode::Plain));
    assert!(matches!(unknown, WarehouseError::Unreachable { .. }), "{}", whole(&unknown));
}

#[test]
fn a_query_ends_with_its_reader_and_its_server() {
    let server = Server::start();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    let mut beside = server.client();
    // In the select list the series streams; in FROM the server would keep it in a file first.
    let endless = "SELECT generate_series(1, 1000000000000) AS i";
    let mut running = || -> Vec<i32> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'refit-warehouse' AND state = 'active'";
        beside.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    };

    let mut reader = warehouse.extract(&Extract::new(endless)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().num_rows(), 8192);
    assert_eq!(running().len(), 1);
    drop(reader);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !running().is_empty() {
        assert!(Instant::now() < deadline, "the query of a dropped reader runs on");
        sleep(Duration::from_millis(20));
    }

    let mut reader = warehouse.extract(&Extract::new(endless)).unwrap();
    reader.next().unwrap().unwrap();
    let pid = running()[0];
    server.client().execute("SELECT pg_terminate_backend($1)", &[&pid]).unwrap();
    let error = reader.find_map(Result::err).map(WarehouseError::from).unwrap();
    assert!(matches!(error, WarehouseError::Broken { rows, .. } if rows >= 8192), "{}", whole(&error));

    // A value among the rows that the server cannot compute is the query's.
    let sql = "SELECT 1 / (20000 - i) AS x FROM generate_series(1, 30000) i";
    let mut reader = warehouse.extract(&Extract::new(sql)).unwrap();
    let error = reader.find_map(Result::err).map(WarehouseError::from).unwrap();
    assert!(error.to_string().contains("division by zero (SQLSTATE 22012)"), "{}", whole(&error));
}

/// The caller may be in an async runtime, where the `postgres` crate itself panics.
#[test]
fn an_extraction_may_run_inside_an_async_runtime() {
    let server = Server::start();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let one = suite::batch(&warehouse, &Extract::new("SELECT CAST(1 AS int8) AS x"));
        assert_eq!(one.column(0).as_primitive::<Int64Type>().value(0), 1);
        drop(warehouse.extract(&suite::count_to(1_000_000)).unwrap());
    });
}
