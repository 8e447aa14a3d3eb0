use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_model_package_group::DescribeModelPackageGroupOutput;
use aws_sdk_sagemaker::types;
use aws_types::SdkConfig;
use refit_aws::{AwsError, Poll, RequestError};
use tracing::info;

use crate::newest::{is_decided, is_still_usable, is_usable, newest_first};
use crate::{
    ApprovalStatus, GroupPolicy, GroupRef, ModelPackage, ModelPackageArn, ModelPackageGroupArn, ModelPackageGroupName,
    ModelPackageSpec, ModelPackageSummary, RegistryError, wire,
};

/// SageMaker's model registry.
#[derive(Debug, Clone)]
pub struct RegistryClient {
    pub(crate) sagemaker: Client,
    poll: Poll,
}

impl RegistryClient {
    /// A client for the region, the credentials and the endpoint URL of this configuration.
    pub fn new(config: &SdkConfig) -> Self {
        Self { sagemaker: Client::new(config), poll: Poll::default() }
    }

    /// How often, and how long, to ask for a group that is being created.
    pub fn with_poll(self, poll: Poll) -> Self {
        Self { poll, ..self }
    }

    /// Creates the group if it is absent, and returns its ARN when packages can be registered in it.
    pub async fn ensure_group(&self, name: &ModelPackageGroupName) -> Result<ModelPackageGroupArn, RegistryError> {
        let group = GroupRef::from(name.clone());
        let mut waiting = self.poll.start(format!("creation of model package group {group}"));
        loop {
            match self.usable_group(&group).await {
                Ok(Some(arn)) => return Ok(arn),
                Err(RegistryError::NoSuchGroup { .. }) => self.create_group(name).await?,
                Ok(None) => waiting.pause().await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// The package that an earlier [`register`](Self::register) made of this model. `None` if there is none.
    ///
    /// Only the group, the artifact's SHA-256 and the training job count. Costs one `ListModelPackages` per 100 packages.
    pub async fn find(&self, spec: &ModelPackageSpec) -> Result<Option<ModelPackage>, RegistryError> {
        let id = spec.registration();
        let read = self.pages(spec.group(), None, |read| read.iter().any(|package| id.marks(package))).await?;
        match read.iter().find(|package| id.marks(package)) {
            Some(package) => self.describe(&package.arn).await,
            None => Ok(None),
        }
    }

    /// Registers a model, pending manual approval, and returns its package.
    ///
    /// The same artifact of the same training job is registered once per group, however often this is called and from
    /// however many processes: later calls return the package of the first, whatever has been decided about it since.
    pub async fn register(&self, spec: &ModelPackageSpec) -> Result<ModelPackage, RegistryError> {
        if let Some(package) = self.find(spec).await? {
            info!(arn = %package.arn, "the model is registered already");
            return Ok(package);
        }
        let arn = match self.create_package(spec).await {
            Ok(arn) => arn,
            // Another process with the same client token was faster, with another description or other metadata.
            Err(RegistryError::Request(error)) if error.code() == Some("ConflictException") => {
                return self.find(spec).await?.ok_or(RegistryError::Request(error));
            }
            Err(error) => return Err(error),
        };
        info!(%arn, artifact = %spec.artifact(), "registered");
        self.describe(&arn).await?.ok_or(RegistryError::NoSuchPackage { arn })
    }

    /// Everything the registry keeps about a package. `None` if there is none of this ARN.
    pub async fn describe(&self, arn: &ModelPackageArn) -> Result<Option<ModelPackage>, RegistryError> {
        match wire::describe(arn).send_with(&self.sagemaker).await {
            Ok(answer) => Ok(Some(wire::package(&answer)?)),
            Err(error) => match RequestError::from_sdk("DescribeModelPackage", error) {
                error if is_missing(&error) => Ok(None),
                error => Err(error.into()),
            },
        }
    }

    /// All packages of a group, newest first.
    pub async fn list(&self, group: &GroupRef) -> Result<Vec<ModelPackageSummary>, RegistryError> {
        let mut packages = self.pages(group, None, |_| false).await?;
        newest_first(&mut packages);
        Ok(packages)
    }

    /// The newest package of a group that is approved and completed. `None` if there is none yet.
    ///
    /// Newest by registration: approving an older package later does not put it before a newer approved one.
    pub async fn latest_approved(&self, group: &GroupRef) -> Result<Option<ModelPackage>, RegistryError> {
        let mut approved = self.pages(group, Some(ApprovalStatus::Approved), is_decided).await?;
        newest_first(&mut approved);
        for package in approved.iter().filter(|package| is_usable(package)) {
            // It may have been rejected since the list was read.
            if let Some(package) = self.describe(&package.arn).await?.filter(is_still_usable) {
                return Ok(Some(package));
            }
        }
        Ok(None)
    }

    /// Replaces the resource policy of the policy's own group.
    pub async fn put_group_policy(&self, policy: &GroupPolicy) -> Result<(), RegistryError> {
        const OPERATION: &str = "PutModelPackageGroupPolicy";
        let group = GroupRef::from(policy.group().clone());
        let text = policy.to_string();
        if text.len() > 20_480 {
            return Err(RegistryError::PolicyTooLong { group, characters: text.len() });
        }
        self.sagemaker
            .put_model_package_group_policy()
            .model_package_group_name(group.name())
            .resource_policy(text)
            .send()
            .await
            .map_err(|error| group_error(&group, RequestError::from_sdk(OPERATION, error)))?;
        Ok(())
    }

    /// The resource policy of a group of the caller's own, as JSON text. `None` if it has none.
    pub async fn group_policy(&self, name: &ModelPackageGroupName) -> Result<Option<String>, RegistryError> {
        const OPERATION: &str = "GetModelPackageGroupPolicy";
        let request = self.sagemaker.get_model_package_group_policy().model_package_group_name(name.as_str());
        match request.send().await {
            Ok(answer) => Ok(answer.resource_policy),
            Err(error) => {
                let error = RequestError::from_sdk(OPERATION, error);
                // A group without a policy and no group at all are told apart by asking for the group.
                let group = GroupRef::from(name.clone());
                let absent = matches!(error.code(), Some("ValidationException" | "ResourceNotFound"));
                match absent && self.describe_group(&group).await.is_ok() {
                    true => Ok(None),
                    false => Err(group_error(&group, error)),
                }
            }
        }
    }
}

impl RegistryClient {
    /// The group's ARN once it is complete, `None` while it is not.
    async fn usable_group(&self, group: &GroupRef) -> Result<Option<ModelPackageGroupArn>, RegistryError> {
        let answer = self.describe_group(group).await?;
        match answer.model_package_group_status() {
            Some(types::ModelPackageGroupStatus::Pending | types::ModelPackageGroupStatus::InProgress) => Ok(None),
            Some(types::ModelPackageGroupStatus::Completed) | None => {
                let arn = answer.model_package_group_arn().unwrap_or_default();
                arn.parse().map(Some).map_err(RegistryError::Invalid)
            }
            Some(other) => {
                Err(RegistryError::GroupUnusable { group: group.clone(), status: other.as_str().to_owned() })
            }
        }
    }

    async fn describe_group(&self, group: &GroupRef) -> Result<DescribeModelPackageGroupOutput, RegistryError> {
        let request = self.sagemaker.describe_model_package_group().model_package_group_name(group.as_str());
        request
            .send()
            .await
            .map_err(|error| group_error(group, RequestError::from_sdk("DescribeModelPackageGroup", error)))
    }

    async fn create_group(&self, name: &ModelPackageGroupName) -> Result<(), RegistryError> {
        match wire::create_group(name).send_with(&self.sagemaker).await {
            Ok(_) => {
                info!(group = %name, "created the model package group");
                Ok(())
            }
            Err(error) => match RequestError::from_sdk("CreateModelPackageGroup", error) {
                error if is_there_already(&error) => Ok(()),
                error => Err(error.into()),
            },
        }
    }

    async fn create_package(&self, spec: &ModelPackageSpec) -> Result<ModelPackageArn, RegistryError> {
        const OPERATION: &str = "CreateModelPackage";
        let answer = wire::create_package(spec)
            .send_with(&self.sagemaker)
            .await
            .map_err(|error| group_error(spec.group(), RequestError::from_sdk(OPERATION, error)))?;
        let arn = answer.model_package_arn().unwrap_or_default();
        arn.parse().map_err(|error: AwsError| RequestError::from_answer(OPERATION, error.to_string()).into())
    }

    /// Reads the group's packages, newest first, until there are no more or `enough` of them.
    async fn pages(
        &self,
        group: &GroupRef,
        approval: Option<ApprovalStatus>,
        enough: impl Fn(&[ModelPackageSummary]) -> bool,
    ) -> Result<Vec<ModelPackageSummary>, RegistryError> {
        let mut read = Vec::new();
        let mut next_token = None;
        loop {
            let answer = wire::list(group, approval, next_token)
                .send_with(&self.sagemaker)
                .await
                .map_err(|error| group_error(group, RequestError::from_sdk("ListModelPackages", error)))?;
            for package in answer.model_package_summary_list() {
                read.push(wire::summary(package)?);
            }
            // An empty page may still have pages after it.
            next_token = answer.next_token;
            if next_token.is_none() || enough(&read) {
                return Ok(read);
            }
        }
    }
}

/// SageMaker answers `ValidationException` for groups and packages that do not exist, and says so in its words only.
pub(crate) fn is_missing(error: &RequestError) -> bool {
    let words = error.message().unwrap_or_default();
    error.code() == Some("ResourceNotFound")
        || error.code() == Some("ValidationException") && words.contains("does not exist")
}

fn is_there_already(error: &RequestError) -> bool {
    error.message().is_some_and(|words| words.contains("already exist"))
}

fn group_error(group: &GroupRef, error: RequestError) -> RegistryError {
    match is_missing(&error) {
        true => RegistryError::NoSuchGroup { group: group.clone(), source: Box::new(error) },
        false => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sagemaker::config::BehaviorVersion;
    use aws_types::SdkConfig;

    use super::RegistryClient;
    use crate::GroupRef;
    use crate::spec::tests::spec;

    /// What a caller spawns must be `Send`; this does not compile otherwise.
    #[test]
    fn every_future_can_be_spawned() {
        fn is_send(_: impl Send) {}
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let (client, spec) = (RegistryClient::new(&config), spec("job-1"));
        is_send(async {
            let package = client.register(&spec).await?;
            client.approve(&package.arn, "why").await?;
            client.leave_pending(&package.arn, "why").await?;
            client.find(&spec).await?;
            client.list(spec.group()).await?;
            client.latest_approved(spec.group()).await?;
            if let GroupRef::Name(name) = spec.group() {
                client.ensure_group(name).await?;
            }
            Ok::<_, crate::RegistryError>(())
        });
    }
}
