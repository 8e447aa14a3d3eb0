//! InvokeEndpoint.

use bytes::Bytes;
use refit_booster::Booster;
use serde_json::json;

use crate::api::{ApiError, Caller, InvokeRequest, InvokeResponse};
use crate::sagemaker::constraints;
use crate::sagemaker::members::drop_nulls;

use super::container::Serves;
use super::fleet::{LoadError, Variant};
use super::payload::{Rows, scores_line};
use super::{EndpointKey, Hosting};

const CSV: &str = "text/csv";

pub(super) fn invoke(hosting: &Hosting, caller: &Caller, request: &InvokeRequest) -> Result<InvokeResponse, ApiError> {
    check(request)?;
    let InvokeRequest { endpoint, .. } = request;
    let fleet = hosting
        .fleet(&EndpointKey::new(caller, endpoint))
        .ok_or_else(|| validation(format!("Endpoint {endpoint} of account {} not found.", caller.account)))?;
    let variant = fleet.variant(request.target_variant.as_deref()).ok_or_else(|| {
        let name = request.target_variant.as_deref().unwrap_or_default();
        validation(format!("Variant {name} not found for endpoint {endpoint} of account {}.", caller.account))
    })?;
    let target = target(variant, request)?;
    accepted(request)?;
    let booster = variant.load(&hosting.objects, fleet.account(), target).map_err(|error| load_refusal(&error))?;
    let line = predict(&booster, &request.body)?;
    Ok(InvokeResponse {
        content_type: CSV.to_owned(),
        invoked_variant: variant.name.clone(),
        custom_attributes: request.custom_attributes.clone(),
        body: Bytes::from(line),
    })
}

/// Checks the headers against the service model.
fn check(request: &InvokeRequest) -> Result<(), ApiError> {
    let mut input = json!({
        "EndpointName": request.endpoint,
        "Body": "",
        "ContentType": request.content_type,
        "Accept": request.accept,
        "CustomAttributes": request.custom_attributes,
        "TargetModel": request.target_model,
        "TargetVariant": request.target_variant,
    });
    drop_nulls(&mut input);
    constraints::check("InvokeEndpoint", &input).map_err(|error| validation(error.message))
}

/// The target model, which a multi-model container needs and a single-model one does not take.
fn target<'a>(variant: &Variant, request: &'a InvokeRequest) -> Result<&'a str, ApiError> {
    match (&variant.container.serves, request.target_model.as_deref()) {
        (Serves::Single { .. }, None) => Ok(""),
        (Serves::Multi { .. }, Some(target)) => Ok(target.trim_start_matches('/')),
        (Serves::Single { .. }, Some(_)) => Err(validation(format!(
            "Endpoint {} is not a multi-model endpoint: TargetModel must not be given.",
            request.endpoint
        ))),
        (Serves::Multi { .. }, None) => Err(validation(format!(
            "Endpoint {} is a multi-model endpoint: TargetModel must be given.",
            request.endpoint
        ))),
    }
}

fn accepted(request: &InvokeRequest) -> Result<(), ApiError> {
    let media_type = |header: &Option<String>| {
        header.as_deref().map(|value| value.split(';').next().unwrap_or_default().trim().to_lowercase())
    };
    match media_type(&request.content_type).as_deref() {
        Some(CSV | "csv") => {}
        other => {
            let given = other.unwrap_or("none, which means text/libsvm");
            return Err(model_error(415, &format!("Content-type {given} is not supported by refit-local: send {CSV}")));
        }
    }
    match media_type(&request.accept).as_deref() {
        None | Some(CSV | "csv" | "*/*" | "") => Ok(()),
        Some(other) => {
            Err(model_error(415, &format!("Accept type {other} is not supported by refit-local: accept {CSV}")))
        }
    }
}

fn predict(booster: &Booster, body: &[u8]) -> Result<String, ApiError> {
    if body.is_empty() {
        return Ok(String::new());
    }
    let rows =
        Rows::from_csv(body).map_err(|reason| model_error(415, &format!("Loading csv data failed: {reason}")))?;
    if rows.columns != booster.num_features() {
        return Err(model_error(
            400,
            &format!(
                "Feature size of csv inference data {} is not consistent with feature size of trained model {}.",
                rows.columns,
                booster.num_features()
            ),
        ));
    }
    let scores = booster
        .predict_dense(&rows.values, rows.columns)
        .map_err(|error| model_error(400, &format!("Unable to evaluate payload provided: {error}")))?;
    Ok(scores_line(&scores.values, scores.groups))
}

fn load_refusal(error: &LoadError) -> ApiError {
    match error {
        LoadError::Download { artifact, reason } => validation(format!(
            "Failed to download model data(bucket: {}, key: {}). Please ensure that there is an object located at the URL \
             and that the role passed to CreateModel has permissions to download the model. ({reason})",
            artifact.bucket, artifact.key
        )),
        LoadError::Artifact { artifact, reason } => {
            model_error(500, &format!("Unable to load model: {artifact}: {reason}"))
        }
    }
}

/// The runtime's name for a refused request; the control plane's is `ValidationException`.
fn validation(message: String) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// The container answered with an error of its own.
fn model_error(status: u16, message: &str) -> ApiError {
    let fault = if status < 500 { "client" } else { "server" };
    let text = format!("Received {fault} error ({status}) from primary with message \"{message}\".");
    ApiError::new("ModelError", text)
        .with_status(424)
        .with_member("OriginalStatusCode", status)
        .with_member("OriginalMessage", message)
}
