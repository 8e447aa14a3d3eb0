//! What was acknowledged is there after kill -9.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::client::Client;
use crate::program::Program;

const WRITERS: usize = 4;
const BEFORE_THE_KILL: usize = 60;

#[test]
fn every_acknowledged_write_survives_a_killed_process() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let s3 = Client::new(&program.endpoint_url, "s3");
    assert_eq!(s3.send("PUT", "/bucket", &[], b"").unwrap().status, 200);
    let versioning = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                      <Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(s3.send("PUT", "/bucket?versioning=", &[], versioning.as_bytes()).unwrap().status, 200);

    let acknowledged = AtomicUsize::new(0);
    let written: Vec<usize> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (s3, acknowledged) = (&s3, &acknowledged);
                scope.spawn(move || write_until_killed(s3, writer, acknowledged))
            })
            .collect();
        while acknowledged.load(Ordering::Relaxed) < BEFORE_THE_KILL {
            thread::yield_now();
        }
        program.kill();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert!(written.iter().sum::<usize>() >= BEFORE_THE_KILL);

    let program = Program::start(folder.path());
    let s3 = Client::new(&program.endpoint_url, "s3");
    for (writer, count) in written.into_iter().enumerate() {
        for number in 0..count {
            let answer = s3.send("GET", &path(writer, number), &[], b"").unwrap();
            assert_eq!((answer.status, answer.body), (200, body(writer, number)), "{}", path(writer, number));
        }
    }
    assert_eq!(s3.send("PUT", "/bucket/after", &[], b"after").unwrap().status, 200);
}

/// Writes one object after the other until the server is gone. Returns how many were acknowledged.
fn write_until_killed(s3: &Client, writer: usize, acknowledged: &AtomicUsize) -> usize {
    let mut number = 0;
    while let Ok(answer) = s3.send("PUT", &path(writer, number), &[], &body(writer, number)) {
        assert_eq!(answer.status, 200, "{}", answer.text());
        number += 1;
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    number
}

fn path(writer: usize, number: usize) -> String {
    format!("/bucket/{writer}/{number}")
}

/// Sizes up to some 80 kB, so that a kill falls into the writing of files too.
fn body(writer: usize, number: usize) -> Vec<u8> {
    format!("{writer}-{number}\n").repeat(number * 131 % 10_000 + 1).into_bytes()
}
