//! Rows as lines of CSV.

use super::cells::Cells;
use super::field::{Field, LONGEST};

/// So many fields are made before the first of them is copied: what was just written is read back slowly.
const ABREAST: usize = 8;

/// Lines that are not written yet.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    end: usize,
}

impl Lines {
    /// Adds a line for each of the rows.
    pub(super) fn append(&mut self, cells: &[Cells<'_>], rows: &[u32]) {
        let mut fields: [Field; ABREAST] = std::array::from_fn(|_| Field::new());
        for row in rows {
            self.make_room(cells.len());
            for cells in cells.chunks(ABREAST) {
                let mut texts = [&[][..]; ABREAST];
                for ((text, field), cells) in texts.iter_mut().zip(&mut fields).zip(cells) {
                    *text = cells.text(*row as usize, field);
                }
                for text in &texts[..cells.len()] {
                    self.put(text);
                }
            }
            self.bytes[self.end - 1] = b'\n';
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    pub(super) fn clear(&mut self) {
        self.end = 0;
    }

    /// Has room for a line of so many fields, however long.
    fn make_room(&mut self, fields: usize) {
        // The pieces of the last field may reach beyond it.
        let end = self.end + (fields + 1) * LONGEST;
        if end > self.bytes.len() {
            self.bytes.resize(end * 2, 0);
        }
    }

    /// Adds a field and a comma. Most are at most thirty-two bytes long: copied in two pieces of a length that is known they take half
    /// the time that a copy of any length takes.
    #[inline]
    fn put(&mut self, text: &[u8]) {
        let length = text.len();
        let to = &mut self.bytes[self.end..self.end + LONGEST];
        match length {
            8..=16 => ends::<8>(to, text),
            17..=32 => ends::<16>(to, text),
            4..=7 => ends::<4>(to, text),
            2..=3 => ends::<2>(to, text),
            1 => to[0] = text[0],
            _ => to[..length].copy_from_slice(text),
        }
        to[length] = b',';
        self.end += length + 1;
    }
}

/// Copies the first and the last bytes of a text: all of them, where it is not more than twice as long.
#[inline]
fn ends<const N: usize>(to: &mut [u8], text: &[u8]) {
    let last = text.len() - N;
    to[..N].copy_from_slice(&text[..N]);
    to[last..last + N].copy_from_slice(&text[last..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_is_copied() {
        let text: Vec<u8> = (b'!'..b'!' + 40).filter(|byte| *byte != b',').collect();
        for length in 0..text.len() {
            let mut lines = Lines::default();
            for _ in 0..2 {
                lines.make_room(2);
                lines.put(&text[..length]);
                lines.put(b"<");
                assert_eq!(lines.as_bytes(), [&text[..length], b",<,"].concat());
                lines.clear();
                assert_eq!(lines.as_bytes(), b"");
            }
        }
    }
}
