//! From a difference and its interval to a word.

use serde::{Deserialize, Serialize};

/// No verdict is given on fewer rows: resampling so few says little about others.
pub(super) const LEAST_ROWS: u64 = 30;

/// How the challenger stands against the champion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
#[non_exhaustive]
pub enum Verdict {
    /// The whole interval lies above the improvement that was asked for.
    Better,
    /// The whole interval lies above the loss that is put up with.
    NotWorse,
    /// The whole interval lies below the loss that is put up with.
    Worse,
    /// The interval lies on both sides.
    Undecided {
        /// About how many rows would decide, if the difference stayed what it is; none where no number would.
        rows_needed: Option<u64>,
    },
}

/// How much of a metric counts: the larger of both parts. As in MLflow's `MetricThreshold`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// In the metric's own unit (`min_absolute_change`).
    pub absolute: f64,
    /// As a share of the champion's value (`min_relative_change`): 0.01 is 1 %.
    pub relative: f64,
}

impl Change {
    /// What it comes to for a champion of this value.
    pub fn from(self, champion: f64) -> f64 {
        self.absolute.max(self.relative * champion.abs())
    }
}

/// The verdict on an improvement (above 0 is better) with its interval.
pub(super) fn verdict(rows: u64, improvement: f64, (lower, upper): (f64, f64), better: f64, worse: f64) -> Verdict {
    if rows < LEAST_ROWS {
        return Verdict::Undecided { rows_needed: Some(LEAST_ROWS) };
    }
    if lower > better {
        return Verdict::Better;
    }
    if lower >= -worse {
        return Verdict::NotWorse;
    }
    if upper < -worse {
        return Verdict::Worse;
    }
    Verdict::Undecided { rows_needed: rows_needed(rows, improvement, (lower, upper), worse) }
}

/// An interval's half shrinks with the root of the rows; so many would draw it to one side of the border.
fn rows_needed(rows: u64, improvement: f64, (lower, upper): (f64, f64), worse: f64) -> Option<u64> {
    let distance = improvement + worse;
    let half = if distance > 0.0 { improvement - lower } else { upper - improvement };
    let needed = (rows as f64 * (half / distance).powi(2)).ceil();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a count that fits")]
    (needed.is_finite() && needed < 1e15).then(|| (needed as u64).max(rows + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_against_both_borders() {
        let of = |improvement, interval| verdict(1000, improvement, interval, 0.1, 0.2);
        assert_eq!(of(0.5, (0.11, 0.9)), Verdict::Better);
        assert_eq!(of(0.5, (0.05, 0.9)), Verdict::NotWorse);
        assert_eq!(of(-0.1, (-0.2, 0.0)), Verdict::NotWorse);
        assert_eq!(of(-0.5, (-0.8, -0.21)), Verdict::Worse);
        // The border is 0.4 away and the interval reaches 0.8: four times the rows.
        assert_eq!(of(0.2, (-0.6, 1.0)), Verdict::Undecided { rows_needed: Some(4000) });
        assert_eq!(of(-0.2, (-0.6, 0.2)), Verdict::Undecided { rows_needed: None });
    }

    #[test]
    fn few_rows_decide_nothing() {
        assert_eq!(verdict(29, 1.0, (1.0, 1.0), 0.0, 0.0), Verdict::Undecided { rows_needed: Some(30) });
    }

    #[test]
    fn a_change_is_the_larger_of_its_parts() {
        assert_eq!(Change { absolute: 1.0, relative: 0.1 }.from(5.0), 1.0);
        assert_eq!(Change { absolute: 1.0, relative: 0.1 }.from(-50.0), 5.0);
    }
}
