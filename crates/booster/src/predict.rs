//! Sums the trees over blocks of rows that stay in the processor's cache.

use std::panic::resume_unwind;

use crate::forest::{Forest, Root};
use crate::version::Version;

/// Rows walked down one tree before the next tree is touched.
const BLOCK: usize = 64;
/// Rows walked side by side.
const LANES: usize = 8;

/// A row's output, one value per group.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Row by row, `groups` values each.
    pub values: Vec<f32>,
    /// Values per row: the classes of `multi:softprob`, the targets of a multi-target model, else 1.
    pub groups: usize,
}

impl Predictions {
    /// How many rows were predicted.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.groups).unwrap_or(0)
    }
}

/// Where the intercept stands in the sum. Single precision makes the difference visible in the last digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SumOrder {
    /// Trees are added to the intercept, one after the other.
    InterceptFirst,
    /// The trees' sum is added to the intercept.
    InterceptLast,
}

impl SumOrder {
    /// `gbtree` changed with 1.3 (dmlc/xgboost #6350), `dart` with 1.4, when its prediction moved into the predictor.
    pub(crate) fn of(version: Option<Version>, dart: bool) -> Self {
        let minor = if dart { 4 } else { 3 };
        match version {
            Some(version) if version.is_at_least(1, minor) => Self::InterceptFirst,
            _ => Self::InterceptLast,
        }
    }
}

/// How a forest is summed.
pub(crate) struct Sum<'a> {
    pub(crate) forest: &'a Forest,
    /// The trees that count; early stopping may leave some out.
    pub(crate) roots: &'a [Root],
    /// One margin per group.
    pub(crate) intercepts: &'a [f32],
    pub(crate) order: SumOrder,
}

impl Sum<'_> {
    /// Margins of row-major rows.
    pub(crate) fn dense(&self, rows: &[f32], columns: usize, margins: &mut Vec<f32>) {
        // A model without features still predicts its intercept, but its rows have no width to count them by.
        if columns == 0 {
            return;
        }
        for block in rows.chunks(BLOCK.saturating_mul(columns)) {
            self.block(block, columns, block.len() / columns, margins);
        }
    }

    /// Margins of rows that lie column by column.
    pub(crate) fn columnar(&self, columns: &[&[f32]], rows: usize, margins: &mut Vec<f32>) {
        let width = columns.len();
        let mut block = vec![0.0; BLOCK * width];
        for start in (0..rows).step_by(BLOCK) {
            let height = BLOCK.min(rows - start);
            for (index, column) in columns.iter().enumerate() {
                let cells = block.iter_mut().skip(index).step_by(width);
                cells.zip(&column[start..start + height]).for_each(|(cell, value)| *cell = *value);
            }
            self.block(&block[..height * width], width, height, margins);
        }
    }

    /// The same, by several threads, each of which takes its part of the rows.
    pub(crate) fn columnar_by_threads(&self, columns: &[&[f32]], rows: usize, threads: usize) -> Vec<f32> {
        // Below a few blocks a thread costs more than it saves.
        let part = rows.div_ceil(threads.max(1)).next_multiple_of(BLOCK).max(8 * BLOCK);
        let parts = (0..rows).step_by(part).map(|start| start..rows.min(start + part));
        let one = |range: std::ops::Range<usize>| {
            let columns: Vec<&[f32]> = columns.iter().map(|column| &column[range.clone()]).collect();
            let mut margins = Vec::with_capacity(range.len() * self.intercepts.len());
            self.columnar(&columns, range.len(), &mut margins);
            margins
        };
        if rows <= part {
            return one(0..rows);
        }
        let one = &one;
        std::thread::scope(|scope| {
            let running: Vec<_> = parts.map(|range| scope.spawn(move || one(range))).collect();
            running.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    }

    fn block(&self, rows: &[f32], columns: usize, height: usize, margins: &mut Vec<f32>) {
        let groups = self.intercepts.len();
        let start = margins.len();
        match self.order {
            SumOrder::InterceptFirst => (0..height).for_each(|_| margins.extend_from_slice(self.intercepts)),
            SumOrder::InterceptLast => margins.resize(start + height * groups, 0.0),
        }
        let sums = &mut margins[start..];
        if height < LANES {
            for row in 0..height {
                self.row(&rows[row * columns..][..columns], &mut sums[row * groups..][..groups]);
            }
        } else {
            self.roots.iter().for_each(|root| self.tree(*root, rows, columns, sums, groups));
        }
        if self.order == SumOrder::InterceptLast {
            for row in sums.chunks_exact_mut(groups) {
                row.iter_mut().zip(self.intercepts).for_each(|(sum, intercept)| *sum += intercept);
            }
        }
    }

    /// One row down several trees at once. Their leaves are added in the trees' order, as always.
    fn row(&self, row: &[f32], sums: &mut [f32]) {
        let mut add = |root: Root, leaf: f32| sums[root.group] += leaf * root.weight;
        let (whole, rest) = self.roots.as_chunks::<LANES>();
        for roots in whole {
            let leaves = self.forest.leaves_across(*roots, row);
            roots.iter().zip(leaves).for_each(|(root, leaf)| add(*root, leaf));
        }
        for root in rest {
            let [leaf] = self.forest.leaves_across([*root], row);
            add(*root, leaf);
        }
    }

    fn tree(&self, root: Root, rows: &[f32], columns: usize, sums: &mut [f32], groups: usize) {
        let height = sums.len() / groups;
        let mut add = |row: usize, leaf: f32| sums[row * groups + root.group] += leaf * root.weight;
        let whole = height - height % LANES;
        for row in (0..whole).step_by(LANES) {
            let leaves = self.forest.leaves::<LANES>(root, &rows[row * columns..], columns);
            leaves.into_iter().enumerate().for_each(|(lane, leaf)| add(row + lane, leaf));
        }
        for row in whole..height {
            let [leaf] = self.forest.leaves::<1>(root, &rows[row * columns..], columns);
            add(row, leaf);
        }
    }
}
