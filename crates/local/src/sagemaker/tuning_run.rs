//! The run of a tuning job: it chooses hyperparameters, trains in parallel, and learns from what comes back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{ApiError, Caller};

use super::early_stopping::{MedianRule, RoundRule};
use super::hyperband::Hyperband;
use super::members::{Members, Object};
use super::refusal::internal;
use super::resources::{Kind, Resource};
use super::runs::{Stop, StopFlag};
use super::training_data::TrainingData;
use super::training_job::{self, Kept};
use super::training_run::{Ended, Training};
use super::training_spec::TrainingSpec;
use super::tuning_job::children;
use super::tuning_search::{Search, prior_trials};
use super::tuning_spec::{OBJECTIVE_HYPERPARAMETER, TuningSpec};
use super::{State, convergence, training_run};

/// How often a waiting tuning job looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Why no more training jobs are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Told(Stop),
    MaxRuntime,
    TargetReached,
    NotImproving,
    Converged,
}

/// What the tuning job and its training jobs share.
struct Shared {
    state: Arc<State>,
    caller: Caller,
    key: String,
    spec: TuningSpec,
    training: TrainingSpec,
    median_rule: MedianRule,
    hyperband: Option<Hyperband>,
    data: TrainingData,
}

/// A tuning job at work.
struct TuningRun {
    shared: Arc<Shared>,
    stop: Arc<StopFlag>,
    search: Search,
    /// When the tuning job was created, in epoch seconds.
    created: f64,
    /// Training jobs that count against the limit.
    counted: u64,
    /// The number in the last training job's name.
    number: usize,
    active: HashMap<String, Active>,
    best: Option<f64>,
    not_improving: u64,
    /// In the order in which the training jobs ended.
    objectives: Vec<f64>,
    converged: Option<f64>,
}

/// A training job that runs.
struct Active {
    tuned: BTreeMap<String, String>,
    stop: Arc<StopFlag>,
}

type Results = (String, Result<Ended, ApiError>);

/// Runs a stored tuning job on a thread of its own.
pub(super) fn start(state: &Arc<State>, caller: &Caller, key: &str) -> Result<(), ApiError> {
    let stop = state.runs.enter(caller, Kind::TuningJob, key);
    let thread = format!("tune {key}");
    let (run_state, run_caller, run_key) = (Arc::clone(state), caller.clone(), key.to_owned());
    let work = move || {
        let (caller, key) = (run_caller, run_key);
        let ended = TuningRun::open(&run_state, &caller, &key, stop).and_then(TuningRun::run);
        if let Err(error) = ended {
            break_off(&run_state, &caller, &key, &error.message);
        }
        run_state.runs.leave(&caller, Kind::TuningJob, &key);
    };
    if let Err(error) = state.runs.spawn(thread, work) {
        state.runs.leave(caller, Kind::TuningJob, key);
        break_off(state, caller, key, &format!("it could not be started: {error}"));
    }
    Ok(())
}

fn break_off(state: &State, caller: &Caller, key: &str, message: &str) {
    tracing::error!(key, message, "the tuning job broke off");
    let reason = format!("InternalServerError: {message}");
    if let Err(error) = conclude(state, caller, key, "Failed", Some(&reason), no_details()) {
        tracing::error!(key, message = error.message, "the tuning job's end could not be stored");
    }
}

fn no_details() -> Value {
    json!({ "NumberOfTrainingJobsObjectiveNotImproving": 0 })
}

/// Goes on with the tuning jobs that a process that was killed left in flight. Their training jobs of then have
/// failed as retryable; others take their place.
pub(super) fn resume(state: &Arc<State>) -> Result<(), ApiError> {
    for (caller, job) in state.resources.everywhere(Kind::TuningJob, &["InProgress", "Stopping"])? {
        start(state, &caller, &job.key)?;
    }
    Ok(())
}

impl TuningRun {
    /// Reads the job and what its training jobs have brought so far.
    fn open(state: &Arc<State>, caller: &Caller, key: &str, stop: Arc<StopFlag>) -> Result<Self, ApiError> {
        let job = state.resources.find(caller, Kind::TuningJob, key)?;
        let job = job.ok_or_else(|| internal(format!("tuning job {key} is gone")))?;
        // A request to stop may have come before the flag was there, or before a restart.
        if job.shown.text("HyperParameterTuningJobStatus") == Some("Stopping") {
            stop.set(Stop::Requested);
        }
        let spec = TuningSpec::parse(&job.shown)?;
        let training = TrainingSpec::parse(&spec.definition)?;
        let (own, prior) =
            state.resources.read(caller, |tx| Ok((children(tx, key, &spec)?, prior_trials(tx, &job.shown)?)))?;
        let search = Search::new(&spec, prior, own.len())?;
        let shared = Shared {
            state: Arc::clone(state),
            caller: caller.clone(),
            key: key.to_owned(),
            median_rule: MedianRule::new(spec.maximize),
            hyperband: spec.hyperband.map(|resources| Hyperband::new(resources, spec.maximize)),
            data: TrainingData::new(&caller.account, &training.channels),
            spec,
            training,
        };
        let mut run = Self {
            shared: Arc::new(shared),
            stop,
            search,
            created: job.shown.real("CreationTime").unwrap_or_default(),
            counted: 0,
            number: own.len(),
            active: HashMap::new(),
            best: None,
            not_improving: 0,
            objectives: Vec::new(),
            converged: None,
        };
        // Others take the places of those that a restart cut off, which say nothing of their hyperparameters.
        for child in own.into_iter().filter(|child| !child.kept.retryable) {
            run.counted += 1;
            run.learn(&child.kept.tuned, child.kept.objective);
        }
        Ok(run)
    }

    /// Keeps as many training jobs running as allowed, until there is a reason to end and none runs.
    fn run(mut self) -> Result<(), ApiError> {
        let (sender, results) = mpsc::channel();
        let mut failure = None;
        loop {
            let ending = self.ending();
            if failure.is_some() || ending.is_some() {
                let told = if let Some(Ending::Told(told)) = ending { told } else { Stop::Requested };
                self.active.values().for_each(|job| job.stop.set(told));
            } else if let Err(error) = self.launch(&sender) {
                failure = Some(error);
            }
            if self.active.is_empty() {
                return failure.map_or_else(|| self.conclude(ending), Err);
            }
            if let Err(error) = self.take_in(&results) {
                failure = Some(error);
            }
        }
    }

    /// Starts training jobs while there is room for them and something to try.
    fn launch(&mut self, sender: &Sender<Results>) -> Result<(), ApiError> {
        while self.active.len() < self.shared.spec.max_parallel
            && self.shared.spec.max_jobs.is_none_or(|limit| self.counted < limit)
        {
            let Some(tuned) = self.search.suggest() else { return Ok(()) };
            self.number += 1;
            self.counted += 1;
            let job = self.shared.new_child(self.number, &tuned)?;
            let stop = self.shared.state.runs.enter(&self.shared.caller, Kind::TrainingJob, &job.key);
            let key = job.key.clone();
            self.active.insert(key.clone(), Active { tuned, stop: Arc::clone(&stop) });
            let (shared, sender) = (Arc::clone(&self.shared), sender.clone());
            let work = move || {
                let ended = shared.train(&job.key, &stop);
                shared.state.runs.leave(&shared.caller, Kind::TrainingJob, &job.key);
                // The tuning job waits for every result, so somebody receives this.
                let _ = sender.send((job.key, ended));
            };
            if let Err(error) = self.shared.state.runs.spawn("train".to_owned(), work) {
                // Nobody will send its result. Fewer at a time will do, if any could be started.
                if let Some(job) = self.active.remove(&key) {
                    self.search.report(&job.tuned, None);
                }
                training_run::give_up(&self.shared.state, &self.shared.caller, &key, &error)?;
                self.counted -= 1;
                return if self.active.is_empty() { Err(internal(error)) } else { Ok(()) };
            }
        }
        Ok(())
    }

    /// Waits a moment for a training job to end, and learns from it.
    fn take_in(&mut self, results: &Receiver<Results>) -> Result<(), ApiError> {
        let (name, ended) = match results.recv_timeout(LOOK) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(internal("the training jobs' channel is gone")),
        };
        let Some(job) = self.active.remove(&name) else { return Ok(()) };
        let ended = ended?;
        if !ended.history.is_empty() {
            self.shared.median_rule.add(&ended.history);
        }
        self.learn(&job.tuned, ended.objective);
        Ok(())
    }

    fn learn(&mut self, tuned: &BTreeMap<String, String>, objective: Option<f64>) {
        self.not_improving += 1;
        self.search.report(tuned, objective);
        let Some(value) = objective else { return };
        self.objectives.push(value);
        if self.converged.is_none() && convergence::is_detected(&self.objectives, self.shared.spec.maximize) {
            self.converged = Some(self.shared.state.resources.now());
        }
        if self.best.is_none_or(|best| self.shared.spec.is_better(value, best)) {
            self.best = Some(value);
            self.not_improving = 0;
        }
    }

    fn ending(&self) -> Option<Ending> {
        let spec = &self.shared.spec;
        if let Some(told) = self.stop.read() {
            return Some(Ending::Told(told));
        }
        if spec.max_runtime.is_some_and(|limit| self.shared.state.resources.now() - self.created > limit.as_secs_f64())
        {
            return Some(Ending::MaxRuntime);
        }
        let reached = |target: f64, best: f64| best == target || spec.is_better(best, target);
        if spec.target.zip(self.best).is_some_and(|(target, best)| reached(target, best)) {
            return Some(Ending::TargetReached);
        }
        if spec.until_convergence && self.converged.is_some() {
            return Some(Ending::Converged);
        }
        spec.max_not_improving.filter(|limit| self.not_improving >= *limit).map(|_| Ending::NotImproving)
    }

    fn conclude(&self, ending: Option<Ending>) -> Result<(), ApiError> {
        let Shared { state, caller, key, spec, .. } = self.shared.as_ref();
        let (status, reason) = match ending {
            // The next start goes on with it.
            Some(Ending::Told(Stop::Shutdown)) => return Ok(()),
            Some(Ending::Told(Stop::Requested)) => ("Stopped", None),
            Some(Ending::MaxRuntime) => ("Stopped", None),
            Some(Ending::TargetReached | Ending::NotImproving | Ending::Converged) | None if self.best.is_some() => {
                ("Completed", None)
            }
            _ => ("Failed", Some(self.why_nothing_succeeded(&spec.metric)?)),
        };
        conclude(state, caller, key, status, reason.as_deref(), self.details())
    }

    /// TuningJobCompletionDetails.
    fn details(&self) -> Value {
        let mut details = json!({ "NumberOfTrainingJobsObjectiveNotImproving": self.not_improving });
        if let Some(time) = self.converged {
            details["ConvergenceDetectedTime"] = time.into();
        }
        details
    }

    fn why_nothing_succeeded(&self, metric: &str) -> Result<String, ApiError> {
        let Shared { state, caller, key, spec, .. } = self.shared.as_ref();
        let own = state.resources.read(caller, |tx| children(tx, key, spec))?;
        if own.iter().any(|child| child.status != "Failed") {
            return Ok(format!(
                "No objective metrics found after running {} training jobs. Please ensure that the training jobs report \
                 {metric}.",
                own.len()
            ));
        }
        Ok("All training jobs failed. Please take a look at the training jobs failures to get more details.".to_owned())
    }
}

impl Shared {
    /// Stores the next training job.
    fn new_child(&self, number: usize, tuned: &BTreeMap<String, String>) -> Result<Resource, ApiError> {
        let unique = Uuid::new_v4().simple().to_string();
        let name = format!("{}-{number:03}-{}", self.spec.name, &unique[..8]);
        let mut hyperparameters = Object::new();
        let chosen = self.spec.statics.iter().chain(tuned);
        hyperparameters.extend(chosen.map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
        hyperparameters.insert(OBJECTIVE_HYPERPARAMETER.into(), self.spec.metric.as_str().into());
        let mut definition = self.spec.definition.clone();
        definition.insert("HyperParameters".into(), hyperparameters.into());
        let kept = Kept { tuned: tuned.clone(), ..Kept::default() };
        let now = self.state.resources.now();
        let mut job = training_job::new(&self.caller, &name, &self.key, &definition, &kept, now)?;
        let tuning_job = super::arn::arn(&self.caller, Kind::TuningJob.as_str(), &self.spec.name);
        job.shown.insert("TuningJobArn".into(), tuning_job.into());
        self.state.resources.transact(&self.caller, |tx| training_job::insert(tx, &job))?;
        Ok(job)
    }

    fn rule(&self) -> Option<RoundRule<'_>> {
        let hyperband = self.hyperband.as_ref().map(|hyperband| RoundRule::Hyperband(hyperband, hyperband.enter()));
        hyperband.or_else(|| self.spec.early_stopping.then_some(RoundRule::Median(&self.median_rule)))
    }

    fn train(&self, name: &str, stop: &StopFlag) -> Result<Ended, ApiError> {
        let training = Training {
            state: &self.state,
            caller: &self.caller,
            name,
            spec: &self.training,
            data: &self.data,
            objective: Some(&self.spec.metric),
            rule: self.rule(),
            stop,
        };
        training.run()
    }
}

/// Stores how a tuning job ended.
fn conclude(
    state: &State,
    caller: &Caller,
    key: &str,
    status: &str,
    reason: Option<&str>,
    details: Value,
) -> Result<(), ApiError> {
    state.resources.change(caller, Kind::TuningJob, key, |job| {
        let time = state.resources.now();
        let shown = &mut job.shown;
        let runtime = (time - shown.real("CreationTime").unwrap_or(time)).ceil();
        #[allow(clippy::cast_possible_truncation, reason = "seconds of a job")]
        let runtime = runtime as i64;
        shown.insert("HyperParameterTuningJobStatus".into(), status.into());
        shown.insert("HyperParameterTuningEndTime".into(), time.into());
        shown.insert("LastModifiedTime".into(), time.into());
        shown.insert("TuningJobCompletionDetails".into(), details);
        shown.insert("ConsumedResources".into(), json!({ "RuntimeInSeconds": runtime }));
        if let Some(reason) = reason {
            shown.insert("FailureReason".into(), reason.into());
        }
        Ok(())
    })?;
    tracing::info!(key, status, reason, "tuning job ended");
    Ok(())
}
