//! What a model was trained on, as the dataset's `manifest.json` describes it.

use serde::{Deserialize, Serialize};

use crate::EvaluationError;

/// The columns of the training rows, and the contract that they keep.
///
/// Of a manifest only this is read: `contract.label`, `contract.features`, `contract_sha256`, and `columns` of the file
/// whose `set` is `train`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TrainingProfile {
    /// The label's name.
    pub label: String,
    /// The features' names, in order.
    pub features: Vec<String>,
    /// The contract's SHA-256, in hex, where the manifest has one.
    pub contract_sha256: Option<String>,
    /// The label's column and the features', as far as the manifest describes them.
    pub columns: Vec<ColumnProfile>,
}

/// How the values of one column are distributed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// The column's name.
    pub name: String,
    /// Rows with a value.
    pub count: u64,
    /// Rows without one.
    pub nulls: u64,
    /// The least value.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest value.
    #[serde(default)]
    pub max: Option<f64>,
    /// Values at equally spaced probabilities from 0 to 1, each not above the next; 101 in a manifest. Empty where the
    /// column has no value.
    #[serde(default)]
    pub quantiles: Vec<f64>,
    /// Rows of each class from 0 on, where the column says classes, as predictions of several do. Empty for numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<u64>,
}

impl ColumnProfile {
    /// A column that says classes: so many rows each.
    pub(crate) fn of_classes(name: &str, classes: &[u64]) -> Self {
        let said = || classes.iter().enumerate().filter(|(_, rows)| **rows > 0).map(|(class, _)| class as f64);
        Self {
            name: name.to_owned(),
            count: classes.iter().sum(),
            min: said().next(),
            max: said().next_back(),
            classes: classes.to_vec(),
            ..Self::default()
        }
    }

    /// The predictions of an earlier evaluation, from its `report.json`: what later predictions of the same model may be compared
    /// with.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::EarlierReport`] where it is no such report.
    pub fn from_report(json: &[u8]) -> Result<Self, EvaluationError> {
        let report: EarlierReport =
            serde_json::from_slice(json).map_err(|source| EvaluationError::EarlierReport { source })?;
        let profile = report.evaluation.prediction_profile;
        match profile.quantiles.is_sorted() {
            true => Ok(profile),
            false => Err(EvaluationError::ProfileColumn { column: profile.name }),
        }
    }
}

#[derive(Deserialize)]
struct EarlierReport {
    evaluation: EarlierEvaluation,
}

#[derive(Deserialize)]
struct EarlierEvaluation {
    prediction_profile: ColumnProfile,
}

#[derive(Deserialize)]
struct Manifest {
    contract: Contract,
    #[serde(default)]
    contract_sha256: Option<String>,
    #[serde(default)]
    files: Vec<File>,
}

#[derive(Deserialize)]
struct Contract {
    label: Named,
    features: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct File {
    set: String,
    #[serde(default)]
    columns: Vec<ColumnProfile>,
}

impl TrainingProfile {
    /// Reads a dataset's `manifest.json`.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::Profile`] where it is no manifest, [`EvaluationError::ProfileColumn`] where a column's quantiles
    /// are not in order.
    pub fn from_manifest(json: &[u8]) -> Result<Self, EvaluationError> {
        let manifest: Manifest = serde_json::from_slice(json).map_err(|source| EvaluationError::Profile { source })?;
        let train = manifest.files.into_iter().find(|file| file.set.eq_ignore_ascii_case("train"));
        let columns = train.map(|file| file.columns).unwrap_or_default();
        if let Some(column) = columns.iter().find(|column| !column.quantiles.is_sorted()) {
            return Err(EvaluationError::ProfileColumn { column: column.name.clone() });
        }
        Ok(Self {
            label: manifest.contract.label.name,
            features: manifest.contract.features.into_iter().map(|feature| feature.name).collect(),
            contract_sha256: manifest.contract_sha256,
            columns,
        })
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}
