use chrono::Utc;
use refit_tuning::{
    Channel, Lineage, ResourceLimits, TrainingJob, TuningHistoryRow, TuningJob, TuningJobName, TuningJobSpec, WarmStart,
};
use refit_warehouse::{Format, Manifest, Set};
use tracing::info;

use crate::{Pipeline, PipelineError, Prepared, layout, names};

/// A model as tuning left it.
pub(crate) struct Tuned {
    pub(crate) job: TuningJob,
    pub(crate) training_jobs: Vec<TrainingJob>,
    pub(crate) best: TrainingJob,
}

impl Tuned {
    /// The tuning jobs that warm-started this one; none for a cold start.
    pub(crate) fn parents(&self) -> &[TuningJobName] {
        self.job.warm_start.as_ref().map_or(&[], WarmStart::parents)
    }
}

impl Pipeline {
    /// Runs the tuning job of this dataset to its end, or finds it, and keeps it in the history.
    pub(crate) async fn tune(&self, dataset: &Prepared) -> Result<Tuned, PipelineError> {
        let failed = PipelineError::tuning(&dataset.model, &dataset.run);
        let spec = self.warm_started(dataset, self.tuning_spec(dataset)?).await?;
        self.tuning.start(&spec).await.map_err(failed)?;
        let mut done = 0;
        let tell = |job: &TuningJob| {
            if job.training_jobs.completed > done {
                done = job.training_jobs.completed;
                let best = job.best_training_job.as_ref().and_then(|best| best.objective_value);
                info!(done, of = spec.limits().max_jobs(), best, "tuning");
            }
        };
        let job = self.tuning.wait(spec.name(), &self.settings.poll, tell).await.map_err(failed)?;
        let best = self.tuning.best_training_job(spec.name()).await.map_err(failed)?;
        let training_jobs = self.tuning.training_jobs(spec.name()).await.map_err(failed)?;
        let row = TuningHistoryRow::new(&self.lineage(dataset), &job, job.ended.unwrap_or_else(Utc::now));
        self.tuning_history.append(&row).await.map_err(PipelineError::aws("keeping the tuning history"))?;
        Ok(Tuned { job, training_jobs, best })
    }

    /// The spec with the warm start that the history offers. A job that is there already keeps the one it was created with.
    async fn warm_started(&self, dataset: &Prepared, spec: TuningJobSpec) -> Result<TuningJobSpec, PipelineError> {
        let failed = PipelineError::tuning(&dataset.model, &dataset.run);
        if self.tuning.describe(spec.name()).await.map_err(failed)?.is_some() {
            return Ok(spec);
        }
        let history = self.tuning_history.read().await.map_err(PipelineError::aws("reading the tuning history"))?;
        let parents = self.settings.tuning.parents;
        let plan =
            self.tuning.plan_warm_start(&spec, &history, &self.lineage(dataset), parents).await.map_err(failed)?;
        match &plan.warm_start {
            Some(warm_start) => info!(parents = ?warm_start.parents(), "warm start"),
            None => info!("cold start"),
        }
        spec.with_warm_start(plan.warm_start).map_err(failed)
    }

    fn lineage(&self, dataset: &Prepared) -> Lineage {
        let settings = &self.settings.tuning;
        Lineage {
            model: dataset.model.to_string(),
            layer: settings.layer.clone(),
            objective: settings.objective.clone(),
            eval_metric: settings.metric.name().to_owned(),
        }
    }

    fn limits(&self) -> ResourceLimits {
        if self.settings.testing { ResourceLimits::testing() } else { self.settings.tuning.limits }
    }

    fn tuning_spec(&self, dataset: &Prepared) -> Result<TuningJobSpec, PipelineError> {
        let settings = &self.settings.tuning;
        let name: TuningJobName =
            names::tuning_job_name(&dataset.model, &dataset.run, &dataset.manifest.digest, self.settings.testing)
                .map_err(PipelineError::aws("naming the tuning job"))?;
        let (image, role, metric) = (self.image.clone(), self.settings.role.clone(), settings.metric.clone());
        TuningJobSpec::builder(name, image, role, metric, self.uri(layout::OUTPUT)?)
            .ranges(settings.ranges.clone())
            .hyperparameters(settings.hyperparameters.clone())
            .hyperparameter("objective", &settings.objective)
            .hyperparameter("eval_metric", settings.metric.eval_metric())
            .channel(self.channel(dataset, Set::Train, "train")?)
            .channel(self.channel(dataset, Set::Validation, "validation")?)
            .limits(self.limits())
            .early_stopping(settings.early_stopping)
            .resources(settings.resources.clone())
            .seed(settings.seed)
            .build()
            .map_err(PipelineError::tuning(&dataset.model, &dataset.run))
    }

    fn channel(&self, dataset: &Prepared, set: Set, name: &str) -> Result<Channel, PipelineError> {
        let files = layout::dataset(&dataset.model, &dataset.run);
        let file = dataset.manifest.file(set).ok_or_else(|| PipelineError::DatasetTorn {
            model: dataset.model.clone(),
            uri: format!("{files}/{}", Manifest::FILE_NAME),
        })?;
        let uri = self.uri(&format!("{files}/{}", file.name))?;
        let channel = match file.format {
            Format::Csv => Channel::csv(name, uri),
            Format::Parquet => Channel::parquet(name, uri),
        };
        channel.map_err(PipelineError::aws("naming a channel"))
    }
}
