//! PostgreSQL, against a server of the tests' own.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type};
use refit_warehouse::{Connection, Extract, Postgres, SERVER_VERSION, SNAPSHOT, Warehouse, WarehouseError};
use support::postgres::Server;
use support::suite;

fn type_of(warehouse: &Postgres, sql: &str) -> DataType {
    suite::batch(warehouse, &Extract::new(sql)).schema().field(0).data_type().clone()
}

/// The tables are in a schema that the server does not look in by itself, and whose name needs quotes.
#[test]
fn the_suite_holds() {
    let server = Server::start();
    let made =
        "CREATE SCHEMA \"My \"\"Features\"; SET search_path TO \"My \"\"Features\"; SET TIME ZONE 'UTC';".to_owned();
    server.client().batch_execute(&(made + suite::READINGS + &suite::delays())).unwrap();
    let connection = Connection::url(&server.url("postgres")).unwrap();
    let elsewhere = Postgres::new(connection.clone()).unwrap();
    assert!(matches!(suite::error(&elsewhere, &Extract::new("SELECT * FROM readings")), WarehouseError::Query { .. }));
    suite::run(&Postgres::new(connection.search_path(["nowhere", "My \"Features"])).unwrap());
}

/// Expected types are those that `\gdesc` of psql 15 names.
#[test]
fn numbers_have_the_digits_that_are_declared() {
    let server = Server::start();
    server.client().batch_execute("CREATE DOMAIN price AS numeric(12,4)").unwrap();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    let cases = [
        ("CAST(1 AS price)", DataType::Decimal128(12, 4)),
        ("CAST(1 AS numeric(38,0))", DataType::Decimal128(38, 0)),
        ("CAST(1 AS numeric(39,0))", DataType::Float64),
        ("CAST(1200 AS numeric(2,-2))", DataType::Decimal128(4, 0)),
        ("CAST(0.00012 AS numeric(2,5))", DataType::Decimal128(5, 5)),
        ("avg(1)", DataType::Float64),
        ("count(*)", DataType::Int64),
        ("EXTRACT(HOUR FROM now())", DataType::Float64),
    ];
    for (sql, expected) in cases {
        assert_eq!(type_of(&warehouse, &format!("SELECT {sql} AS x")), expected, "{sql}");
    }
}

/// The caller may be in an async runtime, where blocking clients that hide one panic.
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

/// The schema says where the rows are from; the snapshot moves on when the data do.
#[test]
fn a_result_says_what_it_is_of() {
    let server = Server::start();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    let metadata = || suite::batch(&warehouse, &Extract::new("SELECT 1 AS one")).schema().metadata().clone();
    let before = metadata();
    assert_eq!(before[SERVER_VERSION], server.psql("SHOW server_version")[0]);
    assert_eq!(before[SNAPSHOT], server.psql("SELECT pg_current_snapshot()")[0]);
    server.client().batch_execute("CREATE TABLE t (i int4)").unwrap();
    assert_ne!(metadata()[SNAPSHOT], before[SNAPSHOT]);
}

#[test]
fn nothing_is_written() {
    let server = Server::start();
    server.client().batch_execute("CREATE TABLE t (i int4); INSERT INTO t VALUES (1); CREATE SEQUENCE s").unwrap();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    for sql in [
        "INSERT INTO t VALUES (2) RETURNING i",
        "WITH gone AS (DELETE FROM t RETURNING i) SELECT i FROM gone",
        "SELECT nextval('s') AS n",
        "SELECT i FROM t FOR UPDATE",
    ] {
        let error = suite::error(&warehouse, &Extract::new(sql));
        assert!(matches!(error, WarehouseError::Writes { .. }), "{sql}: {error}");
    }
    // What has no result is refused before it runs.
    for sql in ["DELETE FROM t", "COMMIT", "COPY t TO STDOUT", "SET transaction_read_only TO off", "SELECT FROM t", ""]
    {
        let error = suite::error(&warehouse, &Extract::new(sql));
        assert!(matches!(error, WarehouseError::NoColumns), "{sql}: {error}");
    }
    let sql = "SELECT set_config('transaction_read_only', 'off', true), nextval('s') AS n";
    assert!(matches!(
        suite::error(&warehouse, &Extract::new(sql)),
        WarehouseError::Writes { .. } | WarehouseError::Query { .. }
    ));
    assert_eq!(server.psql("SELECT count(*), (SELECT is_called FROM s) FROM t"), ["1|f"]);
}

#[test]
fn long_values_make_small_batches() {
    let server = Server::start();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    let extract = Extract::new("SELECT repeat('x', 3000000) AS x FROM generate_series(1, 10)");
    let sizes: Vec<_> = warehouse.extract(&extract).unwrap().map(|batch| batch.unwrap().num_rows()).collect();
    assert_eq!(sizes, [3, 3, 3, 1]);
}
