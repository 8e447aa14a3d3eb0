//! Predicted against actual, as counts over square cells.

use std::collections::HashMap;

use serde::Serialize;

use crate::scale::{Scale, coarser, doublings_to_fit};

/// Cells along a side while counting: at most 256 Ki cells, and only those that hold a row.
const CAPACITY: u32 = 512;

/// Counts of rows by prediction and label, over square cells on one common scale.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JointHistogram {
    /// Where both axes begin.
    pub lower: f64,
    /// The width and height of a cell.
    pub cell_size: f64,
    /// Cells along each axis.
    pub side: usize,
    /// The cells that hold rows, ordered by prediction, then by label.
    pub cells: Vec<JointCell>,
    /// Rows outside the axes: outliers that would shrink everything else.
    pub outside: u64,
}

/// One cell of a [`JointHistogram`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JointCell {
    /// The cell's place along the predictions, from 0.
    pub predicted: usize,
    /// The cell's place along the labels, from 0.
    pub actual: usize,
    /// Rows in it.
    pub rows: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct JointCounts {
    scale: Scale,
    cells: HashMap<(i64, i64), u64>,
}

impl JointCounts {
    pub(crate) fn new() -> Self {
        Self { scale: Scale::new(CAPACITY), cells: HashMap::new() }
    }

    pub(crate) fn add(&mut self, predicted: f64, actual: f64) {
        let doublings = self.scale.admit(predicted) + self.scale.admit(actual);
        if doublings > 0 {
            self.coarsen(doublings);
        }
        *self.cells.entry((self.scale.index(predicted), self.scale.index(actual))).or_default() += 1;
    }

    /// At most `most` cells a side over `lower..=upper`.
    pub(crate) fn histogram(&self, lower: f64, upper: f64, most: u32) -> JointHistogram {
        let (first, last) = (self.scale.index(lower), self.scale.index(upper));
        let doublings = doublings_to_fit(first, last, most);
        let (first, last) = (coarser(first, doublings), coarser(last, doublings));
        let cell_size = self.scale.width() * 2_f64.powi(doublings.cast_signed());
        let side = usize::try_from(last - first + 1).unwrap_or_default();
        let place = |index| usize::try_from(coarser(index, doublings) - first).ok().filter(|place| *place < side);
        let mut outside = 0;
        let mut cells = HashMap::<(usize, usize), u64>::new();
        for (&(predicted, actual), rows) in &self.cells {
            match place(predicted).zip(place(actual)) {
                Some(cell) => *cells.entry(cell).or_default() += rows,
                None => outside += rows,
            }
        }
        let mut cells: Vec<_> =
            cells.into_iter().map(|((predicted, actual), rows)| JointCell { predicted, actual, rows }).collect();
        cells.sort_unstable_by_key(|cell| (cell.predicted, cell.actual));
        #[allow(clippy::cast_precision_loss, reason = "bin indices stay below 2^46")]
        let lower = first as f64 * cell_size;
        JointHistogram { lower, cell_size, side, cells, outside }
    }

    fn coarsen(&mut self, doublings: u32) {
        for ((predicted, actual), rows) in std::mem::take(&mut self.cells) {
            *self.cells.entry((coarser(predicted, doublings), coarser(actual, doublings))).or_default() += rows;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_a_cell_or_outside() {
        let mut counts = JointCounts::new();
        for i in 0..1000 {
            counts.add(f64::from(i % 100), f64::from(i % 10) * 10.0);
        }
        counts.add(5000.0, 0.0);
        let histogram = counts.histogram(0.0, 99.0, 40);
        assert_eq!((histogram.outside, histogram.cells.iter().map(|cell| cell.rows).sum::<u64>()), (1, 1000));
        assert_eq!(histogram.lower, 0.0);
        assert!(histogram.side <= 40);
    }

    #[test]
    fn cells_sit_where_their_rows_are() {
        let mut counts = JointCounts::new();
        for (predicted, actual) in [(0.5, 7.5), (0.75, 7.25), (6.5, 1.5)] {
            counts.add(predicted, actual);
        }
        let histogram = counts.histogram(0.0, 7.9, 8);
        let cell = |predicted, actual, rows| JointCell { predicted, actual, rows };
        assert_eq!((histogram.cell_size, histogram.side), (1.0, 8));
        assert_eq!(histogram.cells, [cell(0, 7, 2), cell(6, 1, 1)]);
    }
}
