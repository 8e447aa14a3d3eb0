//! Numbers, times and states as people read them.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::view::Owner;

/// A moment of SageMaker's, in epoch seconds; UTC.
pub(super) fn moment(seconds: Option<f64>) -> Markup {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970")]
    let time = seconds.and_then(|seconds| DateTime::from_timestamp_millis((seconds * 1000.0) as i64));
    time.map_or_else(|| html! { "–" }, date)
}

pub(super) fn date(time: DateTime<Utc>) -> Markup {
    html! {
        time datetime=(time.format("%Y-%m-%dT%H:%M:%SZ")) { (time.format("%Y-%m-%d")) " " b { (time.format("%H:%M:%S")) } }
    }
}

/// How long something took, when it has both ends.
pub(super) fn span(start: Option<f64>, end: Option<f64>) -> String {
    match (start, end) {
        (Some(start), Some(end)) => duration((end - start).max(0.0)),
        _ => "–".to_owned(),
    }
}

fn duration(seconds: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not below 0, and of a job")]
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

/// Five significant digits, which tell two trials apart and fit a column.
pub(super) fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    if !(1e-3..1e7).contains(&value.abs()) {
        return format!("{value:.3e}");
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 8")]
    let decimals = (4.0 - value.abs().log10().floor()).clamp(0.0, 8.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A hyperparameter: tuners write sixteen digits.
pub(super) fn setting(value: &str) -> Markup {
    match value.parse::<f64>() {
        Ok(number) if value.contains('.') && number.is_finite() => html! { span title=(value) { (figure(number)) } },
        _ => html! { (value) },
    }
}

/// 1,234,567.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 object`, `2 objects`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

pub(super) fn bytes(size: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if size < 1000 {
        return format!("{size} B");
    }
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = size as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = if value < 9.95 { 1 } else { 0 };
    format!("{value:.decimals$} {}", units[unit])
}

/// AWS's word for a state, coloured by what it means.
pub(super) fn status(status: &str) -> Markup {
    let kind = match status {
        "Completed" | "InService" | "Approved" => "good",
        "Failed" | "Rejected" | "OutOfService" => "bad",
        "PendingManualApproval" => "wait",
        "Stopped" => "idle",
        _ => "busy",
    };
    html! { span class={ "status " (kind) } { (status) } }
}

/// Whose it is, where there are several.
pub(super) fn owner(of: &Owner, callers: &[Owner]) -> Markup {
    if callers.len() < 2 {
        return html! {};
    }
    html! { span class="owner" { (of.account) " · " (of.region) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_five_digits() {
        for (value, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (0.123_456_78, "0.12346"),
            (-41.999_96, "-42"),
            (1_234_567.0, "1234567"),
            (0.000_012_345, "1.234e-5"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(figure(value), text);
        }
    }

    #[test]
    fn sizes_durations_and_counts_are_short() {
        assert_eq!(
            [0, 999, 1000, 9_949, 9_999, 999_600, 5_300_000_000].map(bytes),
            ["0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "1.0 MB", "5.3 GB"]
        );
        assert_eq!([0.04, 59.6, 61.0, 7260.0].map(duration), ["0.0 s", "1 min 0 s", "1 min 1 s", "2 h 1 min"]);
        assert_eq!([7, 1234, 1_000_000].map(count), ["7", "1,234", "1,000,000"]);
        assert_eq!([counted(1, "object"), counted(2, "object")], ["1 object", "2 objects"]);
    }
}
