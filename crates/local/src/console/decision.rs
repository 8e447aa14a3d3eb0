//! A person's decision on a model package: what the form sends, and the update it stands for.

use form_urlencoded::parse;
use serde_json::json;

use crate::api::ApiError;
use crate::sagemaker::Sagemaker;

use super::token::Token;
use super::view::{Owner, View};

/// To approve or reject one model package.
#[derive(Debug, PartialEq)]
pub(super) struct Decision {
    of: Owner,
    package: String,
    status: String,
    reason: String,
    /// The page to show next.
    pub(super) back: View,
}

impl Decision {
    /// Reads the form's fields, and refuses a form that this process did not make.
    pub(super) fn read(body: &[u8], token: &Token) -> Result<Self, ApiError> {
        let field = |name: &str| {
            let found = parse(body).find(|(field, _)| field == name);
            found.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        if !token.is(&field("token")) {
            let message =
                "The form is of an earlier run of refit-local, or of nobody's: open the page anew and decide there.";
            return Err(ApiError::validation(message).with_status(403));
        }
        let status = field("decision");
        if !["Approved", "Rejected"].contains(&status.as_str()) {
            return Err(ApiError::validation(format!("`{status}` is no decision: it is Approved or Rejected.")));
        }
        Ok(Self {
            of: Owner::new(field("account"), field("region")),
            package: field("package"),
            status,
            reason: field("reason").trim().to_owned(),
            back: View::of_href(&field("back")).unwrap_or(View::Overview),
        })
    }

    /// Updates the package as any client does.
    pub(super) fn carry_out(&self, sagemaker: &Sagemaker) -> Result<(), ApiError> {
        let mut input = json!({ "ModelPackageArn": self.package, "ModelApprovalStatus": self.status });
        if !self.reason.is_empty() {
            input["ApprovalDescription"] = self.reason.as_str().into();
        }
        sagemaker.answer(&self.of.caller(), "UpdateModelPackage", input)?;
        tracing::info!(package = self.package, status = self.status, "decided in the console");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_when_it_carries_the_token() {
        let token = Token::new();
        let rest = "account=123456789012&region=us-east-1&package=arn%3Aaws&reason=+good+%26+small+&back=%2F";
        let body = |token: &str, decision: &str| format!("token={token}&decision={decision}&{rest}").into_bytes();
        let decision = Decision::read(&body(token.as_str(), "Approved"), &token).unwrap();
        assert_eq!((decision.package.as_str(), decision.status.as_str()), ("arn:aws", "Approved"));
        assert_eq!((decision.reason.as_str(), &decision.back), ("good & small", &View::Overview));
        for wrong in [body("", "Approved"), body(Token::new().as_str(), "Approved"), rest.as_bytes().to_vec()] {
            assert_eq!(Decision::read(&wrong, &token).unwrap_err().status, 403);
        }
        assert_eq!(Decision::read(&body(token.as_str(), "Deleted"), &token).unwrap_err().status, 400);
    }

    #[test]
    fn no_form_leads_to_another_site() {
        let token = Token::new();
        for back in ["https%3A%2F%2Fexample.com%2F", "%2F%2Fexample.com%2F", "%2Fbucket", ""] {
            let body = format!("token={}&decision=Rejected&back={back}", token.as_str());
            assert_eq!(Decision::read(body.as_bytes(), &token).unwrap().back, View::Overview);
        }
    }
}
