//! Rows into training files.

mod assign;
mod categories;
mod cells;
mod field;
mod file;
mod format;
mod layout;
mod lines;
mod output;
mod short_decimal;
mod table;
mod writer;

use std::path::Path;

use arrow::record_batch::RecordBatchReader;

pub use self::categories::{Categories, Unknown};
pub(crate) use self::file::{FLOAT32_END, SealedFile, SetFile, gather};
pub use self::format::Format;
pub(crate) use self::layout::Layout;
use self::writer::Writer;
pub(crate) use self::writer::complete;
use crate::column::refuse_duplicates;
use crate::{DatasetError, Destination, Extract, Folder, Manifest, Set, Split, WarehouseError};

/// What a dataset should be: which column is the label, which rows go where, and which columns go nowhere.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `label` | | the column to predict: a number or a boolean, in every row |
/// | `split` | | puts each row into the train, validation or evaluation set |
/// | `leave_out` | none | columns of the query that are no features, such as a key |
/// | `categories` | none | text columns, each with the list that makes numbers of its texts |
/// | `format` | CSV | how the train and validation files lie |
///
/// Every other column is a feature, and must be a number or a boolean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSpec {
    /// The column to predict.
    pub label: String,
    /// The rule that puts each row into a set.
    pub split: Split,
    /// Columns that are no features.
    pub leave_out: Vec<String>,
    /// Text columns and their categories.
    pub categories: Vec<(String, Categories)>,
    /// How the train and validation files lie.
    pub format: Format,
}

impl DatasetSpec {
    /// A dataset with every other column as a feature.
    pub fn new(label: impl Into<String>, split: Split) -> Self {
        Self { label: label.into(), split, leave_out: Vec::new(), categories: Vec::new(), format: Format::default() }
    }

    /// Leaves columns out.
    #[must_use]
    pub fn leave_out<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.leave_out.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Writes a text column as its texts' places in a list. The list goes into the contract.
    #[must_use]
    pub fn categories(mut self, column: impl Into<String>, categories: Categories) -> Self {
        self.categories.push((column.into(), categories));
        self
    }

    /// Sets how the train and validation files lie.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Streams the rows into the train, validation and evaluation files in a folder, and describes them in `manifest.json`.
    ///
    /// As [`write_to`](Self::write_to) with a [`Folder`].
    ///
    /// # Errors
    /// Those of [`write_to`](Self::write_to).
    pub fn write(
        &self,
        reader: impl RecordBatchReader,
        extract: &Extract,
        dir: &Path,
    ) -> Result<Manifest, WarehouseError> {
        self.write_to(reader, extract, &[&Folder::new(dir)])
    }

    /// Streams the rows into files in every one of these places at once, and describes them in `manifest.json`.
    ///
    /// The files are what SageMaker's XGBoost reads: the label first; as CSV no header, a missing value empty, booleans 1 and
    /// 0, decimals with their digits (of more than 19 the nearest double, since its parser loses count there), doubles with the shortest text that reads back as the same double. NaN and infinity are
    /// missing; a number of 3.4e38 or more is an error, since XGBoost computes in float32. Files of an earlier dataset in a
    /// place are replaced, and only when the new ones are whole in every place.
    /// `extract` is what the reader came from, for the manifest.
    ///
    /// # Errors
    /// The columns' errors come before the first row is read. An error leaves no file behind that was not there, unless it is of the last
    /// step, in which the files get their names: what has no manifest is no dataset.
    /// [`WarehouseError::Unwritten`] says which place took no more, and how far it got. Of a dataset whose extract is stopped before
    /// it is published nothing is kept: [`WarehouseError::CalledOff`].
    pub fn write_to(
        &self,
        reader: impl RecordBatchReader,
        extract: &Extract,
        places: &[&dyn Destination],
    ) -> Result<Manifest, WarehouseError> {
        self.split.check()?;
        let schema = reader.schema();
        refuse_duplicates(&schema)?;
        let mut writer = Writer::begin(self, Layout::new(self, &schema)?, places)?;
        for batch in reader {
            writer.append(&batch?)?;
            extract.go_on()?;
        }
        writer.finish(extract, &schema)
    }

    /// The error for a set that got none of the rows.
    pub(crate) fn empty(&self, set: Set, rows: u64) -> DatasetError {
        let remedy = if rows == 0 { "the query has no rows: widen the window" } else { self.split.remedy() };
        DatasetError::EmptySplit { file: self.format.file_name(set), rows, remedy }
    }
}
