//! What the tests of several modules start from.

use crate::{Channel, TuningJobSpec, TuningJobSpecBuilder};

/// A sound job with the article's ranges.
pub(crate) fn spec(name: &str) -> TuningJobSpecBuilder {
    bare_spec(name)
        .channel(Channel::train("s3://bucket/data/train.csv".parse().unwrap()).unwrap())
        .channel(Channel::validation("s3://bucket/data/validation.csv".parse().unwrap()).unwrap())
}

/// The same without channels.
pub(crate) fn bare_spec(name: &str) -> TuningJobSpecBuilder {
    TuningJobSpec::builder(
        name.parse().unwrap(),
        refit_aws::xgboost_image("us-east-1", "1.7-1").unwrap(),
        "arn:aws:iam::123456789012:role/SageMakerRole".parse().unwrap(),
        "rmse".parse().unwrap(),
        "s3://bucket/output".parse().unwrap(),
    )
    .hyperparameter("objective", "reg:squarederror")
}
