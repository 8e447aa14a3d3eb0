//! Amazon Resource Names of the resources, and names given either bare or as an ARN.

use crate::api::{ApiError, Caller, partition};

/// `arn:aws:sagemaker:<region>:<account>:<kind>/<name>`, the name in lower case as AWS writes it.
pub(crate) fn arn(owner: &Caller, kind: &str, name: &str) -> String {
    let (region, account) = (&owner.region, &owner.account);
    format!("arn:{}:sagemaker:{region}:{account}:{kind}/{}", partition(region), name.to_lowercase())
}

/// A resource by its name, and whose it is.
#[derive(Debug)]
pub(crate) struct Named<'n> {
    pub(crate) owner: Caller,
    pub(crate) kind: &'n str,
    pub(crate) name: &'n str,
}

impl<'n> Named<'n> {
    /// What `name_or_arn` points at: a bare name is the caller's own.
    pub(crate) fn of(caller: &Caller, kind: &'n str, name_or_arn: &'n str) -> Result<Self, ApiError> {
        if !name_or_arn.starts_with("arn:") {
            return Ok(Self { owner: caller.clone(), kind, name: name_or_arn });
        }
        let named = Self::parse(caller, name_or_arn)?;
        if named.kind != kind {
            return Err(ApiError::validation(format!("{name_or_arn} is not the ARN of a {kind}.")));
        }
        Ok(named)
    }

    /// What an ARN of SageMaker points at, in the region of the request.
    pub(crate) fn parse(caller: &Caller, arn: &'n str) -> Result<Self, ApiError> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let &["arn", _, "sagemaker", region, account, resource] = parts.as_slice() else {
            return Err(ApiError::validation(format!("{arn} is no ARN of SageMaker.")));
        };
        let Some((kind, name)) = resource.split_once('/') else {
            return Err(ApiError::validation(format!("{arn} names no resource.")));
        };
        if region != caller.region {
            let here = &caller.region;
            return Err(ApiError::validation(format!(
                "{arn} is in another region than the request, which is to {here}."
            )));
        }
        let owner = if account == caller.account { caller.clone() } else { Caller::root(account, region) };
        Ok(Self { owner, kind, name })
    }

    pub(crate) fn arn(&self) -> String {
        arn(&self.owner, self.kind, self.name)
    }

    /// Whether it belongs to the account that asks.
    pub(crate) fn is_own(&self, caller: &Caller) -> bool {
        self.owner.account == caller.account
    }
}
