//! Held-out rows: CSV without a header, label first, in record batches of bounded size.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Builder, Float64Builder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use csv::{ByteRecord, ReaderBuilder};

use crate::EvaluationError;
use crate::batches::Batches;

/// No batch has more rows than this.
const MOST_ROWS: usize = 8192;
/// No batch has more values than this, except that it has at least one row. 1 Mi values are 4 MiB.
const MOST_VALUES: usize = 1 << 20;

/// Held-out rows of one dataset, read once from front to back: a file, or record batches.
///
/// The file is what SageMaker's XGBoost trains from: no header, the label in the first field, then the
/// features in order. An empty field, or `nan` in any case, is a missing value; so says the container too.
/// As an iterator it yields batches whose column 0 is the label (`Float64`, never null) and whose other
/// columns are the features (`Float32`, null where missing). After an error it yields nothing more.
pub struct EvaluationSet {
    name: String,
    schema: SchemaRef,
    contract_sha256: Option<String>,
    source: Source,
    done: bool,
}

enum Source {
    Csv { reader: csv::Reader<Box<dyn Read + Send>>, record: ByteRecord },
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
        let reader: Box<dyn Read + Send> = Box::new(reader);
        // `flexible`, so that a short row is reported in our words, with its line.
        let reader =
            ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(1 << 18).from_reader(reader);
        let schema = schema("label", features.iter().map(String::as_str));
        Self::new(name.into(), schema, Source::Csv { reader, record: ByteRecord::new() })
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
        let schema = schema(label, names);
        Self::new(name.into(), schema, Source::Arrow(Batches::new(batches)))
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

    /// The label's column, then one for each feature.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The features' names, in order.
    pub fn features(&self) -> impl ExactSizeIterator<Item = &str> {
        self.schema.fields()[1..].iter().map(|field| field.name().as_str())
    }

    fn new(name: String, schema: SchemaRef, source: Source) -> Self {
        Self { name, schema, contract_sha256: None, source, done: false }
    }

    fn read_batch(&mut self) -> Result<Option<RecordBatch>, EvaluationError> {
        match &mut self.source {
            Source::Arrow(batches) => batches.next(&self.name, &self.schema),
            Source::Csv { reader, record } => Lines { set: &self.name, schema: &self.schema, reader, record }.batch(),
        }
    }
}

fn schema<'a>(label: &str, features: impl Iterator<Item = &'a str>) -> SchemaRef {
    let label = Field::new(label, DataType::Float64, false);
    let features = features.map(|name| Field::new(name, DataType::Float32, true));
    Arc::new(Schema::new(std::iter::once(label).chain(features).collect::<Vec<_>>()))
}

/// The lines of a CSV file, as far as they make a batch.
struct Lines<'a> {
    set: &'a str,
    schema: &'a SchemaRef,
    reader: &'a mut csv::Reader<Box<dyn Read + Send>>,
    record: &'a mut ByteRecord,
}

impl Lines<'_> {
    fn batch(&mut self) -> Result<Option<RecordBatch>, EvaluationError> {
        let width = self.schema.fields().len();
        let most = (MOST_VALUES / width).clamp(1, MOST_ROWS);
        let mut labels = Float64Builder::with_capacity(most);
        let mut features: Vec<_> = (1..width).map(|_| Float32Builder::with_capacity(most)).collect();
        let mut rows = 0;
        while rows < most && self.read_record()? {
            labels.append_value(self.label()?);
            for (column, builder) in features.iter_mut().enumerate() {
                builder.append_option(self.feature(column)?);
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = std::iter::once(Arc::new(labels.finish()) as ArrayRef)
            .chain(features.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef))
            .collect();
        RecordBatch::try_new(Arc::clone(self.schema), columns)
            .map(Some)
            .map_err(|source| EvaluationError::Batch { set: self.set.to_owned(), source })
    }

    fn read_record(&mut self) -> Result<bool, EvaluationError> {
        let more = self
            .reader
            .read_byte_record(self.record)
            .map_err(|source| EvaluationError::Read { set: self.set.to_owned(), source })?;
        let (expected, found) = (self.schema.fields().len(), self.record.len());
        if more && found != expected {
            return Err(EvaluationError::RowWidth { set: self.set.to_owned(), line: self.line(), expected, found });
        }
        Ok(more)
    }

    fn label(&self) -> Result<f64, EvaluationError> {
        let text = self.text(0);
        let missing = || EvaluationError::MissingLabel { set: self.set.to_owned(), line: self.line() };
        if text.is_empty() {
            return Err(missing());
        }
        match text.parse::<f64>() {
            Ok(label) if label.is_nan() => Err(missing()),
            // A label beyond f32 is infinite for XGBoost.
            #[allow(clippy::cast_possible_truncation, reason = "the narrowing is what is being checked")]
            Ok(label) if (label as f32).is_finite() => Ok(label),
            _ => Err(EvaluationError::Label { set: self.set.to_owned(), line: self.line(), value: shortened(&text) }),
        }
    }

    fn feature(&self, column: usize) -> Result<Option<f32>, EvaluationError> {
        let text = self.text(column + 1);
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<f32>() {
            Ok(value) if value.is_nan() => Ok(None),
            Ok(value) if value.is_finite() => Ok(Some(value)),
            _ => Err(EvaluationError::Field {
                set: self.set.to_owned(),
                line: self.line(),
                column: self.schema.field(column + 1).name().clone(),
                value: shortened(&text),
            }),
        }
    }

    fn text(&self, field: usize) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.record[field].trim_ascii())
    }

    fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
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
        f.debug_struct("EvaluationSet").field("name", &self.name).field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// A field may hold a whole document; an error needs only its beginning.
fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
