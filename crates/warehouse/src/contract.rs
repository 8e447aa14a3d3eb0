//! What a model is fed with: the columns of its files, and what they mean.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Categories;

/// The version of the contract's form.
const VERSION: u32 = 1;

/// What every dataset of this crate does with what is no number.
const MISSING: &str = "null, NaN and infinite values are missing";

/// What a model is fed with: names, order and types of its columns, and what stands for what. A model trained under one
/// contract scores rows under the same one, or nonsense.
///
/// [`Contract::sha256`] names it: equal where everything in it is.
// The fields of these structures are in the order of their names, which makes their JSON the canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Contract {
    /// The columns after the label, in the files' order.
    pub features: Vec<ContractColumn>,
    /// The column to predict; it is the first of each file.
    pub label: ContractColumn,
    /// What is missing: an empty field in CSV, a null in Parquet. XGBoost learns which way such rows go.
    pub missing: String,
    /// The version of this form: 1.
    pub version: u32,
}

/// A column of a [`Contract`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ContractColumn {
    /// The texts that the column's codes stand for, where it was text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Categories>,
    /// Its Arrow type; of an encoded text, that of the codes.
    pub data_type: String,
    /// Its name in the query's result.
    pub name: String,
}

impl Contract {
    pub(crate) fn new(label: ContractColumn, features: Vec<ContractColumn>) -> Self {
        Self { features, label, missing: MISSING.to_owned(), version: VERSION }
    }

    /// The features' names, in the files' order.
    #[must_use]
    pub fn feature_names(&self) -> Vec<String> {
        self.features.iter().map(|feature| feature.name.clone()).collect()
    }

    /// The SHA-256 of the canonical form, in hex: the JSON with the keys of each object in order, without spaces, in UTF-8, as
    /// Python's `json.dumps(contract, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` writes it.
    ///
    /// # Errors
    /// None in practice: a contract always has a JSON.
    pub fn sha256(&self) -> serde_json::Result<String> {
        Ok(hex::encode(Sha256::digest(serde_json::to_vec(self)?)))
    }

    /// The label, then the features: the columns of each file.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &ContractColumn> {
        std::iter::once(&self.label).chain(&self.features)
    }
}
