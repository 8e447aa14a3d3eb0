use refit_registry::ModelPackageArn;
use tracing::{Instrument, info, info_span};

use crate::{ModelSpec, Pipeline, PipelineError, Refreshed};

impl Pipeline {
    /// Leaves a package that serves badly: rejects it, with the reason, and has the endpoint serve the latest package of the model
    /// that is still approved.
    ///
    /// It can be repeated, and `refresh` finishes it where it was interrupted: the package that is left is named, and once it is
    /// rejected nothing brings it back.
    ///
    /// # Errors
    ///
    /// [`PipelineError::OtherGroup`] if the package is not one of this model's; [`PipelineError::NothingApproved`] if there is none
    /// to go back to, and then the rejected one goes on serving until another is approved.
    pub async fn rollback(
        &self,
        model: &ModelSpec,
        leaving: &ModelPackageArn,
        why: &str,
    ) -> Result<Refreshed, PipelineError> {
        if !leaving.group().eq_ignore_ascii_case(model.group.name()) {
            return Err(PipelineError::OtherGroup {
                model: model.name.clone(),
                group: model.group.name().to_owned(),
                package: leaving.to_string(),
            });
        }
        let models = std::slice::from_ref(model);
        self.begin(models).await?;
        let roll_back = async {
            self.registry.reject(leaving, why).await.map_err(PipelineError::registry(&model.name))?;
            info!(package = %leaving, "rejected");
            self.serve_approved(models).await
        };
        roll_back.instrument(info_span!("rollback", model = %model.name)).await
    }
}
