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
}

impl Sample {
    /// An empty sample for a model of so many splits.
    pub(crate) fn new(columns: usize, splits: u64) -> Self {
        let most = (MOST_SPLITS / splits.max(1)).clamp(LEAST_ROWS, MOST_ROWS);
        Self { columns, most, seen: 0, rng: Rng::with_seed(0), values: Vec::new() }
    }

    /// Draws from a batch of features.
    pub(crate) fn add(&mut self, features: &RecordBatch) {
        for row in 0..features.num_rows() {
            self.seen += 1;
            let place = if self.seen <= self.most { self.seen - 1 } else { self.rng.u64(0..self.seen) };
            if place < self.most {
                self.put(place, row, features);
            }
        }
    }

    /// How many rows were drawn.
    pub(crate) fn rows(&self) -> u64 {
        self.seen.min(self.most)
    }

    /// The mean size of each feature's contribution to the rows' margins; none for a model that cannot be explained. It is the
    /// same on any number of threads.
    pub(crate) fn effects(&self, booster: &Booster, threads: NonZeroUsize) -> Option<Vec<f64>> {
        let rows = self.values.len().checked_div(self.columns).filter(|rows| *rows > 0)?;
        let part = rows.div_ceil(threads.get()) * self.columns;
        let parts = std::thread::scope(|scope| {
            let explain = |part| scope.spawn(move || booster.contributions_dense(part, self.columns).ok());
            let running: Vec<_> = self.values.chunks(part).map(explain).collect();
            running.into_iter().map(|running| running.join().ok().flatten()).collect::<Option<Vec<_>>>()
        })?;
        let mut effects = vec![0.0; self.columns];
        for row in parts.iter().flat_map(|part| part.values.chunks_exact(part.width)) {
            // The bias, which comes last, is no feature's.
            effects.iter_mut().zip(row).for_each(|(effect, value)| *effect += f64::from(value.abs()) / rows as f64);
        }
        Some(effects)
    }

    fn put(&mut self, place: u64, row: usize, features: &RecordBatch) {
        let value = |column: &dyn Array| {
            let values = column.as_primitive::<Float32Type>();
            if values.is_valid(row) { values.value(row) } else { f32::NAN }
        };
        let values = features.columns().iter().map(|column| value(column));
        // Below `most`, which is a hundred or so.
        let from = usize::try_from(place).unwrap_or_default() * self.columns;
        match from == self.values.len() {
            true => self.values.extend(values),
            false => self.values[from..from + self.columns].iter_mut().zip(values).for_each(|(old, new)| *old = new),
        }
    }
}
