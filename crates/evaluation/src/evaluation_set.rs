//! Held-out rows: CSV without a header, label first, or record batches; in batches of bounded size.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use crate::EvaluationError;
use crate::batches::Batches;
use crate::layout::Layout;
use crate::lines::Lines;

/// Held-out rows of one dataset, read once from front to back: a file, or record batches.
///
/// The file is what SageMaker's XGBoost trains from: no header, the label in the first field, then the
/// features in order. An empty field, or `nan` in any case, is a missing value; so says the container too.
/// As an iterator it yields batches whose column 0 is the label (`Float64`, never null) and whose other
/// columns are the features (`Float32`, null where missing); the rows' weights come last, where there are such (`Float64`,
/// never null). After an error it yields nothing more.
pub struct EvaluationSet {
    name: String,
    layout: Layout,
    contract_sha256: Option<String>,
    source: Source,
    done: bool,
}

enum Source {
    Csv(Lines),
    Arrow(Batches),
}

impl EvaluationSet {
    /// Opens a CSV file. `features` names its columns after the label, in order.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::Open`] when the file cannot be opened. The rows are checked as they are read.
    pub fn from_csv(path: impl AsRef<Path>, features: &[String]) -> Result<Self, EvaluationError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| EvaluationError::Open { path: path.to_owned(), source })?;
        Ok(Self::from_reader(path.display().to_string(), file, features))
    }

    /// Reads CSV from anywhere, such as bytes in memory. Errors call it `name`.
    pub fn from_reader(name: impl Into<String>, reader: impl Read + Send + 'static, features: &[String]) -> Self {
        let layout = Layout::new("label", features.iter().map(String::as_str));
        Self::new(name.into(), layout, Source::Csv(Lines::new(reader)))
    }

    /// Takes record batches of this schema: the label in the first column, then the features, all of any numeric or
    /// boolean type. Errors call the set `name`, and count rows where those of a file count lines.
    pub fn from_batches(
        name: impl Into<String>,
        columns: &Schema,
        batches: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static,
    ) -> Self {
        let mut names = columns.fields().iter().map(|field| field.name().as_str());
        let label = names.next().unwrap_or("label");
        let layout = Layout::new(label, names);
        Self::new(name.into(), layout, Source::Arrow(Batches::new(batches)))
    }

    /// Takes the column of this name, which is named among the features where it stands, for the rows' weights: how much each
    /// counts, as scikit-learn's `sample_weight`. 0 leaves a row out. Where the container trains with `csv_weights`, it is the first
    /// after the label.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::NoWeightColumn`] where there is none of this name. A weight that is missing or below 0 is
    /// [`EvaluationError::RowWeight`] when its row is read.
    pub fn weighted_by(self, column: &str) -> Result<Self, EvaluationError> {
        match self.layout.weighted_by(column) {
            Some(layout) => Ok(Self { layout, ..self }),
            None => Err(EvaluationError::NoWeightColumn {
                column: column.to_owned(),
                columns: self.features().collect::<Vec<_>>().join(", "),
                set: self.name,
            }),
        }
    }

    /// Says which contract the rows were written under: the manifest's `contract_sha256`.
    #[must_use]
    pub fn under_contract(self, sha256: impl Into<String>) -> Self {
        Self { contract_sha256: Some(sha256.into()), ..self }
    }

    /// The SHA-256 of the contract that the rows were written under, where that is known.
    pub fn contract_sha256(&self) -> Option<&str> {
        self.contract_sha256.as_deref()
    }

    /// What errors call this set: the path, or the name given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The label's column, one for each feature, then the weights' where there are such.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.layout.schema())
    }

    /// The features' names, in order.
    pub fn features(&self) -> impl ExactSizeIterator<Item = &str> {
        let fields = &self.layout.schema().fields()[1..];
        let features = fields.len() - usize::from(self.layout.weight().is_some());
        fields[..features].iter().map(|field| field.name().as_str())
    }

    /// The name of the weights' column, where there is one.
    pub fn weight(&self) -> Option<&str> {
        self.layout.weight().map(|(_, name)| name)
    }

    fn new(name: String, layout: Layout, source: Source) -> Self {
        Self { name, layout, contract_sha256: None, source, done: false }
    }

    fn read_batch(&mut self) -> Result<Option<RecordBatch>, EvaluationError> {
        match &mut self.source {
            Source::Arrow(batches) => batches.next(&self.name, &self.layout),
            Source::Csv(lines) => lines.next(&self.name, &self.layout),
        }
    }
}

impl Iterator for EvaluationSet {
    type Item = Result<RecordBatch, EvaluationError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let batch = self.read_batch().transpose();
        self.done = !matches!(batch, Some(Ok(_)));
        batch
    }
}

impl std::fmt::Debug for EvaluationSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EvaluationSet").field("name", &self.name).field("layout", &self.layout).finish_non_exhaustive()
    }
}
