use std::path::PathBuf;

use refit_aws::AwsError;
use refit_booster::BoosterError;
use refit_endpoint::EndpointError;
use refit_evaluation::EvaluationError;
use refit_registry::RegistryError;
use refit_tuning::TuningError;
use refit_warehouse::WarehouseError;

use crate::names::{ModelName, RunId};

/// Why a step did not come through, by what can be done about it. The source says the rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// Two models of one run have the same name.
    #[error("the model {model} is named twice in one run: every model needs a name of its own")]
    DuplicateModel {
        /// The name.
        model: ModelName,
    },
    /// There is nothing to do.
    #[error("no model is named: name at least one")]
    NoModels,
    /// Two models have one model package group, so each would serve the other's packages.
    #[error("the models {one} and {other} share the model package group {group}: every model needs a group of its own")]
    SharedGroup {
        /// The one model.
        one: ModelName,
        /// The other.
        other: ModelName,
        /// Their group.
        group: String,
    },
    /// A package of another group cannot be left by this model.
    #[error("{package} is not in the model package group {group} of {model}: name the package that the model serves")]
    OtherGroup {
        /// The model.
        model: ModelName,
        /// Its group.
        group: String,
        /// The package.
        package: String,
    },
    /// A dataset in S3 is not the one that its manifest describes.
    #[error(
        "{uri} is not what the manifest of {model} says, since prepare was interrupted: call prepare for this run again"
    )]
    DatasetTorn {
        /// The model.
        model: ModelName,
        /// The file.
        uri: String,
    },
    /// The tuning job of this run ended without a model, and it keeps its name.
    #[error(
        "the tuning job of {model} in the run {run} cannot be gone on with: repair the cause, then prepare and retrain under another run id"
    )]
    TuningEnded {
        /// The model.
        model: ModelName,
        /// The run.
        run: RunId,
        /// Why.
        #[source]
        source: Box<TuningError>,
    },
    /// What an evaluation is to look at could say nothing.
    #[error("the evaluation settings cannot be used")]
    EvaluationSettings {
        /// Why.
        #[source]
        source: Box<EvaluationError>,
    },
    /// Rows whose features are not those of the model. Nothing was sent.
    #[error("the rows are not what {model} was trained on: {problems}")]
    Features {
        /// The model.
        model: ModelName,
        /// Every feature that is missing, extra or elsewhere.
        problems: String,
    },
    /// Nothing says what the model is fed with.
    #[error("what {model} was trained on is not known: serve a package that retrain registered, or call invoke")]
    NoContract {
        /// The model.
        model: ModelName,
    },
    /// The `SdkConfig` has no region.
    #[error("the SdkConfig has no region: set one, since the XGBoost image and the endpoint live in it")]
    NoRegion,
    /// `retrain` found no dataset of this run.
    #[error("{model} has no dataset of the run {run} at {uri}: call prepare for this run first")]
    NotPrepared {
        /// The model.
        model: ModelName,
        /// The run.
        run: RunId,
        /// Where its manifest would be.
        uri: String,
    },
    /// The extraction or the writing of the training files failed.
    #[error("the dataset of {model} could not be written")]
    Warehouse {
        /// The model.
        model: ModelName,
        /// What the warehouse said.
        #[source]
        source: Box<WarehouseError>,
    },
    /// S3, STS or a history log failed.
    #[error("{doing} failed")]
    Aws {
        /// What was being done.
        doing: String,
        /// What AWS said.
        #[source]
        source: AwsError,
    },
    /// The tuning job failed, or its settings are wrong.
    #[error("the tuning of {model} failed")]
    Tuning {
        /// The model.
        model: ModelName,
        /// Why.
        #[source]
        source: Box<TuningError>,
    },
    /// A training job or a model package says of no artifact where it lies.
    #[error("{of}, for {model}, has no artifact in S3: look at it in SageMaker")]
    NoArtifact {
        /// The model.
        model: ModelName,
        /// The training job or the model package.
        of: String,
    },
    /// The artifact that came back from training is not a model that can be read.
    #[error("the artifact {artifact} of {model} cannot be used")]
    Artifact {
        /// The model.
        model: ModelName,
        /// Where the artifact lies.
        artifact: String,
        /// What is wrong with it.
        #[source]
        source: Box<BoosterError>,
    },
    /// The model could not be evaluated.
    #[error("{model} could not be evaluated")]
    Evaluation {
        /// The model.
        model: ModelName,
        /// Why.
        #[source]
        source: Box<EvaluationError>,
    },
    /// The registry refused.
    #[error("the registry step of {model} failed")]
    Registry {
        /// The model.
        model: ModelName,
        /// Why.
        #[source]
        source: Box<RegistryError>,
    },
    /// Nothing of this model is approved yet, so there is nothing to serve.
    #[error("{model} has no approved model package: approve one in the registry, then refresh again")]
    NothingApproved {
        /// The model.
        model: ModelName,
    },
    /// The endpoint could not be planned, changed or asked.
    #[error("the endpoint could not be {doing}")]
    Endpoint {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: Box<EndpointError>,
    },
    /// A file of the base directory could not be read or written.
    #[error("the file {path} could not be used", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A worker thread ended before its work did.
    #[error("the step {step} of {model} was stopped before it ended: run it again")]
    Stopped {
        /// The model.
        model: ModelName,
        /// The step.
        step: &'static str,
    },
}

impl PipelineError {
    pub(crate) fn aws(doing: impl Into<String>) -> impl FnOnce(AwsError) -> Self {
        let doing = doing.into();
        move |source| Self::Aws { doing, source }
    }

    pub(crate) fn endpoint(doing: &'static str) -> impl FnOnce(EndpointError) -> Self {
        move |source| Self::Endpoint { doing, source: Box::new(source) }
    }

    /// A tuning job is named after its run, so one that has ended without a model bars the run.
    pub(crate) fn tuning(model: &ModelName, run: &RunId) -> impl Fn(TuningError) -> Self + Copy {
        move |source| {
            let (model, source) = (model.clone(), Box::new(source));
            match *source {
                TuningError::JobFailed { .. }
                | TuningError::JobDiffers { .. }
                | TuningError::NoBestTrainingJob { .. } => Self::TuningEnded { model, run: run.clone(), source },
                _ => Self::Tuning { model, source },
            }
        }
    }

    pub(crate) fn evaluation(model: &ModelName) -> impl Fn(EvaluationError) -> Self + Copy {
        move |source| Self::Evaluation { model: model.clone(), source: Box::new(source) }
    }

    pub(crate) fn registry(model: &ModelName) -> impl Fn(RegistryError) -> Self + Copy {
        move |source| Self::Registry { model: model.clone(), source: Box::new(source) }
    }

    pub(crate) fn warehouse(model: &ModelName) -> impl FnOnce(WarehouseError) -> Self {
        move |source| Self::Warehouse { model: model.clone(), source: Box::new(source) }
    }
}

/// An error with everything below it, in one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let below = std::iter::successors(error.source(), |error| error.source());
    below.fold(error.to_string(), |text, error| format!("{text}: {error}"))
}
