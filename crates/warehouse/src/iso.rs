//! Days and moments as ISO 8601 text: `2013-01-31`, `2013-01-31 05:00:00`, `2013-01-31 05:00:00.25`.
//!
//! The text of one kind sorts as the time does, and a day sorts before every moment in it, which is what lets SQLite
//! compare a timestamp column with a bound day. A moment is counted in microseconds since 1970-01-01, UTC.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The text of a day counted from 1970-01-01, empty where no calendar has it.
pub(crate) fn date_text(days: i32) -> String {
    let mut text = String::with_capacity(10);
    if let Some(date) = TimeDelta::try_days(days.into()).and_then(|days| NaiveDate::default().checked_add_signed(days))
    {
        push_date(&mut text, date);
    }
    text
}

/// The text of a moment, empty where no calendar has it.
pub(crate) fn timestamp_text(micros: i64) -> String {
    let mut text = String::with_capacity(26);
    let Some(moment) = DateTime::from_timestamp_micros(micros) else {
        return text;
    };
    push_date(&mut text, moment.date_naive());
    let seconds = micros.div_euclid(MICROS_PER_SECOND).rem_euclid(86_400);
    for (mark, part) in [(' ', seconds / 3600), (':', seconds / 60 % 60), (':', seconds % 60)] {
        text.push(mark);
        push_digits(&mut text, part, 10);
    }
    let fraction = micros.rem_euclid(MICROS_PER_SECOND);
    if fraction != 0 {
        text.push('.');
        push_digits(&mut text, fraction, 100_000);
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

/// The day that a text names, counted from 1970-01-01.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// The moment that a text names: a day (its midnight), or a day and a time with a blank or a `T` between.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    if text.len() == 10 {
        return Some(i64::from(parse_date(text)?) * 86_400 * MICROS_PER_SECOND);
    }
    let pattern = match text.as_bytes().get(10)? {
        b'T' => "%Y-%m-%dT%H:%M:%S%.f",
        _ => "%Y-%m-%d %H:%M:%S%.f",
    };
    let moment = NaiveDateTime::parse_from_str(text, pattern).ok()?;
    Some(moment.and_utc().timestamp_micros())
}

/// As [`parse_timestamp`], with an optional offset (`Z`, `+01:00`); without one the text is UTC.
pub(crate) fn parse_timestamp_with_zone(text: &str) -> Option<i64> {
    parse_timestamp(text.strip_suffix('Z').unwrap_or(text))
        .or_else(|| Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros()))
        .or_else(|| Some(DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").ok()?.timestamp_micros()))
}

fn push_date(text: &mut String, date: NaiveDate) {
    push_digits(text, date.year().into(), 1000);
    text.push('-');
    push_digits(text, date.month().into(), 10);
    text.push('-');
    push_digits(text, date.day().into(), 10);
}

/// Pushes a number with leading zeros; `unit` is the value of the first digit.
fn push_digits(text: &mut String, value: i64, mut unit: i64) {
    if value < 0 || value >= unit * 10 {
        text.push_str(&value.to_string());
        return;
    }
    while unit > 0 {
        // The digit is below ten, so it fits.
        text.push(char::from(b'0' + u8::try_from(value / unit % 10).unwrap_or(0)));
        unit /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from PostgreSQL: `SELECT to_timestamp(0) + '1 us' * n`.
    #[test]
    fn moments_are_written_as_postgresql_writes_them() {
        let cases = [
            (0, "1970-01-01 00:00:00"),
            (-1, "1969-12-31 23:59:59.999999"),
            (1_357_034_400_250_000, "2013-01-01 10:00:00.25"),
            (951_868_799_000_000, "2000-02-29 23:59:59"),
        ];
        for (micros, text) in cases {
            assert_eq!(timestamp_text(micros), text);
            assert_eq!(parse_timestamp(text), Some(micros));
        }
        assert_eq!(date_text(15_706), "2013-01-01");
        assert_eq!(parse_date("2013-01-01"), Some(15_706));
    }

    #[test]
    fn a_moment_is_read_in_each_spelling() {
        let micros = Some(1_357_034_400_000_000);
        assert_eq!(parse_timestamp("2013-01-01T10:00:00"), micros);
        assert_eq!(parse_timestamp("2013-01-01"), Some(1_356_998_400_000_000));
        let zoned =
            ["2013-01-01 10:00:00", "2013-01-01T10:00:00Z", "2013-01-01 11:00:00+01:00", "2013-01-01 05:00:00-05"];
        for text in zoned {
            assert_eq!(parse_timestamp_with_zone(text), micros, "{text}");
        }
    }

    #[test]
    fn text_that_names_no_time_is_refused() {
        for text in
            ["", "2013-02-30", "2013-1", "10:00:00", "2013-01-01 25:00:00", "2013-01-01 10:00:00+01:00", "über2013-x"]
        {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }
}
