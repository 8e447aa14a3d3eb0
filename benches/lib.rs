//! What the benches share: the line for each claim, and the clock of the processor.

use std::fmt;
use std::time::{Duration, Instant};

/// Which side of its goal a figure should be on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The figure should be at most this.
    AtMost(f64),
    /// The figure should be at least this.
    AtLeast(f64),
}

/// A published claim, measured: prints as `claim <bench>.<name> <measured> <≤ or ≥> <goal> <holds|falls short>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The bench's and the claim's name, with a dot between.
    pub name: &'static str,
    /// What was measured in this run.
    pub measured: f64,
    /// What was promised.
    pub goal: Goal,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, goal, holds) = match self.goal {
            Goal::AtMost(goal) => ('≤', goal, self.measured <= goal),
            Goal::AtLeast(goal) => ('≥', goal, self.measured >= goal),
        };
        let verdict = if holds { "holds" } else { "falls short" };
        write!(f, "claim {} {:.3} {sign} {goal} {verdict}", self.name, self.measured)
    }
}

/// The medians of two pieces of work that are run in turn, so that the machine's moods hit both alike.
pub fn in_turn(rounds: usize, mut one: impl FnMut(), mut other: impl FnMut()) -> (Duration, Duration) {
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        times.0.push(time(&mut one));
        times.1.push(time(&mut other));
    }
    (median(times.0), median(times.1))
}

fn time(work: &mut impl FnMut()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Numbers that look random and are the same in every run: Knuth's MMIX generator, from 0 to 1.
pub fn numbers(seed: u64) -> impl Iterator<Item = f32> {
    std::iter::successors(Some(seed), |state| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    })
    .map(|state| (state >> 40) as f32 / (1_u32 << 24) as f32)
}
