//! What a dataset consists of and where it came from.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{DateWindow, Parameter, Set, Split, WarehouseError};

/// A dataset's description: its files, its columns and the query they came from.
///
/// Written as `manifest.json` beside the files, after them: where it is, the dataset is whole. It holds no address and no
/// password, and no time of day, so the same input gives the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The files, one for each [`Set`].
    pub files: Vec<File>,
    /// The label's name; it is the first column of each file.
    pub label: String,
    /// The label's Arrow type.
    pub label_type: String,
    /// The columns after the label, in the files' order.
    pub features: Vec<Feature>,
    /// The query's text.
    pub query: String,
    /// The query's parameters, `$1` first.
    pub parameters: Vec<Parameter>,
    /// The days covered, where the query has a window.
    pub window: Option<DateWindow>,
    /// The rule that put each row into its file.
    pub split: Split,
    /// SHA-256 over the columns and the files' SHA-256, in hex: equal where the training data are equal.
    pub digest: String,
}

/// One file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The set in it.
    pub set: Set,
    /// Its name in the dataset's folder.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its content, in hex.
    pub sha256: String,
}

/// A column that a model learns from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name in the query's result.
    pub name: String,
    /// Its Arrow type.
    pub data_type: String,
}

impl Manifest {
    /// The name of a manifest's file.
    pub const FILE_NAME: &'static str = "manifest.json";

    /// Reads the manifest in a dataset's folder.
    ///
    /// # Errors
    /// [`WarehouseError::File`] where there is none, [`WarehouseError::InvalidManifest`] where it is not one.
    pub fn load(dir: &Path) -> Result<Self, WarehouseError> {
        let path = dir.join(Self::FILE_NAME);
        let text =
            fs::read(&path).map_err(|source| WarehouseError::File { act: "read", path: path.clone(), source })?;
        serde_json::from_slice(&text).map_err(|source| WarehouseError::InvalidManifest { path, source })
    }

    /// Writes the manifest into a dataset's folder, whole or not at all.
    ///
    /// # Errors
    /// [`WarehouseError::File`].
    pub fn save(&self, dir: &Path) -> Result<(), WarehouseError> {
        let path = dir.join(Self::FILE_NAME);
        let partial = dir.join(format!("{}.partial", Self::FILE_NAME));
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|source| WarehouseError::InvalidManifest { path: path.clone(), source })?;
        text.push(b'\n');
        fs::write(&partial, text).and_then(|()| fs::rename(&partial, &path)).map_err(|source| WarehouseError::File {
            act: "written",
            path,
            source,
        })
    }

    /// The file of a set.
    #[must_use]
    pub fn file(&self, set: Set) -> Option<&File> {
        self.files.iter().find(|file| file.set == set)
    }

    /// The features' names, in the files' order.
    #[must_use]
    pub fn feature_names(&self) -> Vec<String> {
        self.features.iter().map(|feature| feature.name.clone()).collect()
    }

    /// The digest of a dataset: each field with its length, so that no two lists of names read alike.
    pub(crate) fn digest_of(label: (&str, &str), features: &[Feature], files: &[File]) -> String {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        };
        add("refit dataset 1");
        add(label.0);
        add(label.1);
        for feature in features {
            add(&feature.name);
            add(&feature.data_type);
        }
        for file in files {
            add(&file.name);
            add(&file.sha256);
        }
        hex::encode(digest.finalize())
    }
}
