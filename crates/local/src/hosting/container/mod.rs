//! SageMaker's XGBoost image as a container of a model: what it serves, resolved to a place in S3, and what it answers.

mod csv;
mod failure;
mod jsonlines;
mod libsvm;
mod rows;
mod scores;
mod serve;

pub(super) use self::failure::Failure;
pub(super) use self::serve::Payload;

use serde::{Deserialize, Serialize};

use crate::api::{ApiError, Caller};
use crate::sagemaker::arn::Named;
use crate::sagemaker::members::{Members, Object};
use crate::sagemaker::model_package;
use crate::sagemaker::refusal::not_emulated;
use crate::sagemaker::resources::{Kind, Tx};
use crate::sagemaker::s3_uri::S3Uri;

/// A container as a fleet runs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Container {
    pub(super) image: String,
    pub(super) serves: Serves,
    /// What it answers in when a request does not say.
    #[serde(default)]
    accept: Option<String>,
}

/// One model, or any model below a prefix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Serves {
    Single { artifact: S3Uri },
    Multi { prefix: S3Uri, cache: bool },
}

impl Container {
    /// Resolves the one container of a CreateModel request or a described model.
    pub(super) fn resolve(tx: &Tx<'_>, caller: &Caller, model: &Object) -> Result<Self, ApiError> {
        let containers = model.objects("Containers");
        let container = match (model.object("PrimaryContainer"), containers.as_slice()) {
            (Some(container), []) => container,
            (None, [container]) => container,
            (None, []) => return Err(ApiError::validation("A model needs a PrimaryContainer or one of Containers.")),
            (None, _) => return Err(not_emulated("a model of several containers (inference pipelines)")),
            (Some(_), _) => {
                return Err(ApiError::validation("PrimaryContainer and Containers must not both be given."));
            }
        };
        let Some(package) = container.text("ModelPackageName") else { return Self::of(container) };
        let named = Named::of(caller, Kind::ModelPackage.as_str(), package)?;
        let package = model_package::find(tx, (caller, "sagemaker:CreateModel"), &named)?;
        let specification = package.shown.object("InferenceSpecification").cloned().unwrap_or_default();
        match specification.objects("Containers").as_slice() {
            [packaged] => Self::of(packaged),
            _ => Err(not_emulated("a model package whose inference specification has not exactly one container")),
        }
    }

    fn of(container: &Object) -> Result<Self, ApiError> {
        let image = container.text("Image").ok_or_else(|| ApiError::validation("The container has no Image."))?;
        let repository = image.rsplit('/').next().unwrap_or_default().split([':', '@']).next().unwrap_or_default();
        if !matches!(repository, "sagemaker-xgboost" | "xgboost") {
            return Err(not_emulated(format_args!(
                "the image {image}: it serves with sagemaker-xgboost:<version> only"
            )));
        }
        let url = match (container.text("ModelDataUrl"), container.object("ModelDataSource")) {
            (Some(url), None) => url,
            (None, Some(source)) => data_source(source)?,
            (None, None) => return Err(not_emulated("a container without ModelDataUrl")),
            (Some(_), Some(_)) => {
                return Err(ApiError::validation("ModelDataUrl and ModelDataSource must not both be given."));
            }
        };
        let uri = S3Uri::parse(url)?;
        let serves = match container.text("Mode") {
            Some("MultiModel") => {
                let config = container.object("MultiModelConfig");
                let cache = config.and_then(|config| config.text("ModelCacheSetting")) != Some("Disabled");
                Serves::Multi { prefix: uri.into_prefix(), cache }
            }
            _ => Serves::Single { artifact: uri },
        };
        let accept = environment(container)?;
        Ok(Self { image: image.to_owned(), serves, accept })
    }
}

/// The default Accept of the environment. What would change the answers otherwise is refused; the rest changes nothing.
fn environment(container: &Object) -> Result<Option<String>, ApiError> {
    let mut accept = None;
    for (name, value) in container.pairs("Environment").into_iter().filter(|(_, value)| !value.is_empty()) {
        match name {
            "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT" => accept = Some(value.to_owned()),
            "SAGEMAKER_PROGRAM" => {
                return Err(not_emulated("a container with a script of one's own (SAGEMAKER_PROGRAM)"));
            }
            "SAGEMAKER_INFERENCE_OUTPUT" => {
                return Err(not_emulated("selected inference content (SAGEMAKER_INFERENCE_OUTPUT)"));
            }
            "SAGEMAKER_BATCH" => return Err(not_emulated("answers for batch transform (SAGEMAKER_BATCH)")),
            _ => {}
        }
    }
    Ok(accept)
}

fn data_source(source: &Object) -> Result<&str, ApiError> {
    let source = source.object("S3DataSource");
    match source.map(|source| (source.required("S3DataType"), source.required("CompressionType"), source)) {
        Some(("S3Object", "Gzip", source)) => Ok(source.required("S3Uri")),
        _ => Err(not_emulated("a ModelDataSource other than an S3Object with CompressionType Gzip")),
    }
}
