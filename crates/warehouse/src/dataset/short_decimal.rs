//! Decimals of few digits, as most numbers in a warehouse are: eight digits are made at once, without a branch.

use std::cell::Cell;

use super::field::LONGEST;

/// The most places behind the point.
const MOST_PLACES: usize = 8;

/// With more a small double is shorter with an exponent.
const MOST_PLACES_OF_DOUBLES: usize = 4;

/// Eight digits that are zeros.
const ZEROS: u64 = u64::from_le_bytes([b'0'; MOST_PLACES]);

/// The least number that has more than sixteen digits.
const TOO_LONG: u64 = 10_000_000_000_000_000;

/// How many decimal places a column's doubles have, as far as it has been read: a guess that every value is held to.
pub(super) struct Places(Cell<Option<usize>>);

impl Places {
    pub(super) fn new() -> Self {
        Self(Cell::new(Some(1)))
    }

    /// The digits of a finite double whose shortest text is a decimal, and how many of them stand behind the point; zeros at the
    /// end may be among them.
    #[inline]
    pub(super) fn digits(&self, value: f64) -> Option<(u64, usize)> {
        let places = self.0.get()?;
        match digits(value, places) {
            Some(digits) => Some((digits, places)),
            None => self.digits_of_other_places(value),
        }
    }

    /// A column with a value that is no short decimal is taken for one of such values.
    #[cold]
    fn digits_of_other_places(&self, value: f64) -> Option<(u64, usize)> {
        let found = (1..=MOST_PLACES_OF_DOUBLES).find_map(|places| Some((digits(value, places)?, places)));
        self.0.set(found.map(|(_, places)| places));
        found
    }
}

/// A double has one decimal of at most fifteen digits that reads back as it: where the quotient is the double, it is that one.
#[inline]
fn digits(value: f64, places: usize) -> Option<u64> {
    const POWERS: [f64; MOST_PLACES_OF_DOUBLES + 1] = [1e0, 1e1, 1e2, 1e3, 1e4];
    // Added to a number below 2^51 and taken away again, it leaves the nearest whole number.
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let power = POWERS[places];
    let scaled = value.abs() * power;
    let whole = (scaled + ROUNDER) - ROUNDER;
    // Exact: the number is whole, positive and small.
    (scaled < 1e15 && whole / power == value.abs()).then_some(whole as u64)
}

/// Whether [`write`] takes so many digits with a point before so many of them.
pub(super) fn fits(digits: u64, places: usize) -> bool {
    digits < TOO_LONG && (1..=MOST_PLACES).contains(&places)
}

/// Writes digits with a point before the last places, which [`fits`] has agreed to; without zeros at the end but one, if asked.
#[inline]
pub(super) fn write(out: &mut [u8; LONGEST], digits: u64, negative: bool, places: usize, trimmed: bool) -> &[u8] {
    // Most columns have no number of more than eight.
    let (first, last) = match digits < 100_000_000 {
        true => (0, eight_digits(digits)),
        false => (eight_digits(digits / 100_000_000), eight_digits(digits % 100_000_000)),
    };
    // The first digit stands in the lowest byte.
    let leading_zeros = match first {
        0 => (8 + last.trailing_zeros() as usize / 8).min(15 - places),
        _ => first.trailing_zeros() as usize / 8,
    };
    let trailing_zeros = if trimmed { (last.leading_zeros() as usize / 8).min(places - 1) } else { 0 };
    // Room for a sign, all digits, then over the last of them the point and what stands behind it.
    let (first, last, point) = (first | ZEROS, last | ZEROS, 17 - places);
    let behind = last >> (8 * (MOST_PLACES - places));
    out[1..9].copy_from_slice(&first.to_le_bytes());
    out[9..17].copy_from_slice(&last.to_le_bytes());
    out[point] = b'.';
    out[point + 1..point + 9].copy_from_slice(&behind.to_le_bytes());
    out[leading_zeros] = b'-';
    &out[leading_zeros + usize::from(!negative)..18 - trailing_zeros]
}

/// A number below 10^8 as eight digits of a byte each, the first in the lowest: halved to fours, twos and ones, side by side.
#[inline]
fn eight_digits(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - tens * 10) << 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_four_digits_are_right() {
        for number in 0..10_000 {
            let (first, last) = (eight_digits(number * 10_000), eight_digits(number));
            let expected = |number: u64, zeros: &str| {
                let text = format!("{number:04}");
                let text = if zeros.is_empty() { format!("0000{text}") } else { text + zeros };
                u64::from_le_bytes(text.bytes().map(|digit| digit - b'0').collect::<Vec<_>>().try_into().unwrap())
            };
            assert_eq!((first, last), (expected(number, "0000"), expected(number, "")), "{number}");
        }
    }

    fn shortest(value: f64, places: &Places) -> Option<String> {
        let (digits, places) = places.digits(value)?;
        let mut out = [0; LONGEST];
        Some(String::from_utf8(write(&mut out, digits, value.is_sign_negative(), places, true).to_vec()).unwrap())
    }

    fn zmij(value: f64) -> String {
        zmij::Buffer::new().format_finite(value).to_owned()
    }

    #[test]
    fn what_is_no_short_decimal_is_left_to_others() {
        for value in [1e-5, 0.1 + 0.2, 1e15, 1.0 / 3.0, f64::MIN_POSITIVE, f64::MAX, 123_456_789_012.345_67] {
            let places = Places::new();
            assert_eq!(shortest(value, &places), None, "{value}");
            assert_eq!(shortest(0.5, &places), None, "the column is taken for one of such values");
        }
    }

    proptest! {
        /// The library that writes all other doubles is the judge.
        #[test]
        fn a_short_decimal_is_the_shortest_text(
            values in prop::collection::vec((-1_000_000_000_000_000_i64..1_000_000_000_000_000, 0_u32..50, 0_i32..6), 1..20),
        ) {
            let places = Places::new();
            for (digits, shift, scale) in values {
                let value = (digits >> shift) as f64 / 10_f64.powi(scale);
                for value in [value, -value, value.trunc(), -0.0] {
                    if let Some(text) = shortest(value, &places) {
                        prop_assert_eq!(text, zmij(value));
                    }
                }
            }
        }

        #[test]
        fn decimals_of_four_places_are_short(digits in -10_000_000_000_000_i64..10_000_000_000_000, scale in 0_i32..=4) {
            let value = digits as f64 / 10_f64.powi(scale);
            prop_assert_eq!(shortest(value, &Places::new()), Some(zmij(value)));
        }

        #[test]
        fn any_double_is_its_shortest_text_or_left_to_others(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            if let Some(text) = shortest(value, &Places::new()).filter(|_| value.is_finite()) {
                prop_assert_eq!(text, zmij(value));
            }
        }
    }
}
