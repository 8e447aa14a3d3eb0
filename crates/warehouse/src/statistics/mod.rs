//! What a column's values are like.

mod moments;
mod quantiles;

use serde::{Deserialize, Serialize};

use self::moments::Moments;
use self::quantiles::Quantiles;

/// How many values are gathered before they are counted in.
const BLOCK: usize = 512;

/// What a column of one file is like, as the model sees it: booleans are 0 and 1, categories their codes, decimals doubles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ColumnStatistics {
    /// The column.
    pub name: String,
    /// Its Arrow type.
    pub data_type: String,
    /// How many rows have a value.
    pub count: u64,
    /// How many have none: null, NaN or infinite, which the file leaves empty alike.
    pub nulls: u64,
    /// The least value.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
    /// The mean, from a compensated sum; none where a double does not hold the sum.
    pub mean: Option<f64>,
    /// The standard deviation of a sample (n − 1), where there are two values.
    pub stdev: Option<f64>,
    /// The values at the probabilities 0.00, 0.01, … 1.00: each the least value that so many of the values are not above. The
    /// first is the least, the last the greatest. Exact up to two thousand rows; beyond, the rank is right to half a percent of
    /// the rows, with a probability of 99%. Empty where the column has no values.
    pub quantiles: Vec<f64>,
}

/// The statistics of a column in the making. Needs 50 KiB, however many values there are.
pub(crate) struct Gathered {
    block: Box<[f64; BLOCK]>,
    gathered: usize,
    nulls: u64,
    min: f64,
    max: f64,
    moments: Moments,
    quantiles: Quantiles,
}

impl Gathered {
    pub(crate) fn new() -> Self {
        Self {
            block: Box::new([0.0; BLOCK]),
            gathered: 0,
            nulls: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            moments: Moments::default(),
            quantiles: Quantiles::new(),
        }
    }

    /// Counts a value in; it is finite where it is there.
    #[inline]
    pub(crate) fn push(&mut self, value: Option<f64>) {
        let Some(value) = value else {
            self.nulls += 1;
            return;
        };
        self.block[self.gathered] = value;
        self.gathered += 1;
        if self.gathered == BLOCK {
            self.count_in();
        }
    }

    pub(crate) fn finish(mut self, name: &str, data_type: &str) -> ColumnStatistics {
        self.count_in();
        let count = self.moments.count();
        let ends = (count > 0).then_some((self.min, self.max));
        let mut quantiles = self.quantiles.at((0..=100).map(|percent| f64::from(percent) / 100.0));
        if let [least, .., greatest] = quantiles.as_mut_slice() {
            (*least, *greatest) = (self.min, self.max);
        }
        ColumnStatistics {
            name: name.to_owned(),
            data_type: data_type.to_owned(),
            count,
            nulls: self.nulls,
            min: ends.map(|(min, _)| min),
            max: ends.map(|(_, max)| max),
            mean: self.moments.mean(),
            stdev: self.moments.stdev(),
            quantiles,
        }
    }

    fn count_in(&mut self) {
        let block = &self.block[..self.gathered];
        let (min, max) = ends(block);
        (self.min, self.max) = (self.min.min(min), self.max.max(max));
        self.moments.extend(block);
        self.quantiles.extend(block);
        self.gathered = 0;
    }
}

/// The least and the greatest of finite values, found in eight rows side by side.
fn ends(values: &[f64]) -> (f64, f64) {
    let (eights, others) = values.as_chunks::<8>();
    let (mut least, mut greatest) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
    for values in eights {
        for ((least, greatest), value) in least.iter_mut().zip(&mut greatest).zip(values) {
            *least = if value < least { *value } else { *least };
            *greatest = if value > greatest { *value } else { *greatest };
        }
    }
    let least = least.iter().chain(others).copied().fold(f64::INFINITY, f64::min);
    let greatest = greatest.iter().chain(others).copied().fold(f64::NEG_INFINITY, f64::max);
    (least, greatest)
}
