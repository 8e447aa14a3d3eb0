//! A few rows that stand for all, and what the features do to their predictions.

use std::num::NonZeroUsize;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float32Type;
use arrow::record_batch::RecordBatch;
use fastrand::Rng;
use refit_booster::Booster;

/// Rows that are explained at most. TreeSHAP takes some thousand times as long as a prediction.
const MOST_ROWS: u64 = 128;
/// Rows that are explained however large the model is.
const LEAST_ROWS: u64 = 16;
/// Splits of all trees times rows: a fraction of a second, unless a model is so large that the least rows take longer.
const MOST_SPLITS: u64 = 1_000_000;

/// Rows drawn evenly from all that pass (Vitter's algorithm R), always the same ones of the same rows.
pub(crate) struct Sample {
    columns: usize,
    most: u64,
    seen: u64,
    rng: Rng,
    /// Row by row; NaN is missing.
    values: Vec<f32>,
    weights: Vec<f64>,
}

impl Sample {
    /// An empty sample for a model of so many splits.
    pub(crate) fn new(columns: usize, splits: u64) -> Self {
        let most = (MOST_SPLITS / splits.max(1)).clamp(LEAST_ROWS, MOST_ROWS);
        Self { columns, most, seen: 0, rng: Rng::with_seed(0), values: Vec::new(), weights: Vec::new() }
    }

    /// Draws from a batch of features, whose rows may have weights; one of weight 0 is left out.
    pub(crate) fn add(&mut self, features: &RecordBatch, weights: Option<&[f64]>) {
        for row in 0..features.num_rows() {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            if weight == 0.0 {
                continue;
            }
            self.seen += 1;
            let place = if self.seen <= self.most { self.seen - 1 } else { self.rng.u64(0..self.seen) };
            if place < self.most {
                self.put(place, row, features, weight);
            }
        }
    }

    /// How many rows were drawn.
    pub(crate) fn rows(&self) -> u64 {
        self.seen.min(self.most)
    }

    /// The mean size of each feature's contribution to the rows' margins, added up over a row's margins where it has several;
    /// none for a model that cannot be explained. It is the same on any number of threads.
    pub(crate) fn effects(&self, booster: &Booster, threads: NonZeroUsize) -> Option<Vec<f64>> {
        let rows = Some(self.weights.len()).filter(|rows| *rows > 0 && self.columns > 0)?;
        let part = rows.div_ceil(threads.get()) * self.columns;
        let parts = std::thread::scope(|scope| {
            let explain = |part| scope.spawn(move || booster.contributions_dense(part, self.columns).ok());
            let running: Vec<_> = self.values.chunks(part).map(explain).collect();
            running.into_iter().map(|running| running.join().ok().flatten()).collect::<Option<Vec<_>>>()
        })?;
        let total: f64 = self.weights.iter().sum();
        let mut effects = vec![0.0; self.columns];
        let explained = parts.iter().flat_map(|part| part.values.chunks_exact(part.width * part.groups));
        for (row, weight) in explained.zip(&self.weights) {
            for margin in row.chunks_exact(self.columns + 1) {
                // The bias, which comes last, is no feature's.
                effects
                    .iter_mut()
                    .zip(margin)
                    .for_each(|(effect, value)| *effect += f64::from(value.abs()) * weight / total);
            }
        }
        Some(effects)
    }

    fn put(&mut self, place: u64, row: usize, features: &RecordBatch, weight: f64) {
        let value = |column: &dyn Array| {
            let values = column.as_primitive::<Float32Type>();
            if values.is_valid(row) { values.value(row) } else { f32::NAN }
        };
        let values = features.columns().iter().map(|column| value(column));
        // Below `most`, which is a hundred or so.
        let place = usize::try_from(place).unwrap_or_default();
        if place == self.weights.len() {
            self.values.extend(values);
            self.weights.push(weight);
            return;
        }
        let from = place * self.columns;
        self.values[from..from + self.columns].iter_mut().zip(values).for_each(|(old, new)| *old = new);
        self.weights[place] = weight;
    }
}
