//! What a training job is to do, read from a CreateTrainingJob request, a tuning job's definition, or what Describe shows.

use std::time::Duration;

use crate::api::ApiError;

use super::members::{Members, Object};
use super::refusal::not_emulated;
use super::s3_uri::S3Uri;

/// AWS's default for StoppingCondition.MaxRuntimeInSeconds: one day.
const DEFAULT_MAX_RUNTIME: Duration = Duration::from_secs(86_400);

/// The input, the output and the limit of a training.
#[derive(Clone, Debug)]
pub(super) struct TrainingSpec {
    /// The tag of the training image: `1.2-2`.
    pub(super) image_tag: String,
    pub(super) channels: Vec<ChannelSpec>,
    pub(super) output: S3Uri,
    pub(super) max_runtime: Duration,
}

/// Where one channel's data is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChannelSpec {
    pub(super) name: String,
    pub(super) content_type: Option<String>,
    pub(super) source: S3Uri,
    /// Whether the source is a list of keys rather than a prefix of them.
    pub(super) is_manifest: bool,
    pub(super) is_gzipped: bool,
}

impl TrainingSpec {
    /// Reads what has passed the service model's constraints, and refuses what refit-local would not honour.
    pub(super) fn parse(job: &Object) -> Result<Self, ApiError> {
        let image_tag = image_tag(job)?;
        check_resources(job)?;
        let channels = job.objects("InputDataConfig");
        if channels.is_empty() {
            return Err(ApiError::validation("InputDataConfig must name at least the channel train."));
        }
        let channels = channels.into_iter().map(ChannelSpec::parse).collect::<Result<_, _>>()?;
        let output = job.object("OutputDataConfig");
        let output = output.ok_or_else(|| ApiError::validation("OutputDataConfig must be given."))?;
        if output.text("CompressionType") == Some("NONE") {
            return Err(not_emulated("OutputDataConfig.CompressionType NONE"));
        }
        let limit = job.object("StoppingCondition").and_then(|condition| condition.whole("MaxRuntimeInSeconds"));
        Ok(Self {
            image_tag,
            channels,
            output: S3Uri::parse(output.required("S3OutputPath"))?,
            max_runtime: limit.map_or(DEFAULT_MAX_RUNTIME, Duration::from_secs),
        })
    }

    /// Where SageMaker writes the artifact of the training job `name`.
    pub(super) fn artifact(&self, name: &str) -> S3Uri {
        self.output.below(&format!("{name}/output/model.tar.gz"))
    }
}

impl ChannelSpec {
    fn parse(channel: &Object) -> Result<Self, ApiError> {
        let name = channel.required("ChannelName");
        let source = channel.object("DataSource").and_then(|source| source.object("S3DataSource"));
        let source = source.ok_or_else(|| not_emulated(format_args!("channel {name}: a data source other than S3")))?;
        let is_manifest = match source.required("S3DataType") {
            "S3Prefix" => false,
            "ManifestFile" => true,
            other => return Err(not_emulated(format_args!("channel {name}: S3DataType {other}"))),
        };
        if channel.text("RecordWrapperType") == Some("RecordIO") {
            return Err(not_emulated(format_args!("channel {name}: RecordWrapperType RecordIO")));
        }
        if channel.text("InputMode") == Some("Pipe") {
            return Err(not_emulated(format_args!("channel {name}: InputMode Pipe")));
        }
        Ok(Self {
            name: name.to_owned(),
            content_type: channel.text("ContentType").map(str::to_owned),
            source: S3Uri::parse(source.required("S3Uri"))?,
            is_manifest,
            is_gzipped: channel.text("CompressionType") == Some("Gzip"),
        })
    }
}

/// The tag of the algorithm's image, which must be one of XGBoost's.
fn image_tag(job: &Object) -> Result<String, ApiError> {
    let algorithm = job.object("AlgorithmSpecification");
    let algorithm = algorithm.ok_or_else(|| ApiError::validation("AlgorithmSpecification must be given."))?;
    let Some(image) = algorithm.text("TrainingImage") else {
        return Err(not_emulated("an AlgorithmSpecification without TrainingImage"));
    };
    if algorithm.text("TrainingInputMode") == Some("Pipe") {
        return Err(not_emulated("TrainingInputMode Pipe"));
    }
    // The images are <registry>/sagemaker-xgboost:<version> and, of old, <registry>/xgboost:<version>.
    match image.rsplit('/').next().unwrap_or_default().split_once(':') {
        Some(("sagemaker-xgboost" | "xgboost", tag)) => Ok(tag.to_owned()),
        _ => {
            Err(not_emulated(format_args!("the algorithm of {image}: it trains with sagemaker-xgboost:<version> only")))
        }
    }
}

/// One machine stands for all instances: the data of all of them, sharded or not, is trained on at once.
fn check_resources(job: &Object) -> Result<(), ApiError> {
    let resources = resources(job).ok_or_else(|| ApiError::validation("ResourceConfig must be given."))?;
    if resources.contains_key("InstanceGroups") {
        return Err(not_emulated("InstanceGroups: set InstanceType and InstanceCount"));
    }
    if let Some(count) = resources.whole("InstanceCount").filter(|count| *count > 1) {
        tracing::warn!(count, "InstanceCount is ignored: refit-local trains on this machine alone");
    }
    Ok(())
}

/// The resources of a training job; a tuning job's definition may carry them under another name.
pub(super) fn resources(job: &Object) -> Option<&Object> {
    job.object("ResourceConfig").or_else(|| job.object("HyperParameterTuningResourceConfig"))
}
