//! Text as numbers, by a list that is declared.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use super::assign::unpadded;
use crate::{DatasetError, WarehouseError};

/// What a text that is in no list becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// An error that names it and its row: a new category is news.
    #[default]
    Refused,
    /// A missing value.
    Missing,
}

/// The texts of a column, in order: each is written as its place in the list, from 0.
///
/// Blanks at a text's end do not count: a `char(n)` is padded with them on some ways out of some warehouses, and Redshift compares
/// no text with them.
///
/// Codes have an order, and trees cut along it: put what is alike side by side, small before large. Where the texts have no
/// order worth cutting along, select one 0/1 column for each instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
// In the order of their names, as everything in a contract.
pub struct Categories {
    /// What any other text becomes.
    pub unknown: Unknown,
    /// The texts.
    pub values: Vec<String>,
}

impl Categories {
    /// These texts, and an error for any other.
    pub fn new<S: Into<String>>(values: impl IntoIterator<Item = S>) -> Self {
        Self { unknown: Unknown::default(), values: values.into_iter().map(Into::into).collect() }
    }

    /// Makes any other text a missing value.
    #[must_use]
    pub fn others_missing(mut self) -> Self {
        self.unknown = Unknown::Missing;
        self
    }

    /// The texts as they compare: where a list and a column differ by blanks at a text's end, they do not differ.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| unpadded(value))
    }

    fn codes(&self, column: &str) -> Result<HashMap<String, i32>, DatasetError> {
        let problem = |problem: String| DatasetError::InvalidCategories { column: column.to_owned(), problem };
        let mut codes = HashMap::new();
        for (value, code) in self.texts().zip(0..) {
            if codes.insert(value.to_owned(), code).is_some() {
                return Err(problem(format!("{value:?} is listed twice: list it once")));
            }
        }
        if codes.is_empty() {
            return Err(problem("the list is empty: name the texts".to_owned()));
        }
        Ok(codes)
    }
}

/// Replaces text columns by their codes.
pub(super) struct Encoder {
    columns: Vec<Coded>,
}

struct Coded {
    name: String,
    index: usize,
    codes: HashMap<String, i32>,
    unknown: Unknown,
}

impl Encoder {
    /// Looks the columns up.
    pub(super) fn new(declared: &[(String, Categories)], schema: &Schema) -> Result<Self, DatasetError> {
        let coded = |(name, categories): &(String, Categories)| {
            let problem = |problem: String| DatasetError::InvalidCategories { column: name.clone(), problem };
            if declared.iter().filter(|(other, _)| other == name).count() > 1 {
                return Err(problem("it has two lists: declare one".to_owned()));
            }
            let index = schema.index_of(name).map_err(|_| {
                let columns: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
                problem(format!("there is no such column, but {}: correct the name", columns.join(", ")))
            })?;
            match schema.field(index).data_type() {
                text if is_text(text) => {
                    Ok(Coded { name: name.clone(), index, codes: categories.codes(name)?, unknown: categories.unknown })
                }
                other => Err(problem(format!("it is {other} and no text: a number needs no list"))),
            }
        };
        Ok(Self { columns: declared.iter().map(coded).collect::<Result<_, _>>()? })
    }

    /// The schema with codes in the place of the texts.
    pub(super) fn schema(&self, schema: &Schema) -> Schema {
        let field = |(index, field): (usize, &Arc<Field>)| match self.columns.iter().any(|coded| coded.index == index) {
            true => Arc::new(Field::new(field.name(), DataType::Int32, true)),
            false => field.clone(),
        };
        Schema::new(schema.fields().iter().enumerate().map(field).collect::<Vec<_>>())
    }

    /// A batch's columns with codes in the place of the texts. `before` is how many rows came before it.
    pub(super) fn encode(&self, batch: &RecordBatch, before: u64) -> Result<Vec<ArrayRef>, WarehouseError> {
        let mut columns = batch.columns().to_vec();
        for coded in &self.columns {
            let texts = cast(&columns[coded.index], &DataType::Utf8)?;
            columns[coded.index] = Arc::new(coded.encode(texts.as_string::<i32>(), before)?);
        }
        Ok(columns)
    }
}

impl Coded {
    fn encode(&self, texts: &StringArray, before: u64) -> Result<Int32Array, DatasetError> {
        let code = |(row, text): (u64, Option<&str>)| match text.map(|text| (text, self.codes.get(unpadded(text)))) {
            None => Ok(None),
            Some((_, Some(code))) => Ok(Some(*code)),
            Some((_, None)) if self.unknown == Unknown::Missing => Ok(None),
            Some((text, None)) => Err(DatasetError::UnknownCategory {
                column: self.name.clone(),
                row: before + row,
                value: text.chars().take(100).collect(),
            }),
        };
        (1..).zip(texts).map(code).collect()
    }
}

/// Whether a column holds text, however Arrow keeps it.
pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}
