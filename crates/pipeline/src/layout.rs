use std::path::{Path, PathBuf};

use refit_aws::Sha256Digest;

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

/// Below which one model's datasets of all runs lie in S3.
pub(crate) fn datasets(model: &ModelName) -> String {
    format!("datasets/{model}/")
}

/// Where what is known of one model is kept in S3.
pub(crate) fn evaluation(model: &ModelName, file: &str) -> String {
    format!("evaluation/{model}/{file}")
}

/// The page of one trained model, below its training job.
pub(crate) const REPORT: &str = "report.html";

/// The figures of the page, for programs.
pub(crate) const REPORT_JSON: &str = "report.json";

/// The figures in the shape of SageMaker's model-quality statistics.
pub(crate) const STATISTICS: &str = "statistics.json";

/// Where a champion's artifact is kept, by its digest.
pub(crate) fn champion(base_dir: &Path, model: &ModelName, sha256: &Sha256Digest) -> PathBuf {
    model_dir(base_dir, model).join("champions").join(format!("{sha256}.tar.gz"))
}

/// The local folder of one model.
pub(crate) fn model_dir(base_dir: &Path, model: &ModelName) -> PathBuf {
    base_dir.join("models").join(model.as_str())
}
