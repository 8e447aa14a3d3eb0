//! What a caller stops, whatever it is at: nothing of it runs on in the server, and nothing of it is kept.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[allow(dead_code, reason = "other tests use more of the double")]
mod double;
mod support;

use std::sync::Arc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use double::{Double, FUNCTIONS};
use refit_warehouse::{
    DatasetSpec, Extract, IamRole, Parallel, Percent, Postgres, Redshift, Set, Split, Stop, Unload, UnloadFormat,
    UnloadRule, Warehouse, WarehouseError,
};
use support::postgres::Server;
use support::whole;

const ENDLESS: &str = "SELECT i AS id, 0.5::float8 AS y, 1 AS x FROM (SELECT generate_series(1, 1000000000000) AS i) g";

/// A query of which no row comes for an hour.
const SILENT: &str =
    "SELECT i AS id, 0.5::float8 AS y, 1 AS x FROM generate_series(1, 1000) i WHERE pg_sleep(3600) IS NOT NULL";

/// What the server has of other sessions: those at work, and temporary tables.
const LEFT: &str = "
    SELECT pid || ' ' || state FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> 'psql'
    UNION ALL SELECT 'table ' || relname FROM pg_class WHERE relpersistence = 't'";

/// Everything that work leaves in the server goes with it.
fn wait_until_nothing_is_left(server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.psql(LEFT) != [""] {
        assert!(Instant::now() < deadline, "what was stopped runs on: {:?}", server.psql(LEFT));
        sleep(Duration::from_millis(20));
    }
}

fn wait_until_at_work(server: &Server, what: &str) {
    let at_work = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%{what}%'"
    );
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.psql(&at_work) == ["0"] {
        assert!(Instant::now() < deadline, "{what} does not run");
        sleep(Duration::from_millis(20));
    }
}

fn by_hash() -> DatasetSpec {
    let percent = |share| Percent::new(share).unwrap();
    let split = Split::ByHash { column: "id".into(), validation: percent(20), evaluation: percent(20) };
    DatasetSpec::new("y", split)
}

/// The error of some work that is stopped when the server is at it.
fn stopped<T: Send>(
    server: &Server,
    at: &str,
    extract: Extract,
    work: impl FnOnce(&Extract) -> Result<T, WarehouseError> + Send,
) {
    let stop = Stop::new();
    let extract = extract.stopped_by(&stop);
    let error = thread::scope(|scope| {
        let working = scope.spawn(|| work(&extract));
        wait_until_at_work(server, at);
        stop.stop();
        working.join().unwrap().err().expect("it is stopped")
    });
    wait_until_nothing_is_left(server);
    assert!(matches!(error, WarehouseError::CalledOff), "{at}: {}", whole(&error));
}

#[test]
fn an_extraction_is_stopped_whatever_it_is_at() {
    let server = Server::start();
    server.client().batch_execute("CREATE TABLE held AS SELECT 1 AS id; CREATE TABLE events AS SELECT i AS id FROM generate_series(1, 100000) i; ANALYZE").unwrap();
    let postgres = Postgres::new(&*server.url("postgres")).unwrap();
    let read = |extract: &Extract| postgres.extract(extract)?.try_for_each(|batch| batch.map(drop).map_err(Into::into));

    for sql in [ENDLESS, SILENT] {
        stopped(&server, "AS y", Extract::new(sql), read);
        let in_parts = Extract::new(sql).parallel(Parallel::by_range("id", 3));
        stopped(&server, "AS y", in_parts, read);
    }
    let in_blocks = Extract::new("SELECT id, generate_series(1, 100000000) AS n FROM events")
        .parallel(Parallel::by_blocks("events", 3));
    stopped(&server, "AS n", in_blocks, read);
    // Nobody takes what is there.
    stopped(&server, "AS y", Extract::new(ENDLESS), |extract| {
        let mut reader = postgres.extract(extract)?;
        wait_until_nothing_is_left(&server);
        reader.try_for_each(|batch| batch.map(drop).map_err(Into::into))
    });
    // Before the query is understood: its table is another session's.
    let mut holder = server.client();
    let mut holding = holder.transaction().unwrap();
    holding.batch_execute("LOCK TABLE held").unwrap();
    let stop = Stop::new();
    let error = thread::scope(|scope| {
        let waiting = scope.spawn(|| read(&Extract::new("SELECT id FROM held").stopped_by(&stop)));
        wait_until_at_work(&server, "FROM held");
        stop.stop();
        waiting.join().unwrap().unwrap_err()
    });
    assert!(matches!(error, WarehouseError::CalledOff), "{}", whole(&error));
    holding.commit().unwrap();
    drop(holder);
    wait_until_nothing_is_left(&server);

    // What was stopped before it began does not begin, and what comes after is whole.
    let error = read(&Extract::new("SELECT id FROM held").stopped_by(&stop)).unwrap_err();
    assert!(matches!(error, WarehouseError::CalledOff), "{}", whole(&error));
    read(&Extract::new("SELECT id FROM held").stopped_by(&Stop::new())).unwrap();
}

#[test]
fn a_dataset_that_is_stopped_leaves_no_file() {
    let server = Server::start();
    let postgres = Postgres::new(&*server.url("postgres")).unwrap();
    for sql in [ENDLESS, SILENT] {
        let dir = tempfile::tempdir().unwrap();
        stopped(&server, "AS y", Extract::new(sql), |extract| {
            by_hash().write(postgres.extract(extract)?, extract, dir.path())
        });
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

/// The double's sessions run their statements to the end, like a cluster's, unless they are cancelled.
#[test]
fn a_cluster_is_stopped_whatever_it_is_at() {
    let server = Server::start();
    server.client().batch_execute(FUNCTIONS).unwrap();
    let double = Double::start(&server.url("postgres"), Arc::new(|_, _, _| Ok(())));
    let redshift = Redshift::new(&*double.url()).unwrap().unload_by(UnloadRule::new(IamRole::Default).min_bytes(0));
    let rows = "SELECT i AS id, 0.5::float8 AS y, 1 AS x FROM generate_series(1, 1000) i";

    stopped(&server, "FETCH", Extract::new(SILENT), |extract| {
        redshift.extract(extract)?.try_for_each(|batch| batch.map(drop).map_err(Into::into))
    });
    stopped(&server, "CREATE TEMP TABLE", Extract::new(SILENT), |extract| redshift.unloading(extract, &by_hash()));

    double.linger(3600);
    stopped(&server, "pg_sleep", Extract::new(rows), |extract| {
        redshift.unloading(extract, &by_hash())?.expect("it unloads").unload(Set::Train, "s3://bucket/train/")
    });
    let unload = Unload::to("s3://bucket/run-", UnloadFormat::Parquet);
    stopped(&server, "pg_sleep", Extract::new(rows), |extract| redshift.unload(extract, &unload));

    // Between two calls there is nothing to cancel, but the session goes.
    double.linger(0);
    let stop = Stop::new();
    let mut unloading =
        redshift.unloading(&Extract::new(rows).stopped_by(&stop), &by_hash()).unwrap().expect("it unloads");
    stop.stop();
    wait_until_nothing_is_left(&server);
    let error = unloading.unload(Set::Train, "s3://bucket/train/").unwrap_err();
    assert!(matches!(error, WarehouseError::CalledOff), "{}", whole(&error));
}
