//! Training jobs as resources: those asked for one by one, and the children of tuning jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::arn::arn;
use super::listing::Sort;
use super::members::{Members, Object, select};
use super::page::{List, Scope};
use super::resources::{Kind, Resource, Tx};
use super::training_spec::{TrainingSpec, resources};
use super::{State, described_definition, tags, training_run};

const KIND: &str = "training-job";

/// Members that Describe shows as they were given.
const GIVEN: [&str; 13] = [
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "VpcConfig",
    "StoppingCondition",
    "CheckpointConfig",
    "DebugHookConfig",
    "ExperimentConfig",
    "ProfilerConfig",
    "Environment",
    "RetryStrategy",
];

const LIST: List = List {
    operation: "ListTrainingJobs",
    member: "TrainingJobSummaries",
    kind: Kind::TrainingJob,
    sort_by: Sort::CreationTime,
    descending: false,
};

/// What a training job remembers beside what it shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The hyperparameters its tuning job chose.
    pub(super) tuned: BTreeMap<String, String>,
    /// Its last objective metric.
    pub(super) objective: Option<f64>,
    /// It failed by the service's fault.
    pub(super) retryable: bool,
    /// How often it began anew after such a fault.
    #[serde(default)]
    pub(super) retries: u64,
}

pub(super) fn create(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let spec = TrainingSpec::parse(input)?;
    let name = input.required("TrainingJobName");
    let resource = new(caller, name, "", input, &Kept::default(), state.resources.now())?;
    let arn = arn(caller, KIND, name);
    state.resources.transact(caller, |tx| {
        insert(tx, &resource)?;
        tags::put(tx, &arn, input)
    })?;
    training_run::start(state, caller, name, spec)?;
    Ok(json!({ "TrainingJobArn": arn }))
}

pub(super) fn describe(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let mut job = state.resources.read(caller, |tx| find(tx, input.required("TrainingJobName")))?;
    described_definition::complete(&mut job.shown);
    Ok(Value::Object(job.shown))
}

pub(super) fn list(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let members = [
        "TrainingJobName",
        "TrainingJobArn",
        "CreationTime",
        "TrainingEndTime",
        "LastModifiedTime",
        "TrainingJobStatus",
        "SecondaryStatus",
    ];
    // There are no warm pools and no training plans here, so these filters let nothing through.
    if input.contains_key("WarmPoolStatusEquals") || input.contains_key("TrainingPlanArnEquals") {
        return Ok(json!({ "TrainingJobSummaries": [] }));
    }
    // The model's word on StatusEquals: with MaxResults, that many jobs are retrieved whatever their status, then filtered.
    let status_of_page = input.contains_key("MaxResults").then_some("TrainingJobStatus");
    let scope = Scope { status_of_page, ..Scope::default() };
    state.resources.read(caller, |tx| LIST.page(tx, input, &scope, |job| Ok(select(&job.shown, &members))))
}

pub(super) fn stop(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let name = input.required("TrainingJobName");
    state.resources.transact(caller, |tx| {
        let mut job = find(tx, name)?;
        match job.shown.required("TrainingJobStatus") {
            "InProgress" => {
                job.shown.insert("TrainingJobStatus".into(), "Stopping".into());
                job.shown.insert("LastModifiedTime".into(), tx.now().into());
                tx.put(Kind::TrainingJob, &job)
            }
            "Stopping" => Ok(()),
            status => Err(ApiError::validation(format!(
                "The request was rejected because the training job is in status {status}."
            ))),
        }
    })?;
    state.runs.stop(caller, Kind::TrainingJob, name);
    Ok(json!({}))
}

/// A training job that starts at `time`. `job` is a request, or a tuning job's definition with its `HyperParameters` put in.
pub(super) fn new(
    caller: &Caller,
    name: &str,
    parent: &str,
    job: &Object,
    kept: &Kept,
    time: f64,
) -> Result<Resource, ApiError> {
    let mut shown = Object::new();
    shown.insert("TrainingJobName".into(), name.into());
    shown.insert("TrainingJobArn".into(), arn(caller, KIND, name).into());
    shown.insert("TrainingJobStatus".into(), "InProgress".into());
    shown.extend(select(job, &GIVEN));
    if let Some(resources) = resources(job) {
        shown.insert("ResourceConfig".into(), resources.clone().into());
    }
    shown.entry("StoppingCondition").or_insert_with(|| json!({ "MaxRuntimeInSeconds": 86_400 }));
    for flag in ["EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"] {
        shown.insert(flag.into(), job.flag(flag).into());
    }
    shown.insert("CreationTime".into(), time.into());
    shown.insert("LastModifiedTime".into(), time.into());
    let mut resource = Resource::new(name, parent, shown);
    begin(&mut resource.shown, "Starting", time);
    resource.keep(kept)?;
    Ok(resource)
}

pub(super) fn insert(tx: &Tx<'_>, job: &Resource) -> Result<(), ApiError> {
    if tx.insert(Kind::TrainingJob, job)? {
        return Ok(());
    }
    let arn = job.shown.required("TrainingJobArn");
    Err(ApiError::in_use(format!(
        "Training job names must be unique within an AWS account and region, and a training job with this name already \
         exists ({arn})"
    )))
}

/// A missing training job is AWS's one exception: its model promises `ResourceNotFound`, it answers `ValidationException`.
fn find(tx: &Tx<'_>, name: &str) -> Result<Resource, ApiError> {
    tx.find(Kind::TrainingJob, name)?.ok_or_else(|| ApiError::validation("Requested resource not found."))
}

/// Ends the secondary status that runs and begins another.
pub(super) fn begin(shown: &mut Object, secondary: &str, time: f64) {
    end_transition(shown, time);
    let transition = json!({ "Status": secondary, "StartTime": time, "StatusMessage": message(secondary) });
    let transitions = shown.entry("SecondaryStatusTransitions").or_insert_with(|| json!([]));
    if let Some(transitions) = transitions.as_array_mut() {
        transitions.push(transition);
    }
    shown.insert("SecondaryStatus".into(), secondary.into());
    shown.insert("LastModifiedTime".into(), time.into());
}

/// Puts the border between Downloading and Training where XGBoost began: what came before is the data's.
pub(super) fn began_training(shown: &mut Object, time: f64) {
    let transitions = shown.get_mut("SecondaryStatusTransitions").and_then(Value::as_array_mut);
    for transition in transitions.into_iter().flatten().filter_map(Value::as_object_mut) {
        match transition.required("Status") {
            "Downloading" => drop(transition.insert("EndTime".into(), time.into())),
            "Training" => drop(transition.insert("StartTime".into(), time.into())),
            _ => {}
        }
    }
}

/// Ends the job in `status`, with `secondary` as its last secondary status.
pub(super) fn finish(shown: &mut Object, status: &str, secondary: &str, time: f64) {
    begin(shown, secondary, time);
    end_transition(shown, time);
    shown.insert("TrainingJobStatus".into(), status.into());
    shown.insert("TrainingEndTime".into(), time.into());
    if let Some(start) = shown.real("TrainingStartTime") {
        let seconds = whole_seconds(time - start);
        shown.insert("TrainingTimeInSeconds".into(), seconds.into());
        shown.insert("BillableTimeInSeconds".into(), seconds.into());
    }
}

fn end_transition(shown: &mut Object, time: f64) {
    let transitions = shown.get_mut("SecondaryStatusTransitions").and_then(Value::as_array_mut);
    if let Some(last) = transitions.and_then(|transitions| transitions.last_mut()).and_then(Value::as_object_mut) {
        last.entry("EndTime").or_insert(time.into());
    }
}

fn message(secondary: &str) -> &'static str {
    match secondary {
        "Starting" => "Preparing the instances for training",
        "Downloading" => "Downloading input data",
        "Training" => "Training image download completed. Training in progress.",
        "Stopping" => "Stopping the training job",
        "Uploading" => "Uploading generated training model",
        "Completed" => "Training job completed",
        "MaxRuntimeExceeded" => "Training job runtime exceeded MaxRuntimeInSeconds provided",
        "Failed" => "Training job failed",
        "Restarting" => "Restarting the training job after an internal server error",
        _ => "Training job stopped",
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a job, rounded up from above 0")]
fn whole_seconds(seconds: f64) -> u64 {
    seconds.ceil().max(1.0) as u64
}
