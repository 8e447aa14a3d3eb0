//! Which set each row of a batch belongs to.

use arrow::array::{Array, ArrayRef, AsArray, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use chrono::{NaiveDate, NaiveTime};
use sha2::{Digest, Sha256};

use super::cells::Cells;
use super::field::Field;
use crate::{DatasetError, Percent, Set, Split, WarehouseError, iso};

/// A batch's column seen through the split's rule.
pub(super) struct Assignment<'a> {
    rule: Rule,
    column: &'a str,
    array: ArrayRef,
    /// The text of a key that is a number.
    number: Field,
}

enum Rule {
    /// Microseconds from which validation and evaluation begin.
    Time {
        validation: i64,
        evaluation: i64,
    },
    Hash {
        validation: Percent,
        evaluation: Percent,
    },
}

impl<'a> Assignment<'a> {
    pub(super) fn new(split: &'a Split, array: &ArrayRef) -> Result<Self, WarehouseError> {
        let (rule, array) = match split {
            Split::ByTime { validation_from, evaluation_from, .. } => (
                Rule::Time { validation: midnight(*validation_from), evaluation: midnight(*evaluation_from) },
                moments(array)?,
            ),
            Split::ByHash { validation, evaluation, .. } => (
                Rule::Hash { validation: *validation, evaluation: *evaluation },
                // A day keeps its own text; a moment has the same one whatever its unit.
                match array.data_type() {
                    DataType::Timestamp(..) => moments(array)?,
                    _ => array.clone(),
                },
            ),
        };
        Ok(Self { rule, column: split.column(), array, number: Field::new() })
    }

    /// The set of a row; `number` is its place in the result, from 1.
    pub(super) fn set(&mut self, row: usize, number: u64) -> Result<Set, WarehouseError> {
        if self.array.is_null(row) {
            return Err(DatasetError::NullSplit { column: self.column.to_owned(), row: number }.into());
        }
        match self.rule {
            Rule::Time { validation, evaluation } => {
                let micros = self.micros(row).ok_or_else(|| WarehouseError::Value {
                    column: self.column.to_owned(),
                    row: number,
                    problem: "the text spells no time: write 2013-01-31 or 2013-01-31 05:00:00".to_owned(),
                })?;
                Ok(match micros {
                    early if early < validation => Set::Train,
                    middle if middle < evaluation => Set::Validation,
                    _ => Set::Evaluation,
                })
            }
            Rule::Hash { validation, evaluation } => Ok(self.by_key(row, validation, evaluation)),
        }
    }

    fn micros(&self, row: usize) -> Option<i64> {
        match self.array.as_any().downcast_ref::<StringArray>() {
            Some(texts) => iso::parse_timestamp_with_zone(unpadded(texts.value(row))),
            None => Some(self.timestamps()?.value(row)),
        }
    }

    fn timestamps(&self) -> Option<&TimestampMicrosecondArray> {
        self.array.as_primitive_opt::<TimestampMicrosecondType>()
    }

    /// By the text of the key: the same on each warehouse, and whatever the width of a number.
    fn by_key(&mut self, row: usize, validation: Percent, evaluation: Percent) -> Set {
        let by = |key: &[u8]| by_hash(key, validation, evaluation);
        match self.array.data_type() {
            DataType::Utf8 => by(unpadded(self.array.as_string::<i32>().value(row)).as_bytes()),
            DataType::Date32 => by(iso::date_text(self.array.as_primitive::<Date32Type>().value(row)).as_bytes()),
            DataType::Timestamp(..) => {
                let micros = self.timestamps().map_or(0, |array| array.value(row));
                by(iso::timestamp_text(micros).as_bytes())
            }
            _ => by(match Cells::new(&self.array) {
                // All its digits, also where a file has a double instead.
                Cells::Decimal(array, scale) => self.number.decimal(array.value(row), scale),
                cells => cells.text(row, &mut self.number),
            }),
        }
    }
}

fn by_hash(key: &[u8], validation: Percent, evaluation: Percent) -> Set {
    let digest = Sha256::digest(key);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    let share = u64::from_be_bytes(first) % 100;
    let (validation, evaluation) = (u64::from(validation.value()), u64::from(evaluation.value()));
    match share {
        low if low < evaluation => Set::Evaluation,
        middle if middle < evaluation + validation => Set::Validation,
        _ => Set::Train,
    }
}

/// A text without blanks at its end: a `char(n)` is padded with them on some ways out of some warehouses.
pub(super) fn unpadded(text: &str) -> &str {
    text.trim_end_matches(' ')
}

/// Days and moments of any unit as microseconds; text as it is.
fn moments(array: &ArrayRef) -> Result<ArrayRef, WarehouseError> {
    let to = match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) | DataType::Utf8 => return Ok(array.clone()),
        // The zone is kept, so that no moment is shifted.
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        _ => DataType::Timestamp(TimeUnit::Microsecond, None),
    };
    Ok(cast(array, &to)?)
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from Python: `int.from_bytes(hashlib.sha256(key).digest()[:8], "big") % 100`.
    #[test]
    fn a_keys_set_never_changes() {
        let (validation, evaluation) = (Percent::new(20).unwrap(), Percent::new(10).unwrap());
        let cases = PYTHON_SHARES;
        for (key, share) in cases {
            let expected = match share {
                0..10 => Set::Evaluation,
                10..30 => Set::Validation,
                _ => Set::Train,
            };
            assert_eq!(by_hash(key.as_bytes(), validation, evaluation), expected, "{key}");
        }
    }

    const PYTHON_SHARES: [(&str, u64); 11] = [
        ("1", 13),
        ("2", 46),
        ("3", 43),
        ("42", 37),
        ("EWR", 36),
        ("2013-01-31", 66),
        ("2013-01-31 05:00:00", 20),
        ("N14228", 19),
        ("143", 9),
        ("84", 29),
        ("7", 30),
    ];
}
