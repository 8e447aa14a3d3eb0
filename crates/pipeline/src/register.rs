use refit_registry::{ApprovalStatus, GroupRef, ModelPackage, ModelPackageSpec, RegistryError};
use tracing::info;

use crate::approval::Decision;
use crate::evaluate::Evaluated;
use crate::{ModelSpec, Pipeline, PipelineError, Prepared, tune::Tuned};

impl Pipeline {
    /// Registers the model for approval, once, and approves it if the rule says so and nobody has decided yet.
    pub(crate) async fn register(
        &self,
        model: &ModelSpec,
        dataset: &Prepared,
        tuned: &Tuned,
        evaluated: &Evaluated,
    ) -> Result<ModelPackage, PipelineError> {
        let failed = PipelineError::registry(&model.name);
        if let GroupRef::Name(name) = &model.group {
            self.registry.ensure_group(name).await.map_err(failed)?;
        }
        let spec = self.package_spec(model, dataset, tuned, evaluated).map_err(failed)?;
        let package = self.registry.register(&spec).await.map_err(failed)?;
        let decision = self.settings.approval.decide(&evaluated.evaluation.metrics);
        let package = match decision {
            Decision::Approve(why)
                if package.approval == ApprovalStatus::PendingManualApproval && !self.settings.testing =>
            {
                self.registry.approve(&package.arn, &why).await.map_err(failed)?
            }
            Decision::Approve(_) | Decision::LeavePending => package,
        };
        info!(version = package.version, approval = %package.approval, "registered");
        Ok(package)
    }

    fn package_spec(
        &self,
        model: &ModelSpec,
        dataset: &Prepared,
        tuned: &Tuned,
        evaluated: &Evaluated,
    ) -> Result<ModelPackageSpec, RegistryError> {
        let artifact = &evaluated.artifact;
        let metrics = &evaluated.evaluation.metrics;
        ModelPackageSpec::new(
            model.group.clone(),
            artifact.uri.clone(),
            artifact.sha256,
            tuned.best.name.as_str(),
            self.image.clone(),
        )?
        .with_description(format!("{}, run {}: the best of {}", model.name, dataset.run, tuned.job.name))?
        .with_metadata("run", dataset.run.as_str())?
        .with_metadata("tuning-job", tuned.job.name.as_str())?
        .with_metadata("dataset-sha256", &dataset.manifest.digest)?
        .with_metadata("testing", self.settings.testing.to_string())?
        .with_metadata("rmse", metrics.rmse.to_string())?
        .with_metadata("mae", metrics.mae.to_string())?
        .with_metadata("stdev-error", metrics.stdev_error.to_string())
    }
}
