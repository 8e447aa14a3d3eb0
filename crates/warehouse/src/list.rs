//! A column of lists in the making.

use std::mem;

use arrow::array::ListArray;
use arrow::array::builder::NullBufferBuilder;
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::FieldRef;

use crate::column::Column;
use crate::stream::BATCH_ROWS;

/// Builds a column of lists, whose elements are a column themselves.
pub(crate) struct List {
    element: FieldRef,
    values: Box<Column>,
    /// Where each list ends, and a zero before them.
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl List {
    /// Lists of an element; `None` where no warehouse hands its type out.
    pub(crate) fn new(element: &FieldRef) -> Option<Self> {
        let values = Box::new(Column::new(element.data_type())?);
        Some(Self { element: element.clone(), values, offsets: vec![0], nulls: NullBufferBuilder::new(BATCH_ROWS) })
    }

    /// Where the next list's elements go, until [`Self::close`].
    pub(crate) fn values(&mut self) -> &mut Column {
        &mut self.values
    }

    /// Makes a list of the elements since the last one.
    pub(crate) fn close(&mut self) -> Result<(), String> {
        let end = i32::try_from(self.values.len()).map_err(|_| "the lists have more than two billion elements")?;
        self.offsets.push(end);
        self.nulls.append_non_null();
        Ok(())
    }

    pub(crate) fn append_null(&mut self) {
        self.offsets.push(self.offsets.last().copied().unwrap_or(0));
        self.nulls.append_null();
    }

    pub(crate) fn finish(&mut self) -> ListArray {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(mem::replace(&mut self.offsets, vec![0])));
        ListArray::new(self.element.clone(), offsets, self.values.finish(), self.nulls.finish())
    }

    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }
}
