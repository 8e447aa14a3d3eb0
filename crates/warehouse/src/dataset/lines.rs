//! Rows as lines of CSV.

use super::cells::Cells;
use super::line::Line;

/// Lines that are not written yet.
#[derive(Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
}

impl Lines {
    /// Adds a line for each of the rows.
    pub(super) fn append(&mut self, cells: &[Cells<'_>], rows: &[u32]) {
        let mut line = Line::new(cells.len());
        for row in rows {
            line.clear();
            for (index, cells) in cells.iter().enumerate() {
                if index > 0 {
                    line.push(b',');
                }
                cells.write(*row as usize, &mut line);
            }
            line.push(b'\n');
            self.buffer.extend_from_slice(line.as_bytes());
        }
    }

    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }
}
