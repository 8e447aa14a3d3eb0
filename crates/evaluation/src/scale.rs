//! Bins for values whose range is not known beforehand.

/// The bins' width is a power of two, and grows so that all values so far fit into `capacity` bins.
///
/// Bin `i` covers `[i · width, (i + 1) · width)`. Bins of a doubled width are pairs of the old ones, so counts
/// carry over exactly, and the outcome does not depend on the order of the values.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    capacity: f64,
    exponent: Option<i32>,
    lowest: f64,
    highest: f64,
}

/// How much finer than the first value the bins begin: an index stays far inside `i64` and exact in `f64`.
const FINEST: i32 = 44;

impl Scale {
    pub(crate) fn new(capacity: u32) -> Self {
        Self { capacity: f64::from(capacity), exponent: None, lowest: f64::INFINITY, highest: f64::NEG_INFINITY }
    }

    /// Makes room for a value, and says how often the width doubled for it.
    pub(crate) fn admit(&mut self, value: f64) -> u32 {
        if value >= self.lowest && value <= self.highest {
            return 0;
        }
        self.lowest = self.lowest.min(value);
        self.highest = self.highest.max(value);
        let before = self.exponent.unwrap_or_else(|| starting_exponent(value));
        let mut exponent = before;
        while self.bins_needed(exponent) > self.capacity {
            exponent += 1;
        }
        self.exponent = Some(exponent);
        exponent.abs_diff(before)
    }

    pub(crate) fn index(&self, value: f64) -> i64 {
        #[allow(clippy::cast_possible_truncation, reason = "FINEST keeps indices within 2^46")]
        let index = (value / self.width()).floor() as i64;
        index
    }

    pub(crate) fn width(&self) -> f64 {
        2_f64.powi(self.exponent.unwrap_or(0))
    }

    pub(crate) fn lowest(&self) -> f64 {
        self.lowest
    }

    pub(crate) fn highest(&self) -> f64 {
        self.highest
    }

    fn bins_needed(&self, exponent: i32) -> f64 {
        let width = 2_f64.powi(exponent);
        (self.highest / width).floor() - (self.lowest / width).floor() + 1.0
    }
}

/// The smallest number of doublings after which `first..=last` are at most `most` bins.
pub(crate) fn doublings_to_fit(first: i64, last: i64, most: u32) -> u32 {
    (0..63).find(|&shift| (last >> shift) - (first >> shift) < i64::from(most)).unwrap_or(63)
}

/// The index after `doublings`: an arithmetic shift rounds down, as `floor` did.
pub(crate) fn coarser(index: i64, doublings: u32) -> i64 {
    index >> doublings.min(63)
}

fn starting_exponent(value: f64) -> i32 {
    // Below 2^-156 nothing is told apart: far less than the smallest 32-bit float.
    let magnitude = value.abs().max(2_f64.powi(-156));
    #[allow(clippy::cast_possible_truncation, reason = "a binary exponent fits easily")]
    let exponent = magnitude.log2().floor() as i32;
    exponent - FINEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_grows_just_enough() {
        let mut scale = Scale::new(16);
        scale.admit(0.0);
        scale.admit(15.9);
        assert_eq!(scale.width(), 1.0);
        assert_eq!(scale.admit(16.0), 1);
        assert_eq!((scale.width(), scale.index(16.0), scale.index(-0.5)), (2.0, 8, -1));
    }

    #[test]
    fn extreme_values_still_fit() {
        let mut scale = Scale::new(16);
        for value in [0.0, 3e-300, 3.4e38, -3.4e38] {
            scale.admit(value);
        }
        let span = scale.index(3.4e38) - scale.index(-3.4e38) + 1;
        assert!((9..=16).contains(&span), "{span} bins");
    }
}
