//! The rows of a payload, before a model says how wide they must be.

/// Rows of features; what is not there is missing.
#[derive(Debug, PartialEq)]
pub(super) struct Rows {
    pub(super) height: usize,
    pub(super) width: usize,
    cells: Cells,
}

#[derive(Debug, PartialEq)]
enum Cells {
    /// Row by row, `width` values each; NaN is missing.
    Dense(Vec<f32>),
    /// Row, column and value, by row.
    Sparse(Vec<(usize, usize, f32)>),
}

/// Sparse rows become dense ones this many at a time: a payload of few cells can have very many rows.
const BLOCK: usize = 1024;

impl Rows {
    pub(super) fn dense(width: usize, values: Vec<f32>) -> Self {
        Self { height: values.len().checked_div(width).unwrap_or(0), width, cells: Cells::Dense(values) }
    }

    /// As many rows as the last cell's, as SciPy infers them.
    pub(super) fn sparse(mut cells: Vec<(usize, usize, f32)>) -> Self {
        cells.sort_by_key(|(row, column, _)| (*row, *column));
        let height = cells.last().map_or(0, |(row, ..)| row + 1);
        let width = cells.iter().map(|(_, column, _)| column + 1).max().unwrap_or(0);
        Self { height, width, cells: Cells::Sparse(cells) }
    }

    /// The same rows, with rows and columns without a cell after the last ones.
    pub(super) fn at_least(self, height: usize, width: usize) -> Self {
        Self { height: self.height.max(height), width: self.width.max(width), ..self }
    }

    /// Calls `take` with the rows in blocks of `features` values a row: cut, or filled up with missing ones.
    pub(super) fn blocks<E>(&self, features: usize, mut take: impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
        match &self.cells {
            Cells::Dense(values) if self.width == features => take(values),
            Cells::Dense(values) => {
                let row =
                    |row: &[f32]| (0..features).map(|at| row.get(at).copied().unwrap_or(f32::NAN)).collect::<Vec<_>>();
                take(&values.chunks(self.width.max(1)).flat_map(row).collect::<Vec<_>>())
            }
            Cells::Sparse(cells) => {
                let mut left = cells.as_slice();
                for start in (0..self.height).step_by(BLOCK) {
                    let end = self.height.min(start + BLOCK);
                    let (block, rest) = left.split_at(left.partition_point(|(row, ..)| *row < end));
                    left = rest;
                    take(&filled(block, start, end - start, features))?;
                }
                Ok(())
            }
        }
    }
}

/// `height` dense rows from row `start` on. Cells given twice add up, as SciPy's do.
fn filled(cells: &[(usize, usize, f32)], start: usize, height: usize, features: usize) -> Vec<f32> {
    let mut values = vec![f32::NAN; height * features];
    for (row, column, value) in cells.iter().filter(|(_, column, _)| *column < features) {
        let cell = &mut values[(row - start) * features + column];
        *cell = if cell.is_nan() { *value } else { *cell + value };
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(rows: &Rows, features: usize) -> Vec<Vec<String>> {
        let mut blocks = Vec::new();
        let taken: Result<(), ()> = rows.blocks(features, |block| {
            blocks.push(block.iter().map(ToString::to_string).collect());
            Ok(())
        });
        taken.unwrap();
        blocks
    }

    #[test]
    fn rows_are_cut_or_filled_to_the_models_width() {
        let rows = Rows::dense(2, vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!(blocks(&rows, 2), [["1", "2", "3", "4"]]);
        assert_eq!(blocks(&rows, 1), [["1", "3"]]);
        assert_eq!(blocks(&rows, 3), [["1", "2", "NaN", "3", "4", "NaN"]]);
    }

    #[test]
    fn sparse_rows_are_filled_block_by_block() {
        let rows = Rows::sparse(vec![(2, 1, 5.0), (0, 0, 1.0), (2, 1, 0.5)]);
        assert_eq!((rows.height, rows.width), (3, 2));
        assert_eq!(blocks(&rows, 2), [["1", "NaN", "NaN", "NaN", "NaN", "5.5"]]);
        let far = Rows::sparse(vec![(BLOCK, 0, 7.0)]);
        let blocks = blocks(&far, 1);
        assert_eq!((blocks.len(), blocks[0].len(), &blocks[1]), (2, BLOCK, &vec!["7".to_owned()]));
    }
}
