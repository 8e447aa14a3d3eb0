use refit_aws::{S3Uri, Sha256Digest};
use refit_endpoint::{Deployment, Endpoint, Plan, TargetModel};
use refit_registry::{ARTIFACT_SHA256, ModelPackage};
use tracing::{Instrument, info, info_span};

use crate::{ModelName, ModelSpec, Outcomes, Pipeline, PipelineError};

/// What `refresh` did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refreshed {
    /// The package that each model serves now. A model without an approved package is among the failures; what it served before
    /// goes on serving.
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
    /// [`PipelineError::NothingApproved`] if no model at all has an approved package; what the endpoint and its bucket refuse. One
    /// model's failure is in its outcome and stops no other.
    pub async fn refresh(&self, models: &[ModelSpec]) -> Result<Refreshed, PipelineError> {
        self.ensure_bucket(models).await?;
        let span = info_span!("refresh", endpoint = %self.settings.endpoint.name);
        async {
            let approved = self.for_each(models, |model| self.approved(model)).await;
            let (packages, deployments) = approved.unzip();
            if let (true, Some(model)) = (deployments.is_empty(), models.first()) {
                return Err(PipelineError::NothingApproved { model: model.name.clone() });
            }
            let plan = self.endpoint.plan(&deployments).await.map_err(PipelineError::endpoint("planned"))?;
            info!(%plan, "planned");
            let endpoint = self.endpoint.apply(&plan).await.map_err(PipelineError::endpoint("refreshed"))?;
            info!(config = endpoint.config.as_ref().map(tracing::field::display), "in service");
            Ok(Refreshed { packages, plan, endpoint })
        }
        .instrument(span)
        .await
    }

    /// What a model predicts for rows without label and header, asked of the endpoint.
    ///
    /// # Errors
    ///
    /// What the endpoint or the model refuses.
    pub async fn invoke(&self, model: &ModelName, csv: &str) -> Result<Vec<f64>, PipelineError> {
        let target = target_model(model)?;
        self.endpoint.invoke(&target, csv).await.map_err(PipelineError::endpoint("invoked"))
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
        Ok((package, deployment))
    }

    async fn digest(&self, artifact: &S3Uri) -> Result<Sha256Digest, PipelineError> {
        let (bytes, _) = self.store.get(artifact).await.map_err(PipelineError::aws(format!("reading {artifact}")))?;
        Ok(Sha256Digest::of(&bytes))
    }
}

pub(crate) fn target_model(model: &ModelName) -> Result<TargetModel, PipelineError> {
    TargetModel::try_from(format!("{model}.tar.gz")).map_err(PipelineError::aws("naming the target model"))
}
