//! Extraction through ADBC drivers from PyPI: SQLite's, on a database that Python made, PostgreSQL's, and DuckDB.

#[path = "../../crates/warehouse/tests/support/postgres.rs"]
#[allow(dead_code, reason = "the warehouse's tests use more of the server")]
mod postgres;

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use refit_tests::python;
use refit_tests::suites::pipeline::chain;
use refit_warehouse::{
    Adbc, DatasetSpec, Extract, Parameter, Percent, Postgres, Split, Sqlite, Warehouse, WarehouseError,
};

/// Makes a table of 20,000 rows, and says where the driver is.
const MAKE: &str = "
import sqlite3, sys, adbc_driver_sqlite
database = sqlite3.connect(sys.argv[1])
database.execute('CREATE TABLE t (key INTEGER, y REAL, x REAL, n INTEGER, note TEXT)')
rows = ((i, i * 0.37, None if i % 7 == 0 else i * 1.7, i % 97, f'row {i}') for i in range(20000))
database.executemany('INSERT INTO t VALUES (?, ?, ?, ?, ?)', rows)
database.commit()
print(adbc_driver_sqlite._driver_path())
";

fn driver(database: &Path) -> Adbc {
    let path = python::run(["-c", MAKE, database.to_str().unwrap()]);
    Adbc::driver(path.trim()).option("uri", database.to_str().unwrap())
}

fn error(warehouse: &Adbc, extract: &Extract) -> WarehouseError {
    match warehouse.extract(extract) {
        Ok(reader) => reader.filter_map(Result::err).map(WarehouseError::from).next().expect("no error came"),
        Err(error) => error,
    }
}

#[test]
fn a_driver_gives_the_rows_that_the_database_has() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("warehouse.sqlite");
    let adbc = driver(&database);
    let sizes: Vec<_> =
        adbc.extract(&Extract::new("SELECT * FROM t")).unwrap().map(|batch| batch.unwrap().num_rows()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 20_000);
    assert!(sizes.iter().all(|size| *size <= 8192), "{sizes:?}");

    // The same files as from the warehouse of our own.
    let tenth = || Percent::new(10).unwrap();
    let split = Split::ByHash { column: "key".to_owned(), validation: tenth(), evaluation: tenth() };
    let spec = DatasetSpec::new("y", split).leave_out(["note"]);
    let extract =
        Extract::new("SELECT * FROM t WHERE key >= $1 AND note <> $2 ORDER BY key").bind(100).bind("row 9'999");
    let written = |warehouse: &dyn Warehouse, folder: &str| {
        let dir = dir.path().join(folder);
        let manifest = spec.write(warehouse.extract(&extract).unwrap(), &extract, &dir).unwrap();
        manifest.files.into_iter().map(|file| (file.rows, file.sha256)).collect::<Vec<_>>()
    };
    assert_eq!(written(&adbc, "adbc"), written(&Sqlite::file(&database).unwrap(), "sqlite"));
}

/// A parameter of each type arrives as a value, whatever it says.
#[test]
fn parameters_are_values() {
    let dir = tempfile::tempdir().unwrap();
    let adbc = driver(&dir.path().join("warehouse.sqlite"));
    let moment: chrono::NaiveDateTime = "2013-01-31T23:59:59.500".parse().unwrap();
    for (parameter, condition) in [
        (Parameter::from(7), "$1 = 7"),
        (0.5.into(), "$1 = 0.5"),
        (true.into(), "$1 = 1"),
        ("'; DROP TABLE t; --".into(), "$1 = '''; DROP TABLE t; --'"),
        (moment.date().into(), "$1 = '2013-01-31'"),
        (moment.into(), "substr($1, 1, 10) = '2013-01-31'"),
    ] {
        let extract = Extract::new(format!("SELECT count(*) AS n FROM t WHERE {condition}")).bind(parameter);
        let batch = adbc.extract(&extract).unwrap().next().unwrap().unwrap();
        assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), 20_000, "{condition}");
    }
}

#[test]
fn what_goes_wrong_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("warehouse.sqlite");
    let adbc = driver(&database);
    let refused = error(&adbc, &Extract::new("SELECT * FROM nowhere"));
    assert!(matches!(&refused, WarehouseError::Query { message, .. } if message.contains("nowhere")), "{refused}");
    let refused = error(&adbc, &Extract::new("SELECT key, key FROM t"));
    assert!(matches!(refused, WarehouseError::DuplicateColumn { .. }), "{refused}");
    let refused = error(&adbc, &Extract::new("SELECT key FROM t WHERE key = $1 AND n = $2").bind(1));
    assert!(matches!(refused, WarehouseError::Query { .. }), "{}", chain(&refused));
    // Whatever a statement writes is never committed.
    let _ = error(&adbc, &Extract::new("DELETE FROM t"));
    let left = Sqlite::file(&database).unwrap();
    let batch = left.extract(&Extract::new("SELECT count(*) AS n FROM t")).unwrap().next().unwrap().unwrap();
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), 20_000);

    let missing =
        error(&Adbc::driver("/nowhere/libnone.so").option("uri", "secret-of-ours"), &Extract::new("SELECT 1"));
    assert!(matches!(&missing, WarehouseError::Driver { driver, .. } if driver.ends_with("libnone.so")), "{missing}");
    let wrong = error(&adbc.clone().option("no-such-option", "secret-of-ours"), &Extract::new("SELECT 1 AS one"));
    assert!(matches!(wrong, WarehouseError::Driver { .. }), "{}", chain(&wrong));
    for shown in [format!("{adbc:?}"), format!("{wrong:?}"), chain(&wrong), chain(&missing)] {
        assert!(!shown.contains("secret-of-ours") && !shown.contains("warehouse.sqlite"), "{shown}");
    }
}

/// The files are those of the warehouse of our own, with parameters and without; a session that reads only writes nothing.
#[test]
fn postgresqls_driver_gives_the_rows_that_the_server_has() {
    let server = postgres::Server::start();
    let table = "
        CREATE TABLE t AS SELECT CAST(i AS int8) AS key, i * 0.37::float8 AS y, CASE WHEN i % 7 > 0 THEN i * 1.7::float8 END AS x,
            CAST(i % 97 AS int4) AS n, i % 2 = 0 AS flag, timestamp '2013-01-01' + i * interval '1 minute' AS seen, 'row ' || i AS note
        FROM generate_series(0, 19999) i";
    server.client().batch_execute(table).unwrap();
    let path = python::run(["-c", "import adbc_driver_postgresql; print(adbc_driver_postgresql._driver_path())"]);
    let adbc = Adbc::driver(path.trim()).option("uri", server.url("postgres"));
    let postgres = Postgres::new(&*server.url("postgres")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let tenth = || Percent::new(10).unwrap();
    for column in ["key", "note", "seen"] {
        let split = Split::ByHash { column: column.to_owned(), validation: tenth(), evaluation: tenth() };
        let left_out = ["key", "note", "seen"].into_iter().filter(|other| *other != column);
        let spec = DatasetSpec::new("y", split).leave_out(left_out);
        let bound =
            Extract::new("SELECT * FROM t WHERE key >= $1 AND note <> $2 ORDER BY key").bind(100).bind("row 9'999");
        for extract in [Extract::new("SELECT * FROM t ORDER BY key"), bound] {
            let written = |warehouse: &dyn Warehouse, folder: &str| {
                let dir = dir.path().join(folder);
                let manifest = spec.write(warehouse.extract(&extract).unwrap(), &extract, &dir).unwrap();
                manifest.files.into_iter().map(|file| (file.rows, file.sha256)).collect::<Vec<_>>()
            };
            assert_eq!(written(&adbc, "adbc"), written(&postgres, "postgres"), "{column} {}", extract.sql());
        }
    }
    let sizes: Vec<_> = adbc
        .extract(&Extract::new("SELECT * FROM t WHERE key >= $1").bind(0))
        .unwrap()
        .map(|batch| batch.unwrap().num_rows())
        .collect();
    assert!(sizes.iter().all(|size| *size <= 8192) && sizes.iter().sum::<usize>() == 20_000, "{sizes:?}");

    let refused = error(&adbc, &Extract::new("SELECT * FROM nowhere"));
    assert!(matches!(&refused, WarehouseError::Query { message, .. } if message.contains("nowhere")), "{refused}");
    assert!(!chain(&refused).contains(postgres::PASSWORD), "{}", chain(&refused));
    // Whatever a statement writes is never committed.
    let _ = adbc.extract(&Extract::new("DELETE FROM t RETURNING key")).map(Iterator::count);
    assert_eq!(server.psql("SELECT count(*) FROM t"), ["20000"]);
    let unreachable = Adbc::driver(path.trim()).option("uri", "postgres://etl:s3cret@127.0.0.1:1/none");
    let failed = error(&unreachable, &Extract::new("SELECT 1 AS one"));
    assert!(
        matches!(failed, WarehouseError::Driver { .. }) && !chain(&failed).contains("s3cret"),
        "{}",
        chain(&failed)
    );
}

/// DuckDB is its own driver. PyPI has it as a module of Python, which takes Python's functions from the process that loads it: so it
/// is tried in a process that has them, where Python comes as a library.
#[test]
fn duckdb_is_a_driver_itself() {
    const FIND: &str = "
import adbc_driver_duckdb, os, sysconfig
library = os.path.join(sysconfig.get_config_var('LIBDIR') or '', sysconfig.get_config_var('INSTSONAME') or '')
print(adbc_driver_duckdb.driver_path())
print(library if os.path.isfile(library) and '.so' in library else '')
";
    let Ok(driver) = std::env::var("REFIT_TESTS_DUCKDB") else {
        let found = python::run(["-c", FIND]);
        let (driver, library) = found.split_once('\n').unwrap();
        if library.trim().is_empty() {
            return println!("not run: this Python comes without a library of its own");
        }
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "duckdb_is_a_driver_itself", "--nocapture"]);
        let output = again.env("REFIT_TESTS_DUCKDB", driver).env("LD_PRELOAD", library.trim()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        return;
    };
    let duckdb = Adbc::driver(&driver).entry_point("duckdb_adbc_init").option("path", ":memory:");
    let sql = "SELECT CAST(i AS BIGINT) AS key, i * 0.37::DOUBLE AS y, CASE WHEN i % 7 > 0 THEN i * 1.7::DOUBLE END AS x, i % 97 AS n,
            i % 2 = 0 AS flag FROM range(20000) t(i) WHERE i >= $1 AND 'row ' || i <> $2 ORDER BY i";
    let extract = Extract::new(sql).bind(100).bind("row 9'999");
    let tenth = || Percent::new(10).unwrap();
    let split = Split::ByHash { column: "key".to_owned(), validation: tenth(), evaluation: tenth() };
    let dir = tempfile::tempdir().unwrap();
    let written = |warehouse: &dyn Warehouse, extract: &Extract, folder: &str| {
        let spec = DatasetSpec::new("y", split.clone());
        let manifest = spec.write(warehouse.extract(extract).unwrap(), extract, &dir.path().join(folder)).unwrap();
        manifest.files.into_iter().map(|file| (file.rows, file.sha256)).collect::<Vec<_>>()
    };
    // The same rows from PostgreSQL, by the reader of our own.
    let server = postgres::Server::start();
    let theirs = sql.replace("DOUBLE", "float8").replace("range(20000) t(i)", "generate_series(0, 19999) i");
    let postgres = Postgres::new(&*server.url("postgres")).unwrap();
    let theirs = written(&postgres, &Extract::new(theirs).bind(100).bind("row 9'999"), "postgres");
    assert_eq!(written(&duckdb, &extract, "duckdb"), theirs);

    let sizes: Vec<_> = duckdb
        .extract(&Extract::new("SELECT i FROM range(1000000) t(i)"))
        .unwrap()
        .map(|batch| batch.unwrap().num_rows())
        .collect();
    assert!(sizes.iter().all(|size| *size <= 8192) && sizes.iter().sum::<usize>() == 1_000_000);
    let refused = error(&duckdb, &Extract::new("SELECT * FROM nowhere"));
    assert!(matches!(&refused, WarehouseError::Query { message, .. } if message.contains("nowhere")), "{refused}");
}
