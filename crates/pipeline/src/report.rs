use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use refit_aws::S3Uri;
use refit_evaluation::{
    DatasetLineage, Direction, Evaluation, EvaluationRow, Report, ReportContext, Trial, TuningSummary,
};
use refit_tuning::TrainingJob;
use refit_warehouse::Manifest;

use crate::tune::Tuned;
use crate::{Artifact, ModelName, Pipeline, PipelineError, Prepared, layout};

impl Pipeline {
    /// What the report says beside the figures.
    pub(crate) fn report_context(
        &self,
        dataset: &Prepared,
        tuned: &Tuned,
        artifact: &Artifact,
        evaluated_at: DateTime<Utc>,
        history: Vec<EvaluationRow>,
    ) -> ReportContext {
        let manifest = &dataset.manifest;
        let mut context = ReportContext::new(dataset.model.as_str(), tuned.best.name.as_str(), evaluated_at);
        context.testing = self.settings.testing;
        context.unit = self.settings.evaluation.unit.clone();
        context.class_names = self.settings.evaluation.class_names.clone();
        context.label = manifest.contract.label.name.clone();
        context.artifact_digest = Some(artifact.sha256.to_string());
        context.dataset = Some(DatasetLineage {
            digest: manifest.digest.clone(),
            query: manifest.query.clone(),
            window: manifest.window.map(|window| (window.floor(), window.ceiling())),
        });
        context.tuning = Some(self.tuning_summary(tuned));
        context.history = history;
        context
    }

    fn tuning_summary(&self, tuned: &Tuned) -> TuningSummary {
        let metric = &self.settings.tuning.metric;
        let parents: Vec<_> = tuned.parents().iter().map(ToString::to_string).collect();
        TuningSummary {
            name: tuned.job.name.to_string(),
            parent: (!parents.is_empty()).then(|| parents.join(", ")),
            objective_metric: metric.name().to_owned(),
            direction: match metric.direction() {
                refit_tuning::Direction::Minimize => Direction::Minimize,
                refit_tuning::Direction::Maximize => Direction::Maximize,
            },
            trials: tuned.training_jobs.iter().map(|job| self.trial(job)).collect(),
        }
    }

    /// Writes what a reviewer needs beside the artifact, and uploads it: the report as a page and as JSON, the statistics that the
    /// registry links, and the manifest of what the model was trained on, which no later dataset overwrites there.
    pub(crate) async fn publish(
        &self,
        dataset: &Prepared,
        tuned: &Tuned,
        evaluation: Evaluation,
        context: ReportContext,
    ) -> Result<PathBuf, PipelineError> {
        let manifest = dataset.dir.join(Manifest::FILE_NAME);
        let manifest =
            tokio::fs::read(&manifest).await.map_err(|source| PipelineError::File { path: manifest, source })?;
        let statistics = evaluation.model_quality(context.evaluated_at);
        let report = Report::new(evaluation, context);
        let job = tuned.best.name.as_str();
        let dir = layout::model_dir(&self.settings.base_dir, &dataset.model).join(job);
        for (file, text) in [
            (layout::REPORT, report.html().into_bytes()),
            (layout::REPORT_JSON, format!("{:#}", report.json()).into_bytes()),
            (layout::STATISTICS, format!("{statistics:#}").into_bytes()),
            (Manifest::FILE_NAME, manifest),
        ] {
            self.keep(&dir.join(file), &text).await?;
            let key = layout::evaluation(&dataset.model, &format!("{job}/{file}"));
            self.store.put(&key, text).await.map_err(PipelineError::aws(format!("uploading {key}")))?;
        }
        Ok(dir.join(layout::REPORT))
    }

    /// Where a file of [`publish`](Self::publish) lies in S3.
    pub(crate) fn published(&self, model: &ModelName, tuned: &Tuned, file: &str) -> Result<S3Uri, PipelineError> {
        self.uri(&layout::evaluation(model, &format!("{}/{file}", tuned.best.name)))
    }

    /// Writes a file of the base directory, and the folders above it.
    pub(crate) async fn keep(&self, path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), PipelineError> {
        let failed = |source| PipelineError::File { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        }
        tokio::fs::write(path, bytes).await.map_err(failed)
    }

    /// A training job with the hyperparameters that were searched; the others are the same in all.
    fn trial(&self, job: &TrainingJob) -> Trial {
        let searched = self.settings.tuning.ranges.iter().map(|range| range.name());
        let chosen = searched.filter_map(|name| Some((name.to_owned(), job.hyperparameters.get(name)?.clone())));
        Trial {
            name: job.name.to_string(),
            status: job.status.to_string(),
            objective_value: job.objective_value,
            hyperparameters: chosen.collect(),
        }
    }
}
