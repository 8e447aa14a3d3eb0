//! A dataset that the cluster writes to S3 itself: the rows and sets are those of a dataset that was streamed from PostgreSQL, whose
//! sets are checked against Python elsewhere.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[allow(dead_code, reason = "other tests use more of the double")]
mod double;
#[path = "support/postgres.rs"]
#[allow(dead_code, reason = "other tests use more of the server")]
mod postgres_server;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use double::{Double, FUNCTIONS, Row};
use postgres_server::Server;
use refit_warehouse::{
    Categories, DatasetError, DatasetSpec, Extract, Folder, Format, IamRole, Manifest, Part, Percent, Postgres,
    Redshift, Set, Split, UnloadRule, Unloading, Warehouse, WarehouseError,
};

/// Every kind of feature and of key, with values missing and doubles that are no numbers.
const ROWS: &str = "
    CREATE TABLE visits AS SELECT
        CAST(i AS int8) AS id, CASE WHEN i % 50 = 0 THEN '' ELSE 'it''s ' || i END AS name,
        CAST(CASE WHEN i % 50 = 0 THEN '' ELSE 'k' || i % 313 END AS char(8)) AS padded, CAST(date '2013-01-01' + i % 90 AS char(12)) AS spelt, date '2013-01-01' + i % 90 AS day,
        timestamp '2013-01-01' + i * interval '130 minutes 0.25 seconds' AS seen,
        timestamptz '2013-01-01 00:00:00+00' + i * interval '131 minutes' AS seen_utc,
        (date '2013-01-01' + i % 90)::text || ' 23:30:00-05' AS written, CAST(i / 4.0 AS numeric(12,2)) AS amount, i % 3 = 0 AS flag,
        CASE WHEN i % 7 > 0 THEN i END AS hour, CAST(i / 8.0 AS numeric(12,4)) AS price, CAST(i * 1e15 AS numeric(30,2)) AS large,
        CASE i % 5 WHEN 0 THEN 'NaN'::float8 WHEN 1 THEN 'Infinity' WHEN 2 THEN NULL ELSE i * 0.1 END AS wind,
        CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'emea' ELSE 'o''hare \\' END AS region,
        CAST(CASE i % 3 WHEN 0 THEN 'emea' WHEN 1 THEN 'apac' END AS char(6)) AS area, i % 97 - 20 AS delay
    FROM generate_series(1, 1000) i";

const KEYS: [&str; 9] = ["id", "name", "padded", "spelt", "day", "seen", "seen_utc", "written", "amount"];

/// What was written below each prefix.
type Written = Arc<Mutex<BTreeMap<String, Vec<Row>>>>;

struct Cluster {
    server: Server,
    double: Double,
    written: Written,
}

impl Cluster {
    fn start() -> Self {
        let server = Server::start();
        server.client().batch_execute(&format!("SET TIME ZONE 'UTC'; {FUNCTIONS} {ROWS}; ANALYZE visits")).unwrap();
        let written = Written::default();
        let into = written.clone();
        let write = move |statement: &double::Statement, _: &[String], rows: Vec<Row>| {
            assert_eq!((statement.iam_role.as_str(), statement.region.as_deref()), ("default", Some("eu-west-1")));
            into.lock().unwrap().insert(statement.prefix.clone(), rows);
            Ok(())
        };
        let double = Double::start(&server.url("postgres"), Arc::new(write));
        Self { server, double, written }
    }

    fn redshift(&self, min_bytes: u64) -> Redshift {
        let rule = UnloadRule::new(IamRole::Default).min_bytes(min_bytes).region("eu-west-1");
        Redshift::new(&*self.double.url()).unwrap().unload_by(rule)
    }

    fn begin(&self, extract: &Extract, spec: &DatasetSpec) -> Result<Option<Unloading>, WarehouseError> {
        self.redshift(0).unloading(extract, spec)
    }

    /// Unloads a dataset whose evaluation set and manifest go into a folder.
    fn unload(&self, extract: &Extract, spec: &DatasetSpec, dir: &Path) -> Manifest {
        let mut unloading = self.begin(extract, spec).unwrap().expect("it unloads");
        let mut sets = Vec::new();
        for (set, name) in Unloading::SETS.into_iter().zip(["train/", "validation/"]) {
            let prefix = format!("s3://bucket/{name}");
            assert_eq!(unloading.unload(set, &prefix).unwrap(), format!("{prefix}manifest"));
            let rows = self.written.lock().unwrap()[&prefix].len() as u64;
            let part = Part { name: format!("{name}0000_part_00"), rows, bytes: 7 * rows, etag: "\"tag\"".to_owned() };
            sets.push((set, name.to_owned(), vec![part]));
        }
        unloading.finish(sets, &[&Folder::new(dir)]).unwrap()
    }
}

fn all() -> Extract {
    Extract::new("SELECT * FROM visits WHERE region <> $1 OR region IS NULL; ").bind("it's \\")
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

fn by_time(column: &str) -> DatasetSpec {
    let (validation_from, evaluation_from) = (day("2013-02-15"), day("2013-03-10"));
    spec(Split::ByTime { column: column.to_owned(), validation_from, evaluation_from })
}

fn by_hash(column: &str) -> DatasetSpec {
    let percent = |share| Percent::new(share).unwrap();
    spec(Split::ByHash { column: column.to_owned(), validation: percent(20), evaluation: percent(10) })
}

fn spec(split: Split) -> DatasetSpec {
    let left_out: Vec<_> = KEYS.into_iter().filter(|key| *key != split.column()).collect();
    let (regions, areas) = (Categories::new(["emea", "o'hare \\"]), Categories::new(["apac", "emea"]));
    DatasetSpec::new("delay", split).leave_out(left_out).categories("region", regions).categories("area", areas)
}

/// Each cell as the number that it names, in an order of the rows' own: PostgreSQL writes 1 where refit writes 1.0.
fn numbers<'a>(rows: impl Iterator<Item = Vec<&'a str>>) -> Vec<Vec<String>> {
    let cell = |cell: &str| cell.parse::<f64>().map_or_else(|_| cell.to_owned(), |number| number.to_string());
    let mut rows: Vec<Vec<_>> = rows.map(|row| row.into_iter().map(cell).collect()).collect();
    rows.sort();
    rows
}

fn file(dir: &Path, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(dir.join(name)).unwrap();
    numbers(text.lines().map(|line| line.split(',').collect()))
}

#[test]
fn every_row_is_in_the_set_that_streaming_gives_it() {
    let cluster = Cluster::start();
    let postgres = Postgres::new(&*cluster.server.url("postgres")).unwrap();
    let specs = ["day", "seen", "seen_utc", "written", "spelt"].map(by_time).into_iter();
    for spec in specs.chain(["id", "name", "padded", "day", "seen", "seen_utc", "amount", "flag"].map(by_hash)) {
        let (unloaded, streamed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ours = spec.write(postgres.extract(&all()).unwrap(), &all(), streamed.path());
        // A key of two values cannot fill three sets; what is refused is refused alike.
        let ours = match ours {
            Ok(ours) => ours,
            Err(error) => {
                let theirs = cluster.begin(&all(), &spec).unwrap_err();
                assert_eq!(theirs.to_string(), error.to_string());
                assert_eq!(spec.split.column(), "flag");
                continue;
            }
        };
        let over_the_connection = tempfile::tempdir().unwrap();
        let redshift = cluster.redshift(0);
        let over = spec.write(redshift.extract(&all()).unwrap(), &all(), over_the_connection.path()).unwrap();
        assert_eq!(over.digest, ours.digest, "{:?}", spec.split);
        let theirs = cluster.unload(&all(), &spec, unloaded.path());
        assert_eq!((theirs.contract_sha256, &theirs.split), (ours.contract_sha256, &ours.split));
        for (name, prefix) in [("train.csv", "s3://bucket/train/"), ("validation.csv", "s3://bucket/validation/")] {
            let written = cluster.written.lock().unwrap();
            let rows = written[prefix].iter().map(|row| row.iter().map(|cell| cell.as_deref().unwrap_or("")).collect());
            assert!(numbers(rows) == file(streamed.path(), name), "{name} by {:?}", spec.split);
        }
        assert!(file(unloaded.path(), "evaluation.csv") == file(streamed.path(), "evaluation.csv"));
        for (theirs, ours) in theirs.files.iter().zip(&ours.files) {
            assert_eq!((theirs.set, theirs.rows), (ours.set, ours.rows));
            for (theirs, ours) in theirs.columns.iter().zip(&ours.columns) {
                let counts = |column: &refit_warehouse::ColumnStatistics| {
                    // Quantiles are exact for as few rows as these.
                    (column.name.clone(), column.count, column.nulls, column.min, column.max, column.quantiles.clone())
                };
                assert_eq!(counts(theirs), counts(ours));
                for (theirs, ours) in [(theirs.mean, ours.mean), (theirs.stdev, ours.stdev)] {
                    let (theirs, ours) = (theirs.unwrap(), ours.unwrap());
                    assert!((theirs - ours).abs() <= 1e-9 * ours.abs(), "{theirs} {ours}");
                }
            }
        }
    }
}

#[test]
fn the_query_runs_once_and_the_manifest_says_what_was_written() {
    let cluster = Cluster::start();
    let dir = tempfile::tempdir().unwrap();
    let manifest = cluster.unload(&all(), &by_hash("id").format(Format::Parquet), dir.path());
    let said = cluster.double.said();
    // Once to be understood, once to be run.
    assert_eq!(said.iter().filter(|sql| sql.contains("FROM visits")).count(), 2, "{said:?}");
    let unloads: Vec<_> = said.iter().filter(|sql| sql.starts_with("UNLOAD")).collect();
    assert_eq!(unloads.len(), 2);
    // Parquet has the columns' names, booleans as whole numbers and decimals as doubles.
    for cell in ["c0 AS \"delay\"", "c1 AS \"flag\"", "CAST(c3 AS FLOAT8) AS \"price\"", "FORMAT AS PARQUET"] {
        assert!(unloads[0].contains(cell), "{cell}: {}", unloads[0]);
    }
    assert_eq!(Manifest::load(dir.path()).unwrap(), manifest);
    assert!(manifest.server_version.is_some_and(|version| version.contains("Redshift")));
    let train = &manifest.files[0];
    assert_eq!((train.name.as_str(), train.bytes, train.parts[0].rows), ("train/", 7 * train.rows, train.rows));
    assert!(manifest.files[2].parts.is_empty());
    assert!(!dir.path().join("train.parquet").exists() && !dir.path().join("train.csv").exists());
}

/// As where a file was taken away from below the prefix, or another's lies there: nothing is made of what UNLOAD left.
#[test]
fn files_without_all_rows_make_no_dataset() {
    let cluster = Cluster::start();
    let counted = |set: Set| cluster.written.lock().unwrap()[&format!("s3://bucket/{set}/")].len() as u64;
    for (train, validation) in [(0, -1), (1, 0), (0, i64::MIN)] {
        let mut unloading = cluster.begin(&all(), &by_hash("id")).unwrap().expect("it unloads");
        let mut sets = Vec::new();
        for (set, more) in Unloading::SETS.into_iter().zip([train, validation]) {
            unloading.unload(set, &format!("s3://bucket/{set}/")).unwrap();
            let rows = counted(set).saturating_add_signed(more);
            // Each part has some of them, and where none has any there is no part.
            let part = |part: u64, rows| Part { name: format!("{set}/{part}"), rows, bytes: rows, etag: String::new() };
            let parts = if rows > 0 { vec![part(0, rows / 3), part(1, rows - rows / 3)] } else { Vec::new() };
            sets.push((set, format!("{set}/"), parts));
        }
        let dir = tempfile::tempdir().unwrap();
        let error = unloading.finish(sets, &[&Folder::new(dir.path())]).unwrap_err();
        let wrong = if train == 0 { Set::Validation } else { Set::Train };
        let told = counted(wrong).saturating_add_signed(train + validation);
        match &error {
            WarehouseError::UnloadedRows { set, counted: has, listed } => {
                assert_eq!((*set, *has, *listed), (wrong, counted(wrong), told));
            }
            other => panic!("{other}"),
        }
        for said in [wrong.to_string(), counted(wrong).to_string(), told.to_string(), "clear the prefix".to_owned()] {
            assert!(error.to_string().contains(&said), "{error}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[test]
fn the_digest_is_one_of_the_rows_whatever_their_order() {
    let cluster = Cluster::start();
    let digest = |sql: &str| {
        let dir = tempfile::tempdir().unwrap();
        cluster.unload(&Extract::new(sql), &by_hash("id"), dir.path()).digest
    };
    let first = digest("SELECT * FROM visits");
    assert_eq!(digest("SELECT * FROM visits ORDER BY wind, id DESC"), first);
    cluster.server.client().batch_execute("UPDATE visits SET price = price + 0.0001 WHERE id = 7").unwrap();
    assert_ne!(digest("SELECT * FROM visits"), first);
}

#[test]
fn rows_that_cannot_be_used_are_refused_before_anything_is_written() {
    let cluster = Cluster::start();
    let refused = |sql: &str, spec: &DatasetSpec| match cluster.begin(&Extract::new(sql), spec) {
        Err(WarehouseError::Dataset(error)) => error,
        other => panic!("{sql}: {other:?}"),
    };
    let rows = "SELECT id, delay, wind, region, 1 AS x FROM visits";
    let spec = || {
        let split = by_hash("id").split;
        DatasetSpec::new("delay", split).categories("region", Categories::new(["emea", "o'hare \\"]))
    };
    for (sql, column, said) in [
        (rows.replace("delay", "NULLIF(delay, 3) AS delay"), "delay", "have no finite label"),
        (rows.replace("id,", "NULLIF(id, 3) AS id,"), "id", "1 have none"),
        (
            rows.replace("region", "CASE id WHEN 5 THEN 'apac' ELSE region END AS region"),
            "region",
            "none of the declared",
        ),
        (rows.replace("1 AS x", "CASE id WHEN 5 THEN -1e300 ELSE 0 END AS x"), "x", "-1e300"),
    ] {
        match refused(&sql, &spec()) {
            DatasetError::Rows { column: named, problem } => {
                assert!(named == column && problem.contains(said), "{named}: {problem}");
            }
            other => panic!("{other}"),
        }
    }
    let others = spec().categories.remove(0).1.others_missing();
    let lenient = DatasetSpec { categories: vec![("region".to_owned(), others)], ..spec() };
    let apac = rows.replace("region", "CASE id WHEN 5 THEN 'apac' ELSE region END AS region");
    assert!(cluster.begin(&Extract::new(apac), &lenient).unwrap().is_some());

    let none = refused("SELECT id, delay, 1 AS x FROM visits WHERE id < 0", &DatasetSpec::new("delay", spec().split));
    assert!(matches!(none, DatasetError::EmptySplit { rows: 0, .. }), "{none}");
    let few = refused("SELECT id, delay, 1 AS x FROM visits WHERE id = 7", &DatasetSpec::new("delay", spec().split));
    assert!(matches!(few, DatasetError::EmptySplit { rows: 1, .. }), "{few}");
    let text = refused("SELECT id, delay, name FROM visits", &DatasetSpec::new("delay", spec().split));
    assert!(matches!(text, DatasetError::TextFeature { .. }), "{text}");
    let writes = cluster.begin(&Extract::new("SELECT 1) AS x; DROP TABLE visits; --"), &spec());
    assert!(matches!(writes, Err(WarehouseError::Query { .. })), "{writes:?}");
    assert!(cluster.double.said().iter().all(|sql| !sql.starts_with("UNLOAD")));
}

#[test]
fn what_is_small_is_streamed() {
    let cluster = Cluster::start();
    let asked = |warehouse: &dyn Warehouse| warehouse.unloading(&all(), &by_hash("id")).unwrap().is_some();
    assert!(asked(&cluster.redshift(1000)));
    assert!(!asked(&cluster.redshift(1 << 30)));
    assert!(!asked(&Redshift::new(&*cluster.double.url()).unwrap()));
    assert!(!asked(&Postgres::new(&*cluster.server.url("postgres")).unwrap()));
    assert_eq!(UnloadRule::new(IamRole::Default).min_bytes, 10 << 30);
    assert_eq!(Unloading::SETS, [Set::Train, Set::Validation]);
}
