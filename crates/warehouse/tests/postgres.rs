//! PostgreSQL, against a server of the tests' own.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

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
        "CREATE SCHEMA \"My \"\"Features\"; SET search_path TO \"My \"\"Features\"; SET TIME ZONE 'UTC';".to_owned();
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

const IS_ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

fn at(user: &str, host: &str, port: u16) -> Postgres {
    Postgres::new(&format!("postgres://{user}:{PASSWORD}@{host}:{port}/postgres")).unwrap()
}

#[test]
fn a_connection_that_fails_says_at_what() {
    let server = Server::start();
    encryption_is_as_asked(&server);
    encryption_that_fails_says_why(&server);
    a_user_that_fails_is_named(&server);

    let (url, port) = (server.url("nowhere"), server.port());
    let database = error(&Postgres::new(&url).unwrap(), IS_ENCRYPTED);
    assert!(matches!(&database, WarehouseError::Database { database, .. } if database == "nowhere"), "{database}");
    drop(server);
    let gone = error(&at("etl", "127.0.0.1", port), IS_ENCRYPTED);
    assert!(
        matches!(&gone, WarehouseError::Unreachable { host, .. } if *host == format!("127.0.0.1:{port}")),
        "{gone}"
    );
    let unknown = error(&at("etl", "no-such-host.invalid", port).tls(TlsMode::Plain), IS_ENCRYPTED);
    assert!(matches!(unknown, WarehouseError::Unreachable { .. }), "{}", whole(&unknown));
}

/// Plain on loopback by default, encrypted by default where the host is not loopback, whatever its address is.
fn encryption_is_as_asked(server: &Server) {
    let port = server.port();
    let encrypted =
        |warehouse: &Postgres| suite::batch(warehouse, &Extract::new(IS_ENCRYPTED)).column(0).as_boolean().value(0);
    assert!(!encrypted(&at("etl", "127.0.0.1", port)));
    for user in ["etl", "careful"] {
        assert!(encrypted(&at(user, "localhost", port).tls(TlsMode::VerifyFull).ca_file(server.ca_file())));
    }
    let far = Postgres::new(&format!("postgres://etl:{PASSWORD}@{NAMED}:{port}/postgres?hostaddr=127.0.0.1")).unwrap();
    assert!(encrypted(&far.clone().ca_file(server.ca_file())));
    assert!(!encrypted(&far.clone().tls(TlsMode::Plain)));
    // The system trusts the tests' authority as little as it trusts an attacker's.
    let untrusted = error(&far, IS_ENCRYPTED);
    let refused = matches!(untrusted, WarehouseError::Tls { .. } | WarehouseError::CertificateAuthorities { .. });
    assert!(refused, "{}", whole(&untrusted));
}

fn encryption_that_fails_says_why(server: &Server) {
    let verified = |host: &str| at("etl", host, server.port()).tls(TlsMode::VerifyFull).ca_file(server.ca_file());
    let wrong_authority = verified("localhost").ca_file(server.other_ca_file());
    let wrong_name = verified("127.0.0.1");
    for (warehouse, why) in [(wrong_authority, "UnknownIssuer"), (wrong_name, "not valid for name")] {
        let error = error(&warehouse, IS_ENCRYPTED);
        assert!(matches!(error, WarehouseError::Tls { .. }), "{}", whole(&error));
        assert!(whole(&error).contains(why), "{}", whole(&error));
    }
    let plain = error(&at("careful", "127.0.0.1", server.port()), IS_ENCRYPTED);
    assert!(matches!(&plain, WarehouseError::Tls { remedy, .. } if remedy.contains("VerifyFull")), "{}", whole(&plain));
    let no_file = error(&verified("localhost").ca_file("/nowhere/ca.crt"), IS_ENCRYPTED);
    assert!(matches!(no_file, WarehouseError::CertificateAuthorities { .. }), "{}", whole(&no_file));
}

fn a_user_that_fails_is_named(server: &Server) {
    let port = server.port();
    let without_password = Postgres::new(&format!("postgres://etl@127.0.0.1:{port}/postgres")).unwrap();
    for (warehouse, expected) in [
        (at("stranger", "127.0.0.1", port), "stranger"),
        (at("etl", "127.0.0.1", port).password("wrong"), "etl"),
        (without_password, "etl"),
    ] {
        let error = error(&warehouse, IS_ENCRYPTED);
        let named = matches!(&error, WarehouseError::Authentication { user, .. } if user == expected);
        assert!(named, "{}", whole(&error));
        assert!(!format!("{warehouse:?}").contains(PASSWORD), "{warehouse:?}");
    }
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
