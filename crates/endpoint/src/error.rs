use refit_aws::{AwsError, PollTimeout, RequestError, S3Uri, Sha256Digest};

use crate::{EndpointConfigName, EndpointName, EndpointStatus, TargetModel};

/// What can go wrong in this crate. Each variant is one thing the caller can do something about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// A value that AWS would refuse, or a refusal of S3. Its words say what to do.
    #[error(transparent)]
    Aws(#[from] AwsError),

    /// Two deployments go under one name. Leave one of them out.
    #[error("{target_model} is to be deployed twice: leave one of the two out")]
    DeployedTwice {
        /// The name.
        target_model: TargetModel,
    },

    /// Another model is under this name already. Replace it with a plan, or choose another name.
    #[error("{target_model} is another model already: replace it with plan and apply, or choose another name")]
    TargetTaken {
        /// The name.
        target_model: TargetModel,
        /// The digest of what is there, if it is known.
        sha256: Option<Sha256Digest>,
    },

    /// Since the plan was made, somebody else deployed another model under this name.
    #[error("{target_model} was changed since the plan was made: plan again")]
    PlanOutdated {
        /// The name.
        target_model: TargetModel,
    },

    /// The artifact's bytes are not those that were evaluated and registered. Do not deploy them.
    #[error("{artifact} has SHA-256 {actual}, but {expected} is to be deployed: register what is there, or restore it")]
    ArtifactChanged {
        /// The artifact.
        artifact: S3Uri,
        /// The digest of the deployment.
        expected: Sha256Digest,
        /// The digest of the bytes.
        actual: Sha256Digest,
    },

    /// There is no endpoint of this name. Create it with a plan.
    #[error("endpoint {endpoint} does not exist: create it with plan and apply")]
    NoSuchEndpoint {
        /// The endpoint.
        endpoint: EndpointName,
    },

    /// The endpoint has no such model. Deploy it, or correct the name.
    #[error("endpoint {endpoint} has no model {target_model}: deploy it, or correct the name")]
    NoSuchModel {
        /// The endpoint.
        endpoint: EndpointName,
        /// The model asked for.
        target_model: TargetModel,
    },

    /// SageMaker tried the requested configuration and went back to the one before, which serves on.
    #[error("endpoint {endpoint} went back from {requested} to {}: {reason}", serving.as_ref().map_or("(none)", |name| name.as_str()))]
    RolledBack {
        /// The endpoint.
        endpoint: EndpointName,
        /// The configuration asked for.
        requested: EndpointConfigName,
        /// The configuration it serves.
        serving: Option<EndpointConfigName>,
        /// SageMaker's reason.
        reason: String,
    },

    /// The endpoint cannot be updated. Look into its logs; a `Failed` one must be deleted before it can be created anew.
    #[error(
        "endpoint {endpoint} is {status}: {reason}; look into its logs, and delete it if it is Failed, to create it anew"
    )]
    Unusable {
        /// The endpoint.
        endpoint: EndpointName,
        /// What it is.
        status: EndpointStatus,
        /// SageMaker's reason.
        reason: String,
    },

    /// There is no older version of the model to go back to.
    #[error("{target_model} has no earlier version to go back to: deploy another model under this name")]
    NothingEarlier {
        /// The model.
        target_model: TargetModel,
    },

    /// The model was still loading when the time allowed for it was over. Try again, or allow more time.
    #[error("{target_model} is not ready after {waited:?}: try again, or allow more time with with_loading")]
    NotReady {
        /// The model.
        target_model: TargetModel,
        /// How long it was tried.
        waited: std::time::Duration,
        /// The last answer.
        #[source]
        source: Box<RequestError>,
    },

    /// The model refused the rows, or failed on them. Its own words say why.
    #[error("{target_model} failed with status {}: {message}", status.map_or("(unknown)".to_owned(), |status| status.to_string()))]
    ModelFailed {
        /// The model.
        target_model: TargetModel,
        /// The HTTP status of the container.
        status: Option<i32>,
        /// The container's words.
        message: String,
        /// The request.
        #[source]
        source: Box<RequestError>,
    },

    /// Rows that cannot be sent. Correct them.
    #[error("invalid rows for {target_model}: {reason}")]
    InvalidRows {
        /// The model.
        target_model: TargetModel,
        /// What is wrong with them.
        reason: String,
    },

    /// A row has not as many fields as the model has features. Correct it; nothing was sent.
    #[error("row {row} for {target_model} has {fields} fields, the model has {features} features: {}", width_hint(*fields, *features))]
    RowWidth {
        /// The model.
        target_model: TargetModel,
        /// The row, counted from 1.
        row: usize,
        /// What it has.
        fields: usize,
        /// What the model was trained on.
        features: usize,
    },

    /// The model answered with another number of values than there are rows. It may be no model of one value a row.
    #[error("{target_model} answered {rows} rows with {values} values: it is no model with one value a row")]
    WrongCount {
        /// The model.
        target_model: TargetModel,
        /// The rows sent.
        rows: usize,
        /// The values received.
        values: usize,
    },

    /// The model answered with something that is not a number.
    #[error("{target_model} answered {value:?}, which is no number: its image must answer in text/csv")]
    UnreadableAnswer {
        /// The model.
        target_model: TargetModel,
        /// The first value that is no number.
        value: String,
    },

    /// An endpoint did not get ready in time. What was begun goes on: try again to wait for it.
    #[error(transparent)]
    Timeout(#[from] PollTimeout),

    /// Any other refusal of SageMaker, or no answer. See [`RequestError::is_retryable`].
    #[error(transparent)]
    Request(#[from] RequestError),
}

fn width_hint(fields: usize, features: usize) -> &'static str {
    match fields.checked_sub(features) {
        Some(1) => "leave the label out",
        _ => "send them in the order of the training query, with commas between them",
    }
}
