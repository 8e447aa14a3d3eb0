//! Tuning jobs as resources.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::arn::arn;
use super::listing::Sort;
use super::members::{Members, Object, select};
use super::page::{List, Scope};
use super::resources::{Kind, Resource, Tx};
use super::training_spec::TrainingSpec;
use super::tuning_progress::{Child, best, counters};
use super::tuning_spec::{OBJECTIVE_HYPERPARAMETER, TuningSpec, check_training_jobs};
use super::warm_start::{self, WarmStartType};
use super::{State, described_definition, tags, tuning_run, tuning_search};

const KIND: &str = "hyper-parameter-tuning-job";

const LIST: List = List {
    operation: "ListHyperParameterTuningJobs",
    member: "HyperParameterTuningJobSummaries",
    kind: Kind::TuningJob,
    sort_by: Sort::Name,
    descending: false,
};

const CHILDREN: List = List {
    operation: "ListTrainingJobsForHyperParameterTuningJob",
    member: "TrainingJobSummaries",
    kind: Kind::TrainingJob,
    sort_by: Sort::Name,
    descending: false,
};

pub(super) fn create(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let spec = TuningSpec::parse(input)?;
    TrainingSpec::parse(&spec.definition)?;
    tuning_search::strategy(&spec)?;
    let key = key(&spec.name);
    let arn = arn(caller, KIND, &spec.name);
    let resource = Resource::new(&key, "", shown(input, &arn, &spec, state.resources.now()));
    state.resources.transact(caller, |tx| {
        check_parents(tx, &spec, input)?;
        if !tx.insert(Kind::TuningJob, &resource)? {
            return Err(ApiError::in_use(format!(
                "A hyperparameter tuning job with the name, {}, already exists. Choose a different name.",
                spec.name
            )));
        }
        tags::put(tx, &arn, input)
    })?;
    tuning_run::start(state, caller, &key)?;
    Ok(json!({ "HyperParameterTuningJobArn": arn }))
}

pub(super) fn describe(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    state.resources.read(caller, |tx| {
        let job = find(tx, input.required("HyperParameterTuningJobName"))?;
        Ok(described(tx, job)?.into())
    })
}

/// What a tuning job shows, with what its training jobs have brought so far.
pub(super) fn described(tx: &Tx<'_>, job: Resource) -> Result<Object, ApiError> {
    let spec = TuningSpec::parse(&job.shown)?;
    let children = children(tx, &job.key, &spec)?;
    let (training, objectives) = counters(&children);
    let mut shown = job.shown;
    if let Some(definition) = shown.get_mut("TrainingJobDefinition").and_then(Value::as_object_mut) {
        described_definition::complete(definition);
    }
    shown.insert("TrainingJobStatusCounters".into(), training);
    shown.insert("ObjectiveStatusCounters".into(), objectives);
    if let Some(best) = best(&children, spec.maximize) {
        shown.insert("BestTrainingJob".into(), best.summary.clone().into());
    }
    if let Some(overall) = overall_best(tx, &shown, &spec, children)? {
        shown.insert("OverallBestTrainingJob".into(), overall.into());
    }
    Ok(shown)
}

pub(super) fn list(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    state.resources.read(caller, |tx| LIST.page(tx, input, &Scope::default(), |job| summary(tx, job)))
}

/// Lists the children. By FinalObjectiveMetricValue, Ascending is from the lowest value for both directions of the
/// objective, so it is worst first for one to maximise.
pub(super) fn list_training_jobs(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    state.resources.read(caller, |tx| {
        let job = find(tx, input.required("HyperParameterTuningJobName"))?;
        let spec = TuningSpec::parse(&job.shown)?;
        let scope = Scope { parent: Some(&job.key), ..Scope::default() };
        CHILDREN.page(tx, input, &scope, |child| Ok(Child::read(child, &spec.metric, spec.maximize)?.summary))
    })
}

pub(super) fn stop(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let key = state.resources.transact(caller, |tx| {
        let mut job = find(tx, input.required("HyperParameterTuningJobName"))?;
        match job.shown.required("HyperParameterTuningJobStatus") {
            "InProgress" => {
                job.shown.insert("HyperParameterTuningJobStatus".into(), "Stopping".into());
                job.shown.insert("LastModifiedTime".into(), tx.now().into());
                tx.put(Kind::TuningJob, &job)?;
            }
            "Stopping" => {}
            status => {
                return Err(ApiError::validation(format!(
                    "The request was rejected because the hyperparameter tuning job is in status {status}."
                )));
            }
        }
        Ok(job.key)
    })?;
    state.runs.stop(caller, Kind::TuningJob, &key);
    Ok(json!({}))
}

/// Deletes the tuning job and not its training jobs, as AWS does. One that is not there is no error.
pub(super) fn delete(state: &Arc<State>, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    state.resources.transact(caller, |tx| {
        let key = key(input.required("HyperParameterTuningJobName"));
        let Some(job) = tx.find(Kind::TuningJob, &key)? else { return Ok(json!({})) };
        let status = job.shown.required("HyperParameterTuningJobStatus");
        if ["InProgress", "Stopping"].contains(&status) {
            return Err(ApiError::validation(format!(
                "The request was rejected because the hyperparameter tuning job is in status {status}: stop it first."
            )));
        }
        for mut child in tx.children(Kind::TrainingJob, &key)? {
            // Or a later tuning job of this name would take them for its own.
            child.parent.clear();
            tx.put(Kind::TrainingJob, &child)?;
        }
        tx.delete(Kind::TuningJob, &key)?;
        tx.delete_tags(job.shown.required("HyperParameterTuningJobArn"), None)?;
        Ok(json!({}))
    })
}

/// Names are unique without regard to case.
pub(super) fn key(name: &str) -> String {
    name.to_lowercase()
}

/// The tuning jobs a warm start names, as it names them.
pub(super) fn parents(shown: &Object) -> Vec<String> {
    let warm_start = shown.object("WarmStartConfig");
    let parents = warm_start.map(|config| config.objects("ParentHyperParameterTuningJobs")).unwrap_or_default();
    parents.into_iter().filter_map(|parent| parent.text("HyperParameterTuningJobName")).map(str::to_owned).collect()
}

/// The training jobs of a tuning job, by name.
pub(super) fn children(tx: &Tx<'_>, key: &str, spec: &TuningSpec) -> Result<Vec<Child>, ApiError> {
    let jobs = tx.children(Kind::TrainingJob, key)?;
    jobs.iter().map(|job| Child::read(job, &spec.metric, spec.maximize)).collect()
}

fn find(tx: &Tx<'_>, name: &str) -> Result<Resource, ApiError> {
    tx.find(Kind::TuningJob, &key(name))?.ok_or_else(|| {
        ApiError::not_found(format!("Amazon SageMaker can't find a tuning job called {name}. Type another name."))
    })
}

/// HyperParameterTuningJobSummary.
fn summary(tx: &Tx<'_>, job: &Resource) -> Result<Object, ApiError> {
    let spec = TuningSpec::parse(&job.shown)?;
    let (training, objectives) = counters(&children(tx, &job.key, &spec)?);
    let members = [
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobArn",
        "HyperParameterTuningJobStatus",
        "CreationTime",
        "HyperParameterTuningEndTime",
        "LastModifiedTime",
    ];
    let mut summary = select(&job.shown, &members);
    let config = job.shown.object("HyperParameterTuningJobConfig").cloned().unwrap_or_default();
    summary.extend(select(&config, &["Strategy", "ResourceLimits"]));
    summary.insert("TrainingJobStatusCounters".into(), training);
    summary.insert("ObjectiveStatusCounters".into(), objectives);
    Ok(summary)
}

fn shown(input: &Object, arn: &str, spec: &TuningSpec, time: f64) -> Object {
    let mut shown = select(input, &["HyperParameterTuningJobName"]);
    shown.insert("HyperParameterTuningJobArn".into(), arn.into());
    shown.extend(select(input, &["HyperParameterTuningJobConfig", "TrainingJobDefinition", "WarmStartConfig"]));
    if let Some(config) = shown.get_mut("HyperParameterTuningJobConfig").and_then(Value::as_object_mut) {
        config.entry("TrainingJobEarlyStoppingType").or_insert("Off".into());
        let mut ranges = config.get_mut("ParameterRanges").and_then(Value::as_object_mut);
        if let Some(ranges) = &mut ranges {
            for kind in ["IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges"] {
                ranges.entry(kind).or_insert_with(|| json!([]));
            }
        }
        let lists =
            ranges.into_iter().flat_map(Object::iter_mut).filter(|(name, _)| *name != "CategoricalParameterRanges");
        for range in lists.filter_map(|(_, list)| list.as_array_mut()).flatten().filter_map(Value::as_object_mut) {
            range.entry("ScalingType").or_insert("Auto".into());
        }
    }
    if let Some(definition) = shown.get_mut("TrainingJobDefinition").and_then(Value::as_object_mut) {
        let statics = definition.entry("StaticHyperParameters").or_insert_with(|| json!({}));
        statics[OBJECTIVE_HYPERPARAMETER] = spec.metric.as_str().into();
        for flag in ["EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"] {
            definition.entry(flag).or_insert(false.into());
        }
    }
    shown.insert("HyperParameterTuningJobStatus".into(), "InProgress".into());
    shown.insert("CreationTime".into(), time.into());
    shown.insert("LastModifiedTime".into(), time.into());
    shown
}

fn check_parents(tx: &Tx<'_>, spec: &TuningSpec, input: &Object) -> Result<(), ApiError> {
    let Some(config) = input.object("WarmStartConfig") else { return Ok(()) };
    let warm_start_type = WarmStartType::parse(config.required("WarmStartType"));
    let mut training_jobs = spec.max_jobs.unwrap_or_default();
    for parent in parents(input) {
        let Some(job) = tx.find(Kind::TuningJob, &key(&parent))? else {
            return Err(ApiError::validation(format!("Parent tuning job {parent} does not exist.")));
        };
        let status = job.shown.required("HyperParameterTuningJobStatus");
        warm_start::check(spec, &TuningSpec::parse(&job.shown)?, status, warm_start_type)
            .map_err(ApiError::validation)?;
        training_jobs += tx.children(Kind::TrainingJob, &key(&parent))?.len() as u64;
    }
    // A parent's training jobs count as the new job's own.
    check_training_jobs(training_jobs)
}

/// The best of the job's and its parents' training jobs: only where all look at the same data.
fn overall_best(
    tx: &Tx<'_>,
    shown: &Object,
    spec: &TuningSpec,
    mut children: Vec<Child>,
) -> Result<Option<Object>, ApiError> {
    let identical = shown.object("WarmStartConfig").and_then(|config| config.text("WarmStartType"));
    if identical != Some("IdenticalDataAndAlgorithm") {
        return Ok(None);
    }
    let own = shown.required("HyperParameterTuningJobName");
    let mark = |child: &mut Child, name: &str| drop(child.summary.insert("TuningJobName".into(), name.into()));
    children.iter_mut().for_each(|child| mark(child, own));
    for parent in parents(shown) {
        let Some(job) = tx.find(Kind::TuningJob, &key(&parent))? else { continue };
        for mut child in self::children(tx, &job.key, spec)? {
            mark(&mut child, job.shown.required("HyperParameterTuningJobName"));
            children.push(child);
        }
    }
    Ok(best(&children, spec.maximize).map(|best| best.summary.clone()))
}
