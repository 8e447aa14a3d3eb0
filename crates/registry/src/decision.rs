use refit_aws::{AwsError, RequestError};
use tracing::info;

use crate::client::is_missing;
use crate::{ApprovalStatus, ModelPackage, ModelPackageArn, RegistryClient, RegistryError, wire};

impl RegistryClient {
    /// Approves a package, with the reason kept in its approval description.
    pub async fn approve(&self, arn: &ModelPackageArn, why: &str) -> Result<ModelPackage, RegistryError> {
        self.decide(arn, ApprovalStatus::Approved, why).await
    }

    /// Rejects a package, with the reason kept in its approval description.
    pub async fn reject(&self, arn: &ModelPackageArn, why: &str) -> Result<ModelPackage, RegistryError> {
        self.decide(arn, ApprovalStatus::Rejected, why).await
    }

    /// Leaves the decision open, and keeps the reason in the package's approval description. The status is not touched, so
    /// that a decision which somebody takes meanwhile stands.
    pub async fn leave_pending(&self, arn: &ModelPackageArn, why: &str) -> Result<ModelPackage, RegistryError> {
        self.update(arn, None, why).await
    }

    async fn decide(
        &self,
        arn: &ModelPackageArn,
        approval: ApprovalStatus,
        why: &str,
    ) -> Result<ModelPackage, RegistryError> {
        let package = self.update(arn, Some(approval), why).await?;
        info!(%arn, %approval, why, "decided");
        Ok(package)
    }

    async fn update(
        &self,
        arn: &ModelPackageArn,
        approval: Option<ApprovalStatus>,
        why: &str,
    ) -> Result<ModelPackage, RegistryError> {
        check_reason(why)?;
        let missing = || RegistryError::NoSuchPackage { arn: arn.clone() };
        if let Err(error) = wire::decide(arn, approval, why).send_with(&self.sagemaker).await {
            let error = RequestError::from_sdk("UpdateModelPackage", error);
            return Err(if is_missing(&error) { missing() } else { error.into() });
        }
        self.describe(arn).await?.ok_or_else(missing)
    }
}

/// The limit is that of `ApprovalDescription` in SageMaker's service model.
fn check_reason(why: &str) -> Result<(), AwsError> {
    let characters = why.chars().count();
    let reason = match why.chars().find(|c| c.is_control()) {
        Some(bad) => format!("it holds the control character {bad:?}"),
        None if why.trim().is_empty() => "it is empty: say why".to_owned(),
        None if characters > 1024 => format!("it has {characters} characters, the limit is 1024"),
        None => return Ok(()),
    };
    Err(AwsError::Invalid { what: "reason", value: why.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::check_reason;

    // The limit is botocore 1.44.5's for ApprovalDescription.
    #[test]
    fn a_reason_is_one_line_of_1024_characters() {
        assert!(check_reason("better by 4 %").is_ok());
        assert!(check_reason(&"ü".repeat(1024)).is_ok());
        for bad in ["", "  ", "two\nlines", &"x".repeat(1025)] {
            assert!(check_reason(bad).is_err(), "{bad}");
        }
    }
}
