//! Sums that stay exact over many rows, one value at a time.

/// A sum with Neumaier's compensation (Neumaier 1974): the rounding errors are summed beside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f64) {
        let total = self.total + value;
        self.lost +=
            if self.total.abs() >= value.abs() { (self.total - total) + value } else { (value - total) + self.total };
        self.total = total;
    }

    pub(crate) fn value(&self) -> f64 {
        self.total + self.lost
    }
}

/// The squared deviations from the mean, by Welford's recurrence with weights (West 1979), which does not cancel.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deviation {
    weight: f64,
    mean: f64,
    squares: Sum,
}

impl Deviation {
    /// Adds a value of a weight above 0.
    pub(crate) fn add(&mut self, value: f64, weight: f64) {
        self.weight += weight;
        let before = value - self.mean;
        self.mean += before * (weight / self.weight);
        self.squares.add(weight * before * (value - self.mean));
    }

    /// The population's standard deviation, as NumPy's default (`ddof=0`).
    pub(crate) fn stdev(&self) -> f64 {
        (self.squares.value() / self.weight).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_keeps_what_plain_addition_loses() {
        // Neumaier's own example: plain addition gives 0, the sum is 2.
        let mut sum = Sum::default();
        [1.0, 1e100, 1.0, -1e100].into_iter().for_each(|value| sum.add(value));
        assert_eq!(sum.value(), 2.0);
    }

    #[test]
    fn a_deviation_far_from_zero_does_not_cancel() {
        // The population variance of 4, 7, 13, 16 is 22.5 wherever they are moved to.
        let mut deviation = Deviation::default();
        [4.0, 7.0, 13.0, 16.0].into_iter().for_each(|value| deviation.add(value + 1e9, 1.0));
        assert_eq!(deviation.stdev(), 22.5_f64.sqrt());
    }
}
