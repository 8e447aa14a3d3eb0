//! What a run found.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard};

/// Counts of a run, filled by all writers.
#[derive(Default)]
pub(super) struct Report(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    kills: u64,
    /// Acknowledged writes by what they were.
    acknowledged: BTreeMap<&'static str, u64>,
    /// Requests without an answer: found done, and found not done.
    done: u64,
    undone: u64,
    /// Acknowledged writes that are not there, or are there otherwise.
    lost: Vec<String>,
    /// Writes that are there in part.
    halves: Vec<String>,
}

impl Report {
    pub(super) fn killed(&self) {
        self.counts().kills += 1;
    }

    pub(super) fn acknowledge(&self, write: &'static str) {
        *self.counts().acknowledged.entry(write).or_default() += 1;
    }

    /// What became of a request that was not answered.
    pub(super) fn resolve(&self, done: bool) {
        let mut counts = self.counts();
        if done { counts.done += 1 } else { counts.undone += 1 }
    }

    pub(super) fn lose(&self, what: String) {
        println!("  lost: {what}");
        self.counts().lost.push(what);
    }

    pub(super) fn halve(&self, what: String) {
        println!("  half there: {what}");
        self.counts().halves.push(what);
    }

    pub(super) fn is_clean(&self) -> bool {
        let counts = self.counts();
        counts.lost.is_empty() && counts.halves.is_empty()
    }

    pub(super) fn so_far(&self) -> String {
        let counts = self.counts();
        format!("{} acknowledged writes, {} lost", counts.all(), counts.lost.len())
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap()
    }
}

impl Counts {
    fn all(&self) -> u64 {
        self.acknowledged.values().sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        writeln!(f, "{} kills, {} acknowledged writes:", counts.kills, counts.all())?;
        for (write, count) in &counts.acknowledged {
            writeln!(f, "  {count:>7} {write}")?;
        }
        let doubtful = counts.done + counts.undone;
        writeln!(f, "{doubtful} requests were not answered: {} done, {} not", counts.done, counts.undone)?;
        for (name, found) in [("lost", &counts.lost), ("half", &counts.halves)] {
            let verdict = if found.is_empty() { "holds" } else { "falls short" };
            writeln!(f, "claim faults.server-{name}-writes {} ≤ 0 {verdict}", found.len())?;
        }
        Ok(())
    }
}
