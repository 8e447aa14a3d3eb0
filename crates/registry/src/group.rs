use std::fmt;
use std::str::FromStr;

use refit_aws::{AccountId, AwsError, check_name, parsed_string};
use serde::{Deserialize, Serialize};

use crate::arn::name_in_arn;

const GROUP: &str = "model-package-group";

parsed_string! {
    /// The name of a model package group in the caller's own account and region: 1 to 63 letters, digits and hyphens.
    pub struct ModelPackageGroupName("model package group name", |value| check_name(value, 63));
}

parsed_string! {
    /// The ARN of a model package group: `arn:aws:sagemaker:<region>:<account>:model-package-group/<name>`.
    pub struct ModelPackageGroupArn("model package group ARN", check_group_arn);
}

impl ModelPackageGroupArn {
    /// The group's name.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The account that owns the group.
    pub fn account(&self) -> Result<AccountId, AwsError> {
        self.0.split(':').nth(4).unwrap_or_default().parse()
    }

    /// The pattern that the ARNs of the group's packages follow. They carry the group's name in lower case.
    pub(crate) fn packages(&self) -> String {
        let owner =
            self.0.strip_suffix(self.name()).and_then(|owner| owner.strip_suffix("-group/")).unwrap_or_default();
        format!("{owner}/{}/*", self.name().to_lowercase())
    }
}

/// A model package group by name, or by ARN where it belongs to another account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum GroupRef {
    /// A group of the caller's own account and region.
    Name(ModelPackageGroupName),
    /// A group written in full, which may belong to another account.
    Arn(ModelPackageGroupArn),
}

impl GroupRef {
    /// What SageMaker takes for the group: its name or its ARN.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(name) => name.as_str(),
            Self::Arn(arn) => arn.as_str(),
        }
    }

    /// The group's name alone.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name.as_str(),
            Self::Arn(arn) => arn.name(),
        }
    }
}

impl From<ModelPackageGroupName> for GroupRef {
    fn from(name: ModelPackageGroupName) -> Self {
        Self::Name(name)
    }
}

impl From<ModelPackageGroupArn> for GroupRef {
    fn from(arn: ModelPackageGroupArn) -> Self {
        Self::Arn(arn)
    }
}

impl FromStr for GroupRef {
    type Err = AwsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.starts_with("arn:") {
            true => text.parse().map(Self::Arn),
            false => text.parse().map(Self::Name),
        }
    }
}

impl TryFrom<String> for GroupRef {
    type Error = AwsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<GroupRef> for String {
    fn from(group: GroupRef) -> Self {
        group.as_str().to_owned()
    }
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn check_group_arn(value: &str) -> Result<(), String> {
    match name_in_arn(value, GROUP) {
        Some(name) => check_name(name, 63),
        None => Err(format!("expected arn:aws:sagemaker:<region>:<account>:{GROUP}/<name>")),
    }
}

#[cfg(test)]
mod tests {
    use super::{GroupRef, ModelPackageGroupArn};

    #[test]
    fn a_reference_is_a_name_or_an_arn() {
        let name: GroupRef = "arrival-delay".parse().unwrap();
        assert!(matches!(&name, GroupRef::Name(_)));
        let arn: GroupRef = "arn:aws:sagemaker:us-east-1:210987654321:model-package-group/Arrival".parse().unwrap();
        assert!(matches!(&arn, GroupRef::Arn(_)));
        assert_eq!((name.name(), arn.name()), ("arrival-delay", "Arrival"));
        for bad in ["", "arrival delay", "arn:aws:s3:::bucket", "group/1"] {
            let error = bad.parse::<GroupRef>().unwrap_err().to_string();
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
    }

    // The two shapes of ARN are those of the developer guide's page on cross-account deployment.
    #[test]
    fn an_arn_names_its_account_and_its_packages() {
        let arn: ModelPackageGroupArn =
            "arn:aws:sagemaker:us-east-1:210987654321:model-package-group/Arrival".parse().unwrap();
        assert_eq!(arn.account().unwrap().as_str(), "210987654321");
        assert_eq!(arn.packages(), "arn:aws:sagemaker:us-east-1:210987654321:model-package/arrival/*");
    }
}
