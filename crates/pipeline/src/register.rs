use std::num::NonZeroUsize;

use refit_aws::S3Uri;
use refit_endpoint::FeatureContract;
use refit_evaluation::Verdict;
use refit_registry::{ModelPackage, ModelPackageSpec, RegistryError};
use refit_warehouse::Manifest;
use tracing::info;

use crate::champion::{CHAMPION, CHAMPION_SERVES};
use crate::evaluate::Evaluated;
use crate::{Artifact, ModelSpec, Pipeline, PipelineError, Prepared, layout, tune::Tuned};

/// What lies in S3 beside the artifact.
struct Links {
    report: S3Uri,
    statistics: S3Uri,
    contract: Option<FeatureContract>,
}

impl Pipeline {
    /// What tells this model's registration from every other.
    pub(crate) fn identity(
        &self,
        model: &ModelSpec,
        tuned: &Tuned,
        artifact: &Artifact,
    ) -> Result<ModelPackageSpec, PipelineError> {
        let (job, image) = (tuned.best.name.as_str(), self.image.clone());
        ModelPackageSpec::new(model.group.clone(), artifact.uri.clone(), artifact.sha256, job, image)
            .map_err(PipelineError::registry(&model.name))
    }

    /// Registers the model for approval, once, and has the rule decide, if there is one and nobody has decided yet.
    pub(crate) async fn register(
        &self,
        model: &ModelSpec,
        identity: ModelPackageSpec,
        dataset: &Prepared,
        tuned: &Tuned,
        evaluated: &Evaluated,
    ) -> Result<ModelPackage, PipelineError> {
        let failed = PipelineError::registry(&model.name);
        let links = self.links(dataset, tuned)?;
        let spec = described(identity, dataset, tuned)
            .and_then(|spec| measured(spec, evaluated))
            .and_then(|spec| linked(spec, links))
            .and_then(|spec| spec.with_metadata("testing", self.settings.testing.to_string()))
            .map_err(failed)?;
        let package = self.registry.register(&spec).await.map_err(failed)?;
        let package = self.decide(model, package, evaluated).await?;
        info!(version = package.version, approval = %package.approval, "registered");
        Ok(package)
    }

    fn links(&self, dataset: &Prepared, tuned: &Tuned) -> Result<Links, PipelineError> {
        let published = |file| self.published(&dataset.model, tuned, file);
        let contract = &dataset.manifest.contract_sha256;
        let sha256 = contract.parse().map_err(PipelineError::aws("reading the contract's SHA-256"))?;
        let manifest = published(Manifest::FILE_NAME)?;
        let features = NonZeroUsize::new(dataset.manifest.contract.features.len());
        Ok(Links {
            report: published(layout::REPORT)?,
            statistics: published(layout::STATISTICS)?,
            contract: features.map(|features| FeatureContract { features, sha256, manifest }),
        })
    }
}

fn described(spec: ModelPackageSpec, dataset: &Prepared, tuned: &Tuned) -> Result<ModelPackageSpec, RegistryError> {
    spec.with_description(format!("{}, run {}: the best of {}", dataset.model, dataset.run, tuned.job.name))?
        .with_metadata("run", dataset.run.as_str())?
        .with_metadata("tuning-job", tuned.job.name.as_str())?
        .with_metadata("dataset-sha256", &dataset.manifest.digest)
}

fn measured(spec: ModelPackageSpec, evaluated: &Evaluated) -> Result<ModelPackageSpec, RegistryError> {
    let metrics = &evaluated.evaluation.metrics;
    let mut spec = spec
        .with_metadata("rmse", metrics.rmse().to_string())?
        .with_metadata("mae", metrics.mae().to_string())?
        .with_metadata("stdev-error", metrics.stdev_error().to_string())?
        .with_metadata(CHAMPION, evaluated.champion())?;
    if let Some(classes) = metrics.multiclass() {
        spec = spec
            .with_metadata("merror", classes.merror.to_string())?
            .with_metadata("mlogloss", classes.mlogloss.to_string())?
            .with_metadata("macro-f1", classes.macro_f1.to_string())?;
    }
    if let Some(champion) = evaluated.standing.champion() {
        spec = spec.with_metadata(CHAMPION_SERVES, champion.serves.to_string())?;
    }
    match &evaluated.evaluation.champion {
        Some(champion) => spec.with_metadata("verdict", word(champion.comparison.verdict)),
        None => Ok(spec),
    }
}

fn linked(spec: ModelPackageSpec, links: Links) -> Result<ModelPackageSpec, RegistryError> {
    let mut spec = spec.with_model_quality(links.statistics).with_metadata("report", links.report.to_string())?;
    for (key, value) in links.contract.iter().flat_map(FeatureContract::entries) {
        spec = spec.with_metadata(key, value)?;
    }
    Ok(spec)
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::NotWorse => "not worse",
        Verdict::Worse => "worse",
        _ => "undecided",
    }
}
