//! The SageMaker control plane: tuning and training jobs, the model registry, and hosting's resources.
//!
//! Every operation reads its input checked against the service model, changes the database in one transaction, and
//! answers with AWS's member names. Nothing here waits for training or for a model to load.

pub(crate) mod arn;
pub(crate) mod constraints;
mod convergence;
mod described_definition;
mod early_stopping;
mod empty_structures;
pub(crate) mod group_policy;
mod hyperband;
pub(crate) mod listing;
pub(crate) mod members;
pub(crate) mod model_package;
mod model_package_create;
mod model_package_group;
mod model_package_update;
pub(crate) mod moment;
mod objective;
pub(crate) mod page;
mod ranges;
pub(crate) mod refusal;
#[cfg(test)]
mod registry_tests;
pub(crate) mod resources;
mod runs;
pub(crate) mod s3_uri;
mod search;
mod service_model;
mod stale;
pub(crate) mod tags;
mod training_data;
mod training_job;
mod training_run;
mod training_spec;
mod tuning_job;
mod tuning_progress;
mod tuning_run;
mod tuning_search;
mod tuning_spec;
mod warm_start;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::api::{ApiError, Caller, InvokeRequest, InvokeResponse};
use crate::conditions::Conditions;
use crate::db::Database;
use crate::hosting::{Hosting, VariantSnapshot, endpoint, endpoint_config, model};
use crate::jobs::Cores;
use crate::objects::ObjectStore;

use self::members::{Object, drop_nulls};
use self::refusal::{internal, serialization, unknown_operation};
use self::resources::Resources;
use self::runs::Runs;
use self::stale::Past;

/// The control plane of every account.
pub(crate) struct Sagemaker {
    state: Arc<State>,
}

/// What the operations work on.
struct State {
    resources: Resources,
    objects: ObjectStore,
    hosting: Arc<Hosting>,
    cores: Cores,
    runs: Runs,
    conditions: Conditions,
    past: Past,
}

impl Sagemaker {
    /// Takes up what an earlier run left: endpoints are in service with nothing loaded, training jobs that were in flight
    /// begin anew if their RetryStrategy allows it or else end as Failed, tuning jobs go on.
    pub(crate) fn open(database: Database, objects: ObjectStore, conditions: Conditions) -> Result<Self, ApiError> {
        let resources = Resources::open(database, conditions.clock.clone())?;
        let hosting = Hosting::open(resources.clone(), objects.clone(), conditions.clone())?;
        let (cores, runs) = (Cores::of_machine(), Runs::default());
        let state = State { resources, objects, hosting, cores, runs, conditions, past: Past::default() };
        let state = Arc::new(state);
        training_run::retry_or_fail_interrupted(&state)?;
        tuning_run::resume(&state)?;
        Ok(Self { state })
    }

    /// Carries out one operation.
    pub(crate) async fn call(&self, caller: &Caller, operation: &str, input: Value) -> Result<Value, ApiError> {
        let (state, caller, operation) = (Arc::clone(&self.state), caller.clone(), operation.to_owned());
        let answer = tokio::task::spawn_blocking(move || stale::answer(&state, &caller, &operation, input));
        answer.await.map_err(internal)?
    }

    /// The same for who may block.
    pub(crate) fn answer(&self, caller: &Caller, operation: &str, input: Value) -> Result<Value, ApiError> {
        answer(&self.state, caller, operation, input)
    }

    /// Every account and region that has resources.
    pub(crate) fn callers(&self) -> Result<Vec<Caller>, ApiError> {
        self.state.resources.callers()
    }

    /// The models that the instances of an endpoint have in memory, variant by variant.
    pub(crate) fn loaded(&self, caller: &Caller, endpoint: &str) -> Vec<VariantSnapshot> {
        self.state.hosting.loaded(caller, endpoint)
    }

    /// Answers an invocation of an endpoint.
    pub(crate) async fn invoke(&self, caller: &Caller, request: InvokeRequest) -> Result<InvokeResponse, ApiError> {
        self.state.hosting.invoke(caller, request).await
    }

    /// Tells every job to stop before its next round, without waiting. The next start deals with what was in flight.
    pub(crate) fn interrupt(&self) {
        self.state.hosting.interrupt();
        self.state.runs.interrupt();
    }

    /// Interrupts every job and waits until none runs.
    pub(crate) async fn shut_down(&self) {
        self.state.hosting.interrupt();
        let state = Arc::clone(&self.state);
        if tokio::task::spawn_blocking(move || state.runs.shut_down()).await.is_err() {
            tracing::error!("waiting for the jobs' threads failed");
        }
    }
}

impl Drop for Sagemaker {
    fn drop(&mut self) {
        self.interrupt();
    }
}

impl fmt::Debug for Sagemaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sagemaker").finish_non_exhaustive()
    }
}

fn answer(state: &Arc<State>, caller: &Caller, operation: &str, mut input: Value) -> Result<Value, ApiError> {
    drop_nulls(&mut input);
    let Some(run) = OPERATIONS.iter().find(|(name, _)| *name == operation).map(|(_, run)| run) else {
        return Err(unknown_operation(operation));
    };
    constraints::check(operation, &input)?;
    empty_structures::drop_empty_structures(operation, &mut input);
    let Value::Object(input) = input else { return Err(serialization("The request is not a JSON object.")) };
    run(state, caller, &input)
}

/// The names of the operations there are.
pub(crate) fn operations() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|(name, _)| *name)
}

type Operation = fn(&Arc<State>, &Caller, &Object) -> Result<Value, ApiError>;

/// Every operation there is.
static OPERATIONS: &[(&str, Operation)] = &[
    ("CreateHyperParameterTuningJob", |s, c, i| tuning_job::create(s, c, i)),
    ("DescribeHyperParameterTuningJob", |s, c, i| tuning_job::describe(s, c, i)),
    ("ListHyperParameterTuningJobs", |s, c, i| tuning_job::list(s, c, i)),
    ("ListTrainingJobsForHyperParameterTuningJob", |s, c, i| tuning_job::list_training_jobs(s, c, i)),
    ("StopHyperParameterTuningJob", |s, c, i| tuning_job::stop(s, c, i)),
    ("DeleteHyperParameterTuningJob", |s, c, i| tuning_job::delete(s, c, i)),
    ("CreateTrainingJob", |s, c, i| training_job::create(s, c, i)),
    ("DescribeTrainingJob", |s, c, i| training_job::describe(s, c, i)),
    ("ListTrainingJobs", |s, c, i| training_job::list(s, c, i)),
    ("StopTrainingJob", |s, c, i| training_job::stop(s, c, i)),
    ("CreateModelPackageGroup", |s, c, i| model_package_group::create(s, c, i)),
    ("DescribeModelPackageGroup", |s, c, i| model_package_group::describe(s, c, i)),
    ("ListModelPackageGroups", |s, c, i| model_package_group::list(s, c, i)),
    ("DeleteModelPackageGroup", |s, c, i| model_package_group::delete(s, c, i)),
    ("PutModelPackageGroupPolicy", |s, c, i| group_policy::put(s, c, i)),
    ("GetModelPackageGroupPolicy", |s, c, i| group_policy::get(s, c, i)),
    ("DeleteModelPackageGroupPolicy", |s, c, i| group_policy::delete(s, c, i)),
    ("CreateModelPackage", |s, c, i| model_package_create::create(s, c, i)),
    ("DescribeModelPackage", |s, c, i| model_package::describe(s, c, i)),
    ("BatchDescribeModelPackage", |s, c, i| model_package::batch_describe(s, c, i)),
    ("ListModelPackages", |s, c, i| model_package::list(s, c, i)),
    ("UpdateModelPackage", |s, c, i| model_package_update::update(s, c, i)),
    ("DeleteModelPackage", |s, c, i| model_package::delete(s, c, i)),
    ("CreateModel", |s, c, i| model::create(&s.hosting, c, i)),
    ("DescribeModel", |s, c, i| model::describe(&s.hosting, c, i)),
    ("ListModels", |s, c, i| model::list(&s.hosting, c, i)),
    ("DeleteModel", |s, c, i| model::delete(&s.hosting, c, i)),
    ("CreateEndpointConfig", |s, c, i| endpoint_config::create(&s.hosting, c, i)),
    ("DescribeEndpointConfig", |s, c, i| endpoint_config::describe(&s.hosting, c, i)),
    ("ListEndpointConfigs", |s, c, i| endpoint_config::list(&s.hosting, c, i)),
    ("DeleteEndpointConfig", |s, c, i| endpoint_config::delete(&s.hosting, c, i)),
    ("CreateEndpoint", |s, c, i| endpoint::create(&s.hosting, c, i)),
    ("UpdateEndpoint", |s, c, i| endpoint::update(&s.hosting, c, i)),
    ("UpdateEndpointWeightsAndCapacities", |s, c, i| endpoint::update_weights_and_capacities(&s.hosting, c, i)),
    ("DescribeEndpoint", |s, c, i| endpoint::describe(&s.hosting, c, i)),
    ("ListEndpoints", |s, c, i| endpoint::list(&s.hosting, c, i)),
    ("DeleteEndpoint", |s, c, i| endpoint::delete(&s.hosting, c, i)),
    ("Search", |s, c, i| search::search(s, c, i)),
    ("AddTags", |s, c, i| tags::add(s, c, i)),
    ("ListTags", |s, c, i| tags::list(s, c, i)),
    ("DeleteTags", |s, c, i| tags::delete(s, c, i)),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operation_has_its_constraints() {
        for (name, _) in OPERATIONS {
            let unknown =
                constraints::check(name, &json!({})).is_err_and(|error| error.code == "UnknownOperationException");
            assert!(!unknown, "{name}");
        }
    }
}
