//! The text of one field in the making.

use super::short_decimal::{self, Places};

/// The most that a field takes: a decimal's 38 digits, its sign, its point and a zero before that, and a comma.
pub(super) const LONGEST: usize = 48;

/// Room for the text of one value. What is returned stands there until the next one.
pub(super) struct Field {
    integer: itoa::Buffer,
    float: zmij::Buffer,
    decimal: [u8; LONGEST],
}

impl Field {
    pub(super) fn new() -> Self {
        Self { integer: itoa::Buffer::new(), float: zmij::Buffer::new(), decimal: [0; LONGEST] }
    }

    pub(super) fn integer(&mut self, value: impl itoa::Integer) -> &[u8] {
        self.integer.format(value).as_bytes()
    }

    /// The shortest text that reads back as the same number, which is finite.
    pub(super) fn float(&mut self, value: impl zmij::Float) -> &[u8] {
        self.float.format_finite(value).as_bytes()
    }

    /// The same text of a double from a column that has doubles of so many decimal places.
    #[inline]
    pub(super) fn double(&mut self, value: f64, places: &Places) -> &[u8] {
        match places.digits(value) {
            Some((digits, places)) => {
                short_decimal::write(&mut self.decimal, digits, value.is_sign_negative(), places, true)
            }
            None => self.float(value),
        }
    }

    /// Every digit of `value / 10^scale`.
    pub(super) fn decimal(&mut self, value: i128, scale: u32) -> &[u8] {
        let places = scale as usize;
        match u64::try_from(value.unsigned_abs()) {
            Ok(digits) if short_decimal::fits(digits, places) => {
                short_decimal::write(&mut self.decimal, digits, value < 0, places, false)
            }
            // 128 bits take several times as long.
            Ok(digits) => point(&mut self.decimal, self.integer.format(digits), value < 0, places),
            Err(_) => point(&mut self.decimal, self.integer.format(value.unsigned_abs()), value < 0, places),
        }
    }
}

/// Puts a point before the last places of some digits.
fn point<'f>(out: &'f mut [u8; LONGEST], digits: &str, negative: bool, places: usize) -> &'f [u8] {
    let whole = digits.len().saturating_sub(places);
    let (sign, zero) = (if negative { "-" } else { "" }, if whole == 0 { "0" } else { "" });
    let (dot, zeros) = (if places > 0 { "." } else { "" }, &ZEROS[..places.saturating_sub(digits.len())]);
    let mut end = 0;
    for part in [sign, zero, &digits[..whole], dot, zeros, &digits[whole..]] {
        out[end..end + part.len()].copy_from_slice(part.as_bytes());
        end += part.len();
    }
    &out[..end]
}

/// As many as a decimal has behind its point before its digits, at most.
const ZEROS: &str = "00000000000000000000000000000000000000";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(value: i128, scale: u32) -> String {
        String::from_utf8(Field::new().decimal(value, scale).to_vec()).unwrap()
    }

    #[test]
    fn a_decimal_keeps_its_digits() {
        let cases = [
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (-5, 0, "-5"),
            (-123_456, 4, "-12.3456"),
            (100, 2, "1.00"),
            (5, 9, "0.000000005"),
            (i128::MAX, 38, "1.70141183460469231731687303715884105727"),
            (-1, 38, "-0.00000000000000000000000000000000000001"),
        ];
        for (value, scale, expected) in cases {
            assert_eq!(decimal(value, scale), expected);
        }
    }

    proptest! {
        #[test]
        fn decimals_read_back_as_they_were(value in any::<i64>(), shift in 0_u32..64, scale in 0_u32..19) {
            let value = value >> shift;
            let field = decimal(value.into(), scale);
            let point = field.len() - scale as usize;
            prop_assert!(scale == 0 || &field[point - 1..point] == ".");
            prop_assert!(!field.trim_start_matches('-').starts_with("00"), "{field}");
            prop_assert_eq!(field.replace('.', "").parse::<i64>().unwrap(), value);
        }
    }
}
