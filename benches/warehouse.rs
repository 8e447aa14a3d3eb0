//! Extraction beside its limit and its peers, in one run: from a PostgreSQL of the bench's own, to memory and to training files.
//!
//! The limit is what the server hands out: `psql` with `COPY … (FORMAT binary)` to nowhere. The peers are the article's way
//! (psycopg2 and pandas), connectorx and polars. Each runs in a process of its own, so that its processor time and its peak
//! memory are its own; wall clocks are compared in turn. `--rows=N` sets another size than two million, `--rounds=N` how often
//! each way runs, and `--only=memory,csv,stream,writer,load` which parts do. All of it takes five minutes on two quiet
//! cores, and 5 GB of the temporary folder.
//!
//! What is compared by seconds, and the writers, run in turn in three rounds, and the middle is told; the peers, and our ways of which
//! only the memory is asked, run once. Of a peer the processor time and the memory are
//! those of its process, with its imports; ours are less what the process had before. Training files hold numbers, so `csv` reads
//! only those; what refit does there beyond writing them, the split, the digests and the statistics, is in its figures.

#[path = "warehouse/csv_writer.rs"]
mod csv_writer;
#[path = "warehouse/measured.rs"]
mod measured;
#[path = "../crates/warehouse/tests/support/postgres.rs"]
#[allow(dead_code, reason = "the tests use more of the server")]
mod postgres_server;

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use refit_benches::{Claim, Goal};
use refit_warehouse::{DatasetSpec, Extract, NumericAs, Parallel, Percent, Postgres, Split, Sqlite, Warehouse};

use measured::{Cost, peak_mib};
use postgres_server::Server;

/// Numbers, text, times and decimals, as feature tables have them.
const TABLE: &str = "
    CREATE UNLOGGED TABLE events AS SELECT
        g AS id, timestamptz '2025-01-01' + g * interval '15 seconds' AS ts,
        random() AS f1, random() * 1000 AS f2, random() * 1e6 AS f3, (random() - 0.5) * 2e3 AS f4, exp((random() - 0.5) * 20) AS f5,
        random() * random() AS f6, (random() * 100)::int4 AS i1, (random() * 10000)::int4 AS i2, (random() * 1e6)::int4 AS i3,
        (random() * 2e9)::int4 AS i4, (random() * 7)::int4 AS i5, ((random() - 0.5) * 1000)::int4 AS i6,
        (random() * 1e6)::numeric(12,4) AS n1, (random() * 1e4)::numeric(12,4) AS n2, ((random() - 0.5) * 1e7)::numeric(12,4) AS n3,
        (random() * 10)::numeric(12,4) AS n4, 'colour_' || (random() * 7)::int4 AS c1, 'store_' || (random() * 500)::int4 AS c2,
        'sku-' || lpad(((random() * 20000)::int4)::text, 6, '0') AS c3, random() < 0.3 AS b1, random() < 0.7 AS b2,
        CASE WHEN random() < 0.1 THEN NULL ELSE random() * 50 END AS g1, CASE WHEN random() < 0.4 THEN NULL ELSE random() * 5 - 2 END AS g2,
        date '2025-01-01' + (g * 15 / 86400)::int4 AS d, CASE WHEN random() < 0.2 THEN 1.0::float8 ELSE 0.0 END AS label
    FROM generate_series(1::int8, $rows) g;
    ANALYZE events";

const ALL: &str = "SELECT label, id, ts, f1, f2, f3, f4, f5, f6, i1, i2, i3, i4, i5, i6, n1, n2, n3, n4, c1, c2, c3, b1, b2, g1, g2, d FROM events";
const NUMBERS: &str =
    "SELECT label, id, f1, f2, f3, f4, f5, f6, i1, i2, i3, i4, i5, i6, n1, n2, n3, n4, g1, g2, b1 FROM events";

fn main() {
    let number = |name: &str, default: usize| option(name).map_or(default, |text| text.parse().expect("a number"));
    let (rows, rounds) = (number("--rows=", 2_000_000), number("--rounds=", 3));
    if let Some(way) = option("--way=") {
        let base = peak_mib();
        let cost = match way.strip_prefix("writer-") {
            Some(writer) => csv_writer::cost(writer, rows),
            None => Cost::of(|| extract(&way, &option("--url=").expect("a URL"))),
        };
        println!("{} {} {} {}", cost.seconds, cost.cpu, cost.peak_mib - base, cost.rows);
        return;
    }
    let parts = option("--only=").unwrap_or_else(|| "memory,csv,stream,writer,load".to_owned());
    let server = Server::start();
    server.client().batch_execute(&TABLE.replace("$rows", &rows.to_string())).expect("a table");
    let mut bench = Bench { url: server.url("postgres"), rows, rounds, claims: Vec::new() };
    println!("{rows} rows, medians of {rounds} rounds");
    println!("{:<34} {:>9} {:>9} {:>9} {:>10}", "way", "seconds", "CPU s", "peak MiB", "rows");
    for part in parts.split(',') {
        match part {
            "memory" => memory(&mut bench),
            "csv" => csv(&mut bench),
            "stream" => stream(&mut bench),
            "writer" => writer(&mut bench),
            "load" => load(&mut bench),
            other => panic!("there is no part {other}"),
        }
    }
    bench.claims.iter().for_each(|claim| println!("{claim}"));
}

fn option(name: &str) -> Option<String> {
    std::env::args().find_map(|argument| argument.strip_prefix(name).map(str::to_owned))
}

/// Runs one of our ways, and returns how many rows it read.
fn extract(way: &str, url: &str) -> u64 {
    let warehouse = Postgres::new(url).expect("a URL").numeric(match way {
        // As pandas reads them.
        "memory" => NumericAs::Float64,
        _ => NumericAs::Declared,
    });
    let window =
        |sql: &str| Extract::new(format!("{sql} WHERE d >= $1 AND d < $2")).bind("2025-01-01").bind("2035-01-01");
    let all = match way {
        "tenfold" => Extract::new(format!("{ALL}, generate_series(1, 10)")),
        "parallel" => window(ALL).parallel(Parallel::by_blocks("events", 4)),
        _ => window(ALL),
    };
    match way {
        "csv" => return write(&warehouse, &window(NUMBERS)),
        "csv-tenfold" => return write(&warehouse, &Extract::new(format!("{NUMBERS}, generate_series(1, 10)"))),
        "load" => return load_files(),
        _ => (),
    }
    let reader = warehouse.extract(&all).expect("extracted");
    let mut kept = Vec::new();
    let mut rows = 0;
    for batch in reader {
        let batch = batch.expect("a batch");
        rows += batch.num_rows() as u64;
        match way {
            "memory" => kept.push(batch),
            "sleeping" => sleep(Duration::from_millis(20)),
            _ => (),
        }
    }
    rows
}

fn write(warehouse: &Postgres, extract: &Extract) -> u64 {
    let percent = |value| Percent::new(value).expect("a percentage");
    let split = Split::ByHash { column: "id".into(), validation: percent(10), evaluation: percent(10) };
    let dir = option("--dir=").expect("a folder");
    let spec = DatasetSpec::new("label", split).leave_out(["id"]);
    let manifest =
        spec.write(warehouse.extract(extract).expect("extracted"), extract, Path::new(&dir)).expect("written");
    manifest.files.iter().map(|file| file.rows).sum()
}

/// The quickstart's flights and weather into SQLite, with its index; a query is what loads them.
fn load_files() -> u64 {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data");
    let files = ["flights", "weather"].map(|table| (table, data.join(format!("{table}.parquet"))));
    let warehouse = Sqlite::files(files).and_then(|sqlite| sqlite.index("weather", &["origin", "time_hour"]));
    let count = Extract::new("SELECT (SELECT count(*) FROM flights) + (SELECT count(*) FROM weather) AS rows");
    let mut reader = warehouse.expect("two files").extract(&count).expect("extracted");
    let batch = reader.next().expect("a batch").expect("a row");
    batch.column(0).as_primitive::<Int64Type>().value(0).unsigned_abs()
}

struct Bench {
    url: String,
    rows: usize,
    rounds: usize,
    claims: Vec<Claim>,
}

impl Bench {
    fn ours(&self, way: &str) -> Cost {
        let this = std::env::current_exe().expect("this program");
        // Taking the files away again is no part of the work, here and for the peers.
        let dir = tempfile::tempdir().expect("a folder");
        let (url, rows) = (format!("--url={}", self.url), format!("--rows={}", self.rows));
        let dir = format!("--dir={}", dir.path().display());
        Cost::printed(Command::new(this).args([format!("--way={way}"), url, rows, dir]))
    }

    /// What the server hands out, read by nobody.
    fn limit(&self, sql: &str) -> Cost {
        let copy = format!("COPY ({sql} WHERE d >= '2025-01-01' AND d < '2035-01-01') TO STDOUT (FORMAT binary)");
        Cost::silent(Command::new(postgres_server::program("psql")).args(["-X", "-q", "-c", &copy, &self.url]))
    }

    fn peer(&self, peer: &str, way: &str, sql: &str) -> Cost {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let sql = format!("{sql} WHERE d >= '2025-01-01' AND d < '2035-01-01'");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("warehouse/peers.py");
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/bin/python");
        Cost::printed(Command::new(python).arg(script).args([peer, way, &self.url, &sql]).arg(file.path()))
    }

    /// The medians of ways that run in turn, so that the machine's moods hit all alike.
    fn in_turn<const N: usize>(&self, ways: [(&str, &dyn Fn() -> Cost); N]) -> [Cost; N] {
        let rounds: Vec<_> = (0..self.rounds).map(|_| ways.map(|(_, cost)| cost())).collect();
        std::array::from_fn(|way| told(ways[way].0, Cost::median(rounds.iter().map(|round| round[way]).collect())))
    }

    fn claim(&mut self, name: &'static str, measured: f64, goal: Goal) {
        self.claims.push(Claim { name, measured, goal });
    }
}

fn told(name: &str, cost: Cost) -> Cost {
    println!("{name:<34} {cost}");
    cost
}

fn memory(bench: &mut Bench) {
    let [limit, ours] = bench.in_turn([
        ("memory: psql COPY binary, the limit", &|| bench.limit(ALL)),
        ("memory: refit", &|| bench.ours("memory")),
    ]);
    let [pandas, connectorx, polars] = ["pandas", "connectorx", "polars"]
        .map(|peer| told(&format!("memory: {peer}"), bench.peer(peer, "memory", ALL)));
    bench.claim("warehouse.memory-seconds-of-copy", ours.seconds / limit.seconds, Goal::AtMost(1.1));
    bench.claim("warehouse.memory-cpu-of-pandas", ours.cpu / pandas.cpu, Goal::AtMost(0.1));
    bench.claim("warehouse.memory-cpu-of-connectorx", ours.cpu / connectorx.cpu, Goal::AtMost(0.5));
    bench.claim("warehouse.memory-cpu-of-polars", ours.cpu / polars.cpu, Goal::AtMost(0.5));
}

fn csv(bench: &mut Bench) {
    let [limit, ours] = bench.in_turn([
        ("csv: psql COPY binary, the limit", &|| bench.limit(NUMBERS)),
        ("csv: refit", &|| bench.ours("csv")),
    ]);
    let [pandas, connectorx, polars] =
        ["pandas", "connectorx", "polars"].map(|peer| told(&format!("csv: {peer}"), bench.peer(peer, "csv", NUMBERS)));
    bench.claim("warehouse.csv-seconds-of-copy", ours.seconds / limit.seconds, Goal::AtMost(1.1));
    bench.claim("warehouse.csv-cpu-of-pandas", ours.cpu / pandas.cpu, Goal::AtMost(0.05));
    bench.claim("warehouse.csv-cpu-of-connectorx", ours.cpu / connectorx.cpu, Goal::AtMost(0.5));
    bench.claim("warehouse.csv-cpu-of-polars", ours.cpu / polars.cpu, Goal::AtMost(0.5));
    bench.claim("warehouse.csv-peak-mib", ours.peak_mib, Goal::AtMost(32.0));
    let tenfold = told("csv: refit, ten times the rows", bench.ours("csv-tenfold"));
    bench.claim("warehouse.csv-tenfold-peak-mib", tenfold.peak_mib, Goal::AtMost(32.0));
}

fn stream(bench: &mut Bench) {
    let [one, four] = bench.in_turn([
        ("stream: refit, one connection", &|| bench.ours("stream")),
        ("stream: refit, four connections", &|| bench.ours("parallel")),
    ]);
    let sleeping = told("stream: refit, a reader that sleeps", bench.ours("sleeping"));
    let tenfold = told("stream: refit, ten times the rows", bench.ours("tenfold"));
    bench.claim("warehouse.four-connections-seconds-of-one", four.seconds / one.seconds, Goal::AtMost(1.0));
    bench.claim("warehouse.stream-peak-mib", one.peak_mib, Goal::AtMost(32.0));
    bench.claim("warehouse.sleeping-peak-mib", sleeping.peak_mib, Goal::AtMost(32.0));
    bench.claim("warehouse.tenfold-peak-mib", tenfold.peak_mib, Goal::AtMost(32.0));
}

fn writer(bench: &mut Bench) {
    let [ours, arrow, polars] = bench.in_turn([
        ("writer: refit, 20 columns", &|| bench.ours("writer-refit")),
        ("writer: arrow-csv", &|| bench.ours("writer-arrow")),
        ("writer: polars, one thread", &|| csv_writer::polars(bench.rows)),
    ]);
    bench.claim("warehouse.arrow-csv-cpu-of-writer", arrow.cpu / ours.cpu, Goal::AtLeast(2.5));
    bench.claim("warehouse.polars-cpu-of-writer", polars.cpu / ours.cpu, Goal::AtLeast(1.7));
}

fn load(bench: &mut Bench) {
    let [load] = bench.in_turn([("load: two Parquet files to SQLite", &|| bench.ours("load"))]);
    bench.claim("warehouse.load-seconds", load.seconds, Goal::AtMost(2.0));
}
