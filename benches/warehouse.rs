//! Extraction to training files streams: the peak memory of a process that writes ten times the rows.
//!
//! Each size runs in a process of its own, whose peak the kernel reports (`VmHWM` of /proc/self/status, so on Linux).

use std::process::Command;
use std::time::Instant;

use refit_benches::{Claim, Goal};
use refit_warehouse::{DatasetSpec, Extract, Percent, Split, Sqlite, Warehouse};

const FEW: u64 = 200_000;
const MANY: u64 = 2_000_000;

/// Twelve numeric columns, made by SQLite itself, so that no table is in the way.
const SQL: &str = "\
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
SELECT i AS id, i * 0.125 AS y, i % 7 AS a, i % 11 * 0.5 AS b, i % 13 AS c, i % 17 * 0.25 AS d, i % 19 AS e,
       i % 23 * 0.75 AS f, i % 29 AS g, i % 31 * 1.5 AS h, i % 37 AS j, i % 41 * 2.5 AS k
FROM n";

fn main() {
    if let Some(rows) = std::env::args().find_map(|argument| argument.strip_prefix("--rows=")?.parse().ok()) {
        println!("{}", extract(rows));
        return;
    }
    let few = in_a_process(FEW);
    let many = in_a_process(MANY);
    println!("rows                   peak MiB   seconds");
    println!("{FEW:<20} {:10.1} {:9.2}", few.0, few.1);
    println!("{MANY:<20} {:10.1} {:9.2}", many.0, many.1);
    let growth =
        Claim { name: "warehouse.peak-mib-of-ten-times-the-rows", measured: many.0 - few.0, goal: Goal::AtMost(8.0) };
    println!("{growth}");
}

/// Writes the dataset and returns the process's peak memory in MiB and the seconds it took.
fn extract(rows: u64) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let table = dir.path().join("one.csv");
    std::fs::write(&table, "one\n1\n").expect("a file");
    let warehouse = Sqlite::files([("one", table)]).expect("a warehouse");
    let extract = Extract::new(SQL).bind(i64::try_from(rows).expect("a count"));
    let percent = |value| Percent::new(value).expect("a percentage");
    let split = Split::ByHash { column: "id".into(), validation: percent(10), evaluation: percent(10) };
    let started = Instant::now();
    let reader = warehouse.extract(&extract).expect("extracted");
    let manifest = DatasetSpec::new("y", split).write(reader, &extract, &dir.path().join("set")).expect("written");
    assert_eq!(manifest.files.iter().map(|file| file.rows).sum::<u64>(), rows);
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    format!("{} {}", kib / 1024.0, started.elapsed().as_secs_f64())
}

fn in_a_process(rows: u64) -> (f64, f64) {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this).arg(format!("--rows={rows}")).output().expect("run");
    let text = String::from_utf8(output.stdout).expect("text");
    let (peak, seconds) =
        text.trim().split_once(' ').unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (peak.parse().expect("MiB"), seconds.parse().expect("seconds"))
}
