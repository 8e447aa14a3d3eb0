//! Memory does not grow with the rows.
//!
//! One test in a process of its own, because the figure is the process's: the highest resident size that Linux ever saw.
#![cfg(all(target_os = "linux", feature = "sqlite"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::thread;
use std::time::Duration;

use refit_warehouse::{DatasetSpec, Extract, Percent, Postgres, Split, Sqlite, Warehouse};
use support::postgres::Server;

const MIB: u64 = 1024 * 1024;

/// Ten columns of eight bytes and a text: 100,000 rows are 10 MiB, a million are 100 MiB.
fn query(rows: i64) -> Extract {
    let columns: Vec<_> = (1..9).map(|n| format!("i * 0.5 + {n} AS x{n}")).collect();
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
         SELECT i AS key, i * 0.25 AS y, {}, 'a text of twenty ch.' AS note FROM n",
        columns.join(", ")
    );
    Extract::new(sql).bind(rows)
}

fn write(warehouse: &dyn Warehouse, rows: i64) {
    let extract = query(rows);
    let split = Split::ByHash {
        column: "key".to_owned(),
        validation: Percent::new(20).unwrap(),
        evaluation: Percent::new(10).unwrap(),
    };
    let dir = tempfile::tempdir().unwrap();
    let spec = DatasetSpec::new("y", split).leave_out(["note"]);
    let manifest = spec.write(warehouse.extract(&extract).unwrap(), &extract, dir.path()).unwrap();
    let written: u64 = manifest.files.iter().map(|file| file.rows).sum();
    assert_eq!(i64::try_from(written).unwrap(), rows);
}

fn highest_resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn a_million_rows_need_what_a_hundred_thousand_need() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("warehouse.sqlite");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (i int4)").unwrap();
    let warehouses: [(&str, Box<dyn Warehouse>); 2] = [
        ("SQLite", Box::new(Sqlite::file(&path).unwrap())),
        ("PostgreSQL", Box::new(Postgres::new(&server.url("postgres")).unwrap())),
    ];
    for (name, warehouse) in warehouses {
        write(&*warehouse, 100_000);
        let few = highest_resident_bytes();
        write(&*warehouse, 1_000_000);
        let many = highest_resident_bytes();
        // Holding the further rows would take 90 MiB.
        let more = many.saturating_sub(few);
        assert!(more < 20 * MIB, "{name}: {} MiB more", more / MIB);
        // While nobody takes them the warehouse could hand out as much.
        let mut reader = warehouse.extract(&query(1_000_000)).unwrap();
        let taken: usize = reader.by_ref().take(2).map(|batch| batch.unwrap().num_rows()).sum();
        thread::sleep(Duration::from_secs(3));
        let slept = highest_resident_bytes();
        let more = slept.saturating_sub(few);
        assert!(more < 20 * MIB, "{name}: {} MiB while the reader sleeps", more / MIB);
        assert_eq!(taken + reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 1_000_000);
    }
}
