//! InvokeEndpoint.

use std::sync::Arc;

use refit_booster::Booster;
use serde_json::json;

use crate::api::{ApiError, Caller, InvokeRequest, InvokeResponse};
use crate::sagemaker::constraints;
use crate::sagemaker::members::drop_nulls;
use crate::sagemaker::refusal::{internal, not_emulated};

use super::container::{Container, Failure, Payload, Serves};
use super::fleet::Variant;
use super::instance::{Busy, LoadError};
use super::{EndpointKey, Hosting};

/// Payload bytes times trees that are predicted on the runtime's own thread: about a millisecond at most.
const INLINE: usize = 4_000_000;

pub(super) async fn invoke(
    hosting: &Hosting,
    caller: &Caller,
    request: InvokeRequest,
) -> Result<InvokeResponse, ApiError> {
    check(&request)?;
    let invocation = Invocation::route(hosting, caller, request)?;
    match invocation.instance.warm(&invocation.target) {
        Some(booster) if invocation.is_quick(&booster) => invocation.answer(&booster),
        warm => {
            let answer = tokio::task::spawn_blocking(move || match warm {
                Some(booster) => invocation.answer(&booster),
                None => invocation.load_and_answer(),
            });
            answer.await.map_err(internal)?
        }
    }
}

/// A request on its way to a model.
struct Invocation {
    caller: Caller,
    request: InvokeRequest,
    variant: Arc<Variant>,
    instance: Busy,
    target: String,
}

impl Invocation {
    /// Finds the instance that answers; from here on no update of the endpoint concerns the request.
    fn route(hosting: &Hosting, caller: &Caller, request: InvokeRequest) -> Result<Self, ApiError> {
        let endpoint = &request.endpoint;
        let traffic = hosting
            .traffic(&EndpointKey::new(caller, endpoint))
            .ok_or_else(|| validation(format!("Endpoint {endpoint} of account {} not found.", caller.account)))?;
        let fleet = traffic.fleet();
        let named = request.header(TARGET_VARIANT);
        let variant = named.map_or_else(|| fleet.draw(), |name| fleet.variant(name)).ok_or_else(|| {
            let name = named.unwrap_or_default();
            validation(format!("Variant {name} not found for endpoint {endpoint} of account {}.", caller.account))
        })?;
        let target = target(&variant.container, &request)?;
        let instance = variant
            .instance(&target)
            .ok_or_else(|| validation(format!("Variant {} of endpoint {endpoint} has no instance.", variant.name)))?;
        Ok(Self { caller: caller.clone(), variant: Arc::clone(variant), instance, target, request })
    }

    fn is_quick(&self, booster: &Booster) -> bool {
        self.request.body.len().saturating_mul(booster.num_trees()) <= INLINE
    }

    fn load_and_answer(&self) -> Result<InvokeResponse, ApiError> {
        let booster = self.instance.model(&self.target).map_err(|error| self.load_refusal(error))?;
        self.answer(&booster)
    }

    fn answer(&self, booster: &Booster) -> Result<InvokeResponse, ApiError> {
        let payload = Payload {
            content_type: self.request.header("content-type"),
            accept: self.request.header("accept"),
            body: &self.request.body,
        };
        let answer = self.variant.container.answer(booster, &payload).map_err(|failure| self.model_error(failure))?;
        Ok(InvokeResponse {
            status: answer.status,
            content_type: answer.content_type,
            invoked_variant: self.variant.name.clone(),
            custom_attributes: self.request.header(CUSTOM_ATTRIBUTES).map(str::to_owned),
            body: answer.body,
        })
    }

    fn load_refusal(&self, error: LoadError) -> ApiError {
        match error {
            LoadError::Download { artifact, reason } => validation(format!(
                "Failed to download model data(bucket: {}, key: {}). Please ensure that there is an object located at \
                 the URL and that the role passed to CreateModel has permissions to download the model. ({reason})",
                artifact.bucket, artifact.key
            )),
            LoadError::Artifact { artifact, reason } => {
                self.model_error(Container::unloadable(&format!("{artifact}: {reason}")))
            }
            LoadError::Memory { bytes, budget, .. } => {
                self.model_error(Container::out_of_memory(&self.target, bytes, budget))
            }
        }
    }

    /// The container answered with an error of its own.
    fn model_error(&self, failure: Failure) -> ApiError {
        let Failure { status, message } = failure;
        let (fault, code) = if status < 500 {
            ("client", "CLIENT_ERROR_FROM_MODEL")
        } else {
            ("server", "INTERNAL_FAILURE_FROM_MODEL")
        };
        let text = format!("Received {fault} error ({status}) from primary with message \"{message}\".");
        let Caller { account, region, .. } = &self.caller;
        let endpoint = &self.request.endpoint;
        ApiError::new("ModelError", text)
            .with_status(424)
            .with_member("OriginalStatusCode", status)
            .with_member("OriginalMessage", message)
            .with_member(
                "LogStreamArn",
                format!("arn:aws:logs:{region}:{account}:log-group:/aws/sagemaker/Endpoints/{endpoint}"),
            )
            .with_member("ErrorCode", code)
    }
}

const TARGET_MODEL: &str = "x-amzn-sagemaker-target-model";
const TARGET_VARIANT: &str = "x-amzn-sagemaker-target-variant";
const CUSTOM_ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";

/// The request's headers, with their names in the service model.
const HEADERS: [(&str, &str); 11] = [
    ("content-type", "ContentType"),
    ("accept", "Accept"),
    (CUSTOM_ATTRIBUTES, "CustomAttributes"),
    (TARGET_MODEL, "TargetModel"),
    (TARGET_VARIANT, "TargetVariant"),
    ("x-amzn-sagemaker-target-container-hostname", "TargetContainerHostname"),
    ("x-amzn-sagemaker-inference-id", "InferenceId"),
    ("x-amzn-sagemaker-enable-explanations", "EnableExplanations"),
    ("x-amzn-sagemaker-inference-component", "InferenceComponentName"),
    ("x-amzn-sagemaker-session-id", "SessionId"),
    ("x-amzn-sagemaker-prefix-aware-id", "PrefixAwareId"),
];

/// Checks the request against the service model, and refuses what only other kinds of endpoint know.
fn check(request: &InvokeRequest) -> Result<(), ApiError> {
    if is_plain(request) {
        return Ok(());
    }
    let mut input = json!({ "EndpointName": request.endpoint, "Body": "" });
    for (header, member) in HEADERS {
        let value = request.headers.get(header);
        input[member] = value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).into();
    }
    drop_nulls(&mut input);
    constraints::check("InvokeEndpoint", &input).map_err(|error| validation(error.message))?;
    let endpoint = &request.endpoint;
    let unknown = |what: &str, kind: &str| {
        Err(validation(format!("Endpoint {endpoint} is not {kind} and does not support {what} header.")))
    };
    match &input {
        input if input.get("TargetContainerHostname").is_some() => {
            unknown("target container hostname", "a multi-container endpoint")
        }
        input if input.get("InferenceComponentName").is_some() => {
            unknown("inference component name", "an endpoint of inference components")
        }
        input if input.get("SessionId").is_some() => {
            Err(validation(not_emulated("stateful sessions (SessionId)").message))
        }
        input if input.get("PrefixAwareId").is_some() => {
            Err(validation(not_emulated("prefix-aware routing (PrefixAwareId)").message))
        }
        // Without an explainer there is nothing to enable, and the InferenceId is for captured data.
        _ => Ok(()),
    }
}

/// Whether a request is so ordinary that the service model has nothing against it: nearly every one is.
fn is_plain(request: &InvokeRequest) -> bool {
    let is_name = |name: &str| {
        let bytes = name.as_bytes();
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        bytes.len() <= 63
            && edge(bytes.first())
            && edge(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let is_short_text = |value: &str| value.len() <= 1024;
    let fits = |header: &str| match request.headers.get(header).map(|value| value.to_str()) {
        None => true,
        Some(Err(_)) => false,
        Some(Ok(value)) => match header {
            TARGET_VARIANT => is_name(value),
            TARGET_MODEL => {
                is_short_text(value)
                    && value.starts_with(|first: char| first.is_ascii_graphic())
                    && !value.contains('\t')
            }
            "content-type" | "accept" | CUSTOM_ATTRIBUTES => is_short_text(value),
            _ => false,
        },
    };
    is_name(&request.endpoint) && HEADERS.iter().all(|(header, _)| fits(header))
}

/// The target model, which a multi-model container needs and a single-model one does not take.
fn target(container: &Container, request: &InvokeRequest) -> Result<String, ApiError> {
    let endpoint = &request.endpoint;
    match (&container.serves, request.header(TARGET_MODEL)) {
        (Serves::Single { .. }, None) => Ok(String::new()),
        (Serves::Multi { .. }, Some(target)) => Ok(target.trim_start_matches('/').to_owned()),
        (Serves::Single { .. }, Some(_)) => Err(validation(format!(
            "Endpoint {endpoint} is not a multi-model endpoint and does not support target model header."
        ))),
        (Serves::Multi { .. }, None) => {
            Err(validation(format!("Endpoint {endpoint} is a multi-model endpoint and requires target model header.")))
        }
    }
}

/// The runtime's name for a refused request; the control plane's is `ValidationException`.
fn validation(message: String) -> ApiError {
    ApiError::new("ValidationError", message)
}
