//! One set's file in the making.

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;

use super::cells::Cells;
use super::layout::Layout;
use super::lines::Lines;
use super::output::{Output, Sealed};
use super::table::Table;
use crate::manifest::File;
use crate::statistics::Gathered;
use crate::{Destination, Format, Set, WarehouseError};

/// A set's rows on their way into its file, and what is learnt of them on the way.
pub(crate) struct SetFile {
    set: Set,
    format: Format,
    name: &'static str,
    rows: u64,
    gathered: Vec<Gathered>,
    encoding: Encoding,
    output: Output,
}

enum Encoding {
    Lines(Lines),
    Table(Box<Table>),
}

impl SetFile {
    pub(crate) fn begin(
        set: Set,
        format: Format,
        layout: &Layout,
        places: &[&dyn Destination],
    ) -> Result<Self, WarehouseError> {
        let name = format.file_name(set);
        let format = format.of(set);
        Ok(Self {
            set,
            format,
            name,
            rows: 0,
            gathered: layout.columns.iter().map(|_| Gathered::new()).collect(),
            encoding: match format {
                Format::Csv => Encoding::Lines(Lines::default()),
                Format::Parquet => Encoding::Table(Box::new(Table::new(layout.names_and_types())?)),
            },
            output: Output::begin(name, places)?,
        })
    }

    pub(super) fn set(&self) -> Set {
        self.set
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Takes some rows of a batch, before which so many rows came. The columns are those of the file, the label first.
    pub(super) fn append(
        &mut self,
        layout: &Layout,
        columns: &[&ArrayRef],
        rows: &[u32],
        before: u64,
    ) -> Result<(), WarehouseError> {
        let cells: Vec<_> = columns.iter().map(|column| Cells::new(column)).collect();
        for (index, (cells, gathered)) in cells.iter().zip(&mut self.gathered).enumerate() {
            let mut beyond = None;
            cells.each_number(rows, |row, number| match number {
                Some(value) if value.abs() >= FLOAT32_END => beyond = beyond.or(Some((row, value))),
                _ => gathered.push(number),
            });
            if let Some((row, value)) = beyond {
                return Err(layout.beyond_float32(index, before + u64::from(row) + 1, value));
            }
        }
        // In pieces that stay in the processor's cache until they are hashed and written.
        for rows in rows.chunks(ROWS_AT_ONCE) {
            match &mut self.encoding {
                Encoding::Lines(lines) => lines.append(&cells, rows),
                Encoding::Table(table) => table.append(columns, rows)?,
            }
            self.rows += rows.len() as u64;
            self.hand_on(false)?;
        }
        Ok(())
    }

    /// Takes all rows of a batch, whose columns are those of the file.
    pub(crate) fn append_all(&mut self, layout: &Layout, batch: &RecordBatch) -> Result<(), WarehouseError> {
        let columns: Vec<_> = batch.columns().iter().collect();
        // A batch has far fewer rows than a u32 counts.
        let rows: Vec<_> = (0..batch.num_rows() as u32).collect();
        self.append(layout, &columns, &rows, self.rows)
    }

    /// Has every place take what is left, and describes the file.
    pub(crate) fn seal(mut self, layout: &Layout) -> Result<SealedFile, WarehouseError> {
        if let Encoding::Table(table) = &mut self.encoding {
            table.finish()?;
        }
        self.hand_on(true)?;
        let sealed = self.output.seal(self.rows)?;
        let columns = self.gathered.into_iter().zip(layout.contract.columns());
        let described = File {
            set: self.set,
            name: self.name.to_owned(),
            format: self.format,
            rows: self.rows,
            bytes: sealed.bytes(),
            sha256: sealed.sha256(),
            columns: columns.map(|(gathered, column)| gathered.finish(&column.name, &column.data_type)).collect(),
            parts: Vec::new(),
        };
        Ok(SealedFile { described, sealed })
    }

    /// Writes what has gathered, where that is much or the last.
    fn hand_on(&mut self, all: bool) -> Result<(), WarehouseError> {
        let gathered = match &self.encoding {
            Encoding::Lines(lines) => lines.as_bytes(),
            Encoding::Table(table) => table.as_bytes(),
        };
        if all || gathered.len() >= BUFFER {
            self.output.write(gathered, self.rows)?;
            match &mut self.encoding {
                Encoding::Lines(lines) => lines.clear(),
                Encoding::Table(table) => table.clear(),
            }
        }
        Ok(())
    }
}

/// Up to here a number is one to XGBoost. It takes what is a little larger for infinite and refuses the file, also float32's largest,
/// 3.4028235e38, since its parser rounds on the way; from 1e39 on it reads 1e38 without a word. Tried with XGBoost 3.0.5.
pub(crate) const FLOAT32_END: f64 = 3.4e38;

/// Counts all rows of a batch's columns in.
pub(crate) fn gather(columns: &[ArrayRef], gathered: &mut [Gathered]) {
    for (column, gathered) in columns.iter().zip(gathered) {
        // A batch has far fewer rows than a u32 counts.
        let rows: Vec<_> = (0..column.len() as u32).collect();
        Cells::new(column).each_number(&rows, |_, number| gathered.push(number));
    }
}

/// How many bytes are gathered before they are hashed and written.
const BUFFER: usize = 256 * 1024;
/// How many rows are encoded before it is seen whether that much has gathered.
const ROWS_AT_ONCE: usize = 1024;

/// A file that every place has, and its description.
pub(crate) struct SealedFile {
    pub(crate) described: File,
    sealed: Sealed,
}

impl SealedFile {
    pub(super) fn publish(self) -> Result<(), WarehouseError> {
        self.sealed.publish(self.described.rows)
    }
}
