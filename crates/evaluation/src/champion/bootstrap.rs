//! The paired bootstrap (Efron and Tibshirani 1993) over groups of rows.
//!
//! Rows are dealt to at most [`GROUPS`] groups at random (in turn, groups of rows that come in some order would be alike),
//! and groups are drawn with replacement. Up to so many rows this is
//! the bootstrap itself; beyond, the sums of groups stand for their rows, which leaves the spread of a mean what it is,
//! known to a few hundredths, and costs the same for any number of rows.

use fastrand::Rng;

use crate::sums::Sum;

/// Groups of rows at most.
const GROUPS: usize = 4096;

/// Weighted sums of what both models got, over some rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) weight: f64,
    pub(super) champion: f64,
    pub(super) challenger: f64,
}

impl Sums {
    pub(super) fn add(&mut self, other: Self) {
        self.weight += other.weight;
        self.champion += other.champion;
        self.challenger += other.challenger;
    }

    /// Both means.
    pub(super) fn means(self) -> Option<(f64, f64)> {
        (self.weight > 0.0).then(|| (self.champion / self.weight, self.challenger / self.weight))
    }
}

/// Groups of rows, and the chance that deals to them.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    sums: Vec<Sums>,
    rng: Rng,
    /// Of all rows: weight, champion, challenger.
    total: [Sum; 3],
}

impl Groups {
    pub(super) fn new(seed: u64) -> Self {
        Self { sums: Vec::new(), rng: Rng::with_seed(seed), total: Default::default() }
    }

    pub(super) fn deal(&mut self, row: Sums) {
        let [weight, champion, challenger] = &mut self.total;
        weight.add(row.weight);
        champion.add(row.champion);
        challenger.add(row.challenger);
        if self.sums.len() < GROUPS {
            self.sums.push(row);
        } else {
            let group = self.rng.usize(0..GROUPS);
            self.sums[group].add(row);
        }
    }

    pub(super) fn total(&self) -> Sums {
        let [weight, champion, challenger] = self.total.each_ref().map(Sum::value);
        Sums { weight, champion, challenger }
    }

    fn resampled(&self, rng: &mut Rng) -> Sums {
        let mut total = Sums::default();
        for _ in 0..self.sums.len() {
            total.add(self.sums[rng.usize(0..self.sums.len())]);
        }
        total
    }
}

/// The interval of `statistic` over resampled groups; each of `samples` is resampled by itself.
pub(super) fn interval<const N: usize>(
    samples: [&Groups; N],
    statistic: impl Fn([Sums; N]) -> Option<f64>,
    confidence: f64,
    replicates: usize,
    seed: u64,
) -> Option<(f64, f64)> {
    let mut rng = Rng::with_seed(seed);
    let mut values: Vec<f64> =
        (0..replicates).filter_map(|_| statistic(samples.map(|groups| groups.resampled(&mut rng)))).collect();
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Some((quantile(&values, tail)?, quantile(&values, 1.0 - tail)?))
}

/// The smallest value that this share of all does not pass.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}
