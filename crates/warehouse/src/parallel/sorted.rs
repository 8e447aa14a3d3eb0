//! Whether rows come in the order of a column.

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::record_batch::RecordBatch;

use crate::WarehouseError;

/// Checks rows, batch after batch: ascending, nulls last, as ORDER BY sorts.
pub(super) struct Sorted {
    column: usize,
    /// Whether it was null, and its number.
    last: Option<(bool, i64)>,
}

impl Sorted {
    pub(super) fn by(column: usize) -> Self {
        Self { column, last: None }
    }

    pub(super) fn check(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        let numbers = cast(batch.column(self.column), &DataType::Int64)?;
        for number in numbers.as_primitive::<Int64Type>() {
            let key = (number.is_none(), number.unwrap_or(0));
            if self.last.is_some_and(|last| key < last) {
                let column = crate::error::quoted(batch.schema_ref().field(self.column).name());
                let reason = format!(
                    "its rows are not in the order of {column}: add ORDER BY {column}, or leave `in_order` out"
                );
                return Err(WarehouseError::Partition { reason });
            }
            self.last = Some(key);
        }
        Ok(())
    }
}
