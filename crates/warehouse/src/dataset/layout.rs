//! Which column of a result is what in a dataset.

use arrow::datatypes::{DataType, Schema};

use crate::manifest::Feature;
use crate::{DatasetSpec, Split, WarehouseError};

/// Where the label, the features and the split's column are. One that exists can be written.
pub(super) struct Layout {
    pub(super) label: usize,
    pub(super) label_type: String,
    pub(super) features: Vec<usize>,
    pub(super) feature_types: Vec<Feature>,
    pub(super) split: usize,
}

impl Layout {
    /// Looks the columns up, and refuses what XGBoost cannot learn from.
    pub(super) fn new(spec: &DatasetSpec, schema: &Schema) -> Result<Self, WarehouseError> {
        let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let find = |name: &str| columns.iter().position(|column| column == name);
        refuse_duplicates(&columns)?;
        let label = find(&spec.label)
            .ok_or_else(|| WarehouseError::MissingLabel { label: spec.label.clone(), columns: columns.clone() })?;
        let split = find(spec.split.column()).ok_or_else(|| WarehouseError::UnknownSplitColumn {
            column: spec.split.column().to_owned(),
            columns: columns.clone(),
        })?;
        let unknown = spec.leave_out.iter().find(|column| find(column).is_none());
        if let Some(column) = unknown {
            return Err(WarehouseError::UnknownLeftOut { column: column.clone(), columns });
        }
        let type_of = |index: usize| schema.field(index).data_type();
        check_label(&spec.label, type_of(label))?;
        check_split(&spec.split, type_of(split))?;

        let left_out = |index: &usize| spec.leave_out.contains(&columns[*index]);
        let features: Vec<_> =
            (0..columns.len()).filter(|index| *index != label && *index != split && !left_out(index)).collect();
        if features.is_empty() {
            return Err(WarehouseError::NoFeatures { label: spec.label.clone() });
        }
        let feature_types = features.iter().map(|index| feature(&columns[*index], type_of(*index)));
        Ok(Self {
            label,
            label_type: type_of(label).to_string(),
            feature_types: feature_types.collect::<Result<_, _>>()?,
            features,
            split,
        })
    }
}

fn refuse_duplicates(columns: &[String]) -> Result<(), WarehouseError> {
    let again = columns.iter().enumerate().find(|(index, column)| columns[..*index].contains(column));
    match again {
        Some((_, column)) => Err(WarehouseError::DuplicateColumn { column: column.clone() }),
        None => Ok(()),
    }
}

fn check_label(label: &str, data_type: &DataType) -> Result<(), WarehouseError> {
    if is_number(data_type) {
        return Ok(());
    }
    Err(WarehouseError::LabelType { label: label.to_owned(), data_type: data_type.to_string() })
}

fn feature(name: &str, data_type: &DataType) -> Result<Feature, WarehouseError> {
    let column = name.to_owned();
    match data_type {
        number if is_number(number) => Ok(Feature { name: column, data_type: number.to_string() }),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Err(WarehouseError::TextFeature { column }),
        DataType::Dictionary(_, values) if **values == DataType::Utf8 => Err(WarehouseError::TextFeature { column }),
        time if time.is_temporal() => Err(WarehouseError::TimeFeature { column, data_type: time.to_string() }),
        other => Err(WarehouseError::FeatureType { column, data_type: other.to_string() }),
    }
}

/// Whether [`super::cells::Cells`] writes the type.
fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer()
        || matches!(data_type, DataType::Boolean | DataType::Float32 | DataType::Float64 | DataType::Decimal128(_, 0..))
}

fn check_split(split: &Split, data_type: &DataType) -> Result<(), WarehouseError> {
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
    Err(WarehouseError::SplitColumnType { column: split.column().to_owned(), data_type: data_type.to_string(), remedy })
}
