//! Held-out rows in a CSV file.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Builder, Float64Builder};
use arrow::record_batch::RecordBatch;
use csv::{ByteRecord, ReaderBuilder};

use crate::EvaluationError;
use crate::layout::{Layout, is_weight};

/// No batch has more rows than this.
const MOST_ROWS: usize = 8192;
/// No batch has more values than this, except that it has at least one row. 1 Mi values are 4 MiB.
const MOST_VALUES: usize = 1 << 20;

/// The lines of a CSV file without a header.
pub(crate) struct Lines {
    reader: csv::Reader<Box<dyn Read + Send>>,
    record: ByteRecord,
}

impl Lines {
    pub(crate) fn new(reader: impl Read + Send + 'static) -> Self {
        let reader: Box<dyn Read + Send> = Box::new(reader);
        // `flexible`, so that a short row is reported in our words, with its line.
        let reader =
            ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(1 << 18).from_reader(reader);
        Self { reader, record: ByteRecord::new() }
    }

    /// As many lines as make a batch; none at the end.
    pub(crate) fn next(&mut self, set: &str, layout: &Layout) -> Result<Option<RecordBatch>, EvaluationError> {
        let most = (MOST_VALUES / layout.width()).clamp(1, MOST_ROWS);
        let mut labels = Float64Builder::with_capacity(most);
        let mut weights = layout.weight().map(|(place, name)| (place, name, Float64Builder::with_capacity(most)));
        let mut features: Vec<_> =
            layout.features().map(|(place, name)| (place, name, Float32Builder::with_capacity(most))).collect();
        let mut rows = 0;
        while rows < most && self.read_record(set, layout)? {
            let line = Line { set, record: &self.record };
            labels.append_value(line.label()?);
            for (place, name, builder) in &mut features {
                builder.append_option(line.feature(*place, name)?);
            }
            if let Some((place, name, builder)) = &mut weights {
                builder.append_value(line.weight(*place, name)?);
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let features = features.iter_mut().map(|(.., builder)| Arc::new(builder.finish()) as ArrayRef);
        let weights = weights.map(|(.., mut builder)| Arc::new(builder.finish()) as ArrayRef);
        layout
            .batch(Arc::new(labels.finish()), features, weights)
            .map(Some)
            .map_err(|source| EvaluationError::Batch { set: set.to_owned(), source })
    }

    fn read_record(&mut self, set: &str, layout: &Layout) -> Result<bool, EvaluationError> {
        let more = self
            .reader
            .read_byte_record(&mut self.record)
            .map_err(|source| EvaluationError::Read { set: set.to_owned(), source })?;
        let found = self.record.len();
        if more && found != layout.width() {
            let line = Line { set, record: &self.record }.number();
            return Err(EvaluationError::row_width(set, line, layout, found));
        }
        Ok(more)
    }
}

/// One line of a file.
struct Line<'a> {
    set: &'a str,
    record: &'a ByteRecord,
}

impl Line<'_> {
    fn label(&self) -> Result<f64, EvaluationError> {
        let text = self.text(0);
        let missing = || EvaluationError::MissingLabel { set: self.set.to_owned(), line: self.number() };
        if text.is_empty() {
            return Err(missing());
        }
        match text.parse::<f64>() {
            Ok(label) if label.is_nan() => Err(missing()),
            // A label beyond f32 is infinite for XGBoost.
            #[allow(clippy::cast_possible_truncation, reason = "the narrowing is what is being checked")]
            Ok(label) if (label as f32).is_finite() => Ok(label),
            _ => Err(EvaluationError::Label { set: self.set.to_owned(), line: self.number(), value: shortened(&text) }),
        }
    }

    fn feature(&self, place: usize, column: &str) -> Result<Option<f32>, EvaluationError> {
        let text = self.text(place);
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<f32>() {
            Ok(value) if value.is_nan() => Ok(None),
            Ok(value) if value.is_finite() => Ok(Some(value)),
            _ => Err(EvaluationError::Field {
                set: self.set.to_owned(),
                line: self.number(),
                column: column.to_owned(),
                value: shortened(&text),
            }),
        }
    }

    fn weight(&self, place: usize, column: &str) -> Result<f64, EvaluationError> {
        let text = self.text(place);
        match text.parse::<f64>() {
            Ok(weight) if is_weight(weight) => Ok(weight),
            _ => Err(EvaluationError::RowWeight {
                set: self.set.to_owned(),
                line: self.number(),
                column: column.to_owned(),
                value: shortened(&text),
            }),
        }
    }

    fn text(&self, field: usize) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.record[field].trim_ascii())
    }

    fn number(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
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
