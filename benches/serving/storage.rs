//! Storage: S3's puts beside the bare disk, listings of a million objects, and a start with them and all that was registered.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use refit_benches::{Claim, Goal};
use refit_local::{LocalAws, Options};
use tokio::runtime::Runtime;

use crate::aws::Aws;

const CLIENTS: usize = 8;
const SECONDS: Duration = Duration::from_secs(5);
const ROUNDS: usize = 3;
const SMALL: usize = 4 << 10;
const LARGE: usize = 256 << 10;
const STARTS: usize = 5;
const PAGES: usize = 50;

/// A thousand folders of a thousand objects each. The index is filled by SQLite from the row of one object that was put,
/// with its file for all of them, as copies of it would have: a million requests would measure something else.
const FILL: &str = "
WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 999999)
INSERT INTO versions (bucket, key, version_id, is_latest, delete_marker, blob, size, etag, last_modified, attributes)
    SELECT bucket, printf('data/%04d/part-%06d.csv', n / 1000, n), version_id, 1, 0, blob, size, etag, last_modified, attributes
    FROM number, versions WHERE key = 'first';
UPDATE blobs SET refs = refs + 1000000 WHERE id = (SELECT blob FROM versions WHERE key = 'first');
";

/// `data` is the folder of a backend that is stopped.
pub(crate) fn measure(runtime: &Runtime, data: &Path) -> Vec<Claim> {
    let local = runtime.block_on(LocalAws::start(Options::new(data))).expect("started");
    Aws::connect(local.endpoint_url()).s3("PUT", "/storage", b"");
    let small_puts = puts(local.endpoint_url(), &data.with_file_name("small"), SMALL);
    let large_puts = puts(local.endpoint_url(), &data.with_file_name("large"), LARGE);
    Aws::connect(local.endpoint_url()).s3("PUT", "/million", b"");
    Aws::connect(local.endpoint_url()).s3("PUT", "/million/first", &[7; SMALL]);
    runtime.block_on(local.stop());
    fill(data);
    let starts = (0..STARTS).map(|_| {
        let started = Instant::now();
        let local = runtime.block_on(LocalAws::start(Options::new(data))).expect("started");
        let elapsed = milliseconds(started);
        runtime.block_on(local.stop());
        elapsed
    });
    let cold_start = median(starts.collect());
    let local = runtime.block_on(LocalAws::start(Options::new(data))).expect("started");
    let page = pages(&mut Aws::connect(local.endpoint_url()));
    runtime.block_on(local.stop());
    println!("a start with 1,000,000 objects and 10,000 model packages, median: {cold_start:.1} ms");
    vec![
        Claim { name: "serving.small-put-to-sync", measured: small_puts, goal: Goal::AtLeast(0.5) },
        Claim { name: "serving.large-put-to-sync", measured: large_puts, goal: Goal::AtLeast(0.4) },
        Claim { name: "serving.list-page-ms", measured: page, goal: Goal::AtMost(10.0) },
        Claim { name: "serving.cold-start-ms", measured: cold_start, goal: Goal::AtMost(200.0) },
    ]
}

/// Puts per second by several clients, as a share of the files that as many threads write, sync and rename. A small object
/// waits for one sync, that of its commit. A large one waits for two, its own and then that of the commit that names it: half
/// is what the disk gives, and four fifths of that are claimed.
fn puts(endpoint_url: &str, bare_folder: &Path, size: usize) -> f64 {
    fs::create_dir(bare_folder).expect("a folder");
    let object = vec![7; size];
    let mut rates = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        rates.0.push(rate(|client| {
            let (mut aws, object) = (Aws::connect(endpoint_url), &object);
            move |number| drop(aws.s3("PUT", &format!("/storage/{size}/{round}/{client}/{number}"), object))
        }));
        rates.1.push(rate(|client| {
            let (path, object) = (bare_folder.join(format!("{round}-{client}")), &object);
            move |number| {
                let beside = path.with_extension("new");
                let mut file = File::create(&beside).expect("a file");
                file.write_all(object).expect("written");
                file.sync_all().expect("synced");
                fs::rename(beside, path.with_extension(number.to_string())).expect("renamed");
            }
        }));
    }
    let (ours, bare) = (median(rates.0), median(rates.1));
    let kib = size >> 10;
    println!(
        "{CLIENTS} clients put {ours:.0} objects of {kib} KiB a second; {CLIENTS} threads write, sync and rename {bare:.0}"
    );
    ours / bare
}

/// How often a second all threads together do their work.
fn rate<W: FnMut(usize) + Send>(work: impl Fn(usize) -> W) -> f64 {
    let started = Instant::now();
    let done: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let mut work = work(client);
                scope.spawn(move || {
                    let mut done = 0;
                    while started.elapsed() < SECONDS {
                        work(done);
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    done as f64 / started.elapsed().as_secs_f64()
}

fn fill(data: &Path) {
    let index = rusqlite::Connection::open(data.join("refit-local.sqlite")).expect("the index");
    index.execute_batch(&format!("BEGIN; {FILL} COMMIT")).expect("filled");
}

/// Milliseconds for a page of a thousand entries: the slowest kind's median.
fn pages(aws: &mut Aws) -> f64 {
    let kinds = [
        ("keys from anywhere", "list-type=2&start-after=data%2F", ""),
        ("keys below a prefix", "list-type=2&prefix=data%2F", "%2F"),
        ("common prefixes", "list-type=2&prefix=data%2F&delimiter=%2F&start-after=data%2F", ""),
        ("versions", "versions&key-marker=data%2F", ""),
    ];
    let medians = kinds.map(|(kind, query, end)| {
        let times = (0..PAGES).map(|page| {
            // Every kind but the common prefixes, of which there are no two pages, begins everywhere.
            let folder = if kind == "common prefixes" { 0 } else { page * 998 / PAGES };
            let path = format!("/million?{query}{folder:04}{end}");
            let started = Instant::now();
            let answer = aws.s3("GET", &path, b"");
            let elapsed = milliseconds(started);
            let text = String::from_utf8_lossy(&answer);
            let entries = text.matches("<Key>").count() + text.matches("<CommonPrefixes>").count();
            assert_eq!(entries, 1000, "{path}");
            elapsed
        });
        let median = median(times.collect());
        println!("a page of 1,000 {kind} among 1,000,000 objects, median: {median:.2} ms");
        median
    });
    medians.into_iter().fold(0.0, f64::max)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
