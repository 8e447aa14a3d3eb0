//! How rows lie in a file.

use serde::{Deserialize, Serialize};

use crate::Set;

/// How the files lie that SageMaker trains on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// No header, the label first, a missing value empty.
    #[default]
    Csv,
    /// The label first, a missing value null. Booleans are whole numbers and decimals doubles, since the container makes one
    /// matrix of numbers of the columns. Snappy; a few MiB a row group.
    Parquet,
}

impl Format {
    /// How a set's file lies in a dataset of this format. The evaluation set is CSV always: it is read here and by people, and
    /// is no channel of a training job.
    #[must_use]
    pub fn of(self, set: Set) -> Self {
        match set {
            Set::Train | Set::Validation => self,
            Set::Evaluation => Self::Csv,
        }
    }

    /// The name of a set's file in a dataset of this format.
    #[must_use]
    pub fn file_name(self, set: Set) -> &'static str {
        match (self.of(set), set) {
            (Self::Csv, Set::Train) => "train.csv",
            (Self::Csv, Set::Validation) => "validation.csv",
            (Self::Parquet, Set::Train) => "train.parquet",
            (Self::Parquet, Set::Validation) => "validation.parquet",
            (_, Set::Evaluation) => "evaluation.csv",
        }
    }
}
