//! One line of CSV in the making.

/// The most that a field takes: a decimal's 38 digits, its sign, its point and a zero before that, and a comma.
const FIELD: usize = 48;

/// A line with room for its fields. Most are ten to twenty bytes long: copied in two pieces of a length that is known they take half the
/// time that a copy of any length takes, and the room is looked at once.
pub(super) struct Line {
    bytes: Vec<u8>,
    end: usize,
}

impl Line {
    /// An empty line of so many fields.
    pub(super) fn new(fields: usize) -> Self {
        // The pieces of the last field may reach beyond it.
        Self { bytes: vec![0; (fields + 1) * FIELD], end: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.end = 0;
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.bytes[self.end] = byte;
        self.end += 1;
    }

    #[inline]
    pub(super) fn put(&mut self, text: &[u8]) {
        let length = text.len();
        let to = &mut self.bytes[self.end..self.end + FIELD];
        match length {
            8..=16 => ends::<8>(to, text),
            17..=32 => ends::<16>(to, text),
            4..=7 => ends::<4>(to, text),
            _ => to[..length].copy_from_slice(text),
        }
        self.end += length;
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
        let text: Vec<u8> = (b'!'..b'!' + 40).collect();
        for length in 0..=40 {
            let mut line = Line::new(2);
            line.push(b'<');
            line.put(&text[..length]);
            line.push(b'>');
            assert_eq!(line.as_bytes(), [b"<", &text[..length], b">"].concat());
            line.clear();
            assert_eq!(line.as_bytes(), b"");
        }
    }
}
