//! A query over several connections has the rows that it has over one.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use arrow::array::{Array, AsArray};
use arrow::compute::{concat_batches, lexsort_to_indices, take_record_batch};
use arrow::csv::Writer;
use arrow::datatypes::Int32Type;
use arrow::record_batch::RecordBatch;
use refit_warehouse::{ConnectionError, Extract, InfiniteTimes, Parallel, Postgres, Warehouse, WarehouseError};
use sha2::{Digest, Sha256};
use support::postgres::Server;
use support::{suite, whole};

/// A table whose file has its rows out of order, with nulls in what it may be cut by.
const EVENTS: &str = "
    CREATE TABLE events AS
        SELECT (i * 7919) % 100003 AS id, CASE WHEN i % 10 = 0 THEN NULL ELSE date '2013-01-01' + i % 365 END AS day,
               timestamp '2013-01-01' + i * interval '1 minute' AS seen, i * 0.5 AS half,
               CAST(i AS numeric(12,4)) / 3 AS price, 'store_' || i % 50 AS store
        FROM generate_series(1, 100000) i;
    CREATE INDEX ON events (id);
    CREATE TABLE stores AS SELECT 'store_' || i AS store, i AS size FROM generate_series(0, 59) i;
    CREATE TABLE empty (id int4);
    ANALYZE";

fn digest(batch: &RecordBatch) -> String {
    let mut writer = Writer::new(Vec::new());
    writer.write(batch).unwrap();
    hex::encode(Sha256::digest(writer.into_inner()))
}

/// The rows in an order that their values settle.
fn sorted(batch: &RecordBatch) -> RecordBatch {
    let column = |values: &arrow::array::ArrayRef| arrow::compute::SortColumn { values: values.clone(), options: None };
    let columns: Vec<_> = batch.columns().iter().map(column).collect();
    take_record_batch(batch, &lexsort_to_indices(&columns, None).unwrap()).unwrap()
}

fn read(warehouse: &Postgres, extract: &Extract) -> RecordBatch {
    let reader = warehouse.extract(extract).unwrap_or_else(|error| panic!("{}", whole(&error)));
    let schema = reader.schema();
    let batches: Vec<_> = reader.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{}", whole(&error)));
    concat_batches(&schema, &batches).unwrap()
}

fn start() -> (Server, Postgres) {
    let server = Server::start();
    server.client().batch_execute(EVENTS).unwrap();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    (server, warehouse)
}

#[test]
fn the_rows_are_those_of_one_connection() {
    let (_server, warehouse) = start();
    let plain = Extract::new("SELECT id, day, seen, half, price, store FROM events WHERE half > $1; ").bind(10);
    let joined = Extract::new(
        "SELECT e.id, e.day, e.seen, s.size, count(*) OVER () AS n FROM events e JOIN stores s USING (store) -- all of them",
    );
    let grouped = Extract::new("SELECT day, sum(half) AS half, count(*) AS n FROM events GROUP BY day");
    let blocks =
        Extract::new("SELECT e.id, s.size FROM events e LEFT JOIN stores s USING (store) WHERE s.size < $1").bind(30);
    let cases = [
        (&plain, Parallel::by_range("id", 4)),
        (&plain, Parallel::by_range("day", 3)),
        (&plain, Parallel::by_range("seen", 2).parts(7)),
        (&joined, Parallel::by_range("day", 4)),
        (&grouped, Parallel::by_range("day", 4).parts(9)),
        (&plain, Parallel::by_blocks("events", 4)),
        (&plain, Parallel::by_blocks("events", 2).parts(31)),
        (&blocks, Parallel::by_blocks("events", 3)),
    ];
    for (extract, parallel) in cases {
        let (one, many) = (read(&warehouse, extract), read(&warehouse, &extract.clone().parallel(parallel.clone())));
        assert!(one.num_rows() > 300, "{}", one.num_rows());
        assert_eq!(digest(&sorted(&many)), digest(&sorted(&one)), "{parallel:?}");
        assert_eq!(many.schema().fields(), one.schema().fields());
        assert!(many.schema().metadata().contains_key(refit_warehouse::SNAPSHOT));
    }
}

#[test]
fn the_order_is_kept_where_it_is_asked_for() {
    let (_server, warehouse) = start();
    let by_id = Extract::new("SELECT id, half, store FROM events ORDER BY id");
    let by_day = Extract::new("SELECT day, id FROM events ORDER BY day, id");
    let by_file = Extract::new("SELECT id, half FROM events");
    let cases = [
        (&by_id, Parallel::by_range("id", 4)),
        (&by_id, Parallel::by_range("id", 2).parts(40)),
        (&by_day, Parallel::by_range("day", 3)),
        (&by_file, Parallel::by_blocks("events", 4)),
        (&by_file, Parallel::by_blocks("events", 2).parts(50)),
    ];
    for (extract, parallel) in cases {
        let one = read(&warehouse, extract);
        let many = read(&warehouse, &extract.clone().parallel(parallel.clone().in_order()));
        assert_eq!(one.num_rows(), 100_000);
        assert_eq!(digest(&many), digest(&one), "{parallel:?}");
    }
}

/// While the parts are read the table changes.
#[test]
fn all_connections_see_one_snapshot() {
    let (server, warehouse) = start();
    let extract = Extract::new("SELECT id FROM events").parallel(Parallel::by_range("id", 4).parts(16));
    let mut reader = warehouse.extract(&extract).unwrap();
    let first = reader.next().unwrap().unwrap();
    server.client().batch_execute("UPDATE events SET id = id + 1; DELETE FROM events WHERE id < 50000").unwrap();
    let rest: i64 = reader.map(|batch| batch.unwrap().num_rows() as i64).sum();
    assert_eq!(rest + first.num_rows() as i64, 100_000);
}

#[test]
fn a_result_of_few_rows_or_none_is_read() {
    let (_server, warehouse) = start();
    for (sql, parallel, expected) in [
        ("SELECT id FROM empty", Parallel::by_range("id", 4), 0),
        ("SELECT id FROM empty", Parallel::by_blocks("empty", 4), 0),
        ("SELECT id FROM events WHERE id = 5", Parallel::by_range("id", 4).in_order(), 1),
        ("SELECT CAST(NULL AS int4) AS id FROM generate_series(1, 3)", Parallel::by_range("id", 4), 3),
        (
            "SELECT i AS id FROM (VALUES (9223372036854775807), (-9223372036854775808)) v(i)",
            Parallel::by_range("id", 3),
            2,
        ),
        ("SELECT d AS id FROM (VALUES (date '4000-01-01 BC'), ('5874897-12-31')) v(d)", Parallel::by_range("id", 3), 2),
    ] {
        let batch = read(&warehouse, &Extract::new(sql).parallel(parallel));
        assert_eq!(batch.num_rows(), expected, "{sql}");
    }
    let one =
        read(&warehouse, &Extract::new("SELECT id FROM events WHERE id = 5").parallel(Parallel::by_range("id", 4)));
    assert_eq!(one.column(0).as_primitive::<Int32Type>().value(0), 5);
}

#[test]
fn what_does_not_add_up_is_refused() {
    let (server, warehouse) = start();
    server.client().batch_execute("CREATE TABLE split (id int4) PARTITION BY RANGE (id)").unwrap();
    let blocks = || Parallel::by_blocks("events", 4);
    let cases = [
        ("SELECT count(*) AS n FROM events", blocks(), "Aggregate"),
        ("SELECT DISTINCT store FROM events", blocks(), "by_range"),
        ("SELECT id FROM events LIMIT 5", blocks(), "Limit"),
        ("SELECT id, row_number() OVER () AS n FROM events", blocks(), "WindowAgg"),
        ("SELECT a.id, b.id AS other FROM events a JOIN events b USING (id)", blocks(), "more than once"),
        ("SELECT s.size, e.id FROM stores s LEFT JOIN events e USING (store)", blocks(), "by_range"),
        ("SELECT size FROM stores s WHERE EXISTS (SELECT FROM events e WHERE e.store = s.store)", blocks(), "by_range"),
        ("SELECT size FROM stores", blocks(), "does not read"),
        ("SELECT id FROM public.events", blocks(), "bare name"),
        ("SELECT id FROM events ORDER BY half", blocks().in_order(), "sorted"),
        ("SELECT id FROM split", Parallel::by_blocks("split", 4), "plain table"),
        ("SELECT id FROM events", Parallel::by_blocks("nowhere", 4), "no table nowhere"),
        ("SELECT id FROM events", Parallel::by_range("nowhere", 4), "no column nowhere"),
        ("SELECT store FROM events", Parallel::by_range("store", 4), "whole number"),
        ("SELECT day FROM events", Parallel::by_range("day", 4).in_order(), "ORDER BY \"day\""),
    ];
    for (sql, parallel, named) in cases {
        match suite::error(&warehouse, &Extract::new(sql).parallel(parallel)) {
            WarehouseError::Partition { reason } => assert!(reason.contains(named), "{sql}: {reason}"),
            other => panic!("{sql}: {}", whole(&other)),
        }
    }
}

#[test]
fn an_error_in_a_part_ends_all_of_them() {
    let (server, warehouse) = start();
    for parallel in [Parallel::by_range("id", 4).parts(20), Parallel::by_range("id", 4).parts(20).in_order()] {
        let extract = Extract::new("SELECT id, 1 / (id - 60000) AS x FROM events ORDER BY id").parallel(parallel);
        let error = suite::error(&warehouse, &extract);
        assert!(error.to_string().contains("division by zero"), "{}", whole(&error));
    }
    let endless = Extract::new("SELECT id, generate_series(1, 100000000) AS n FROM events")
        .parallel(Parallel::by_blocks("events", 3));
    let mut reader = warehouse.extract(&endless).unwrap();
    reader.next().unwrap().unwrap();
    drop(reader);
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'refit-warehouse' AND state = 'active'";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while server.psql(busy) != ["0"] {
        assert!(std::time::Instant::now() < deadline, "the queries of a dropped reader run on");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// A connection that is not to be had is told before the first row, not in the midst of them.
#[test]
fn all_connections_are_open_before_the_first_row() {
    let (server, _) = start();
    let role = "CREATE ROLE stranger LOGIN PASSWORD 'stranger' CONNECTION LIMIT 2; GRANT SELECT ON events TO stranger";
    server.client().batch_execute(role).unwrap();
    let url = format!("postgres://stranger:stranger@127.0.0.1:{}/postgres", server.port());
    let warehouse = Postgres::new(&url).unwrap();
    let over = |connections| Extract::new("SELECT id FROM events").parallel(Parallel::by_blocks("events", connections));
    let error = warehouse.extract(&over(3)).map(|_| "three were open").unwrap_err();
    let refused = matches!(&error, WarehouseError::Connection(ConnectionError::Session { .. }));
    assert!(refused && whole(&error).contains("too many connections"), "{}", whole(&error));
    assert_eq!(read(&warehouse, &over(2)).num_rows(), 100_000);
}

/// What is infinite is in the first range or the last, and does not stretch them.
#[test]
fn infinite_moments_are_in_a_range_too() {
    let (server, warehouse) = start();
    let moments = "CREATE TABLE moments AS SELECT i, CASE i % 50 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity'
        ELSE timestamp '2013-01-01' + i * interval '1 minute' END AS at FROM generate_series(1, 10000) i";
    server.client().batch_execute(moments).unwrap();
    let warehouse = warehouse.infinite_times(InfiniteTimes::Null);
    let extract = Extract::new("SELECT i, at FROM moments");
    let parts = read(&warehouse, &extract.clone().parallel(Parallel::by_range("at", 3)));
    assert_eq!(digest(&sorted(&parts)), digest(&sorted(&read(&warehouse, &extract))));
    assert_eq!(parts.column(1).null_count(), 400);
}
