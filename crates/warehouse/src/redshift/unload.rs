//! UNLOAD: the cluster writes a result to S3 itself.

use arrow::datatypes::Schema;

use super::cells::{cell, no_feature};
use crate::literals;
use crate::{DatasetError, Format, WarehouseError};

/// What UNLOAD writes, and where.
///
/// | field | purpose |
/// |---|---|
/// | `prefix` | where the files go, `s3://bucket/some/key-`; nothing may be there yet |
/// | `format` | Parquet, or training files |
/// | `iam_role` | whom the cluster writes as |
/// | `region` | the bucket's region, where it is not the cluster's |
/// | `ordered` | one file after the other, in the query's order: the nodes then do not write side by side |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unload {
    /// Where the files go.
    pub prefix: String,
    /// What they are.
    pub format: UnloadFormat,
    /// Whom the cluster writes as.
    pub iam_role: IamRole,
    /// The bucket's region, where it is not the cluster's.
    pub region: Option<String>,
    /// Whether the rows keep the query's order.
    pub ordered: bool,
}

/// The form of the files that UNLOAD writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnloadFormat {
    /// Parquet, with the query's columns.
    Parquet,
    /// Training files of SageMaker's XGBoost: no header, the label first, a missing value empty, booleans 1 and 0.
    TrainingCsv {
        /// The column to predict.
        label: String,
        /// Columns that are no features.
        leave_out: Vec<String>,
    },
}

/// The role that a cluster takes to write to S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IamRole {
    /// The cluster's default role.
    Default,
    /// The role with this ARN.
    Arn(String),
}

impl Unload {
    /// To a prefix, as the cluster's default role, in the cluster's region, without an order.
    pub fn to(prefix: impl Into<String>, format: UnloadFormat) -> Self {
        Self { prefix: prefix.into(), format, iam_role: IamRole::Default, region: None, ordered: false }
    }

    /// Where the manifest goes.
    pub(super) fn manifest(&self) -> String {
        format!("{}manifest", self.prefix)
    }

    /// The statement for a query, of which the schema is known.
    pub(super) fn statement(&self, sql: &str, schema: &Schema) -> Result<String, WarehouseError> {
        let (query, format) = match &self.format {
            UnloadFormat::Parquet => (sql.to_owned(), Format::Parquet),
            UnloadFormat::TrainingCsv { label, leave_out } => (training(sql, schema, label, leave_out)?, Format::Csv),
        };
        let Self { prefix, iam_role, region, .. } = self;
        Ok(statement(&query, format, prefix, iam_role, region.as_deref(), self.ordered))
    }
}

/// The statement that writes a query's rows as they are.
pub(super) fn statement(
    query: &str,
    format: Format,
    prefix: &str,
    iam_role: &IamRole,
    region: Option<&str>,
    ordered: bool,
) -> String {
    let role = match iam_role {
        IamRole::Default => "default".to_owned(),
        IamRole::Arn(arn) => literals::quoted(arn),
    };
    let format = match format {
        Format::Csv => "CSV",
        Format::Parquet => "PARQUET",
    };
    // The query is a text within the statement: its own quotes are quoted once more.
    let mut statement = format!(
        "UNLOAD ({}) TO {} IAM_ROLE {role} FORMAT AS {format} MANIFEST VERBOSE PARALLEL {}",
        literals::quoted(query),
        literals::quoted(prefix),
        if ordered { "OFF" } else { "ON" }
    );
    if let Some(region) = region {
        statement += &format!(" REGION AS {}", literals::quoted(region));
    }
    statement
}

/// The query's columns as a training file has them.
fn training(sql: &str, schema: &Schema, label: &str, leave_out: &[String]) -> Result<String, DatasetError> {
    let names = || schema.fields().iter().map(|field| field.name().clone()).collect();
    let label_field = schema
        .field_with_name(label)
        .map_err(|_| DatasetError::MissingLabel { label: label.to_owned(), columns: names() })?;
    if let Some(column) = leave_out.iter().find(|column| schema.field_with_name(column).is_err()) {
        return Err(DatasetError::UnknownLeftOut { column: column.clone(), columns: names() });
    }
    let Some(first) = cell(label_field) else {
        return Err(DatasetError::LabelType {
            label: label.to_owned(),
            data_type: label_field.data_type().to_string(),
        });
    };
    let mut cells = vec![first];
    for field in schema.fields().iter().filter(|field| field.name() != label && !leave_out.contains(field.name())) {
        cells.push(cell(field).ok_or_else(|| no_feature(field))?);
    }
    if cells.len() == 1 {
        return Err(DatasetError::NoFeatures { label: label.to_owned() });
    }
    Ok(format!("SELECT {} FROM (\n{sql}\n) AS refit_query", cells.join(", ")))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};

    use super::*;

    fn schema() -> Schema {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        Schema::new(vec![
            field("id", DataType::Utf8),
            field("a \"b\"", DataType::Boolean),
            field("y", DataType::Decimal128(12, 4)),
            field("x", DataType::Float64),
        ])
    }

    fn csv(label: &str, leave_out: &[&str]) -> Unload {
        let leave_out = leave_out.iter().map(|column| (*column).to_owned()).collect();
        Unload::to("s3://b/k/", UnloadFormat::TrainingCsv { label: label.to_owned(), leave_out })
    }

    /// Quotes double in the query's own texts, and double again where the query is a text.
    #[test]
    fn the_query_is_quoted_as_a_text() {
        let sql = "SELECT * FROM t WHERE s = ('it''s')";
        let unload = Unload {
            iam_role: IamRole::Arn("arn:aws:iam::1:role/r".to_owned()),
            ..Unload::to("s3://b/o'k/", UnloadFormat::Parquet)
        };
        assert_eq!(
            unload.statement(sql, &schema()).unwrap(),
            "UNLOAD ('SELECT * FROM t WHERE s = (''it''''s'')') TO 's3://b/o''k/' IAM_ROLE 'arn:aws:iam::1:role/r' \
             FORMAT AS PARQUET MANIFEST VERBOSE PARALLEL ON"
        );
        let escaped = unload.statement("SELECT E'a\\\\b'", &schema()).unwrap();
        assert!(escaped.starts_with("UNLOAD (E'SELECT E''a\\\\\\\\b''') TO"), "{escaped}");
        assert_eq!(unload.manifest(), "s3://b/o'k/manifest");
    }

    #[test]
    fn training_files_have_the_label_first_and_numbers_only() {
        let unload = Unload { region: Some("eu-west-1".to_owned()), ordered: true, ..csv("y", &["id"]) };
        let statement = unload.statement("SELECT 1", &schema()).unwrap();
        let inner = "SELECT \"y\", CASE WHEN \"a \"\"b\"\"\" THEN 1 WHEN NOT \"a \"\"b\"\"\" THEN 0 END, \
                     NULLIF(NULLIF(NULLIF(\"x\", ''NaN''), ''Infinity''), ''-Infinity'') FROM (\nSELECT 1\n) AS refit_query";
        assert_eq!(
            statement,
            format!(
                "UNLOAD ('{inner}') TO 's3://b/k/' IAM_ROLE default FORMAT AS CSV MANIFEST VERBOSE PARALLEL OFF REGION AS 'eu-west-1'"
            )
        );
        let refused = |unload: Unload| unload.statement("SELECT 1", &schema()).unwrap_err();
        assert!(matches!(refused(csv("z", &[])), WarehouseError::Dataset(DatasetError::MissingLabel { .. })));
        assert!(matches!(refused(csv("id", &[])), WarehouseError::Dataset(DatasetError::LabelType { .. })));
        assert!(matches!(refused(csv("y", &[])), WarehouseError::Dataset(DatasetError::TextFeature { .. })));
        assert!(matches!(refused(csv("y", &["z"])), WarehouseError::Dataset(DatasetError::UnknownLeftOut { .. })));
        assert!(matches!(
            refused(csv("y", &["id", "x", "a \"b\""])),
            WarehouseError::Dataset(DatasetError::NoFeatures { .. })
        ));
    }
}
