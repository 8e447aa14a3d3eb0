use std::path::PathBuf;

use chrono::{DateTime, Utc};
use refit_aws::{HistoryLog, HistoryRow};
use refit_booster::Booster;
use refit_evaluation::{
    DatasetLineage, Direction, Evaluation, EvaluationRow, EvaluationSet, Report, ReportContext, Trial, TuningSummary,
    evaluate,
};
use refit_tuning::TrainingJob;
use refit_warehouse::Set;
use serde::{Deserialize, Serialize};
use tracing::info;

use crate::prepare::Prepared;
use crate::retrain::Artifact;
use crate::tune::Tuned;
use crate::{Pipeline, PipelineError, layout};

/// A model as the evaluation set sees it.
pub(crate) struct Evaluated {
    pub(crate) artifact: Artifact,
    pub(crate) evaluation: Evaluation,
    pub(crate) report: PathBuf,
}

/// A row of `evaluationhistory.csv`: the evaluation crate knows its columns, the history log how to keep it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct HistoryEntry(EvaluationRow);

impl HistoryRow for HistoryEntry {
    const COLUMNS: &'static [&'static str] = EvaluationRow::COLUMNS;
    const KEY: &'static str = EvaluationRow::KEY;
}

impl Pipeline {
    /// Downloads the best training job's artifact, scores the evaluation set with it, and keeps the figures and the report.
    pub(crate) async fn evaluate(&self, dataset: &Prepared, tuned: &Tuned) -> Result<Evaluated, PipelineError> {
        let artifact = self.download(dataset, tuned).await?;
        let evaluation = self.score(dataset, &artifact).await?;
        let (row, history) = self.remember_evaluation(dataset, tuned, &evaluation).await?;
        let context = self.report_context(dataset, tuned, &artifact, row.datetime, history);
        let report = self.publish(dataset, tuned, Report::new(evaluation.clone(), context)).await?;
        let metrics = &evaluation.metrics;
        info!(
            rows = metrics.rows,
            rmse = %format_args!("{:.4}", metrics.rmse),
            rmse_of_the_mean = %format_args!("{:.4}", metrics.baseline_rmse),
            "evaluated"
        );
        Ok(Evaluated { artifact, evaluation, report })
    }

    async fn download(&self, dataset: &Prepared, tuned: &Tuned) -> Result<Artifact, PipelineError> {
        let uri = tuned.best.artifact.clone().ok_or_else(|| PipelineError::NoArtifact {
            model: dataset.model.clone(),
            of: tuned.best.name.to_string(),
        })?;
        let dir = layout::model_dir(&self.settings.base_dir, &dataset.model).join(tuned.best.name.as_str());
        let path = dir.join("model.tar.gz");
        let doing = PipelineError::aws(format!("downloading {uri}"));
        let stored = self.store.get_to_file(&uri, &path).await.map_err(doing)?;
        let sha256 = match stored.sha256 {
            Some(digest) => digest,
            None => refit_aws::Sha256Digest::of_file(&path)
                .map_err(|source| PipelineError::File { path: path.clone(), source })?,
        };
        Ok(Artifact { uri, path, sha256 })
    }

    async fn score(&self, dataset: &Prepared, artifact: &Artifact) -> Result<Evaluation, PipelineError> {
        let (model, path, uri) = (dataset.model.clone(), artifact.path.clone(), artifact.uri.to_string());
        let set = dataset.manifest.file(Set::Evaluation).map_or("evaluation.csv", |file| file.name.as_str());
        let (set, features) = (dataset.dir.join(set), dataset.manifest.feature_names());
        let score = move || {
            let bytes = std::fs::read(&path).map_err(|source| PipelineError::File { path, source })?;
            let booster = Booster::from_artifact(&bytes).map_err(|source| PipelineError::Artifact {
                model: model.clone(),
                artifact: uri,
                source: Box::new(source),
            })?;
            EvaluationSet::from_csv(&set, &features)
                .and_then(|set| evaluate(&booster, set))
                .map_err(|source| PipelineError::Evaluation { model, source: Box::new(source) })
        };
        self.blocking(&dataset.model, "evaluation", score).await?
    }

    /// The row of this evaluation, written now or by an earlier run of the same run, and the rows before it.
    async fn remember_evaluation(
        &self,
        dataset: &Prepared,
        tuned: &Tuned,
        evaluation: &Evaluation,
    ) -> Result<(EvaluationRow, Vec<EvaluationRow>), PipelineError> {
        let file = "evaluationhistory.csv";
        let local = layout::model_dir(&self.settings.base_dir, &dataset.model).join(file);
        let key = layout::evaluation(&dataset.model, file);
        let doing = || PipelineError::aws(format!("keeping {key}"));
        let log = HistoryLog::<HistoryEntry>::new(self.store.clone(), &key, local).map_err(doing())?;
        let tuning = &self.settings.tuning;
        let name = tuned.best.name.as_str();
        let row = EvaluationRow::new(Utc::now(), name, &tuning.objective, tuning.metric.name(), &evaluation.metrics)
            .testing(self.settings.testing);
        log.append(&HistoryEntry(row.clone())).await.map_err(doing())?;
        let rows = log.read().await.map_err(doing())?;
        let mut earlier: Vec<_> = rows.into_iter().map(|entry| entry.0).collect();
        let at = earlier.iter().position(|row| row.trainingjob == name).unwrap_or(earlier.len());
        let kept = earlier.split_off(at).into_iter().next();
        Ok((kept.unwrap_or(row), earlier))
    }

    fn report_context(
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
        context.label = manifest.label.clone();
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

    /// Writes the report beside the artifact, as a page and as JSON, and uploads both.
    async fn publish(&self, dataset: &Prepared, tuned: &Tuned, report: Report) -> Result<PathBuf, PipelineError> {
        let job = tuned.best.name.as_str();
        let dir = layout::model_dir(&self.settings.base_dir, &dataset.model).join(job);
        for (file, text) in [("report.html", report.html()), ("report.json", format!("{:#}", report.json()))] {
            let path = dir.join(file);
            tokio::fs::write(&path, &text).await.map_err(|source| PipelineError::File { path, source })?;
            let key = layout::evaluation(&dataset.model, &format!("{job}/{file}"));
            self.store.put(&key, text).await.map_err(PipelineError::aws(format!("uploading {key}")))?;
        }
        Ok(dir.join("report.html"))
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
