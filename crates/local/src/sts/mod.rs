//! The Security Token Service: who am I, and being somebody else for a while.

mod assume_role;
mod form;
pub(crate) mod wire;

use http::Response;
use s3s::Body;

use crate::answers::query;
use crate::api::{ApiError, Caller, Principal};
use crate::auth::Sessions;
use crate::clock::Clock;
use crate::options::Role;

pub(crate) use self::form::Form;

/// Every action there is.
pub(crate) const ACTIONS: [&str; 2] = ["GetCallerIdentity", "AssumeRole"];

/// What the actions work on.
pub(crate) struct Sts {
    pub(crate) sessions: Sessions,
    pub(crate) clock: Clock,
    /// The roles that other accounts may assume.
    pub(crate) roles: Vec<Role>,
}

impl Sts {
    /// Answers a request whose signature has been checked.
    pub(crate) fn answer(&self, caller: &Caller, form: &Form, request_id: &str) -> Response<Body> {
        let result = match form.value("Action") {
            Some("GetCallerIdentity") => Ok(self.identity(caller)),
            Some("AssumeRole") => assume_role::assume(self, caller, form),
            Some(action) => Err(ApiError::new(
                "InvalidAction",
                format!(
                    "Could not find operation {action} for version 2011-06-15: refit-local has {}.",
                    ACTIONS.join(" and ")
                ),
            )),
            None => Err(ApiError::new("MissingAction", "The request has no Action.")),
        };
        match result {
            Ok(result) => query::output(form.value("Action").unwrap_or_default(), &result, request_id),
            Err(error) => query::error(&error, request_id),
        }
    }

    /// Needs no permission, on AWS neither.
    fn identity(&self, caller: &Caller) -> String {
        let account = &caller.account;
        let user_id = match &caller.principal {
            Principal::Root => account.clone(),
            Principal::AssumedRole { role, session } => {
                format!("{}:{session}", self.sessions.role_id(account, role))
            }
        };
        let arn = query::escape(&caller.arn());
        format!("<Arn>{arn}</Arn><UserId>{}</UserId><Account>{account}</Account>", query::escape(&user_id))
    }
}
