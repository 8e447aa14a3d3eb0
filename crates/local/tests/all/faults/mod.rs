//! `dev/faults server`: the program is killed with kill -9 at random moments under load, and started again on its folder.
//! Every write that it acknowledged must be there, and what it did not acknowledge must be there whole or not at all.
//!
//! A [`Writer`] keeps what it was told of its own part of the data, and knows of at most one request that was not
//! answered. What it finds after a restart is compared with that. The seed of a run is printed; `REFIT_FAULTS_SEED`
//! repeats its requests and its pauses, though not the moments at which they meet.

#![allow(clippy::print_stdout, reason = "the figures are what a run is for")]

mod endpoint;
mod jobs;
mod objects;
mod race;
mod random;
mod registry;
mod report;
mod uploads;
mod wire;

use std::path::Path;
use std::thread;
use std::time::Duration;

use rand::Rng;

use self::random::seeded;
use self::report::Report;
use self::wire::{Gone, Wire};
use crate::program::Program;

/// Kills of the short form, which every test run has. `dev/faults server` sets more.
const FEW: u64 = 4;
/// How long the load lasts before a kill, in milliseconds.
const LOAD: std::ops::Range<u64> = 30..1200;

/// A client with data of its own.
trait Writer: Send {
    /// Sends a request or a few, and takes note of what is acknowledged.
    fn write(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone>;

    /// Compares what the server has after a restart with what it acknowledged.
    fn check(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone>;

    /// Waits for what may still be under way after the last restart, and compares once more.
    fn finish(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        self.check(wire, report)
    }
}

#[test]
fn server() {
    let setting = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect(name));
    let kills = setting("REFIT_FAULTS_KILLS");
    // The short form does the same each time.
    let unseen = || kills.map_or(2013, |_| rand::rng().random_range(0..1_000_000));
    let (kills, seed) = (kills.unwrap_or(FEW), setting("REFIT_FAULTS_SEED").unwrap_or_else(unseen));
    println!("faults server: {kills} kills, seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let report = run(folder.path(), kills, seed);
    println!("{report}");
    assert!(report.is_clean(), "seed {seed}: something was lost, see above");
}

fn run(folder: &Path, kills: u64, seed: u64) -> Report {
    let report = Report::default();
    let mut program = Program::start(folder);
    let mut writers = writers(&Wire::new(&program.endpoint_url), seed);
    let mut random = seeded(seed, "kills");
    for kill in 1..=kills {
        let pause = Duration::from_millis(random.random_range(LOAD));
        under_load(&program.endpoint_url.clone(), &mut writers, &report, || {
            thread::sleep(pause);
            program.kill();
        });
        report.killed();
        program = Program::start(folder);
        check(&program, &mut writers, &report, |writer, wire| writer.check(wire, &report));
        if kill.is_multiple_of(20) {
            println!("  after {kill} kills: {}", report.so_far());
        }
    }
    stop_under_load(folder, program, &mut writers, &report);
    report
}

/// SIGTERM under load: what is in flight is answered, the program ends well, and nothing is lost either.
fn stop_under_load(folder: &Path, program: Program, writers: &mut [Box<dyn Writer>], report: &Report) {
    under_load(&program.endpoint_url.clone(), writers, report, || {
        thread::sleep(Duration::from_millis(500));
        let ended = program.terminate();
        assert!(ended.success(), "the program was told to stop and ended with {ended}");
    });
    let program = Program::start(folder);
    check(&program, writers, report, |writer, wire| writer.finish(wire, report));
    assert!(program.terminate().success());
    let database = rusqlite::Connection::open(folder.join("refit-local.sqlite")).unwrap();
    let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

/// Lets every writer write until the server does not answer any more, which `end` brings about.
fn under_load(url: &str, writers: &mut [Box<dyn Writer>], report: &Report, end: impl FnOnce()) {
    let wire = Wire::new(url);
    thread::scope(|scope| {
        for writer in writers {
            let wire = &wire;
            scope.spawn(move || while writer.write(wire, report).is_ok() {});
        }
        end();
    });
}

fn check(
    program: &Program,
    writers: &mut [Box<dyn Writer>],
    report: &Report,
    look: impl Fn(&mut dyn Writer, &Wire) -> Result<(), Gone> + Sync,
) {
    let wire = Wire::new(&program.endpoint_url);
    thread::scope(|scope| {
        for writer in writers {
            let (wire, look) = (&wire, &look);
            scope.spawn(move || {
                if look(writer.as_mut(), wire).is_err() {
                    report.lose("the server did not answer while it was looked through".to_owned());
                }
            });
        }
    });
}

fn writers(wire: &Wire, seed: u64) -> Vec<Box<dyn Writer>> {
    let [first, second] = race::Race::pair(wire);
    vec![
        Box::new(objects::Objects::new(wire, "versioned", true, seeded(seed, "versioned"))),
        Box::new(objects::Objects::new(wire, "unversioned", false, seeded(seed, "unversioned"))),
        Box::new(uploads::Uploads::new(wire, "uploads", seeded(seed, "uploads"))),
        Box::new(first),
        Box::new(second),
        Box::new(registry::Registry::new(wire, "arr-delay-ewr", seeded(seed, "ewr"))),
        Box::new(registry::Registry::new(wire, "arr-delay-jfk", seeded(seed, "jfk"))),
        Box::new(endpoint::Endpoint::new(wire)),
        Box::new(jobs::Jobs::new(wire)),
    ]
}
