//! Values in the server's text form, into Arrow's builders: how a column is read is said by its type.
//!
//! The forms are PostgreSQL's with `DateStyle` ISO, `bytea_output` hex and the digits of a float in full.

use std::str::FromStr;

use super::InfiniteTimes;
use crate::column::{Column, Digits, Zone};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Appends a value; says what is wrong with it where it is not one of its column's type.
pub(super) fn append(column: &mut Column, bytes: &[u8], infinite: InfiniteTimes) -> Result<(), String> {
    let text = utf8(bytes)?;
    let misfit = |kind: &str| format!("'{}' is not {kind}", text.chars().take(40).collect::<String>());
    match column {
        Column::Boolean(column) => column.append_value(match text {
            "t" | "true" => true,
            "f" | "false" => false,
            _ => return Err(misfit("a boolean")),
        }),
        Column::Int16(column) => column.append_value(parse(text).ok_or_else(|| misfit("a whole number"))?),
        Column::Int32(column) => column.append_value(parse(text).ok_or_else(|| misfit("a whole number"))?),
        Column::Int64(column) => column.append_value(parse(text).ok_or_else(|| misfit("a whole number"))?),
        Column::Float32(column) => column.append_value(parse(text).ok_or_else(|| misfit("a number"))?),
        Column::Float64(column) => column.append_value(parse(text).ok_or_else(|| misfit("a number"))?),
        Column::Decimal(column, _) if text == "NaN" => column.append_null(),
        Column::Decimal(column, digits) => {
            let scaled = scaled(text, *digits).ok_or_else(|| misfit("a number with the declared digits"))?;
            column.append_value(scaled);
        }
        Column::Text(column) => column.append_value(text),
        Column::Binary(column) => {
            let bytes = text.strip_prefix("\\x").and_then(|digits| hex::decode(digits).ok());
            column.append_value(bytes.ok_or_else(|| misfit("bytes in hex"))?);
        }
        Column::Date(column) => column.append_option(match text {
            "infinity" | "-infinity" => infinite.instead("date")?,
            _ => Some(date(text).and_then(|days| i32::try_from(days).ok()).ok_or_else(|| misfit("a date"))?),
        }),
        Column::Time(column) => column.append_value(time(text).ok_or_else(|| misfit("a time"))?),
        Column::Timestamp(column, zone) => column.append_option(match text {
            "infinity" | "-infinity" => infinite.instead("timestamp")?,
            _ => Some(timestamp(text, *zone).ok_or_else(|| misfit("a timestamp"))?),
        }),
        Column::Interval(_) | Column::List(_) => return Err(misfit("read from text")),
    }
    Ok(())
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "the text is not UTF-8".to_owned())
}

fn parse<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// The number times `10^scale`, exactly.
fn scaled(text: &str, digits: Digits) -> Option<i128> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let scale = usize::try_from(digits.scale).ok()?;
    let (kept, cut) = fraction.split_at_checked(scale).unwrap_or((fraction, ""));
    if whole.is_empty() || cut.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let zeros = std::iter::repeat_n(b'0', scale.checked_sub(kept.len())?);
    let mut number = 0_i128;
    for digit in whole.bytes().chain(kept.bytes()).chain(zeros) {
        let digit = digit.is_ascii_digit().then(|| i128::from(digit - b'0'))?;
        number = number.checked_mul(10)?.checked_add(digit)?;
    }
    digits.hold(number).then_some(if negative { -number } else { number })
}

/// Days since 1970-01-01 of `2013-01-31` or `0044-03-15 BC`.
fn date(text: &str) -> Option<i64> {
    let (text, before_christ) = text.strip_suffix(" BC").map_or((text, false), |text| (text, true));
    let mut parts = text.splitn(3, '-');
    let year: i64 = parse(parts.next()?)?;
    let (month, day): (i64, i64) = (parse(parts.next()?)?, parse(parts.next()?)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(days(if before_christ { 1 - year } else { year }, month, day))
}

/// Days since 1970-01-01 by the calendar of Gregory, which repeats every 400 years; years begin in March, so that the leap
/// day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// Microseconds since midnight of `05:00:00.25`.
fn time(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, ':');
    let (hours, minutes): (i64, i64) = (parse(parts.next()?)?, parse(parts.next()?)?);
    let seconds = parts.next()?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let seconds: i64 = parse(seconds)?;
    if !(0..=24).contains(&hours) || !(0..60).contains(&minutes) || !(0..=60).contains(&seconds) || fraction.len() > 6 {
        return None;
    }
    let micros: i64 = parse(&format!("{fraction:0<6}"))?;
    Some(((hours * 60 + minutes) * 60 + seconds) * MICROS_PER_SECOND + micros)
}

/// Microseconds since 1970-01-01 of `2013-01-31 05:00:00`, with an offset behind it where it has a zone.
fn timestamp(text: &str, zone: Zone) -> Option<i64> {
    let (text, era) = text.strip_suffix(" BC").map_or((text, ""), |text| (text, " BC"));
    let (day, rest) = text.split_once(' ')?;
    let (clock, offset) = match zone {
        Zone::Unsaid => (rest, 0),
        Zone::Utc => {
            let (clock, offset) = rest.split_at(rest.find(['+', '-'])?);
            (clock, seconds_east(offset)? * MICROS_PER_SECOND)
        }
    };
    let days = date(&format!("{day}{era}"))?;
    days.checked_mul(MICROS_PER_DAY)?.checked_add(time(clock)?)?.checked_sub(offset)
}

/// The seconds of an offset: `+00`, `-03:30`, `+01:00:15`.
fn seconds_east(offset: &str) -> Option<i64> {
    let (sign, offset) = match offset.split_at_checked(1)? {
        ("+", offset) => (1, offset),
        ("-", offset) => (-1, offset),
        _ => return None,
    };
    let mut seconds = 0;
    for (part, unit) in offset.split(':').zip([3600, 60, 1]) {
        seconds += parse::<i64>(part)? * unit;
    }
    Some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The days are `SELECT '…'::date - '1970-01-01'::date` on PostgreSQL 15.
    #[test]
    fn days_of_every_era_are_counted() {
        let cases = [
            ("1970-01-01", 0),
            ("2000-02-29", 11_016),
            ("2013-01-31", 15_736),
            ("1969-12-31", -1),
            ("0001-01-01", -719_162),
            ("0001-12-31 BC", -719_163),
            ("4713-01-01 BC", -2_440_550),
        ];
        for (text, expected) in cases {
            assert_eq!(date(text), Some(expected), "{text}");
        }
        for text in ["", "2013-01", "2013-13-01", "2013-00-10", "2013-01-32", "x-01-01"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_read_with_their_offset() {
        let ten = 1_357_034_400_000_000;
        assert_eq!(timestamp("2013-01-01 10:00:00", Zone::Unsaid), Some(ten));
        assert_eq!(timestamp("2013-01-01 10:00:00.25", Zone::Unsaid), Some(ten + 250_000));
        for text in ["2013-01-01 10:00:00+00", "2013-01-01 06:30:00-03:30", "2013-01-01 11:00:15+01:00:15"] {
            assert_eq!(timestamp(text, Zone::Utc), Some(ten), "{text}");
        }
        for text in ["2013-01-01", "2013-01-01 25:00:00", "2013-01-01 10:00", "2013-01-01 10:00:00.1234567", ""] {
            assert_eq!(timestamp(text, Zone::Unsaid), None, "{text}");
        }
        assert_eq!(timestamp("2013-01-01 10:00:00", Zone::Utc), None);
    }

    proptest! {
        /// chrono is the judge.
        #[test]
        fn a_day_of_chrono_is_a_day_here(day in -700_000_i64..2_900_000) {
            let chrono = chrono::NaiveDate::default() + chrono::TimeDelta::days(day);
            prop_assert_eq!(date(&chrono.to_string()), Some(day));
        }

        #[test]
        fn a_decimal_keeps_its_digits(number in any::<i64>(), scale in 0_u32..19) {
            let digits = Digits { precision: 38, scale: i8::try_from(scale).unwrap() };
            let text = format!("{:0>20}", number.unsigned_abs());
            let (whole, fraction) = text.split_at(20 - scale as usize);
            let sign = if number < 0 { "-" } else { "" };
            prop_assert_eq!(scaled(&format!("{sign}{whole}.{fraction}"), digits), Some(number.into()));
        }

        #[test]
        fn any_text_gives_a_value_or_a_problem(text in "\\PC{0,20}") {
            date(&text);
            time(&text);
            timestamp(&text, Zone::Utc);
            scaled(&text, Digits { precision: 12, scale: 4 });
        }
    }
}
