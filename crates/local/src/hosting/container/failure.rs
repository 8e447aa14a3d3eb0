//! What a container answers when it does not answer with scores.

use super::{Container, Serves};

/// An answer with an error status.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::hosting) struct Failure {
    pub(in crate::hosting) status: u16,
    pub(in crate::hosting) message: String,
}

/// Why a payload could not be read, as Python tells the two apart.
#[derive(Debug, PartialEq)]
pub(super) enum Unreadable {
    /// A `UserError`: the content type is none of the container's.
    ContentType(String),
    /// A `RuntimeError`: the type is known and the content is not of it.
    Content(String),
}

impl Unreadable {
    /// Content of `format` that raised a Python exception.
    pub(super) fn content(format: &str, exception: &str, reason: &str) -> Self {
        Self::Content(format!(
            "Loading {format} data failed with Exception, please ensure data is in {format} format:\n <class '{exception}'>\n {reason}"
        ))
    }
}

/// The statuses and texts differ between the two servers of the image: Flask for one model, Multi Model Server for many.
impl Container {
    pub(super) fn unreadable(&self, why: Unreadable) -> Failure {
        match (&self.serves, why) {
            (Serves::Single { .. }, Unreadable::ContentType(message) | Unreadable::Content(message)) => {
                Failure { status: 415, message }
            }
            (Serves::Multi { .. }, Unreadable::ContentType(message)) => Failure { status: 400, message },
            (Serves::Multi { .. }, Unreadable::Content(message)) => {
                // Its handler trips over the RuntimeError, so that the reason is in the container's log only.
                tracing::warn!(message, "the container could not read a payload");
                model_server_error(503, "Prediction failed")
            }
        }
    }

    pub(super) fn unpredictable(&self, reason: &str) -> Failure {
        Failure { status: 400, message: format!("Unable to evaluate payload provided: {reason}") }
    }

    pub(super) fn unacceptable(&self, accept: &str) -> Failure {
        match &self.serves {
            Serves::Single { .. } => Failure {
                status: 406,
                message: format!(
                    "Accept type {accept} is not supported. Please use supported accept types: ['application/json', \
                     'application/jsonlines', 'application/x-recordio-protobuf', 'text/csv']."
                ),
            },
            Serves::Multi { .. } => Failure {
                status: 415,
                message: format!(
                    "Encoding to accept type {accept} failed with exception: {accept} is not an accepted Accept type. \
                     Please choose one of the following: ['text/csv', 'application/json']."
                ),
            },
        }
    }

    /// The model cannot be loaded.
    pub(in crate::hosting) fn unloadable(reason: &str) -> Failure {
        Failure { status: 500, message: format!("Unable to load model: {reason}") }
    }

    /// The model does not fit into the memory that is left when all others are unloaded.
    pub(in crate::hosting) fn out_of_memory(target: &str, bytes: u64, budget: u64) -> Failure {
        let message = format!("Model {target} needs {bytes} bytes of memory, and the instance has {budget}");
        model_server_error(507, &message)
    }
}

/// How Multi Model Server writes an error of its own.
fn model_server_error(status: u16, message: &str) -> Failure {
    let message = serde_json::Value::from(message);
    let body =
        format!("{{\n  \"code\": {status},\n  \"type\": \"InternalServerException\",\n  \"message\": {message}\n}}\n");
    Failure { status, message: body }
}
