//! What a dataset consists of and where it came from.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{ColumnStatistics, Contract, DateWindow, Format, Parameter, Set, Split, WarehouseError};

/// A dataset's description: its files and what is in them, the contract, and the query they came from.
///
/// Written as `manifest.json` beside the files, after them: where it is, the dataset is whole. It holds no address and no
/// password, and no time of day, so the same rows of the same snapshot give the same bytes. Its keys are this structure's
/// fields; a reader checks `version` first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The version of this form: [`Manifest::VERSION`].
    pub version: u32,
    /// The files, one for each [`Set`], and what their columns are like. Each set is described by itself: what a model has
    /// learnt from is the train set alone, and drift is measured from that.
    pub files: Vec<File>,
    /// The files' columns and what they mean.
    pub contract: Contract,
    /// The contract's [`Contract::sha256`].
    pub contract_sha256: String,
    /// The query's text.
    pub query: String,
    /// The query's parameters, `$1` first.
    pub parameters: Vec<Parameter>,
    /// The days covered, where the query has a window.
    pub window: Option<DateWindow>,
    /// The rule that put each row into its file.
    pub split: Split,
    /// The version of the server that answered, where one did.
    pub server_version: Option<String>,
    /// The snapshot that the rows are from, where the server has such: PostgreSQL's `xmin:xmax:xip`.
    pub snapshot: Option<String>,
    /// SHA-256 over the contract's and the files' SHA-256, in hex: equal where the training data are equal.
    pub digest: String,
}

/// One file of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// The set in it.
    pub set: Set,
    /// Its name in the dataset's folder; of a set in parts their folder's, with a slash.
    pub name: String,
    /// How its rows lie.
    pub format: Format,
    /// Its rows.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its content, in hex. Of a set in parts it is one over its rows, to the digits that the server's text of them has,
    /// whatever their order: the cluster's nodes write in none.
    pub sha256: String,
    /// What its columns are like, the label first. Of a set in parts the server counted it, and the quantiles are those of some 100,000
    /// rows, drawn at random.
    pub columns: Vec<ColumnStatistics>,
    /// The files, where a cluster wrote the set in several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// One of the files in which a cluster wrote a set to S3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name, from the dataset's folder.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// S3's tag of the bytes that the cluster wrote.
    pub etag: String,
}

impl Manifest {
    /// The name of a manifest's file.
    pub const FILE_NAME: &'static str = "manifest.json";

    /// The version of the form that this crate writes and reads.
    pub const VERSION: u32 = 1;

    /// Reads the manifest in a dataset's folder.
    ///
    /// # Errors
    /// [`WarehouseError::File`] where there is none, [`WarehouseError::InvalidManifest`] where it is not one.
    pub fn load(dir: &Path) -> Result<Self, WarehouseError> {
        let path = dir.join(Self::FILE_NAME);
        let text =
            fs::read(&path).map_err(|source| WarehouseError::File { act: "read", path: path.clone(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads a manifest's text; `place` is where it is from, for the error.
    ///
    /// # Errors
    /// [`WarehouseError::InvalidManifest`] where it is none, [`WarehouseError::ManifestVersion`] where it is another version's.
    pub fn parse(text: &[u8], place: &str) -> Result<Self, WarehouseError> {
        let invalid = |source| WarehouseError::InvalidManifest { place: place.to_owned(), source };
        let Version { version } = serde_json::from_slice(text).map_err(invalid)?;
        if version != Self::VERSION {
            return Err(WarehouseError::ManifestVersion { place: place.to_owned(), version, known: Self::VERSION });
        }
        serde_json::from_slice(text).map_err(invalid)
    }

    /// The file of a set.
    #[must_use]
    pub fn file(&self, set: Set) -> Option<&File> {
        self.files.iter().find(|file| file.set == set)
    }

    /// The features' names, in the files' order.
    #[must_use]
    pub fn feature_names(&self) -> Vec<String> {
        self.contract.feature_names()
    }

    /// The manifest's text.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, WarehouseError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(Self::unwritable)?;
        text.push(b'\n');
        Ok(text)
    }

    pub(crate) fn unwritable(source: serde_json::Error) -> WarehouseError {
        WarehouseError::InvalidManifest { place: Self::FILE_NAME.to_owned(), source }
    }

    /// The digest of a dataset: each field with its length, so that no two lists of names read alike.
    pub(crate) fn digest_of(contract_sha256: &str, files: &[File]) -> String {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        };
        add("refit dataset 2");
        add(contract_sha256);
        for file in files {
            add(&file.name);
            add(&file.sha256);
        }
        hex::encode(digest.finalize())
    }
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}
