//! Mean and standard deviation in one pass.

/// How many values there were, their mean, and the sum of their squared distances from it.
///
/// Values come in blocks. Within a block the distances are taken from the block's own mean, and blocks are joined by Chan,
/// Golub and LeVeque's formula, so that a large mean does not swallow a small spread. The sum behind the mean is compensated,
/// so its error does not grow with the rows.
#[derive(Default)]
pub(super) struct Moments {
    count: u64,
    sum: Sum,
    squares: f64,
}

impl Moments {
    pub(super) fn extend(&mut self, values: &[f64]) {
        if values.is_empty() {
            return;
        }
        let block = Sum::of(values);
        let (before, count) = (self.count as f64, values.len() as f64);
        let mean = block.total() / count;
        self.squares += squares(values, mean);
        if self.count > 0 {
            let apart = mean - self.sum.total() / before;
            self.squares += apart * apart * (before * count / (before + count));
        }
        self.count += values.len() as u64;
        self.sum.join(&block);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The mean, where there is a value and the sum is one that a double holds.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum.total() / self.count as f64).filter(|mean| mean.is_finite())
    }

    /// The sample's standard deviation (divided by n − 1), where there are two values.
    pub(super) fn stdev(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt()).filter(|stdev| stdev.is_finite())
    }
}

/// A sum that keeps what rounding takes from it.
#[derive(Default)]
struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    /// Of eight sums side by side, since each addition waits for the one before it.
    fn of(values: &[f64]) -> Self {
        let (eights, others) = values.as_chunks::<8>();
        let (mut totals, mut lost) = ([0.0; 8], [0.0; 8]);
        for values in eights {
            for ((total, lost), value) in totals.iter_mut().zip(&mut lost).zip(values) {
                *lost += add(total, *value);
            }
        }
        let mut sum = Self { total: 0.0, lost: lost.iter().sum() };
        totals.iter().chain(others).for_each(|value| sum.add(*value));
        sum
    }

    fn add(&mut self, value: f64) {
        self.lost += add(&mut self.total, value);
    }

    fn join(&mut self, other: &Self) {
        self.add(other.total);
        self.lost += other.lost;
    }

    fn total(&self) -> f64 {
        self.total + self.lost
    }
}

/// Adds a number and returns what rounding took, whichever of the two was larger (Knuth's two-sum).
#[inline]
fn add(total: &mut f64, value: f64) -> f64 {
    let before = *total;
    *total = before + value;
    let added = *total - before;
    (before - (*total - added)) + (value - added)
}

/// The sum of the squared distances from a mean, as eight sums side by side.
fn squares(values: &[f64], mean: f64) -> f64 {
    let (eights, others) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for values in eights {
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += (value - mean) * (value - mean));
    }
    sums.iter().sum::<f64>() + others.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[f64], block: usize) -> Moments {
        let mut moments = Moments::default();
        values.chunks(block).for_each(|values| moments.extend(values));
        moments
    }

    /// Expected values from the formulas: of 0..n the mean is (n − 1) / 2 and the variance n (n + 1) / 12.
    #[test]
    fn a_large_mean_does_not_swallow_the_spread() {
        for offset in [0.0, 1e9, -1e12] {
            let values: Vec<_> = (0..10_000).map(|i| offset + f64::from(i)).collect();
            for block in [1, 7, 512, 10_000] {
                let moments = moments(&values, block);
                let (mean, stdev) = (offset + 4999.5, (10_000.0_f64 * 10_001.0 / 12.0).sqrt());
                assert!((moments.mean().unwrap() - mean).abs() <= mean.abs() * 1e-15);
                assert!((moments.stdev().unwrap() / stdev - 1.0).abs() < 1e-10, "{offset} {block}");
            }
        }
    }

    #[test]
    fn a_sum_keeps_what_rounding_takes() {
        assert_eq!(moments(&[1.0, 1e100, 1.0, -1e100], 4).mean(), Some(0.5));
        assert_eq!(moments(&[1.0, 1e100, 1.0, -1e100], 1).mean(), Some(0.5));
    }

    #[test]
    fn what_is_not_there_is_not_made_up() {
        let none = moments(&[], 1);
        assert_eq!((none.count(), none.mean(), none.stdev()), (0, None, None));
        let one = moments(&[3.0], 1);
        assert_eq!((one.count(), one.mean(), one.stdev()), (1, Some(3.0), None));
        assert_eq!(moments(&[f64::MAX, f64::MAX], 1).mean(), None);
    }
}
