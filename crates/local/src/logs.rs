//! CloudWatch Logs before the first log: refit-local keeps none, and says so as AWS does.
//!
//! The SageMaker Python SDK asks for a training job's log while `Estimator.fit` waits, and goes on when there is none yet.

use http::Response;
use http::request::Parts;
use s3s::Body;

use crate::answers::json;
use crate::api::ApiError;
use crate::auth::{Claim, Refusal};
use crate::dispatch::{Services, header, received};
use crate::request_body::RequestBody;

const BODY_LIMIT: usize = 1024 * 1024;

pub(crate) async fn answer(
    services: &Services,
    request: &Parts,
    claim: Result<Option<Claim<'_>>, Refusal>,
    body: RequestBody,
) -> Response<Body> {
    let checked = async {
        let body = received(body, BODY_LIMIT).await?;
        services.verify(request, claim, &body).map_err(|refusal| refusal.as_json())
    };
    json::error(match checked.await {
        Err(error) => error,
        Ok(_) => refusal(header(&request.headers, "x-amz-target").unwrap_or_default()),
    })
}

fn refusal(target: &str) -> ApiError {
    match target.strip_prefix("Logs_20140328.") {
        Some("DescribeLogStreams" | "GetLogEvents" | "FilterLogEvents") => {
            ApiError::new("ResourceNotFoundException", "The specified log group does not exist.")
        }
        _ => ApiError::new("UnknownOperationException", format!("refit-local does not have `{target}`.")),
    }
}
