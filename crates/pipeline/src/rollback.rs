use refit_endpoint::Rollback;
use refit_registry::ModelPackageArn;
use tracing::{Instrument, info, info_span};

use crate::refresh::target_model;
use crate::{ModelName, Pipeline, PipelineError};

impl Pipeline {
    /// Has the endpoint serve what it served before for this model, and rejects the package that it leaves, with the reason:
    /// the next refresh would bring it back otherwise.
    ///
    /// The package is rejected first. So where this was interrupted, [`refresh`](Self::refresh) finishes it; and where there is
    /// nothing to go back to, the package is rejected all the same and goes on serving until another one is approved.
    ///
    /// # Errors
    ///
    /// A model that the endpoint does not serve, or that has never served anything else; a registry that does not let this account
    /// reject the package.
    pub async fn rollback(&self, model: &ModelName, why: &str) -> Result<Rollback, PipelineError> {
        self.roll_back(model, why).instrument(info_span!("rollback", %model)).await
    }

    async fn roll_back(&self, model: &ModelName, why: &str) -> Result<Rollback, PipelineError> {
        let target = target_model(model)?;
        let served = self.endpoint.list().await.map_err(PipelineError::endpoint("listed"))?;
        let served = served.into_iter().find(|served| served.target_model == target);
        if let Some(arn) = served.and_then(|served| served.model_package_arn) {
            let arn = ModelPackageArn::try_from(arn).map_err(PipelineError::aws("reading the served package's ARN"))?;
            let rejected = self.registry.reject(&arn, why).await;
            rejected.map_err(PipelineError::registry(model))?;
            info!(package = %arn, "rejected");
        }
        self.endpoint.rollback(&target).await.map_err(PipelineError::endpoint("rolled back"))
    }
}
