//! PostgreSQL's numeric: digits to base 10,000 with a weight.
//!
//! The form is that of `numeric_send` (numeric.c): the number of digits, the weight of the first, the sign, how many
//! decimals are shown, then the digits, each two bytes, big-endian.

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
const INFINITY: u16 = 0xd000;
const NEGATIVE_INFINITY: u16 = 0xf000;

/// A numeric as the server sends it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Numeric<'a> {
    Nan,
    Infinity { negative: bool },
    Finite(Finite<'a>),
}

/// A finite numeric: the sum of `digit[i] * 10_000^(weight - i)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Finite<'a> {
    negative: bool,
    weight: i32,
    /// Two bytes for each digit.
    digits: &'a [u8],
}

impl<'a> Numeric<'a> {
    /// Reads the form; `None` where the bytes are not of it.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, digits) = bytes.split_at_checked(8)?;
        let field = |index: usize| u16::from_be_bytes([header[index], header[index + 1]]);
        if digits.len() != usize::from(field(0)) * 2 {
            return None;
        }
        Some(match field(4) {
            NAN => Self::Nan,
            INFINITY => Self::Infinity { negative: false },
            NEGATIVE_INFINITY => Self::Infinity { negative: true },
            sign @ (0 | NEGATIVE) => Self::Finite(Finite {
                negative: sign == NEGATIVE,
                weight: i16::from_be_bytes([header[2], header[3]]).into(),
                digits,
            }),
            _ => return None,
        })
    }

    /// The nearest double.
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Nan => f64::NAN,
            Self::Infinity { negative: false } => f64::INFINITY,
            Self::Infinity { negative: true } => f64::NEG_INFINITY,
            Self::Finite(finite) => finite.to_f64(),
        }
    }
}

impl Finite<'_> {
    /// The number times `10^scale`, `None` where it does not fit or has more decimals than that.
    ///
    /// The last group of four digits may be padded beyond the scale. The padding is taken off before it is counted in, or 38
    /// digits would not fit.
    pub(crate) fn scaled(self, scale: i8) -> Option<i128> {
        if let Some(scaled) = self.short_scaled(scale) {
            return Some(if self.negative { -i128::from(scaled) } else { scaled.into() });
        }
        let mut groups = self.digits;
        while let [rest @ .., 0, 0] = groups {
            groups = rest;
        }
        let Some((head, last)) = groups.split_last_chunk::<2>() else { return Some(0) };
        let exponent = Finite { digits: groups, ..self }.exponent() + i32::from(scale);
        let last = u16::from_be_bytes(*last);
        let padding = 10_u16.pow(u32::try_from((-exponent).clamp(0, 4)).ok()?);
        if last % padding != 0 {
            return None;
        }
        let head = Finite { digits: head, ..self }.coefficient()?.0;
        let digits = head.checked_mul((10_000 / padding).into())?.checked_add((last / padding).into())?;
        let scaled = digits.checked_mul(10_i128.checked_pow(exponent.max(0).unsigned_abs())?)?;
        Some(if self.negative { -scaled } else { scaled })
    }

    /// The same for a number without a sign of at most four groups, which most have: 64 bits take a fraction of the time. `None` leaves it
    /// to the long way.
    fn short_scaled(self, scale: i8) -> Option<u64> {
        if self.digits.len() > 8 {
            return None;
        }
        let coefficient = self.digits().fold(0, |coefficient, digit| coefficient * 10_000 + u64::from(digit));
        let exponent = self.exponent() + i32::from(scale);
        let power = 10_u64.checked_pow(exponent.unsigned_abs())?;
        match exponent {
            0.. => coefficient.checked_mul(power),
            _ => coefficient.is_multiple_of(power).then(|| coefficient / power),
        }
    }

    /// The digits as one whole number, and the power of ten it is times of.
    fn coefficient(self) -> Option<(i128, i32)> {
        let mut coefficient = 0_i128;
        for digit in self.digits() {
            coefficient = coefficient.checked_mul(10_000)?.checked_add(digit.into())?;
        }
        Some((coefficient, self.exponent()))
    }

    fn exponent(self) -> i32 {
        let digits = i32::try_from(self.digits.len() / 2).unwrap_or(i32::MAX);
        4 * (self.weight + 1 - digits)
    }

    fn digits(&self) -> impl Iterator<Item = u16> {
        self.digits.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }

    /// One correctly rounded multiplication or division where both sides are exact in a double (W. D. Clinger, "How to read
    /// floating point numbers accurately", 1990), else by way of text.
    fn to_f64(self) -> f64 {
        const EXACT: i128 = 1 << f64::MANTISSA_DIGITS;
        const POWERS: [f64; 23] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
            1e19, 1e20, 1e21, 1e22,
        ];
        let magnitude = match self.coefficient() {
            Some((coefficient, exponent)) if coefficient <= EXACT => {
                let power = POWERS.get(usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX));
                // Exact: the coefficient is at most 2^53.
                power.map(|power| if exponent < 0 { coefficient as f64 / power } else { coefficient as f64 * power })
            }
            _ => None,
        };
        let magnitude = magnitude.unwrap_or_else(|| self.by_text());
        if self.negative { -magnitude } else { magnitude }
    }

    fn by_text(self) -> f64 {
        let digits: String = self.digits().map(|digit| format!("{digit:04}")).collect();
        // Digits and an exponent always parse.
        format!("0{digits}e{}", self.exponent()).parse().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a decimal text as PostgreSQL's `numeric_send` does.
    fn sent(text: &str) -> Vec<u8> {
        let (sign, text) = match text.strip_prefix('-') {
            Some(rest) => (NEGATIVE, rest),
            None => (0, text),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let whole = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
        let padded = format!("{whole}{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
        let mut digits: Vec<u16> =
            padded.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap().parse().unwrap()).collect();
        let mut weight = i16::try_from(whole.len() / 4).unwrap() - 1;
        while digits.first() == Some(&0) {
            digits.remove(0);
            weight -= 1;
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let header =
            [u16::try_from(digits.len()).unwrap(), weight.cast_unsigned(), sign, fraction.len().try_into().unwrap()];
        header.into_iter().chain(digits).flat_map(u16::to_be_bytes).collect()
    }

    fn finite(bytes: &[u8]) -> Finite<'_> {
        match Numeric::parse(bytes).unwrap() {
            Numeric::Finite(finite) => finite,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn decimals_keep_every_digit() {
        let cases = [
            ("0", 4, Some(0)),
            ("12.34", 4, Some(123_400)),
            ("-0.0001", 4, Some(-1)),
            ("10000", 0, Some(10_000)),
            ("0.00001", 4, None),
            ("12345678901234567890123456789012345678", 0, Some(12_345_678_901_234_567_890_123_456_789_012_345_678)),
            ("9999999999999999999999999999.0000000001", 10, Some(99_999_999_999_999_999_999_999_999_990_000_000_001)),
            ("99999999999999999999999999999999999.01", 2, Some(9_999_999_999_999_999_999_999_999_999_999_999_901)),
            ("9.9999999999999999999999999999999999999", 37, Some(99_999_999_999_999_999_999_999_999_999_999_999_999)),
            ("-1.5", 1, Some(-15)),
            ("1.25", 1, None),
            ("1234567890.12345678901234567890", 20, Some(123_456_789_012_345_678_901_234_567_890)),
        ];
        for (text, scale, expected) in cases {
            assert_eq!(finite(&sent(text)).scaled(scale), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_numeric_is_refused() {
        for bytes in [&[][..], &[0; 7], &[0, 1, 0, 0, 0, 0, 0, 0], &[0, 0, 0, 0, 0x80, 0, 0, 0]] {
            assert_eq!(Numeric::parse(bytes), None);
        }
    }

    proptest! {
        /// Rust's own parser is the judge.
        #[test]
        fn doubles_are_the_nearest(text in "-?[0-9]{1,25}(\\.[0-9]{1,25})?") {
            let expected: f64 = text.parse().unwrap();
            prop_assert_eq!(Numeric::parse(&sent(&text)).unwrap().to_f64(), expected);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(numeric) = Numeric::parse(&bytes) {
                numeric.to_f64();
                if let Numeric::Finite(finite) = numeric {
                    finite.scaled(4);
                }
            }
        }
    }
}
