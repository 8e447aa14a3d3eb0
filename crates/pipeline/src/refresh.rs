use std::collections::BTreeMap;

use refit_aws::{S3Uri, Sha256Digest};
use refit_endpoint::{Deployment, Endpoint, FeatureContract, ModelAction, Plan};
use refit_registry::{ARTIFACT_SHA256, ModelPackage};
use tracing::{Instrument, info, info_span};

use crate::names::target_model;
use crate::{ModelSpec, Outcome, Outcomes, Pipeline, PipelineError};

/// What `refresh` did.
#[derive(Debug)]
#[must_use = "a model's failure is only in its `packages`"]
#[non_exhaustive]
pub struct Refreshed {
    /// The package that each model serves now. A model that has no approved package, or whose artifact cannot be served, is among
    /// the failures; what it served before goes on serving.
    pub packages: Outcomes<ModelPackage>,
    /// What had to be done.
    pub plan: Plan,
    /// The endpoint, InService with the configuration that was asked for.
    pub endpoint: Endpoint,
}

impl Pipeline {
    /// Has the endpoint serve the latest approved package of every model, as the TargetModel `<model>.tar.gz`.
    ///
    /// The endpoint is created if it is missing, and refreshed by a new endpoint config if it has to load other bytes than it
    /// did. A second call finds nothing to do.
    ///
    /// # Errors
    ///
    /// The first model's error if no model at all can be served; what the endpoint and its bucket refuse. Otherwise one model's
    /// failure is in its outcome and stops no other.
    pub async fn refresh(&self, models: &[ModelSpec]) -> Result<Refreshed, PipelineError> {
        self.begin(models).await?;
        let span = info_span!("refresh", endpoint = %self.settings.endpoint.name);
        self.serve_approved(models).instrument(span).await
    }

    pub(crate) async fn serve_approved(&self, models: &[ModelSpec]) -> Result<Refreshed, PipelineError> {
        let approved = self.for_each(models, |model| self.approved(model)).await;
        let wanted: Vec<_> = approved.succeeded().map(|(_, deployment)| deployment.clone()).collect();
        let plan = self.endpoint.plan(&wanted).await.map_err(PipelineError::endpoint("planned"))?;
        let servable = self.servable(approved, &plan).await;
        let wanted: Vec<_> = servable.succeeded().map(|(_, deployment)| deployment.clone()).collect();
        let packages = servable.map(|(package, _)| package);
        if wanted.is_empty() {
            return Err(packages.into_result().err().unwrap_or(PipelineError::NoModels));
        }
        let plan = self.endpoint.plan(&wanted).await.map_err(PipelineError::endpoint("planned"))?;
        info!("{plan}");
        let applied = self.endpoint.apply(&plan).await;
        self.contracts.forget();
        let endpoint = applied.map_err(PipelineError::endpoint("refreshed"))?;
        info!(config = endpoint.config.as_ref().map(tracing::field::display), "in service");
        Ok(Refreshed { packages, plan, endpoint })
    }

    /// The models whose artifacts are there and unchanged, where the plan has to copy them; the others become failures.
    async fn servable(
        &self,
        approved: Outcomes<(ModelPackage, Deployment)>,
        plan: &Plan,
    ) -> Outcomes<(ModelPackage, Deployment)> {
        let copied = plan.changes().iter().filter(|change| change.action != ModelAction::Keep);
        let mut refused = BTreeMap::new();
        for change in copied {
            if let Err(error) = self.endpoint.check(&change.deployment).await {
                refused.insert(change.deployment.target_model().clone(), error);
            }
        }
        let outcomes = approved.into_iter().map(|Outcome { model, result }| {
            let result = result.and_then(|(package, deployment)| match refused.remove(deployment.target_model()) {
                Some(error) => Err(PipelineError::endpoint("refreshed with this model")(error)),
                None => Ok((package, deployment)),
            });
            Outcome { model, result }
        });
        Outcomes::new(outcomes.collect())
    }

    async fn approved(&self, model: &ModelSpec) -> Result<(ModelPackage, Deployment), PipelineError> {
        let package = self
            .registry
            .latest_approved(&model.group)
            .await
            .map_err(PipelineError::registry(&model.name))?
            .ok_or_else(|| PipelineError::NothingApproved { model: model.name.clone() })?;
        let artifact = package
            .artifact
            .clone()
            .ok_or_else(|| PipelineError::NoArtifact { model: model.name.clone(), of: package.arn.to_string() })?;
        let sha256 = match package.metadata.get(ARTIFACT_SHA256).and_then(|digest| digest.parse().ok()) {
            Some(digest) => digest,
            // A package that was not registered by refit says nothing of its bytes.
            None => self.digest(&artifact).await?,
        };
        let deployment = Deployment::new(target_model(&model.name)?, artifact, sha256)
            .with_model_package(package.arn.to_string())
            .map_err(PipelineError::endpoint("planned"))?;
        let deployment = match FeatureContract::from_metadata(&package.metadata) {
            Some(contract) => deployment.with_contract(contract),
            None => deployment,
        };
        Ok((package, deployment))
    }

    async fn digest(&self, artifact: &S3Uri) -> Result<Sha256Digest, PipelineError> {
        let (bytes, _) = self.store.get(artifact).await.map_err(PipelineError::aws(format!("reading {artifact}")))?;
        Ok(Sha256Digest::of(&bytes))
    }
}
