//! Which set a row belongs to.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::WarehouseError;

/// One of the sets a dataset is split into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Set {
    /// What a model learns from.
    Train,
    /// What a tuning job compares models by.
    Validation,
    /// What the chosen model is judged by.
    Evaluation,
}

impl Set {
    /// All sets.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Evaluation];
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Evaluation => "evaluation",
        })
    }
}

/// A rule that puts each row into one [`Set`], whatever order the rows come in. Its column is never a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Split {
    /// By a day or a moment: train before `validation_from`, evaluation from `evaluation_from` on, validation between.
    ///
    /// The column is a date, a timestamp, or text that spells one; the days begin at midnight (UTC).
    #[serde(rename = "time")]
    ByTime {
        /// The column.
        column: String,
        /// The first day of the validation set.
        validation_from: NaiveDate,
        /// The first day of the evaluation set.
        evaluation_from: NaiveDate,
    },
    /// By the hash of a key: rows with one key fall into one set, and a key's set never changes.
    ///
    /// The first eight bytes of the SHA-256 of the key's text, as a big-endian number, modulo 100: the lowest `evaluation`
    /// values are the evaluation set, the next `validation` the validation set, the rest the train set. The text of a whole
    /// number is its digits, of a time `2013-01-31 05:00:00`, of a boolean `0` or `1`, and blanks at the end of a text, with which a
    /// `char(n)` is padded, do not count; so the set is the same on each warehouse.
    #[serde(rename = "hash")]
    ByHash {
        /// The column.
        column: String,
        /// The validation set's share.
        validation: Percent,
        /// The evaluation set's share.
        evaluation: Percent,
    },
}

impl Split {
    /// The column that decides.
    #[must_use]
    pub fn column(&self) -> &str {
        match self {
            Self::ByTime { column, .. } | Self::ByHash { column, .. } => column,
        }
    }

    /// What to change where a set gets no row.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::ByTime { .. } => "move the split's days into the time that the rows cover",
            Self::ByHash { .. } => {
                "give the set a larger share, extract more rows, or split by a column with more values"
            }
        }
    }

    /// Refuses a split that leaves a set without rows whatever the rows are.
    pub(crate) fn check(&self) -> Result<(), WarehouseError> {
        let reason = match self {
            Self::ByTime { validation_from, evaluation_from, .. } if evaluation_from <= validation_from => {
                format!(
                    "evaluation from {evaluation_from} leaves no day for validation from {validation_from}: let it begin later"
                )
            }
            Self::ByHash { validation, evaluation, .. } if validation.0 + evaluation.0 >= 100 => {
                format!("{}% and {}% leave nothing to train on: give smaller shares", validation.0, evaluation.0)
            }
            _ => return Ok(()),
        };
        Err(WarehouseError::InvalidSplit { reason })
    }
}

/// A share of the rows in whole percent, 1 to 99.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

impl Percent {
    /// A share of 1 to 99 percent.
    ///
    /// # Errors
    /// [`WarehouseError::InvalidPercent`] for any other number.
    pub fn new(percent: u8) -> Result<Self, WarehouseError> {
        match percent {
            1..=99 => Ok(Self(percent)),
            _ => Err(WarehouseError::InvalidPercent { percent: percent.into() }),
        }
    }

    /// The number of percent.
    #[must_use]
    pub fn value(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Percent {
    type Error = WarehouseError;

    fn try_from(percent: u8) -> Result<Self, Self::Error> {
        Self::new(percent)
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_between_1_and_99() {
        for percent in [0, 100, 255] {
            let error = Percent::new(percent).unwrap_err();
            assert!(matches!(error, WarehouseError::InvalidPercent { .. }), "{error}");
        }
        assert_eq!(serde_json::from_str::<Percent>("20").unwrap().value(), 20);
        serde_json::from_str::<Percent>("0").unwrap_err();
    }

    #[test]
    fn a_split_that_leaves_a_set_empty_is_refused() {
        let half = Percent::new(50).unwrap();
        let by_hash = Split::ByHash { column: "id".to_owned(), validation: half, evaluation: half };
        assert!(by_hash.check().unwrap_err().to_string().contains("nothing to train on"));
        let day: NaiveDate = "2013-05-01".parse().unwrap();
        let by_time = Split::ByTime { column: "day".to_owned(), validation_from: day, evaluation_from: day };
        assert!(by_time.check().unwrap_err().to_string().contains("no day for validation"));
    }
}
