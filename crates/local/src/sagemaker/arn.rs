//! Amazon Resource Names of the resources, and names given either bare or as an ARN.

use crate::api::{ApiError, Caller};

/// `arn:aws:sagemaker:<region>:<account>:<kind>/<name>`, the name in lower case as AWS writes it.
pub(crate) fn arn(caller: &Caller, kind: &str, name: &str) -> String {
    let (region, account) = (&caller.region, &caller.account);
    format!("arn:{}:sagemaker:{region}:{account}:{kind}/{}", partition(region), name.to_lowercase())
}

/// The name in `name_or_arn`, which may be an ARN of the caller's own account and region.
pub(crate) fn own_name<'a>(caller: &Caller, kind: &str, name_or_arn: &'a str) -> Result<&'a str, ApiError> {
    if !name_or_arn.starts_with("arn:") {
        return Ok(name_or_arn);
    }
    let mut parts = name_or_arn.splitn(6, ':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let resource = parts.next().unwrap_or_default();
    if region != caller.region || account != caller.account {
        let (account, region) = (&caller.account, &caller.region);
        return Err(ApiError::new(
            "AccessDeniedException",
            format!("Account {account} in {region} is not authorized to access {name_or_arn}."),
        ));
    }
    match resource.split_once('/') {
        Some((found, name)) if found == kind => Ok(name),
        _ => Err(ApiError::validation(format!("{name_or_arn} is not the ARN of a {kind}."))),
    }
}

/// The partition a region belongs to.
fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
