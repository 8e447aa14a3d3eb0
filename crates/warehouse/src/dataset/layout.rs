//! Which column of a result is what in a dataset.

use arrow::datatypes::{DataType, Schema};

use super::categories::{Encoder, is_text};
use crate::contract::{Contract, ContractColumn};
use crate::{Categories, DatasetError, DatasetSpec, Split, WarehouseError};

/// Where the label, the features and the split's column are. One that exists can be written.
pub(crate) struct Layout {
    /// Makes numbers of the texts that have a list.
    pub(super) encoder: Encoder,
    /// The files' columns in the result: the label, then the features.
    pub(crate) columns: Vec<usize>,
    /// Their types.
    types: Vec<DataType>,
    pub(crate) split: usize,
    pub(crate) contract: Contract,
}

impl Layout {
    /// Looks the columns up, each of another name, and refuses what XGBoost cannot learn from.
    pub(crate) fn new(spec: &DatasetSpec, result: &Schema) -> Result<Self, DatasetError> {
        let columns: Vec<String> = result.fields().iter().map(|field| field.name().clone()).collect();
        let find = |name: &str| columns.iter().position(|column| column == name);
        let label = find(&spec.label)
            .ok_or_else(|| DatasetError::MissingLabel { label: spec.label.clone(), columns: columns.clone() })?;
        let split = find(spec.split.column()).ok_or_else(|| DatasetError::UnknownSplitColumn {
            column: spec.split.column().to_owned(),
            columns: columns.clone(),
        })?;
        let unknown = spec.leave_out.iter().find(|column| find(column).is_none());
        if let Some(column) = unknown {
            return Err(DatasetError::UnknownLeftOut { column: column.clone(), columns });
        }
        check_split(&spec.split, result.field(split).data_type())?;
        let left_out = |index: &usize| spec.leave_out.contains(&columns[*index]);
        let mut written = vec![label];
        written.extend((0..columns.len()).filter(|index| *index != label && *index != split && !left_out(index)));

        check_coded(spec, &written, &columns)?;
        let encoder = Encoder::new(&spec.categories, result)?;
        let schema = encoder.schema(result);
        let type_of = |index: usize| schema.field(index).data_type();
        check_label(&spec.label, type_of(label))?;
        if written.len() == 1 {
            return Err(DatasetError::NoFeatures { label: spec.label.clone() });
        }
        let column = |index: &usize| contract_column(&columns[*index], type_of(*index), &spec.categories);
        let features = written[1..].iter().map(column).collect::<Result<_, _>>()?;
        Ok(Self {
            contract: Contract::new(column(&label)?, features),
            types: written.iter().map(|index| type_of(*index).clone()).collect(),
            encoder,
            columns: written,
            split,
        })
    }

    /// The files' columns, the label first.
    pub(crate) fn names_and_types(&self) -> impl Iterator<Item = (&str, &DataType)> {
        self.contract.columns().map(|column| column.name.as_str()).zip(&self.types)
    }

    /// The error for a number that XGBoost cannot hold.
    pub(super) fn beyond_float32(&self, index: usize, row: u64, value: f64) -> WarehouseError {
        let column = self.contract.columns().nth(index).map(|column| column.name.clone()).unwrap_or_default();
        DatasetError::BeyondFloat32 { column, row, value }.into()
    }
}

fn check_label(label: &str, data_type: &DataType) -> Result<(), DatasetError> {
    if is_number(data_type) {
        return Ok(());
    }
    Err(DatasetError::LabelType { label: label.to_owned(), data_type: data_type.to_string() })
}

/// Refuses a list of categories of a column that goes into no file.
fn check_coded(spec: &DatasetSpec, written: &[usize], columns: &[String]) -> Result<(), DatasetError> {
    let goes_nowhere = |(name, _): &&(String, Categories)| {
        columns.iter().position(|column| column == name).is_some_and(|index| !written.contains(&index))
    };
    match spec.categories.iter().find(goes_nowhere) {
        Some((column, _)) => Err(DatasetError::InvalidCategories {
            column: column.clone(),
            problem: "it splits the rows or is left out, and is no feature: take its list away".to_owned(),
        }),
        None => Ok(()),
    }
}

fn contract_column(
    name: &str,
    data_type: &DataType,
    categories: &[(String, Categories)],
) -> Result<ContractColumn, DatasetError> {
    let column = name.to_owned();
    match data_type {
        number if is_number(number) => Ok(ContractColumn {
            categories: categories.iter().find(|(coded, _)| coded == name).map(|(_, categories)| categories.clone()),
            data_type: number.to_string(),
            name: column,
        }),
        text if is_text(text) => Err(DatasetError::TextFeature { column }),
        time if time.is_temporal() => Err(DatasetError::TimeFeature { column, data_type: time.to_string() }),
        other => Err(DatasetError::FeatureType { column, data_type: other.to_string() }),
    }
}

/// Whether [`super::cells::Cells`] writes the type.
fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer()
        || matches!(data_type, DataType::Boolean | DataType::Float32 | DataType::Float64 | DataType::Decimal128(_, 0..))
}

fn check_split(split: &Split, data_type: &DataType) -> Result<(), DatasetError> {
    let (fits, remedy) = match split {
        Split::ByTime { .. } => (
            matches!(data_type, DataType::Date32 | DataType::Timestamp(..) | DataType::Utf8),
            "select a date or a timestamp, or split by hash",
        ),
        Split::ByHash { .. } => (
            data_type.is_integer()
                || matches!(
                    data_type,
                    DataType::Boolean
                        | DataType::Decimal128(_, 0..)
                        | DataType::Utf8
                        | DataType::Date32
                        | DataType::Timestamp(..)
                ),
            "select a key: whole numbers, text or times",
        ),
    };
    if fits {
        return Ok(());
    }
    Err(DatasetError::SplitColumnType { column: split.column().to_owned(), data_type: data_type.to_string(), remedy })
}
