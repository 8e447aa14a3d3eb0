use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use refit_aws::{S3Uri, Sha256Digest};

use crate::{EndpointError, TargetModel};

/// The entry that says how many features a row has.
const FEATURES: &str = "features";
/// The entry that names the contract.
const SHA256: &str = "contract-sha256";
/// The entry that says where the training rows are described.
const MANIFEST: &str = "training-manifest";

/// What a model is to be fed with: how many features, and where their names, order and types are written down.
///
/// It is kept with the deployed model, so that whoever sees the model in S3 can check rows before they are sent. SageMaker's
/// containers match columns by position only: some score rows of another width, with the label in front, without a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureContract {
    /// The features of a row, without the label.
    pub features: NonZeroUsize,
    /// The SHA-256 of the contract in the manifest.
    pub sha256: Sha256Digest,
    /// The `manifest.json` of the dataset that the model was trained on.
    pub manifest: S3Uri,
}

impl FeatureContract {
    /// The contract as entries of a model package's or an object's metadata.
    pub fn entries(&self) -> [(&'static str, String); 3] {
        [
            (FEATURES, self.features.to_string()),
            (SHA256, self.sha256.to_string()),
            (MANIFEST, self.manifest.to_string()),
        ]
    }

    /// The contract that metadata tell of; none where an entry is missing or no such thing.
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Option<Self> {
        let entry = |key: &str| metadata.get(key);
        Some(Self {
            features: entry(FEATURES)?.parse().ok()?,
            sha256: entry(SHA256)?.parse().ok()?,
            manifest: entry(MANIFEST)?.parse().ok()?,
        })
    }

    /// Checks that every row has as many fields as there are features. Rows are those of
    /// [`invoke`](crate::EndpointClient::invoke).
    ///
    /// # Errors
    ///
    /// [`EndpointError::RowWidth`] for the first row that has not.
    pub fn check(&self, target_model: &TargetModel, csv: &str) -> Result<(), EndpointError> {
        let features = self.features.get();
        let width = |row: &str| row.bytes().filter(|byte| *byte == b',').count() + 1;
        match csv.lines().map(width).enumerate().find(|(_, fields)| *fields != features) {
            None => Ok(()),
            Some((place, fields)) => {
                Err(EndpointError::RowWidth { target_model: target_model.clone(), row: place + 1, fields, features })
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use refit_aws::Sha256Digest;

    use super::FeatureContract;
    use crate::EndpointError;

    pub(crate) fn contract(features: usize) -> FeatureContract {
        FeatureContract {
            features: features.try_into().unwrap(),
            sha256: Sha256Digest::of(b"contract"),
            manifest: "s3://bucket/evaluation/ewr/ewr-1/manifest.json".parse().unwrap(),
        }
    }

    #[test]
    fn rows_of_another_width_are_refused_by_their_number() {
        let model = "ewr.tar.gz".parse().unwrap();
        for good in ["1,2,3", ",,\n", "1,2,3\r\n4,,6\r\n"] {
            assert!(contract(3).check(&model, good).is_ok(), "{good:?}");
        }
        assert!(contract(1).check(&model, "\n\n").is_ok(), "a missing value is an empty row");
        for (bad, row, fields) in [("1,2", 1, 2), ("0,1,2,3", 1, 4), ("1,2,3\n\n", 2, 1), ("1,2,3\n1;2;3", 2, 1)] {
            let error = contract(3).check(&model, bad).unwrap_err();
            let found = matches!(error, EndpointError::RowWidth { row: at, fields: has, features: 3, .. } if (at, has) == (row, fields));
            assert!(found, "{bad:?}: {error}");
        }
        let labelled = contract(3).check(&model, "0,1,2,3").unwrap_err().to_string();
        assert!(labelled.ends_with("leave the label out"), "{labelled}");
    }

    #[test]
    fn metadata_tell_the_contract_or_nothing() {
        let mut entries = contract(3).entries().map(|(key, value)| (key.to_owned(), value)).into();
        assert_eq!(FeatureContract::from_metadata(&entries), Some(contract(3)));
        entries.insert("features".to_owned(), "0".to_owned());
        assert_eq!(FeatureContract::from_metadata(&entries), None);
        assert_eq!(FeatureContract::from_metadata(&[].into()), None);
    }
}
