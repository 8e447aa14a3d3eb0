//! Rows into training files.

mod assign;
mod cells;
mod file;
mod layout;

use std::fs;
use std::path::Path;

use arrow::record_batch::{RecordBatch, RecordBatchReader};

use self::assign::Assignment;
use self::cells::Cells;
use self::file::SetFile;
use self::layout::Layout;
use crate::{Extract, Manifest, Set, Split, WarehouseError};

/// What a dataset should be: which column is the label, which rows go where, and which columns go nowhere.
///
/// | field | purpose |
/// |---|---|
/// | `label` | the column to predict: a number or a boolean, in every row |
/// | `split` | puts each row into the train, validation or evaluation set |
/// | `leave_out` | columns of the query that are no features, such as a key |
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
}

impl DatasetSpec {
    /// A dataset with every other column as a feature.
    pub fn new(label: impl Into<String>, split: Split) -> Self {
        Self { label: label.into(), split, leave_out: Vec::new() }
    }

    /// Leaves columns out.
    #[must_use]
    pub fn leave_out<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.leave_out.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Streams the rows into `train.csv`, `validation.csv` and `evaluation.csv` in a folder, and describes them in
    /// `manifest.json`.
    ///
    /// The files are what SageMaker's XGBoost reads: no header, the label first, a missing value empty. Booleans are 1 and
    /// 0, decimals keep their digits, doubles have the shortest text that reads back as the same double; NaN and infinity
    /// are missing. The folder is made where it is not there; files of an earlier dataset in it are replaced, and only
    /// when the new one is whole. `extract` is what the reader came from, for the manifest.
    ///
    /// # Errors
    /// The columns' errors come before the first row is read. An error leaves no file behind that was not there.
    pub fn write(
        &self,
        reader: impl RecordBatchReader,
        extract: &Extract,
        dir: &Path,
    ) -> Result<Manifest, WarehouseError> {
        self.split.check()?;
        let layout = Layout::new(self, &reader.schema())?;
        fs::create_dir_all(dir).map_err(|source| WarehouseError::File {
            act: "written",
            path: dir.to_owned(),
            source,
        })?;
        let mut writer = Writer::create(self, layout, dir)?;
        for batch in reader {
            writer.append(&batch?)?;
        }
        writer.finish(extract, dir)
    }
}

struct Writer<'a> {
    spec: &'a DatasetSpec,
    layout: Layout,
    files: [SetFile; 3],
    rows: u64,
}

impl<'a> Writer<'a> {
    fn create(spec: &'a DatasetSpec, layout: Layout, dir: &Path) -> Result<Self, WarehouseError> {
        let [train, validation, evaluation] = Set::ALL.map(|set| SetFile::create(set, dir));
        Ok(Self { spec, layout, files: [train?, validation?, evaluation?], rows: 0 })
    }

    fn append(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        let label = Cells::new(batch.column(self.layout.label));
        let features: Vec<_> = self.layout.features.iter().map(|index| Cells::new(batch.column(*index))).collect();
        let assignment = Assignment::new(&self.spec.split, batch.column(self.layout.split))?;
        for row in 0..batch.num_rows() {
            self.rows += 1;
            if !label.is_finite(row) {
                return Err(WarehouseError::NullLabel { label: self.spec.label.clone(), row: self.rows });
            }
            let set = assignment.set(row, self.rows)?;
            let file = &mut self.files[set as usize];
            label.write(row, file.line());
            for feature in &features {
                file.line().push(b',');
                feature.write(row, file.line());
            }
            file.end_line()?;
        }
        tracing::trace!(rows = self.rows, "dataset rows written");
        Ok(())
    }

    fn finish(self, extract: &Extract, dir: &Path) -> Result<Manifest, WarehouseError> {
        let Self { spec, layout, files, rows } = self;
        if let Some(file) = files.iter().find(|file| file.is_empty()) {
            return Err(WarehouseError::EmptySplit {
                file: file.set().file_name(),
                rows,
                remedy: if rows == 0 { "the query has no rows: widen the window" } else { spec.split.remedy() },
            });
        }
        // Files under an old manifest would pass for its dataset.
        file::remove(&dir.join(Manifest::FILE_NAME))?;
        let files = files.into_iter().map(SetFile::finish).collect::<Result<Vec<_>, _>>()?;
        let digest = Manifest::digest_of((&spec.label, &layout.label_type), &layout.feature_types, &files);
        let manifest = Manifest {
            files,
            label: spec.label.clone(),
            label_type: layout.label_type,
            features: layout.feature_types,
            query: extract.sql().to_owned(),
            parameters: extract.parameters(),
            window: extract.date_window(),
            split: spec.split.clone(),
            digest,
        };
        manifest.save(dir)?;
        tracing::info!(rows, digest = manifest.digest, dir = %dir.display(), "dataset written");
        Ok(manifest)
    }
}
