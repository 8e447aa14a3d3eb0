//! The Security Token Service: who am I.

use http::Response;
use s3s::Body;

use crate::answers::query;
use crate::api::{ApiError, Caller};

/// Answers a query-protocol request whose signature has been checked.
pub(crate) fn answer(caller: &Caller, body: &[u8], request_id: &str) -> Response<Body> {
    // The names of actions are letters, which a form leaves as they are.
    let body = String::from_utf8_lossy(body);
    match body.split('&').find_map(|field| field.strip_prefix("Action=")) {
        Some("GetCallerIdentity") => {
            let account = &caller.account;
            let partition = partition(&caller.region);
            // The access keys here are not of users: this is what AWS answers to an account's own key.
            let result = format!(
                "<Arn>arn:{partition}:iam::{account}:root</Arn><UserId>{account}</UserId><Account>{account}</Account>"
            );
            query::output("GetCallerIdentity", &result, request_id)
        }
        Some(action) => {
            let message = format!("refit-local does not have the STS action {action}.");
            query::error(&ApiError::new("InvalidAction", message), request_id)
        }
        None => query::error(&ApiError::new("MissingAction", "The request has no Action."), request_id),
    }
}

fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
