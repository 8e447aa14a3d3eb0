use std::path::PathBuf;

use refit_evaluation::{ChampionStanding, Decision, Evaluation};
use refit_registry::ModelPackage;
use refit_tuning::{TrainingJob, TuningJob, TuningJobName, WarmStart};
use tracing::{Instrument, info_span};

use crate::{Artifact, ModelName, ModelSpec, Outcomes, Pipeline, PipelineError, RunId, prepare::Prepared};

/// A model as `retrain` left it: tuned, evaluated and registered.
#[derive(Debug, Clone)]
pub struct Retrained {
    /// The model.
    pub model: ModelName,
    /// The run.
    pub run: RunId,
    /// The dataset it was tuned and evaluated on.
    pub dataset: Prepared,
    /// The tuning job, with the parents that warm-started it.
    pub tuning_job: TuningJob,
    /// Every training job of the tuning job.
    pub training_jobs: Vec<TrainingJob>,
    /// The best of them, whose artifact this model is.
    pub best: TrainingJob,
    /// The artifact.
    pub artifact: Artifact,
    /// What the evaluation set says of it, beside its champion.
    pub evaluation: Evaluation,
    /// The model that it would replace: what serves, or else the newest that is approved.
    pub champion: ChampionStanding,
    /// What the approval rule says, where there is one.
    pub decision: Option<Decision>,
    /// The local report.
    pub report: PathBuf,
    /// Its package in the registry.
    pub package: ModelPackage,
}

impl Retrained {
    /// The tuning jobs that warm-started this model; none for a cold start.
    pub fn parents(&self) -> &[TuningJobName] {
        self.tuning_job.warm_start.as_ref().map_or(&[], WarmStart::parents)
    }
}

impl Pipeline {
    /// Tunes every model on the dataset of this run, warm-started from the latest eligible tuning job, evaluates the best training
    /// job's artifact here beside the model that serves, registers it, and has the approval rule decide, if there is one.
    ///
    /// Running the same run again resumes it: a tuning job that is there is waited for, a history row is written once, a package is
    /// registered once, and compared with the same champion again. What a person decided or wrote, no rule changes.
    ///
    /// # Errors
    ///
    /// An error of the whole call means that nothing was started. One model's failure is in its outcome and stops no other.
    pub async fn retrain(&self, run: &RunId, models: &[ModelSpec]) -> Result<Outcomes<Retrained>, PipelineError> {
        self.begin(models).await?;
        let outcomes = self.for_each(models, |model| {
            let span = info_span!("retrain", model = %model.name);
            self.retrain_one(run, model).instrument(span)
        });
        Ok(outcomes.await)
    }

    async fn retrain_one(&self, run: &RunId, model: &ModelSpec) -> Result<Retrained, PipelineError> {
        let dataset = self.prepared(run, model).await?;
        self.check_evaluation(&dataset)?;
        let tuned = self.tune(&dataset).await?;
        let artifact = self.download(&dataset, &tuned).await?;
        let identity = self.identity(model, &tuned, &artifact)?;
        let champion = self.champion(model, &dataset, &identity).await?;
        let evaluated = self.evaluate(&dataset, &tuned, &artifact, champion).await?;
        let package = self.register(model, identity, &dataset, &tuned, &evaluated).await?;
        Ok(Retrained {
            model: model.name.clone(),
            run: run.clone(),
            dataset,
            tuning_job: tuned.job,
            training_jobs: tuned.training_jobs,
            best: tuned.best,
            artifact,
            evaluation: evaluated.evaluation,
            champion: evaluated.standing,
            decision: evaluated.decision,
            report: evaluated.report,
            package,
        })
    }
}
