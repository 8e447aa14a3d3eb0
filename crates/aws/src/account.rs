use aws_types::SdkConfig;

use crate::{AccountId, AwsError, RequestError};

/// The account the configuration's credentials belong to, as STS answers.
pub async fn caller_account(config: &SdkConfig) -> Result<AccountId, AwsError> {
    const OPERATION: &str = "GetCallerIdentity";
    let identity = aws_sdk_sts::Client::new(config)
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| RequestError::from_sdk(OPERATION, error))?;
    match identity.account() {
        Some(account) => account.parse(),
        None => Err(RequestError::from_answer(OPERATION, "the answer names no account").into()),
    }
}
