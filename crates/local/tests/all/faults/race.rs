//! Two clients that put the same key if it is not there: one wins, and stays the winner.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::Writer;
use super::objects::make_bucket;
use super::random::Content;
use super::report::Report;
use super::wire::{Gone, Wire};

const BUCKET: &str = "race";

/// One of the two.
pub(super) struct Race {
    me: u64,
    next: u64,
    checked: u64,
    /// Who was told to have won, by key.
    winners: Arc<Mutex<BTreeMap<u64, u64>>>,
}

impl Race {
    pub(super) fn pair(wire: &Wire) -> [Self; 2] {
        make_bucket(wire, BUCKET, false);
        let winners = Arc::<Mutex<BTreeMap<u64, u64>>>::default();
        [1, 2].map(|me| Self { me, next: 0, checked: 0, winners: Arc::clone(&winners) })
    }

    fn content(who: u64, number: u64) -> Content {
        Content { seed: number * 10 + who, size: 2000 }
    }
}

impl Writer for Race {
    fn write(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let number = self.next;
        self.next += 1;
        let bytes = Self::content(self.me, number).bytes();
        let answer = wire.s3("PUT", &format!("/{BUCKET}/{number}"), &[("if-none-match", "*")], &bytes)?;
        match answer.status {
            200 => {
                report.acknowledge("put of a key that two want");
                if self.winners.lock().unwrap().insert(number, self.me).is_some() {
                    report.lose(format!("{BUCKET}/{number} was put twice though it was there"));
                }
            }
            409 | 412 => {}
            status => report.lose(format!("{BUCKET}/{number}: {status} {}", answer.text())),
        }
        Ok(())
    }

    fn check(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        for number in self.checked..self.next {
            let answer = wire.s3("GET", &format!("/{BUCKET}/{number}"), &[], b"")?;
            let is = |who: u64| answer.status == 200 && answer.body == Self::content(who, number).bytes();
            let fits = match self.winners.lock().unwrap().get(&number) {
                Some(winner) => is(*winner),
                // Whoever won was not told.
                None => answer.status == 404 || is(1) || is(2),
            };
            if !fits {
                report.lose(format!("{BUCKET}/{number}: {} {} bytes", answer.status, answer.body.len()));
            }
        }
        self.checked = self.next;
        Ok(())
    }

    fn finish(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        self.checked = 0;
        self.check(wire, report)
    }
}
