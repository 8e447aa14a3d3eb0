//! Rows as the server sends them, into batches.

mod binary;
mod catalog;
mod numeric;
mod read;
mod text;
mod types;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

pub(crate) use self::read::{Prepared, begin, explain, prepare, stream};
pub(crate) use self::types::Wire;
use self::types::{Plan, Reading};
use crate::WarehouseError;
use crate::column::{Column, columns, finish, refuse_duplicates};
use crate::error::quoted;
use crate::session::{Failure, Values};
use crate::stream::{BATCH_BYTES, BATCH_ROWS};

/// What a `numeric` is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NumericAs {
    /// `Decimal128` with the declared digits, up to 38 of them, with NaN as null; Float64 where none are declared, or more.
    #[default]
    Declared,
    /// Float64, the nearest.
    Float64,
}

/// What an infinite date, timestamp or interval is read as: Arrow has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum InfiniteTimes {
    /// An error that names its row and column.
    #[default]
    Refuse,
    /// Null.
    Null,
}

impl InfiniteTimes {
    fn instead<T>(self, kind: &str) -> Result<Option<T>, String> {
        match self {
            Self::Refuse => Err(format!(
                "an infinite {kind} has no value: select NULLIF(NULLIF(…, 'infinity'), '-infinity'), or read it as null (`infinite_times`)"
            )),
            Self::Null => Ok(None),
        }
    }
}

/// How the types are read to which Arrow has more than one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Choices {
    pub(crate) numeric: NumericAs,
    pub(crate) infinite: InfiniteTimes,
}

/// Rows on their way into batches.
pub(crate) struct Rows<'a> {
    plans: &'a [Plan],
    schema: SchemaRef,
    infinite: InfiniteTimes,
    columns: Vec<Column>,
    /// All rows so far.
    count: u64,
    /// What the columns hold.
    rows: usize,
    bytes: usize,
}

impl<'a> Rows<'a> {
    fn new(prepared: &'a Prepared) -> Result<Self, WarehouseError> {
        let Prepared { plans, schema, choices, .. } = prepared;
        let columns = columns(schema)?;
        Ok(Self { plans, schema: schema.clone(), infinite: choices.infinite, columns, count: 0, rows: 0, bytes: 0 })
    }

    /// Appends a row as it was sent.
    fn append(&mut self, row: &[u8]) -> Result<(), WarehouseError> {
        let count = self.count;
        let malformed = || explain(Failure::malformed(), count);
        let values = Values::new(row).filter(|values| values.count_left() == self.plans.len()).ok_or_else(malformed)?;
        self.count += 1;
        self.rows += 1;
        self.bytes += row.len();
        for ((plan, column), value) in self.plans.iter().zip(&mut self.columns).zip(values) {
            let Some(bytes) = value.ok_or_else(malformed)? else {
                column.append_null();
                continue;
            };
            let appended = match &plan.reading {
                Reading::Binary(wire) => binary::append(column, wire, bytes, self.infinite),
                Reading::Text => text::append(column, bytes, self.infinite),
            };
            if let Err(problem) = appended {
                return Err(WarehouseError::Value { column: plan.name.clone(), row: self.count, problem });
            }
        }
        Ok(())
    }

    /// Whether the columns hold a batch.
    fn is_full(&self) -> bool {
        self.rows == BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// What the columns hold, where they hold something.
    fn take(&mut self) -> Result<Option<RecordBatch>, WarehouseError> {
        if self.rows == 0 {
            return Ok(None);
        }
        (self.rows, self.bytes) = (0, 0);
        finish(&self.schema, &mut self.columns).map(Some)
    }
}

/// The schema of a result, with what the server said of itself.
fn schema(plans: &[Plan], metadata: Vec<(String, String)>) -> Result<SchemaRef, WarehouseError> {
    // A result's description does not say which columns are NOT NULL, and an outer join makes any of them null.
    let field = |plan: &Plan| Field::new(&plan.name, plan.data_type.clone(), true);
    let fields: Vec<_> = plans.iter().map(field).collect();
    let schema = Schema::new(fields).with_metadata(HashMap::from_iter(metadata));
    refuse_duplicates(&schema)?;
    Ok(Arc::new(schema))
}

/// Warns of a column that is read as text for want of a better type.
fn warn_of_text(column: &str, data_type: &str) {
    let remedy = format!("CAST({} AS …)", quoted(column));
    tracing::warn!(column, data_type, remedy, "a column of a type that is not known is read as text");
}
