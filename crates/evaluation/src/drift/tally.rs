//! Counts of today's values between the training rows' quantiles.

use super::{ColumnDrift, DriftLimits};
use crate::ColumnProfile;

/// Ranges that PSI compares: tenths of the training rows, as is conventional.
const TENTHS: usize = 10;
/// The share that an empty range is taken to hold, so that its logarithm exists.
const LEAST_SHARE: f64 = 1e-4;

/// Compares a column with its training profile, value by value, in memory of the profile's size.
#[derive(Debug, Clone)]
pub struct DriftTally {
    profile: ColumnProfile,
    /// The distinct quantiles, each with the share of training values that are not above it.
    cuts: Vec<(f64, f64)>,
    /// Values up to each cut and above the one before it; the last are above all cuts.
    counts: Vec<u64>,
    missing: u64,
    below: u64,
    above: u64,
    min: f64,
    max: f64,
}

impl DriftTally {
    /// A tally against a training column.
    pub fn new(profile: ColumnProfile) -> Self {
        let cuts = if profile.classes.is_empty() { cuts(&profile.quantiles) } else { class_cuts(&profile) };
        let counts = vec![0; cuts.len() + 1];
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { profile, cuts, counts, missing: 0, below: 0, above: 0, min, max }
    }

    /// Counts a value; none, NaN and infinite ones are missing, as in training.
    pub fn add(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            self.missing += 1;
            return;
        };
        self.counts[self.cuts.partition_point(|(cut, _)| *cut < value)] += 1;
        self.below += u64::from(self.profile.min.is_some_and(|min| value < min));
        self.above += u64::from(self.profile.max.is_some_and(|max| value > max));
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// How far today's values are from the training rows'.
    pub fn drift(&self, limits: &DriftLimits) -> ColumnDrift {
        let values: u64 = self.counts.iter().sum();
        let psi = self.psi(values);
        let ks = self.ks(values);
        let missing_rate = share(self.missing, values + self.missing);
        let missing_rate_in_training = share(self.profile.nulls, self.profile.count + self.profile.nulls);
        ColumnDrift {
            column: self.profile.name.clone(),
            rows: values + self.missing,
            level: limits.level(psi, (missing_rate - missing_rate_in_training).abs()),
            psi,
            ks,
            missing_rate,
            missing_rate_in_training,
            min: (values > 0).then_some(self.min),
            max: (values > 0).then_some(self.max),
            min_in_training: self.profile.min,
            max_in_training: self.profile.max,
            below_training: share(self.below, values),
            above_training: share(self.above, values),
        }
    }

    /// `Σ (today − training) ln(today / training)` over tenths of the training values or over classes, and the missing ones.
    fn psi(&self, values: u64) -> Option<f64> {
        let training = self.profile.count + self.profile.nulls;
        let rows = values + self.missing;
        if training == 0 || rows == 0 {
            return None;
        }
        let (present, present_then) = (share(values, rows), share(self.profile.count, training));
        let mut psi = if self.missing + self.profile.nulls > 0 { part(1.0 - present, 1.0 - present_then) } else { 0.0 };
        let (mut today, mut then, mut tenth) = (0, 0.0, 1);
        let ends = self.cuts.iter().map(|(_, below)| *below).chain([f64::INFINITY]);
        for ((end, count), last) in ends.zip(&self.counts).zip((0..self.counts.len()).rev().map(|left| left == 0)) {
            today += count;
            // A tie may pass several tenths at once; they are one range then.
            let reached = tenths(end);
            if !self.profile.classes.is_empty() || (reached >= tenth && end < 1.0) || last {
                let end = end.min(1.0);
                psi += part(share(today, values) * present, (end - then) * present_then);
                (today, then, tenth) = (0, end, reached + 1);
            }
        }
        Some(psi)
    }

    /// The largest distance between both distributions at the training quantiles. Classes have no order to measure it along.
    fn ks(&self, values: u64) -> Option<f64> {
        if values == 0 || self.cuts.is_empty() || !self.profile.classes.is_empty() {
            return None;
        }
        let mut seen = 0;
        let distances = self.cuts.iter().zip(&self.counts).map(|((_, below), count)| {
            seen += count;
            (share(seen, values) - below).abs()
        });
        Some(distances.fold(0.0, f64::max))
    }
}

/// Distinct quantiles with the share of values up to each: the highest probability at which it stands.
fn cuts(quantiles: &[f64]) -> Vec<(f64, f64)> {
    let last = quantiles.len().saturating_sub(1).max(1) as f64;
    let mut cuts: Vec<(f64, f64)> = Vec::new();
    for (place, value) in quantiles.iter().enumerate() {
        let probability = place as f64 / last;
        match cuts.last_mut() {
            Some(cut) if cut.0 == *value => cut.1 = probability,
            _ => cuts.push((*value, probability)),
        }
    }
    cuts
}

/// Each class with the share of values up to it.
fn class_cuts(profile: &ColumnProfile) -> Vec<(f64, f64)> {
    let mut seen = 0;
    let up_to = |(class, rows): (usize, &u64)| {
        seen += rows;
        (class as f64, share(seen, profile.count))
    };
    profile.classes.iter().enumerate().map(up_to).collect()
}

/// How many whole tenths lie below a share.
fn tenths(share: f64) -> usize {
    (1..=TENTHS).filter(|tenth| share >= *tenth as f64 / TENTHS as f64 - 1e-9).count()
}

fn part(today: f64, then: f64) -> f64 {
    let (today, then) = (today.max(LEAST_SHARE), then.max(LEAST_SHARE));
    (today - then) * (today / then).ln()
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
