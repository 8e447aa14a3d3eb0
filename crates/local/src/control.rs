//! SageMaker's control plane on the wire: JSON 1.1.

use http::Response;
use http::request::Parts;
use s3s::{Body, HttpError};
use serde_json::Value;

use crate::answers::json;
use crate::api::{ApiError, Caller};
use crate::auth::{Claim, Refusal};
use crate::dispatch::{Services, header, received};
use crate::hazards::answer::under;
use crate::hazards::{Effect, Service};
use crate::request_body::RequestBody;

/// More than any request of the control plane may have.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Begins the token that follows an empty page. Its number comes next, for clients take a token that they have seen already
/// for the end; then, after a colon, the token of the page that the empty one stood for.
const AFTER_EMPTY_PAGE: &str = "refit-local-after-empty-page-";

pub(crate) async fn answer(
    services: &Services,
    request: &Parts,
    claim: Result<Option<Claim<'_>>, Refusal>,
    body: RequestBody,
) -> Result<Response<Body>, HttpError> {
    match checked(services, request, claim, body).await {
        Err(error) => Ok(json::error(error)),
        Ok((caller, operation, input)) => {
            let effect = services.conditions.hazards.strike(Service::Sagemaker, operation, Effect::is_of_the_answer);
            under(effect, Service::Sagemaker, json::error, async {
                match call(services, &caller, operation, input).await {
                    Ok(output) => json::output(&output),
                    Err(error) => json::error(error),
                }
            })
            .await
        }
    }
}

async fn checked<'r>(
    services: &Services,
    request: &'r Parts,
    claim: Result<Option<Claim<'_>>, Refusal>,
    body: RequestBody,
) -> Result<(Caller, &'r str, Value), ApiError> {
    let body = received(body, BODY_LIMIT).await?;
    let caller = services.verify(request, claim, &body).map_err(|refusal| refusal.as_json())?;
    let target = header(&request.headers, "x-amz-target").unwrap_or_default();
    let operation = target.strip_prefix("SageMaker.").ok_or_else(|| {
        let message = format!("`{target}` is no operation of SageMaker: X-Amz-Target must be SageMaker.<operation>.");
        ApiError::new("UnknownOperationException", message)
    })?;
    let input = serde_json::from_slice(if body.is_empty() { b"{}" } else { &body })
        .map_err(|error| ApiError::new("SerializationException", format!("The body is not JSON: {error}.")))?;
    Ok((caller, operation, input))
}

/// Carries out an operation, unless a hazard has it answer with less, or with what was.
async fn call(services: &Services, caller: &Caller, operation: &str, mut input: Value) -> Result<Value, ApiError> {
    let hazards = &services.conditions.hazards;
    let is_list = operation.starts_with("List") || operation == "Search";
    if !is_list {
        return services.sagemaker.call(caller, operation, input).await;
    }
    let (number, token) = after_empty_page(&mut input);
    let mut output = services.sagemaker.call(caller, operation, input).await?;
    let is_empty = || hazards.strike(Service::Sagemaker, operation, |effect| *effect == Effect::EmptyPage).is_some();
    if let Some(page) = output.as_object_mut().filter(|_| is_empty()) {
        page.values_mut().filter_map(Value::as_array_mut).for_each(Vec::clear);
        page.insert("NextToken".to_owned(), format!("{AFTER_EMPTY_PAGE}{}:{token}", number + 1).into());
    }
    Ok(output)
}

/// Puts the token of the page that is asked for in place of one that follows an empty page. Returns how many of those came
/// before, and the token, which is empty for the first page.
fn after_empty_page(input: &mut Value) -> (u32, String) {
    let Some(input) = input.as_object_mut() else { return (0, String::new()) };
    let given = input.get("NextToken").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some((number, token)) = given.strip_prefix(AFTER_EMPTY_PAGE).and_then(|rest| rest.split_once(':')) else {
        return (0, given);
    };
    match token {
        "" => input.remove("NextToken"),
        token => input.insert("NextToken".to_owned(), token.into()),
    };
    (number.parse().unwrap_or_default(), token.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_token_after_an_empty_page_is_that_of_the_page_it_stood_for() {
        for (given, number, page) in [
            (json!({}), 0, json!({})),
            (json!({ "NextToken": "second" }), 0, json!({ "NextToken": "second" })),
            (json!({ "NextToken": "refit-local-after-empty-page-1:" }), 1, json!({})),
            (json!({ "NextToken": "refit-local-after-empty-page-2:second" }), 2, json!({ "NextToken": "second" })),
        ] {
            let mut input = given.clone();
            let token = page.get("NextToken").and_then(Value::as_str).unwrap_or_default().to_owned();
            assert_eq!((after_empty_page(&mut input), input), ((number, token), page), "{given}");
        }
    }
}
