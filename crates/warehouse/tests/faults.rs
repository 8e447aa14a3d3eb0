//! What goes wrong in mid-stream: the error says how far it got, and nothing stays behind on the server.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use arrow::record_batch::RecordBatchReader;
use refit_warehouse::{
    Connection, DatasetSpec, Extract, Parallel, Percent, Postgres, Split, Warehouse, WarehouseError,
};
use support::postgres::Server;
use support::{suite, whole};

/// In the select list the series streams; in FROM the server would keep it in a file first.
const ENDLESS: &str = "SELECT generate_series(1, 1000000000000) AS i";

/// The processes of the server that work for an extraction.
fn running(server: &Server) -> Vec<String> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'refit-warehouse' AND state = 'active'";
    server.psql(sql).into_iter().filter(|pid| !pid.is_empty()).collect()
}

fn wait_until_idle(server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !running(server).is_empty() {
        assert!(Instant::now() < deadline, "the query of a reader that is gone runs on");
        sleep(Duration::from_millis(20));
    }
}

/// A reader of which a batch was taken.
fn begun(connection: Connection) -> Box<dyn RecordBatchReader + Send> {
    let mut reader = Postgres::new(connection).unwrap().extract(&Extract::new(ENDLESS)).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().num_rows(), 8192);
    reader
}

/// The error that it ends in.
fn ending(mut reader: Box<dyn RecordBatchReader + Send>) -> WarehouseError {
    let error = reader.find_map(Result::err).map(WarehouseError::from).expect("the series has no end");
    assert!(reader.next().is_none(), "nothing follows an error");
    error
}

#[test]
fn an_extraction_that_breaks_says_how_far_it_got() {
    let server = Server::start();
    let connection = || Connection::url(&server.url("postgres")).unwrap();

    let reader = begun(connection());
    assert_eq!(running(&server).len(), 1);
    drop(reader);
    wait_until_idle(&server);

    let reader = begun(connection());
    server.psql(&format!("SELECT pg_terminate_backend({})", running(&server)[0]));
    let error = ending(reader);
    assert!(matches!(error, WarehouseError::Broken { rows, .. } if rows >= 8192), "{}", whole(&error));

    let reader = begun(connection());
    server.psql(&format!("SELECT pg_cancel_backend({})", running(&server)[0]));
    let error = ending(reader);
    assert!(matches!(error, WarehouseError::Cancelled { rows, .. } if rows >= 8192), "{}", whole(&error));

    let error = ending(begun(connection().statement_timeout(Duration::from_secs(5))));
    assert!(matches!(error, WarehouseError::Cancelled { rows, .. } if rows >= 8192), "{}", whole(&error));
    assert!(error.to_string().contains("statement_timeout"), "{error}");

    // A value among the rows that the server cannot compute is the query's.
    let extract = Extract::new("SELECT 1 / (20000 - i) AS x FROM generate_series(1, 30000) i");
    let error = suite::error(&Postgres::new(connection()).unwrap(), &extract);
    assert!(matches!(error, WarehouseError::Failed { rows: 19_999, .. }), "{}", whole(&error));
    assert!(error.to_string().contains("division by zero (SQLSTATE 22012)"), "{error}");

    let reader = begun(connection());
    drop(server);
    let error = ending(reader);
    assert!(matches!(error, WarehouseError::Broken { rows, .. } if rows >= 8192), "{}", whole(&error));
}

/// As the system does it where memory runs out. The server ends all sessions, recovers, and serves again.
#[test]
fn a_server_process_that_is_killed_is_told_and_the_next_extraction_is_whole() {
    let server = Server::start();
    let connection = || Connection::url(&server.url("postgres")).unwrap();
    let parallel = Extract::new("SELECT id, generate_series(1, 100000000) AS n FROM events");
    server
        .client()
        .batch_execute("CREATE TABLE events AS SELECT i AS id FROM generate_series(1, 100000) i; ANALYZE")
        .unwrap();
    for extract in [Extract::new(ENDLESS), parallel.parallel(Parallel::by_blocks("events", 3))] {
        let other = server.client();
        let mut reader = Postgres::new(connection()).unwrap().extract(&extract).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().num_rows(), 8192);
        assert!(Command::new("kill").args(["-9", &running(&server)[0]]).status().unwrap().success());
        let error = ending(reader);
        assert!(matches!(error, WarehouseError::Broken { rows, .. } if rows >= 8192), "{}", whole(&error));
        server.wait_until_recovered(other);
    }
    let extract = Extract::new("SELECT id FROM events");
    assert_eq!(suite::batch(&Postgres::new(connection()).unwrap(), &extract).num_rows(), 100_000);
}

/// A way to the server that ends after as many bytes.
fn cut_after(bytes: usize, port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let cut = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let mut buffer = [0; 4096];
        let (mut from, mut to, mut left) = (server.try_clone().unwrap(), client.try_clone().unwrap(), bytes);
        while left > 0 {
            let read = from.read(&mut buffer).unwrap().min(left);
            to.write_all(&buffer[..read]).unwrap();
            left -= read;
        }
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    });
    cut
}

#[test]
fn a_network_that_is_cut_ends_the_extraction_and_the_next_one_is_whole() {
    let server = Server::start();
    let extract = Extract::new("SELECT i, i * 0.5 AS half FROM generate_series(1, 100000) i");
    let mut reached = Vec::new();
    for bytes in [10, 100, 1_000, 100_000, 1_000_000] {
        let port = cut_after(bytes, server.port());
        let connection = Connection::url(&server.url("postgres")).unwrap().port(port);
        match suite::error(&Postgres::new(connection).unwrap(), &extract) {
            WarehouseError::Broken { rows, .. } => reached.push(rows),
            WarehouseError::Connection(error) => assert!(bytes <= 1_000, "{}", whole(&error)),
            other => panic!("{bytes}: {}", whole(&other)),
        }
    }
    assert!(reached.is_sorted() && reached.last() > Some(&8192), "{reached:?}");
    wait_until_idle(&server);
    let whole = suite::batch(&Postgres::new(&server.url("postgres")).unwrap(), &extract);
    assert_eq!(whole.num_rows(), 100_000);
}

/// A dataset of which the server goes away in the middle leaves no file, and the next one is whole.
#[test]
fn a_dataset_that_breaks_off_leaves_nothing_behind() {
    let server = Server::start();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    let percent = |share| Percent::new(share).unwrap();
    let split = Split::ByHash { column: "i".into(), validation: percent(20), evaluation: percent(10) };
    let spec = DatasetSpec::new("y", split);
    let endless = Extract::new("SELECT generate_series(1, 1000000000000) AS i, 0.5::float8 AS y, 1 AS x");
    let dir = tempfile::tempdir().unwrap();
    let pid = || {
        let deadline = Instant::now() + Duration::from_secs(60);
        let written =
            || fs::read_dir(dir.path()).unwrap().any(|file| file.unwrap().metadata().unwrap().len() > 1 << 20);
        while !written() {
            assert!(Instant::now() < deadline, "nothing is written");
            sleep(Duration::from_millis(20));
        }
        running(&server)[0].clone()
    };
    let error = thread::scope(|scope| {
        let writing = scope.spawn(|| spec.write(warehouse.extract(&endless).unwrap(), &endless, dir.path()));
        server.psql(&format!("SELECT pg_terminate_backend({})", pid()));
        writing.join().unwrap().unwrap_err()
    });
    assert!(matches!(error, WarehouseError::Broken { rows, .. } if rows > 8192), "{}", whole(&error));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

    let extract = Extract::new("SELECT i, 0.5::float8 AS y, 1 AS x FROM generate_series(1, 100000) i");
    let manifest = spec.write(warehouse.extract(&extract).unwrap(), &extract, dir.path()).unwrap();
    assert_eq!(manifest.files.iter().map(|file| file.rows).sum::<u64>(), 100_000);
    assert_eq!(manifest.server_version.as_ref(), server.psql("SHOW server_version").first());
    assert!(manifest.snapshot.is_some());
}

#[test]
fn a_value_that_cannot_be_sent_is_named() {
    let server = Server::start();
    let warehouse = Postgres::new(&server.url("postgres")).unwrap();
    let error = suite::error(&warehouse, &Extract::new("SELECT $1, $2").bind("a").bind("b\0c"));
    assert!(matches!(&error, WarehouseError::Nul { place } if place.contains("$2")), "{error}");
    let error = suite::error(&warehouse, &Extract::new("SELECT 1\0"));
    assert!(matches!(&error, WarehouseError::Nul { place } if place == "the query"), "{error}");
}
