use refit_aws::{AwsError, S3Uri};

use crate::ChannelName;

/// The content type of SageMaker's CSV: no header, the label in the first column.
const CSV: &str = "text/csv";

/// The content type of SageMaker's Parquet: the label in the first column.
const PARQUET: &str = "application/x-parquet";

/// A set of files that training reads: every object below an S3 prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    name: ChannelName,
    uri: S3Uri,
    content_type: String,
}

impl Channel {
    /// CSV files without a header, the label in the first column. `uri` is one file or a prefix.
    pub fn csv(name: &str, uri: S3Uri) -> Result<Self, AwsError> {
        Ok(Self { name: name.parse()?, uri, content_type: CSV.to_owned() })
    }

    /// Parquet files, the label in the first column. `uri` is one file or a prefix.
    pub fn parquet(name: &str, uri: S3Uri) -> Result<Self, AwsError> {
        Ok(Self { name: name.parse()?, uri, content_type: PARQUET.to_owned() })
    }

    /// The channel `train`, as CSV.
    pub fn train(uri: S3Uri) -> Result<Self, AwsError> {
        Self::csv("train", uri)
    }

    /// The channel `validation`, as CSV. Objective metrics that begin with `validation:` come from it.
    pub fn validation(uri: S3Uri) -> Result<Self, AwsError> {
        Self::csv("validation", uri)
    }

    /// Its name.
    pub fn name(&self) -> &ChannelName {
        &self.name
    }

    /// Where its files are.
    pub fn uri(&self) -> &S3Uri {
        &self.uri
    }

    /// The content type of its files.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }
}
