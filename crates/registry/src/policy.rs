use std::collections::BTreeSet;
use std::fmt;

use refit_aws::AccountId;
use serde_json::{Value, json};

use crate::ModelPackageGroupArn;

/// What a consumer account does: find a version, decide on it, deploy it.
const CONSUME: [&str; 4] = [
    "sagemaker:DescribeModelPackage",
    "sagemaker:ListModelPackages",
    "sagemaker:UpdateModelPackage",
    "sagemaker:CreateModel",
];

/// The resource policy that lets other accounts use a model package group.
///
/// The actions are those of SageMaker's developer guide, "Deploy a model version from a different account". The group's
/// policy alone is not enough there: the image's ECR repository and the artifact's bucket need a policy too, and the
/// artifact must be encrypted with a KMS key of which the consumers may use `kms:Decrypt`.
///
/// ```
/// use refit_registry::GroupPolicy;
///
/// let group = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/arrival-delay".parse()?;
/// let policy = GroupPolicy::new(group).with_consumer("222222222222".parse()?);
/// assert!(policy.to_string().contains("arn:aws:iam::222222222222:root"));
/// # Ok::<(), refit_aws::AwsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPolicy {
    group: ModelPackageGroupArn,
    consumers: BTreeSet<AccountId>,
    producers: BTreeSet<AccountId>,
}

impl GroupPolicy {
    /// A policy that lets nobody in yet.
    pub fn new(group: ModelPackageGroupArn) -> Self {
        Self { group, consumers: BTreeSet::new(), producers: BTreeSet::new() }
    }

    /// Lets an account list, describe, approve, reject and deploy the group's versions.
    pub fn with_consumer(mut self, account: AccountId) -> Self {
        self.consumers.insert(account);
        self
    }

    /// Lets an account register versions in the group, and do all that a consumer does.
    pub fn with_producer(mut self, account: AccountId) -> Self {
        self.producers.insert(account.clone());
        self.with_consumer(account)
    }

    /// The group.
    pub fn group(&self) -> &ModelPackageGroupArn {
        &self.group
    }

    /// The policy as AWS takes it.
    pub fn to_json(&self) -> Value {
        let mut statements = Vec::new();
        if !self.consumers.is_empty() {
            let principals = self.principals(&self.consumers);
            let packages = self.group.packages();
            let describe = ["sagemaker:DescribeModelPackageGroup"];
            // ARNs have names in lower case, and policies tell cases apart.
            let group = self.group.as_str().to_lowercase();
            statements.push(statement("ReadGroup", &principals, &describe, &group));
            statements.push(statement("UsePackages", &principals, &CONSUME, &packages));
        }
        if !self.producers.is_empty() {
            let principals = self.principals(&self.producers);
            let create = ["sagemaker:CreateModelPackage"];
            statements.push(statement("RegisterPackages", &principals, &create, &self.group.packages()));
        }
        json!({ "Version": "2012-10-17", "Statement": statements })
    }

    fn principals(&self, accounts: &BTreeSet<AccountId>) -> Vec<String> {
        let partition = self.group.as_str().split(':').nth(1).unwrap_or("aws");
        accounts.iter().map(|account| format!("arn:{partition}:iam::{account}:root")).collect()
    }
}

impl fmt::Display for GroupPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_json().fmt(f)
    }
}

fn statement(sid: &str, principals: &[String], actions: &[&str], resource: &str) -> Value {
    json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": { "AWS": principals },
        "Action": actions,
        "Resource": resource,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::GroupPolicy;

    fn policy() -> GroupPolicy {
        let group = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/Arrival";
        GroupPolicy::new(group.parse().unwrap())
    }

    // The statements are those of the developer guide's page model-registry-deploy.md.
    #[test]
    fn consumers_read_the_group_and_use_its_packages() {
        let account = |text: &str| text.parse().unwrap();
        let policy = policy().with_consumer(account("333333333333")).with_consumer(account("222222222222"));
        let principals = json!({ "AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"] });
        assert_eq!(
            policy.to_json(),
            json!({
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "ReadGroup",
                        "Effect": "Allow",
                        "Principal": principals,
                        "Action": ["sagemaker:DescribeModelPackageGroup"],
                        "Resource": "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/arrival",
                    },
                    {
                        "Sid": "UsePackages",
                        "Effect": "Allow",
                        "Principal": principals,
                        "Action": [
                            "sagemaker:DescribeModelPackage",
                            "sagemaker:ListModelPackages",
                            "sagemaker:UpdateModelPackage",
                            "sagemaker:CreateModel",
                        ],
                        "Resource": "arn:aws:sagemaker:us-east-1:111111111111:model-package/arrival/*",
                    },
                ],
            })
        );
    }

    #[test]
    fn producers_may_register_too() {
        let policy = policy().with_producer("222222222222".parse().unwrap()).to_json();
        let statements = policy["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 3);
        assert_eq!(statements[2]["Action"], json!(["sagemaker:CreateModelPackage"]));
    }
}
