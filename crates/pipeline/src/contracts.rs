use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use refit_aws::S3Uri;
use refit_endpoint::FeatureContract;
use refit_evaluation::TrainingProfile;

use crate::ModelName;

/// How long a look at a model counts: another program may have the endpoint serve a model of another contract.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// What is known of the models that the endpoint serves, so that rows are checked without asking for each.
#[derive(Debug, Default)]
pub(crate) struct Contracts {
    known: Mutex<BTreeMap<ModelName, Known>>,
    profiles: Mutex<BTreeMap<S3Uri, Arc<TrainingProfile>>>,
}

/// What a look at a model found.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) contract: Option<FeatureContract>,
    looked: Instant,
}

impl Known {
    pub(crate) fn is_fresh(&self) -> bool {
        self.looked.elapsed() < LOOK_AGAIN
    }
}

impl Contracts {
    pub(crate) fn known(&self, model: &ModelName) -> Option<Known> {
        locked(&self.known).get(model).cloned()
    }

    pub(crate) fn keep(&self, model: &ModelName, contract: Option<FeatureContract>) {
        locked(&self.known).insert(model.clone(), Known { contract, looked: Instant::now() });
    }

    /// Forgets every model: what is served has changed.
    pub(crate) fn forget(&self) {
        locked(&self.known).clear();
    }

    pub(crate) fn profile(&self, manifest: &S3Uri) -> Option<Arc<TrainingProfile>> {
        locked(&self.profiles).get(manifest).cloned()
    }

    pub(crate) fn keep_profile(&self, manifest: &S3Uri, profile: TrainingProfile) -> Arc<TrainingProfile> {
        Arc::clone(locked(&self.profiles).entry(manifest.clone()).or_insert_with(|| Arc::new(profile)))
    }
}

/// A map is whole whenever its lock is free, also after a panic elsewhere.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
