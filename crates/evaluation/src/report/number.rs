//! Numbers as people read them.

/// Four significant digits, thousands grouped, a true minus sign.
pub(super) fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { "–".to_owned() };
    }
    let magnitude = value.abs();
    if !(1e-4..1e9).contains(&magnitude) {
        return format!("{value:.3e}").replace('-', "−");
    }
    let mut decimals = 0;
    let mut least = 999.95;
    while magnitude < least && decimals < 7 {
        decimals += 1;
        least /= 10.0;
    }
    fixed(value, decimals)
}

/// A figure that always carries its sign.
pub(super) fn signed(value: f64) -> String {
    let text = figure(value);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// A fixed number of decimals, thousands grouped, a true minus sign.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !zero { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

/// A count with its thousands grouped.
pub(super) fn count(rows: u64) -> String {
    grouped(&rows.to_string())
}

/// Rows by their weight: a count where they count once each.
pub(super) fn amount(weight: f64) -> String {
    if weight.fract() == 0.0 && weight < 1e15 { fixed(weight, 0) } else { figure(weight) }
}

/// A share as a percentage with one decimal.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", fixed(share * 100.0, 1))
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_four_digits() {
        let cases = [
            (17.28461, "17.28"),
            (-0.012346, "−0.01235"),
            (1234567.8, "1,234,568"),
            (999.96, "1,000"),
            (100.0, "100.0"),
            (0.0, "0"),
            (1.5e-9, "1.500e−9"),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
    }

    #[test]
    fn signs_are_kept_where_something_is_left() {
        assert_eq!((fixed(-0.04, 1), fixed(-0.05001, 1)), ("0.0".to_owned(), "−0.1".to_owned()));
        assert_eq!((signed(2.0), signed(-2.0)), ("+2.000".to_owned(), "−2.000".to_owned()));
        assert_eq!((percent(0.5604), count(1_000_000)), ("56.0%".to_owned(), "1,000,000".to_owned()));
    }
}
