//! The password is in nothing that anybody may read: what is logged, what is shown, what an error says, what a manifest has.
//!
//! One test in a process of its own, because what listens to the logs is the process's.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[allow(dead_code, reason = "other tests use more of the double")]
mod double;
mod support;

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use double::{Double, FUNCTIONS};
use refit_warehouse::{
    Connection, Credentials, DatasetSpec, Extract, Folder, IamRole, Part, Percent, Postgres, Redshift, Split, TlsMode,
    UnloadRule, Unloading, Warehouse,
};
use support::postgres::{PASSWORD, Server};
use support::{suite, whole};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Everything that is logged, down to the finest.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Line(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn the_password_is_in_nothing_that_is_read() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let server = Server::start();
    server.client().batch_execute(FUNCTIONS).unwrap();
    let double = Double::start(&server.url("postgres"), Arc::new(|_, _, _| Ok(())));
    let url = server.url("postgres");
    let given = Connection::to("127.0.0.1", "postgres").port(server.port());
    let given = given.credentials(|| Ok(Credentials::new("etl", PASSWORD)));
    let encrypted = Connection::url(&url).unwrap().tls(TlsMode::VerifyFull).ca_file(server.ca_file());
    let mut seen = String::new();
    let percent = |share| Percent::new(share).unwrap();
    let split = Split::ByHash { column: "i".into(), validation: percent(20), evaluation: percent(20) };
    let spec = DatasetSpec::new("y", split);
    let extract =
        Extract::new("SELECT i, 0.5::float8 AS y, money '1' AS unknown_type, 1 AS x FROM generate_series(1, 1000) i");
    let numbers = Extract::new("SELECT i, 0.5::float8 AS y, 1 AS x FROM generate_series(1, 1000) i");

    // What works.
    let dir = tempfile::tempdir().unwrap();
    for warehouse in [&url, &double.url()] {
        let postgres = Postgres::new(&**warehouse).unwrap();
        let redshift = Redshift::new(&**warehouse).unwrap().unload_by(UnloadRule::new(IamRole::Default).min_bytes(0));
        writeln!(seen, "{postgres:?} {redshift:?}").unwrap();
        let ours: &dyn Warehouse = if *warehouse == url { &postgres } else { &redshift };
        suite::batch(ours, &extract);
        let streamed = spec.write(ours.extract(&numbers).unwrap(), &numbers, dir.path()).unwrap();
        seen += &std::fs::read_to_string(dir.path().join("manifest.json")).unwrap();
        if let Some(mut unloading) = ours.unloading(&numbers, &spec).unwrap() {
            writeln!(seen, "{unloading:?}").unwrap();
            let sets = Unloading::SETS.into_iter().map(|set| {
                unloading.unload(set, &format!("s3://bucket/{set}/")).unwrap();
                let rows = streamed.file(set).unwrap().rows;
                (set, format!("{set}/"), vec![Part { name: format!("{set}/0"), rows, bytes: 1, etag: String::new() }])
            });
            let sets = sets.collect();
            let manifest = unloading.finish(sets, &[&Folder::new(dir.path())]).unwrap();
            writeln!(seen, "{manifest:?}").unwrap();
        }
    }
    writeln!(seen, "{given:?}").unwrap();
    suite::batch(&Postgres::new(given).unwrap(), &extract);

    // What does not: each error with all that is below it.
    for connection in [
        encrypted.clone(),
        Connection::url(&url).unwrap().user("stranger"),
        Connection::url(&url.replace("/postgres", "/nowhere")).unwrap(),
        Connection::url(&url).unwrap().port(1),
        Connection::url(&format!("{url}?options=-c%20nonsense%3D1")).unwrap(),
    ] {
        writeln!(seen, "{connection:?}").unwrap();
        seen += &whole(&suite::error(&Postgres::new(connection).unwrap(), &extract));
    }
    for wrong in [
        format!("postgres://etl:{PASSWORD}@["),
        format!("{url}?no_such_option={PASSWORD}"),
        format!("ftp://{PASSWORD}"),
    ] {
        seen += &whole(&Connection::url(&wrong).unwrap_err());
    }

    let logged = log.0.lock().unwrap().clone();
    for said in ["unloaded", "dataset written", "a column of a type that is not known"] {
        assert!(logged.contains(said), "{said}: {logged}");
    }
    assert!(!logged.contains(PASSWORD), "{logged}");
    assert!(!seen.contains(PASSWORD), "{seen}");
}
