use refit_aws::{AccountId, AwsError, check_name, parsed_string};

use crate::arn::name_in_arn;

parsed_string! {
    /// The ARN of one version in a group: `arn:aws:sagemaker:<region>:<account>:model-package/<group>/<version>`.
    pub struct ModelPackageArn("model package ARN", |value| version_in(value).map(|_| ()));
}

impl ModelPackageArn {
    /// The version within its group, from 1.
    pub fn version(&self) -> u32 {
        // The text was checked when the value was made.
        version_in(&self.0).unwrap_or_default()
    }

    /// The group's name as the ARN has it, in lower case.
    pub fn group(&self) -> &str {
        self.0.rsplit('/').nth(1).unwrap_or_default()
    }

    /// The account that owns the package.
    pub fn account(&self) -> Result<AccountId, AwsError> {
        self.0.split(':').nth(4).unwrap_or_default().parse()
    }

    /// The region the package lies in.
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }
}

/// The limits are those of `VersionedArnOrName` in SageMaker's service model: a version has 1 to 9 digits.
fn version_in(value: &str) -> Result<u32, String> {
    const SHAPE: &str = "expected arn:aws:sagemaker:<region>:<account>:model-package/<group>/<version>";
    let (group, version) = name_in_arn(value, "model-package").and_then(|name| name.split_once('/')).ok_or(SHAPE)?;
    check_name(group, 63)?;
    if version.len() > 9 || !version.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SHAPE.to_owned());
    }
    match version.parse() {
        Ok(0) | Err(_) => Err(format!("the version {version:?} is not a number from 1")),
        Ok(version) => Ok(version),
    }
}

#[cfg(test)]
mod tests {
    use super::ModelPackageArn;

    #[test]
    fn an_arn_names_group_version_account_and_region() {
        let arn: ModelPackageArn =
            "arn:aws:sagemaker:us-east-1:123456789012:model-package/arrival-delay/12".parse().unwrap();
        assert_eq!((arn.group(), arn.version(), arn.region()), ("arrival-delay", 12, "us-east-1"));
        assert_eq!(arn.account().unwrap().as_str(), "123456789012");
    }

    #[test]
    fn anything_but_a_version_of_a_group_is_refused() {
        let owner = "arn:aws:sagemaker:us-east-1:123456789012";
        for bad in [
            "model-package/g",
            "model-package/g/0",
            "model-package/g/x",
            "model-package/g/1/2",
            "model-package-group/g",
        ] {
            assert!(format!("{owner}:{bad}").parse::<ModelPackageArn>().is_err(), "{bad}");
        }
        assert!("g/1".parse::<ModelPackageArn>().is_err());
        assert!(format!("{owner}:model-package/g/1234567890").parse::<ModelPackageArn>().is_err());
    }
}
