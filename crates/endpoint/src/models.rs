use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use refit_aws::{AwsError, StoredObject};
use tracing::info;

use crate::plan::Found;
use crate::{
    DeployedModel, Deployment, Endpoint, EndpointClient, EndpointError, FeatureContract, ModelAction, ModelChange,
    Plan, TargetModel,
};

/// The metadata entry that says which model package a deployed model is.
pub(crate) const MODEL_PACKAGE_ARN: &str = "model-package-arn";

/// How many objects are asked for at a time.
const AT_A_TIME: usize = 16;

impl EndpointClient {
    /// What has to happen so that the endpoint serves these models. It changes nothing.
    ///
    /// Models that are deployed but not named stay as they are: see [`remove`](Self::remove).
    ///
    /// Errors: [`EndpointError::DeployedTwice`], and those of the bucket, which must keep versions.
    pub async fn plan(&self, deployments: &[Deployment]) -> Result<Plan, EndpointError> {
        self.store.check_bucket().await?;
        let names = deployments.iter().map(|deployment| deployment.target_model().clone()).collect();
        let found = self.found(names).await?;
        let histories = self.histories(self.spec.models().key()).await?;
        Plan::new(&self.spec, deployments, &found, &histories, self.describe().await?.as_ref())
    }

    /// Carries a plan out, and returns when the endpoint serves what was planned.
    ///
    /// It can be repeated: what is done already is not done again, and an update that is under way is waited for.
    ///
    /// Every artifact is checked before the first is copied.
    ///
    /// Errors: [`EndpointError::ArtifactChanged`], [`EndpointError::PlanOutdated`], [`EndpointError::RolledBack`],
    /// [`EndpointError::Unusable`], [`EndpointError::Timeout`], and those of the bucket.
    pub async fn apply(&self, plan: &Plan) -> Result<Endpoint, EndpointError> {
        if plan.endpoint() != self.spec.name() {
            let reason = format!("it was made for another endpoint than {}", self.spec.name());
            return Err(AwsError::Invalid { what: "plan", value: plan.endpoint().to_string(), reason }.into());
        }
        let changes = || plan.changes().iter().filter(|change| change.action != ModelAction::Keep);
        // Nothing is copied before all of it can be: a refresh is done whole or not begun.
        let mut checked = Vec::new();
        for change in changes() {
            checked.push(self.check(&change.deployment).await?);
        }
        for (change, version) in changes().zip(checked) {
            self.check_plan(change).await?;
            self.copy(&change.deployment, version).await?;
        }
        self.converge().await
    }

    /// Reads a deployment's artifact and checks its digest. It changes nothing.
    ///
    /// Errors: [`EndpointError::ArtifactChanged`], and those of the artifact's bucket.
    pub async fn check(&self, deployment: &Deployment) -> Result<ArtifactVersion, EndpointError> {
        let (artifact, expected) = (deployment.artifact(), deployment.sha256());
        let (_, found) = self.store.get(artifact).await?;
        match found.sha256.filter(|actual| *actual != expected) {
            Some(actual) => Err(EndpointError::ArtifactChanged { artifact: artifact.clone(), expected, actual }),
            None => Ok(ArtifactVersion(found.version_id)),
        }
    }

    /// What lies under the model's key is what the plan saw there, or what it wants there.
    async fn check_plan(&self, change: &ModelChange) -> Result<(), EndpointError> {
        let target_model = change.deployment.target_model();
        let now = self.deployed(target_model).await?.map(|model| model.sha256);
        let seen = match &change.action {
            ModelAction::Replace { sha256, .. } => Some(*sha256),
            ModelAction::Add | ModelAction::Keep => None,
        };
        match now == seen || now == Some(Some(change.deployment.sha256())) {
            true => Ok(()),
            false => Err(EndpointError::PlanOutdated { target_model: target_model.clone() }),
        }
    }

    /// Adds a model. The endpoint can serve it at once; nothing is refreshed. Adding the same again changes nothing.
    ///
    /// Errors: [`EndpointError::TargetTaken`] if another model has the name, [`EndpointError::ArtifactChanged`], and
    /// those of the bucket.
    pub async fn add(&self, deployment: &Deployment) -> Result<DeployedModel, EndpointError> {
        self.store.check_bucket().await?;
        let target_model = deployment.target_model();
        match self.deployed(target_model).await? {
            None => self.deploy(deployment).await,
            Some(model) if model.sha256 == Some(deployment.sha256()) => Ok(model),
            Some(model) => Err(EndpointError::TargetTaken { target_model: target_model.clone(), sha256: model.sha256 }),
        }
    }

    /// Removes a model from the prefix. Its versions stay in the bucket, so [`rollback`](Self::rollback) brings it back.
    ///
    /// Instances that have loaded it keep answering until they need the memory or the endpoint is
    /// [refreshed](Self::refresh), which the next plan will ask for.
    ///
    /// Errors: [`EndpointError::NoSuchModel`], and those of the bucket.
    pub async fn remove(&self, target_model: &TargetModel) -> Result<(), EndpointError> {
        self.store.check_bucket().await?;
        let (endpoint, name) = (self.spec.name().clone(), target_model.clone());
        let model = self.deployed(target_model).await?;
        let model = model.ok_or(EndpointError::NoSuchModel { endpoint, target_model: name })?;
        self.store.delete(model.uri.key()).await?;
        info!(endpoint = %self.spec.name(), %target_model, "removed the model");
        Ok(())
    }

    /// The models below the prefix, in the order of their names. Objects that cannot be a target model are left out.
    pub async fn list(&self) -> Result<Vec<DeployedModel>, EndpointError> {
        let prefix = self.spec.models().key();
        let objects = self.store.list(prefix).await?;
        let names = objects.iter().filter_map(|object| object.uri.key().strip_prefix(prefix)?.parse().ok()).collect();
        self.all_deployed(names).await
    }

    /// The model under this name, which the endpoint serves or is about to. `None` if there is none. One request to S3.
    ///
    /// Errors: those of the bucket.
    pub async fn deployed(&self, target_model: &TargetModel) -> Result<Option<DeployedModel>, EndpointError> {
        let uri = self.spec.uri_of(target_model)?;
        let object = self.store.head(uri.key()).await?;
        Ok(object.map(|object| deployed_model(target_model.clone(), object)))
    }

    async fn found(&self, names: Vec<TargetModel>) -> Result<BTreeMap<TargetModel, Found>, EndpointError> {
        let models = self.all_deployed(names).await?.into_iter();
        let found = |model: DeployedModel| {
            let found = Found { sha256: model.sha256, model_package_arn: model.model_package_arn };
            (model.target_model, found)
        };
        Ok(models.map(found).collect())
    }

    async fn all_deployed(&self, names: Vec<TargetModel>) -> Result<Vec<DeployedModel>, EndpointError> {
        let asked = names.into_iter().map(|name| {
            let client = self.clone();
            async move { client.deployed(&name).await }
        });
        let found: Vec<_> = stream::iter(asked).buffered(AT_A_TIME).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn deploy(&self, deployment: &Deployment) -> Result<DeployedModel, EndpointError> {
        let version = self.check(deployment).await?;
        self.copy(deployment, version).await
    }

    /// Copies an artifact under the model's key: the version that was checked, whatever is written there meanwhile.
    async fn copy(&self, deployment: &Deployment, version: ArtifactVersion) -> Result<DeployedModel, EndpointError> {
        let (artifact, sha256) = (deployment.artifact(), deployment.sha256());
        let mut metadata = BTreeMap::from([("sha256".to_owned(), sha256.to_string())]);
        let contract = deployment.contract().map(FeatureContract::entries);
        metadata.extend(contract.into_iter().flatten().map(|(key, value)| (key.to_owned(), value)));
        metadata.extend(deployment.model_package_arn().map(|arn| (MODEL_PACKAGE_ARN.to_owned(), arn.to_owned())));
        let target_model = deployment.target_model();
        let key = self.spec.uri_of(target_model)?;
        let copy = self.store.copy(artifact, version.0.as_deref(), key.key(), &metadata).await?;
        info!(endpoint = %self.spec.name(), %target_model, %sha256, "deployed the model");
        Ok(deployed_model(target_model.clone(), copy))
    }
}

/// The version of an artifact whose bytes were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactVersion(Option<String>);

pub(crate) fn deployed_model(target_model: TargetModel, object: StoredObject) -> DeployedModel {
    DeployedModel {
        target_model,
        uri: object.uri,
        version_id: object.version_id,
        sha256: object.sha256,
        model_package_arn: object.metadata.get(MODEL_PACKAGE_ARN).cloned(),
        contract: FeatureContract::from_metadata(&object.metadata),
        size: object.size,
        last_modified: object.last_modified,
    }
}
