//! The run of one training job, from the download of its data to the upload of its artifact.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};
use crate::jobs::{self, Channel, RoundMetrics, TrainingOutcome, TrainingRequest};
use crate::pace::Transition;

use super::State;
use super::early_stopping::RoundRule;
use super::members::{Members, Object};
use super::moment;
use super::resources::{Kind, Resource};
use super::runs::{Stop, StopFlag};
use super::training_data::TrainingData;
use super::training_job::{Kept, began_training, begin, finish};
use super::training_spec::TrainingSpec;

/// A training job about to run on this thread.
pub(super) struct Training<'a> {
    pub(super) state: &'a State,
    pub(super) caller: &'a Caller,
    pub(super) name: &'a str,
    pub(super) spec: &'a TrainingSpec,
    pub(super) data: &'a TrainingData,
    /// The metric the tuning job looks at.
    pub(super) objective: Option<&'a str>,
    pub(super) rule: Option<RoundRule<'a>>,
    pub(super) stop: &'a StopFlag,
}

/// What a tuning job learns from a training job that ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) objective: Option<f64>,
    /// The objective after each round.
    pub(super) history: Vec<f64>,
}

/// Why a training ended before its last round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Told(Stop),
    MaxRuntime,
    EarlyStopping,
}

/// Runs a training job on a thread of its own.
pub(super) fn start(state: &Arc<State>, caller: &Caller, name: &str, spec: TrainingSpec) -> Result<(), ApiError> {
    let stop = state.runs.enter(caller, Kind::TrainingJob, name);
    let (state, caller, name) = (Arc::clone(state), caller.clone(), name.to_owned());
    let thread = format!("train {name}");
    let (run_state, run_caller, run_name) = (Arc::clone(&state), caller.clone(), name.clone());
    let work = move || {
        let (state, caller, name) = (run_state, run_caller, run_name);
        let data = TrainingData::new(&caller.account, &spec.channels);
        let training = Training {
            state: &state,
            caller: &caller,
            name: &name,
            spec: &spec,
            data: &data,
            objective: None,
            rule: None,
            stop: &stop,
        };
        if let Err(error) = training.run() {
            tracing::error!(name, message = error.message, "the training job's result could not be stored");
        }
        state.runs.leave(&caller, Kind::TrainingJob, &name);
    };
    match state.runs.spawn(thread, work) {
        Ok(()) => Ok(()),
        Err(error) => give_up(&state, &caller, &name, &error),
    }
}

/// Fails a stored training job for which there is no thread.
pub(super) fn give_up(state: &State, caller: &Caller, name: &str, error: &std::io::Error) -> Result<(), ApiError> {
    state.runs.leave(caller, Kind::TrainingJob, name);
    tracing::error!(name, %error, "a training job could not be started");
    let reason = format!("InternalServerError: the training job could not be started: {error}. Please try again.");
    fail_retryably(state, caller, name, &reason)
}

/// Deals with the training jobs that a process that was killed left in flight: those with attempts left begin anew, the
/// others fail. A tuning job makes up for its own.
pub(super) fn retry_or_fail_interrupted(state: &Arc<State>) -> Result<(), ApiError> {
    for (caller, job) in state.resources.everywhere(Kind::TrainingJob, &["InProgress", "Stopping"])? {
        tracing::warn!(name = job.key, "a training job of an earlier run was interrupted");
        let attempts = job.shown.object("RetryStrategy").and_then(|retry| retry.whole("MaximumRetryAttempts"));
        let retries = job.kept::<Kept>()?.retries;
        let runs = job.shown.text("TrainingJobStatus") == Some("InProgress");
        if job.parent.is_empty() && runs && attempts.is_some_and(|attempts| retries < attempts) {
            retry(state, &caller, &job)?;
            continue;
        }
        let reason = "InternalServerError: refit-local was stopped while the training job ran. Please try again.";
        fail_retryably(state, &caller, &job.key, reason)?;
    }
    Ok(())
}

fn retry(state: &Arc<State>, caller: &Caller, job: &Resource) -> Result<(), ApiError> {
    state.resources.change(caller, Kind::TrainingJob, &job.key, |job| {
        let mut kept: Kept = job.kept()?;
        kept.retries += 1;
        job.keep(&kept)?;
        begin(&mut job.shown, "Restarting", state.resources.now());
        Ok(())
    })?;
    start(state, caller, &job.key, TrainingSpec::parse(&job.shown)?)
}

fn fail_retryably(state: &State, caller: &Caller, name: &str, reason: &str) -> Result<(), ApiError> {
    let changed = state.resources.change(caller, Kind::TrainingJob, name, |job| {
        let mut kept: Kept = job.kept()?;
        kept.retryable = true;
        job.keep(&kept)?;
        job.shown.insert("FailureReason".into(), reason.into());
        finish(&mut job.shown, "Failed", "Failed", state.resources.now());
        Ok(())
    });
    changed.map(drop)
}

impl Training<'_> {
    /// Runs the job to its end. An error means that its state could not be stored.
    pub(super) fn run(&self) -> Result<Ended, ApiError> {
        let told = || self.stop.read().is_some();
        self.state.conditions.linger(Transition::Starting, told);
        // Waiting for a core is what waiting for an instance is on AWS, so it is part of Starting.
        let share = self.state.cores.enter();
        let started = self.state.resources.now();
        if let Some(told) = self.begin_downloading()? {
            return self.end_untrained(told);
        }
        self.state.conditions.linger(Transition::Downloading, told);
        let channels = match self.data.read(&self.state.objects) {
            Ok(channels) => channels,
            Err(reason) => return self.fail(&reason),
        };
        let hyperparameters = self.begin_training()?;
        let mut watch = Watch { training: self, started, history: Vec::new(), cause: None };
        let trained = self.train(hyperparameters, &channels, share.threads(), &mut watch);
        drop(share);
        match trained {
            Err(reason) => self.fail(&reason),
            Ok(outcome) => {
                let Watch { history, cause, .. } = watch;
                self.end(&outcome, history, cause)
            }
        }
    }

    fn train(
        &self,
        hyperparameters: BTreeMap<String, String>,
        channels: &Arc<Vec<Channel>>,
        threads: usize,
        watch: &mut Watch<'_>,
    ) -> Result<TrainingOutcome, String> {
        let (channels, image_tag) = (Arc::clone(channels), self.spec.image_tag.clone());
        let clock = self.state.conditions.clock.clone();
        let request = TrainingRequest { hyperparameters, channels, image_tag, threads, clock };
        // A fault in training must not take the tuning job with it.
        let train = AssertUnwindSafe(|| jobs::train(&request, &mut |round| watch.round(round)));
        match catch_unwind(train) {
            Ok(trained) => trained.map_err(|failure| failure.reason),
            Err(_) => Err("InternalServerError: training panicked; refit-local's log says where.".to_owned()),
        }
    }

    /// Stores the artifact and the metrics.
    fn end(&self, outcome: &TrainingOutcome, history: Vec<f64>, cause: Option<Cause>) -> Result<Ended, ApiError> {
        if cause == Some(Cause::Told(Stop::Shutdown)) {
            return Ok(Ended::default());
        }
        let trained = moment::of(outcome.span.end);
        self.change(|shown| {
            began_training(shown, moment::of(outcome.span.start));
            if cause.is_some() {
                begin(shown, "Stopping", trained);
            }
            begin(shown, "Uploading", trained);
        })?;
        let artifact = self.spec.artifact(self.name);
        let written =
            self.state.objects.write(&self.caller.account, &artifact.bucket, &artifact.key, &outcome.artifact);
        if let Err(error) = written {
            return self.fail(&format!("ClientError: Artifact upload failed: {artifact}: {error}"));
        }
        let objective = self.objective.and_then(|metric| value_of(&outcome.final_metrics, metric));
        let metrics: Vec<Value> = outcome
            .final_metrics
            .iter()
            .filter(|(_, value)| value.is_finite())
            .map(|(name, value)| json!({ "MetricName": name, "Value": value, "Timestamp": trained }))
            .collect();
        let (status, secondary) = match cause {
            None => ("Completed", "Completed"),
            Some(Cause::MaxRuntime) => ("Stopped", "MaxRuntimeExceeded"),
            Some(Cause::Told(_) | Cause::EarlyStopping) => ("Stopped", "Stopped"),
        };
        self.state.resources.change(self.caller, Kind::TrainingJob, self.name, |job| {
            let mut kept: Kept = job.kept()?;
            kept.objective = objective;
            job.keep(&kept)?;
            job.shown.insert("ModelArtifacts".into(), json!({ "S3ModelArtifacts": artifact.to_string() }));
            if !metrics.is_empty() {
                job.shown.insert("FinalMetricDataList".into(), metrics.into());
            }
            finish(&mut job.shown, status, secondary, self.state.resources.now());
            Ok(())
        })?;
        let TrainingOutcome { rounds, stopped, .. } = outcome;
        tracing::info!(name = self.name, status, objective, rounds, stopped, "training job ended");
        Ok(Ended { objective, history })
    }

    fn fail(&self, reason: &str) -> Result<Ended, ApiError> {
        tracing::warn!(name = self.name, reason, "training job failed");
        self.change(|shown| {
            // AWS's limit on FailureReason.
            shown.insert("FailureReason".into(), reason.chars().take(1024).collect::<String>().into());
            finish(shown, "Failed", "Failed", self.state.resources.now());
        })?;
        Ok(Ended::default())
    }

    /// Begins the secondary status Downloading, unless the job was told to stop before it had a core.
    fn begin_downloading(&self) -> Result<Option<Stop>, ApiError> {
        self.change(|shown| {
            // A request that came before this job could be told by its flag.
            if shown.text("TrainingJobStatus") == Some("Stopping") {
                self.stop.set(Stop::Requested);
            }
            if self.stop.read().is_none() {
                let time = self.state.resources.now();
                shown.insert("TrainingStartTime".into(), time.into());
                begin(shown, "Downloading", time);
            }
        })?;
        Ok(self.stop.read())
    }

    /// Ends a job that was told to stop before it had trained.
    fn end_untrained(&self, told: Stop) -> Result<Ended, ApiError> {
        if told == Stop::Requested {
            self.change(|shown| finish(shown, "Stopped", "Stopped", self.state.resources.now()))?;
        }
        Ok(Ended::default())
    }

    /// Begins the secondary status Training and returns the hyperparameters.
    fn begin_training(&self) -> Result<BTreeMap<String, String>, ApiError> {
        let hyperparameters = self.state.resources.change(self.caller, Kind::TrainingJob, self.name, |job| {
            begin(&mut job.shown, "Training", self.state.resources.now());
            let pairs = job.shown.pairs("HyperParameters").into_iter();
            Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
        })?;
        Ok(hyperparameters.unwrap_or_default())
    }

    fn change(&self, change: impl FnOnce(&mut Object)) -> Result<(), ApiError> {
        let changed = self.state.resources.change(self.caller, Kind::TrainingJob, self.name, |job| {
            change(&mut job.shown);
            Ok(())
        });
        changed.map(drop)
    }
}

/// Looks at each round, and says when to stop.
struct Watch<'a> {
    training: &'a Training<'a>,
    /// In epoch seconds.
    started: f64,
    history: Vec<f64>,
    cause: Option<Cause>,
}

impl Watch<'_> {
    fn round(&mut self, round: &RoundMetrics) -> ControlFlow<()> {
        let Training { state, objective, rule, stop, spec, .. } = self.training;
        let value = objective.and_then(|metric| value_of(&round.metrics, metric));
        self.history.extend(value);
        let is_worse = |rule: &RoundRule<'_>| value.is_some_and(|value| rule.stops(self.history.len() - 1, value));
        self.cause = if let Some(told) = stop.read() {
            Some(Cause::Told(told))
        } else if state.resources.now() - self.started > spec.max_runtime.as_secs_f64() {
            Some(Cause::MaxRuntime)
        } else {
            rule.filter(is_worse).map(|_| Cause::EarlyStopping)
        };
        if self.cause.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn value_of(metrics: &[(String, f64)], name: &str) -> Option<f64> {
    metrics.iter().find(|(metric, _)| metric == name).map(|(_, value)| *value).filter(|value| value.is_finite())
}
