//! A distribution in bounded memory: counts and sums over fine bins.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::scale::{Scale, coarser, doublings_to_fit};

/// Enough that one bin is a detail: 24 bytes each, 384 KiB in all.
const CAPACITY: u32 = 1 << 14;

/// Counts over equal steps, cut to the bulk of the values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Histogram {
    /// Where the first bin begins.
    pub lower: f64,
    /// The width of every bin.
    pub bin_width: f64,
    /// Rows in each bin; bin `i` covers `[lower + i · bin_width, lower + (i + 1) · bin_width)`.
    pub counts: Vec<u64>,
    /// Rows below the first bin: at most 0.5 % of all.
    pub below: u64,
    /// Rows from the last bin's end on: at most 0.5 % of all.
    pub above: u64,
    /// The lowest value of all rows.
    pub lowest: f64,
    /// The highest value of all rows.
    pub highest: f64,
}

/// One of ten equally large groups of rows, ordered by their prediction.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CalibrationGroup {
    /// Rows in the group.
    pub rows: u64,
    /// The mean of their predictions.
    pub predicted: f64,
    /// The mean of their labels. A well calibrated model has the two close together.
    pub actual: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    rows: u64,
    weight: f64,
    /// The weighted values.
    sum: f64,
    /// The weighted companions.
    companion: f64,
}

impl Bin {
    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.weight += other.weight;
        self.sum += other.sum;
        self.companion += other.companion;
    }

    fn mean(&self) -> f64 {
        self.sum / self.weight
    }

    fn counted(&self) -> (u64, f64) {
        (self.rows, self.weight)
    }
}

/// Values with a companion each, such as predictions with their labels.
#[derive(Debug, Clone)]
pub(crate) struct Bins {
    scale: Scale,
    rows: u64,
    weight: f64,
    first: i64,
    bins: VecDeque<Bin>,
}

impl Bins {
    pub(crate) fn new() -> Self {
        Self { scale: Scale::new(CAPACITY), rows: 0, weight: 0.0, first: 0, bins: VecDeque::new() }
    }

    /// Adds a value of a weight above 0.
    pub(crate) fn add(&mut self, value: f64, companion: f64, weight: f64) {
        let doublings = self.scale.admit(value);
        if doublings > 0 {
            self.coarsen(doublings);
        }
        let index = self.scale.index(value);
        self.rows += 1;
        self.weight += weight;
        self.slot(index).merge(Bin { rows: 1, weight, sum: weight * value, companion: weight * companion });
    }

    /// The mean distance from `centre`.
    ///
    /// Exact but for the rows that share the centre's own bin: those on its two sides cancel there.
    pub(crate) fn mean_distance(&self, centre: f64) -> f64 {
        let total: f64 = self.bins.iter().map(|bin| (bin.sum - bin.weight * centre).abs()).sum();
        total / self.weight
    }

    /// The smallest value that at least this share of the weight does not pass (NumPy's `inverted_cdf`), to a bin.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        self.bins[self.quantile_position(share)].mean()
    }

    /// The same where every row counts once, whatever its weight.
    pub(crate) fn row_quantile(&self, share: f64) -> f64 {
        let rows = self.bins.iter().map(|bin| (bin.rows, as_f64(bin.rows)));
        self.bins[position(rows, as_f64(self.rows), share)].mean()
    }

    /// The same of the values' distances from zero.
    pub(crate) fn distance_quantile(&self, share: f64) -> f64 {
        let mut folded = BTreeMap::<i64, Bin>::new();
        for (index, bin) in (self.first..).zip(&self.bins) {
            let distance = if index < 0 { -index - 1 } else { index };
            folded.entry(distance).or_default().merge(Bin { sum: bin.sum.abs(), ..*bin });
        }
        let bins: Vec<Bin> = folded.into_values().collect();
        bins[position(bins.iter().map(Bin::counted), self.weight, share)].mean()
    }

    /// At most `most` bins over all but the outermost `tail` shares of the rows.
    pub(crate) fn histogram(&self, most: u32, tail: f64) -> Histogram {
        let (first, last) = self.bulk(tail);
        let doublings = doublings_to_fit(first, last, most);
        let (first, last) = (coarser(first, doublings), coarser(last, doublings));
        let bin_width = self.scale.width() * 2_f64.powi(doublings.cast_signed());
        let mut histogram = Histogram {
            lower: index_as_f64(first) * bin_width,
            bin_width,
            counts: vec![0; usize::try_from(last - first + 1).unwrap_or_default()],
            below: 0,
            above: 0,
            lowest: self.scale.lowest(),
            highest: self.scale.highest(),
        };
        for (index, bin) in (self.first..).zip(&self.bins) {
            let index = coarser(index, doublings);
            let slot = usize::try_from(index - first).ok();
            match slot.and_then(|slot| histogram.counts.get_mut(slot)) {
                Some(count) => *count += bin.rows,
                None if index < first => histogram.below += bin.rows,
                None => histogram.above += bin.rows,
            }
        }
        histogram
    }

    /// Groups of about equally many rows, by value.
    pub(crate) fn groups(&self, wanted: u64) -> Vec<CalibrationGroup> {
        let mut groups = Vec::new();
        let (mut group, mut seen) = (Bin::default(), 0);
        for bin in &self.bins {
            group.merge(*bin);
            seen += bin.rows;
            let due = (groups.len() as u64 + 1) * self.rows;
            if group.rows > 0 && seen * wanted >= due {
                groups.push(CalibrationGroup {
                    rows: group.rows,
                    predicted: group.mean(),
                    actual: group.companion / group.weight,
                });
                group = Bin::default();
            }
        }
        groups
    }

    pub(crate) fn lowest(&self) -> f64 {
        self.scale.lowest()
    }

    pub(crate) fn highest(&self) -> f64 {
        self.scale.highest()
    }

    /// The first and last bin of all but the outermost `tail` shares of the rows.
    fn bulk(&self, tail: f64) -> (i64, i64) {
        let [first, last] = [tail, 1.0 - tail].map(|share| (self.first..).nth(self.quantile_position(share)));
        (first.unwrap_or(self.first), last.unwrap_or(self.first))
    }

    fn quantile_position(&self, share: f64) -> usize {
        position(self.bins.iter().map(Bin::counted), self.weight, share)
    }

    fn slot(&mut self, index: i64) -> &mut Bin {
        if self.bins.is_empty() {
            self.first = index;
        }
        while index < self.first {
            self.bins.push_front(Bin::default());
            self.first -= 1;
        }
        let position = usize::try_from(index - self.first).unwrap_or_default();
        if position >= self.bins.len() {
            self.bins.resize(position + 1, Bin::default());
        }
        &mut self.bins[position]
    }

    fn coarsen(&mut self, doublings: u32) {
        let fine = std::mem::take(&mut self.bins);
        for (index, bin) in (self.first..).zip(fine) {
            self.slot(coarser(index, doublings)).merge(bin);
        }
    }
}

/// Where the running count reaches the share, of bins with their rows and weight.
fn position(bins: impl Iterator<Item = (u64, f64)>, weight: f64, share: f64) -> usize {
    // What rounding loses while weights add up must not pass over a value.
    let wanted = share * weight * (1.0 - 1e-12);
    let mut seen = 0.0;
    let mut last = 0;
    for (position, (_, weight)) in bins.enumerate().filter(|(_, (rows, _))| *rows > 0) {
        seen += weight;
        last = position;
        if seen >= wanted {
            break;
        }
    }
    last
}

#[allow(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
pub(crate) fn as_f64(rows: u64) -> f64 {
    rows as f64
}

#[allow(clippy::cast_precision_loss, reason = "bin indices stay below 2^46")]
fn index_as_f64(index: i64) -> f64 {
    index as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(values: impl IntoIterator<Item = f64>) -> Bins {
        let mut bins = Bins::new();
        values.into_iter().for_each(|value| bins.add(value, -value, 1.0));
        bins
    }

    #[test]
    fn quantiles_are_those_of_the_inverted_distribution() {
        // numpy.quantile([1..=10], q, method="inverted_cdf") for q = 0, .1, .5, .55, 1
        let bins = bins((1..=10).map(f64::from));
        let found = [0.0, 0.1, 0.5, 0.55, 1.0].map(|share| bins.quantile(share));
        assert_eq!(found, [1.0, 1.0, 5.0, 6.0, 10.0]);
    }

    #[test]
    fn distances_fold_both_sides() {
        let bins = bins([-3.0, -1.0, 2.0, 4.0]);
        assert_eq!([0.25, 0.5, 0.75, 1.0].map(|share| bins.distance_quantile(share)), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_histogram_counts_every_row_once() {
        let histogram = bins((0..1000).map(f64::from)).histogram(20, 0.005);
        assert_eq!(histogram.counts.iter().sum::<u64>() + histogram.below + histogram.above, 1000);
        assert_eq!((histogram.lower, histogram.bin_width), (0.0, 64.0));
        assert_eq!((histogram.lowest, histogram.highest), (0.0, 999.0));
        assert!(histogram.counts[..15].iter().all(|&count| count == 64));
    }

    #[test]
    fn an_outlier_does_not_flatten_the_histogram() {
        let histogram = bins((0..1000).map(f64::from).chain([1e6])).histogram(20, 0.005);
        assert_eq!(histogram.above, 1);
        assert!(histogram.bin_width <= 64.0);
    }

    #[test]
    fn order_does_not_matter() {
        let forth = bins((0..5000).map(|i| f64::from(i) * 0.37 - 400.0)).histogram(40, 0.005);
        let back = bins((0..5000).rev().map(|i| f64::from(i) * 0.37 - 400.0)).histogram(40, 0.005);
        assert_eq!(forth, back);
    }

    proptest::proptest! {
        #[test]
        fn any_values_fit_and_none_is_lost(values in proptest::collection::vec(proptest::num::f32::NORMAL, 1..300)) {
            let bins = bins(values.iter().copied().map(f64::from));
            proptest::prop_assert!(bins.bins.len() <= 1 << 14);
            let histogram = bins.histogram(48, 0.005);
            proptest::prop_assert!(histogram.counts.len() <= 48);
            let counted = histogram.counts.iter().sum::<u64>() + histogram.below + histogram.above;
            proptest::prop_assert_eq!(counted, values.len() as u64);
            proptest::prop_assert_eq!(bins.groups(10).iter().map(|group| group.rows).sum::<u64>(), counted);
        }
    }

    #[test]
    fn groups_hold_their_means() {
        let groups = bins((0..100).map(f64::from)).groups(10);
        assert_eq!(groups.len(), 10);
        assert_eq!(groups[0], CalibrationGroup { rows: 10, predicted: 4.5, actual: -4.5 });
        assert_eq!(groups[9].predicted, 94.5);
    }
}
