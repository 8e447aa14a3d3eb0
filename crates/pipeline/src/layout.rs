use std::path::{Path, PathBuf};

use crate::names::{ModelName, RunId};

/// The S3 key of the tuning job history, below the bucket; the local copy has the same path below the base directory.
pub(crate) const TUNING_HISTORY: &str = "logs/tuningjobhistory.csv";

/// The key prefix below which SageMaker writes the training jobs' artifacts.
pub(crate) const OUTPUT: &str = "output";

/// The key prefix of the multi-model endpoint.
pub(crate) const MODELS: &str = "models/";

/// Where one model's dataset of one run lies, in S3 and below the base directory alike.
pub(crate) fn dataset(model: &ModelName, run: &RunId) -> String {
    format!("datasets/{model}/{run}")
}

/// Where what is known of one trained model is kept in S3.
pub(crate) fn evaluation(model: &ModelName, file: &str) -> String {
    format!("evaluation/{model}/{file}")
}

/// The local folder of one model.
pub(crate) fn model_dir(base_dir: &Path, model: &ModelName) -> PathBuf {
    base_dir.join("models").join(model.as_str())
}
