use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::create_hyper_parameter_tuning_job::CreateHyperParameterTuningJobError;
use aws_sdk_sagemaker::operation::describe_hyper_parameter_tuning_job::{
    DescribeHyperParameterTuningJobError, DescribeHyperParameterTuningJobOutput,
};
use aws_sdk_sagemaker::operation::describe_training_job::DescribeTrainingJobError;
use aws_sdk_sagemaker::operation::stop_hyper_parameter_tuning_job::StopHyperParameterTuningJobError;
use aws_sdk_sagemaker::types::HyperParameterTrainingJobSummary;
use aws_types::SdkConfig;
use refit_aws::{Poll, RequestError};
use tracing::{debug, info, warn};

use crate::planner::Planner;
use crate::warm_start::{self, WarmStartPlan};
use crate::{
    Lineage, TrainingJob, TrainingJobName, TuningError, TuningHistoryRow, TuningJob, TuningJobName, TuningJobSpec,
    TuningJobStatus, wire,
};

/// How many answers in a row may fail while waiting, if they may be tried again. The SDK tries each of them itself.
const PATIENCE: u32 = 5;

/// How many jobs of the history are looked at for a warm start. Older ones are too far from today's data.
const CONSIDERED: usize = 25;

/// Starts tuning jobs, waits for them and reads what they found.
#[derive(Debug, Clone)]
pub struct TuningClient {
    client: Client,
}

/// What became of a request to start a tuning job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It was created.
    Created,
    /// A job of this name with these settings was there.
    AlreadyThere,
}

impl TuningClient {
    /// A client with the credentials, region, endpoint, retries and timeouts of this configuration.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// Starts a tuning job, unless it is there.
    ///
    /// So a run that is repeated goes on with the job it started before, in whatever state it is. Parents are not
    /// compared: a job keeps the warm start it was created with.
    ///
    /// Errors: [`TuningError::JobDiffers`] if the name is taken by another job, [`TuningError::QuotaExceeded`].
    pub async fn start(&self, spec: &TuningJobSpec) -> Result<Started, TuningError> {
        let name = spec.name();
        if let Some(there) = self.describe_answer(name).await? {
            return same(spec, &there);
        }
        match wire::create_tuning_job(spec).send_with(&self.client).await {
            Ok(_) => {
                info!(tuning_job = %name, training_jobs = spec.limits().max_jobs(), "tuning job started");
                Ok(Started::Created)
            }
            // An earlier try of this request came through, or somebody else was faster.
            Err(error)
                if error.as_service_error().is_some_and(CreateHyperParameterTuningJobError::is_resource_in_use) =>
            {
                match self.describe_answer(name).await? {
                    Some(there) => same(spec, &there),
                    None => Err(RequestError::from_sdk("CreateHyperParameterTuningJob", error).into()),
                }
            }
            Err(error) => Err(RequestError::from_sdk("CreateHyperParameterTuningJob", error).into()),
        }
    }

    /// A tuning job; `None` if there is none of this name.
    pub async fn describe(&self, name: &TuningJobName) -> Result<Option<TuningJob>, TuningError> {
        self.describe_answer(name).await?.as_ref().map(wire::tuning_job).transpose()
    }

    /// Waits until a tuning job is Completed or Stopped. `on_progress` sees every answer, the last one too.
    ///
    /// Errors: [`TuningError::JobFailed`], [`TuningError::NoSuchTuningJob`], [`TuningError::Timeout`].
    pub async fn wait(
        &self,
        name: &TuningJobName,
        poll: &Poll,
        mut on_progress: impl FnMut(&TuningJob),
    ) -> Result<TuningJob, TuningError> {
        let mut waiting = poll.start(format!("the end of tuning job {name}"));
        let (mut failures, mut last) = (0, None);
        let job = loop {
            match self.describe(name).await {
                Err(TuningError::Request(error)) if error.is_retryable() && failures < PATIENCE => {
                    failures += 1;
                    warn!(tuning_job = %name, %error, "no answer, asking again");
                }
                answer => {
                    let job = answer?.ok_or_else(|| no_such_tuning_job(name))?;
                    failures = 0;
                    on_progress(&job);
                    if last.replace(job.training_jobs) != Some(job.training_jobs) {
                        info!(tuning_job = %name, status = %job.status, training_jobs = %job.training_jobs, "tuning");
                    }
                    if job.status.has_ended() {
                        break job;
                    }
                }
            }
            waiting.pause().await?;
        };
        match job.status {
            TuningJobStatus::Completed | TuningJobStatus::Stopped => Ok(job),
            _ => Err(TuningError::JobFailed {
                name: name.to_string(),
                status: job.status.to_string(),
                reason: job.failure_reason.unwrap_or_else(|| "SageMaker gives no reason".to_owned()),
            }),
        }
    }

    /// Starts a tuning job, or finds it, and waits for it.
    pub async fn run(
        &self,
        spec: &TuningJobSpec,
        poll: &Poll,
        on_progress: impl FnMut(&TuningJob),
    ) -> Result<TuningJob, TuningError> {
        self.start(spec).await?;
        self.wait(spec.name(), poll, on_progress).await
    }

    /// Stops a tuning job and its training jobs. One that has ended stays as it is.
    ///
    /// It returns at once: [`wait`](Self::wait) for the end.
    pub async fn stop(&self, name: &TuningJobName) -> Result<(), TuningError> {
        let job = self.describe(name).await?.ok_or_else(|| no_such_tuning_job(name))?;
        if job.status != TuningJobStatus::InProgress {
            return Ok(());
        }
        let stopped =
            self.client.stop_hyper_parameter_tuning_job().hyper_parameter_tuning_job_name(name.as_str()).send().await;
        match stopped {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(StopHyperParameterTuningJobError::is_resource_not_found) =>
            {
                Err(no_such_tuning_job(name))
            }
            Err(error) => {
                // It may have ended between the two requests.
                let ended = self.describe(name).await?.is_some_and(|job| job.status.is_terminal());
                if ended { Ok(()) } else { Err(RequestError::from_sdk("StopHyperParameterTuningJob", error).into()) }
            }
        }
    }

    /// Every training job of a tuning job, in the order of their creation.
    ///
    /// One request for each page of 100, and one for each training job.
    pub async fn training_jobs(&self, name: &TuningJobName) -> Result<Vec<TrainingJob>, TuningError> {
        let mut jobs = Vec::new();
        for summary in self.summaries(name).await? {
            let training_job: TrainingJobName = summary.training_job_name().unwrap_or_default().parse()?;
            let described = self.training_job(&training_job, Some(&summary)).await?;
            jobs.push(described.ok_or_else(|| no_such_training_job(&training_job))?);
        }
        jobs.sort_by(|a: &TrainingJob, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        Ok(jobs)
    }

    /// The best training job of a tuning job: the best of its own, never one of a parent.
    ///
    /// Errors: [`TuningError::NoBestTrainingJob`] if none of them has an objective value.
    pub async fn best_training_job(&self, name: &TuningJobName) -> Result<TrainingJob, TuningError> {
        let answer = self.describe_answer(name).await?.ok_or_else(|| no_such_tuning_job(name))?;
        let Some(summary) = answer.best_training_job() else {
            return Err(self.no_best(&wire::tuning_job(&answer)?).await?);
        };
        let best = wire::best(summary)?.name;
        self.training_job(&best, Some(summary)).await?.ok_or_else(|| no_such_training_job(&best))
    }

    /// A training job; `None` if there is none of this name.
    pub async fn describe_training_job(&self, name: &TrainingJobName) -> Result<Option<TrainingJob>, TuningError> {
        self.training_job(name, None).await
    }

    /// The warm start of a new job, out of the history: the latest jobs of its lineage that can be parents.
    ///
    /// The rules are those of [`warm_start`]. Jobs are described one by one until there are `parents`; at most the latest
    /// 25 are looked at. Apply the plan with [`TuningJobSpec::with_warm_start`].
    pub async fn plan_warm_start(
        &self,
        spec: &TuningJobSpec,
        history: &[TuningHistoryRow],
        lineage: &Lineage,
        parents: usize,
    ) -> Result<WarmStartPlan, TuningError> {
        let mut planner = Planner::new(spec, parents);
        for name in warm_start::eligible(history, lineage).into_iter().take(CONSIDERED) {
            if planner.is_full() {
                break;
            }
            let job = self.describe(&name).await?;
            planner.consider(name, job.as_ref());
        }
        let plan = planner.finish()?;
        for (name, refusal) in &plan.refused {
            info!(tuning_job = %spec.name(), parent = %name, %refusal, "not a parent");
        }
        Ok(plan)
    }

    async fn describe_answer(
        &self,
        name: &TuningJobName,
    ) -> Result<Option<DescribeHyperParameterTuningJobOutput>, TuningError> {
        let described = self
            .client
            .describe_hyper_parameter_tuning_job()
            .hyper_parameter_tuning_job_name(name.as_str())
            .send()
            .await;
        match described {
            Ok(answer) => Ok(Some(answer)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeHyperParameterTuningJobError::is_resource_not_found) =>
            {
                Ok(None)
            }
            Err(error) => Err(RequestError::from_sdk("DescribeHyperParameterTuningJob", error).into()),
        }
    }

    async fn training_job(
        &self,
        name: &TrainingJobName,
        summary: Option<&HyperParameterTrainingJobSummary>,
    ) -> Result<Option<TrainingJob>, TuningError> {
        match self.client.describe_training_job().training_job_name(name.as_str()).send().await {
            Ok(answer) => wire::training_job(&answer, summary).map(Some),
            Err(error) if error.as_service_error().is_some_and(DescribeTrainingJobError::is_resource_not_found) => {
                Ok(None)
            }
            Err(error) => {
                let error = RequestError::from_sdk("DescribeTrainingJob", error);
                // SageMaker answers a missing training job with a ValidationException of these words.
                let missing = error.message().is_some_and(|words| words.contains("Requested resource not found"));
                if missing { Ok(None) } else { Err(error.into()) }
            }
        }
    }

    async fn summaries(&self, name: &TuningJobName) -> Result<Vec<HyperParameterTrainingJobSummary>, TuningError> {
        let mut pages = self
            .client
            .list_training_jobs_for_hyper_parameter_tuning_job()
            .hyper_parameter_tuning_job_name(name.as_str())
            .max_results(100)
            .into_paginator()
            .send();
        let mut summaries = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| match error.as_service_error() {
                Some(refusal) if refusal.is_resource_not_found() => no_such_tuning_job(name),
                _ => RequestError::from_sdk("ListTrainingJobsForHyperParameterTuningJob", error).into(),
            })?;
            summaries.extend(page.training_job_summaries.unwrap_or_default());
        }
        debug!(tuning_job = %name, training_jobs = summaries.len(), "listed");
        Ok(summaries)
    }

    /// Says why there is no best training job, in the words of one that failed.
    async fn no_best(&self, job: &TuningJob) -> Result<TuningError, TuningError> {
        let failures = self.summaries(&job.name).await?;
        let first = failures.iter().find_map(|s| Some((s.training_job_name()?, s.failure_reason()?)));
        let hint = match first {
            Some((name, reason)) => format!("training job {name} failed with {reason:?}"),
            None if !job.status.is_terminal() => "wait until one has an objective value".to_owned(),
            None => "look at the logs of its training jobs".to_owned(),
        };
        let counters = job.training_jobs.to_string();
        Ok(TuningError::NoBestTrainingJob { name: job.name.to_string(), counters, hint })
    }
}

fn same(spec: &TuningJobSpec, there: &DescribeHyperParameterTuningJobOutput) -> Result<Started, TuningError> {
    let differences = wire::differences(spec, there)?;
    match differences.is_empty() {
        true => Ok(Started::AlreadyThere),
        false => Err(TuningError::JobDiffers { name: spec.name().to_string(), differences }),
    }
}

fn no_such_tuning_job(name: &TuningJobName) -> TuningError {
    TuningError::NoSuchTuningJob { name: name.to_string() }
}

fn no_such_training_job(name: &TrainingJobName) -> TuningError {
    TuningError::NoSuchTrainingJob { name: name.to_string() }
}
