//! One instance of a production variant: a container with the models it has loaded.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use refit_booster::Booster;

use crate::objects::ObjectStore;
use crate::sagemaker::s3_uri::S3Uri;

use super::container::Serves;
use super::loaded::{Loaded, LoadedModel};
use super::volume::Volume;

/// What the instances of a backend share.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) objects: ObjectStore,
    /// Bytes for the models of one instance.
    pub(super) memory: u64,
}

/// An instance, its container up.
pub(super) struct Instance {
    machine: Machine,
    account: String,
    serves: Serves,
    volume: Volume,
    loaded: Mutex<Loaded<Arc<Booster>>>,
    /// Models on their way in: who asks for one meanwhile waits for the same load.
    loading: Mutex<HashMap<String, Arc<Loading>>>,
    in_flight: AtomicUsize,
}

type Loading = OnceLock<Result<Arc<Booster>, LoadError>>;

/// Why a model could not be loaded.
#[derive(Clone, Debug)]
pub(super) enum LoadError {
    /// S3 did not give the artifact.
    Download { artifact: S3Uri, reason: String },
    /// The artifact is no model.
    Artifact { artifact: S3Uri, reason: String },
    /// The model is larger than the memory.
    Memory { artifact: S3Uri, bytes: u64, budget: u64 },
}

impl Instance {
    /// An instance with nothing loaded.
    pub(super) fn new(machine: &Machine, account: &str, serves: &Serves) -> std::io::Result<Self> {
        Ok(Self {
            machine: machine.clone(),
            account: account.to_owned(),
            serves: serves.clone(),
            volume: Volume::new(machine.objects.scratch()?),
            loaded: Mutex::new(Loaded::new(machine.memory)),
            loading: Mutex::default(),
            in_flight: AtomicUsize::new(0),
        })
    }

    /// Loads what an instance must have before it is in service: the artifact of a single model. Of a multi-model
    /// container only the prefix is checked: it loads each model at its first invocation.
    pub(super) fn start(&self) -> Result<(), LoadError> {
        match &self.serves {
            Serves::Single { .. } => self.load("").map(drop),
            Serves::Multi { prefix, .. } => {
                let listable = self.machine.objects.check_listable(&self.account, &prefix.bucket, &prefix.key);
                let failed = |error: crate::objects::ObjectError| LoadError::Download {
                    artifact: prefix.clone(),
                    reason: error.to_string(),
                };
                listable.map_err(failed)
            }
        }
    }

    /// The model, if it is in memory. Counts as its use.
    pub(super) fn warm(&self, target: &str) -> Option<Arc<Booster>> {
        self.loaded().invoke(target)
    }

    /// The model, loaded now if it was not: later changes of the object in S3 are not seen. Blocks.
    pub(super) fn model(&self, target: &str) -> Result<Arc<Booster>, LoadError> {
        if let Some(booster) = self.warm(target) {
            return Ok(booster);
        }
        if let Serves::Multi { prefix, cache: false } = &self.serves {
            return self.read(&prefix.below(target), &self.download(&prefix.below(target))?);
        }
        let loading = Arc::clone(self.loading().entry(target.to_owned()).or_default());
        let result = loading.get_or_init(|| {
            // Another load may have ended between the two looks.
            let loaded = self.loaded().peek(target);
            loaded.map_or_else(|| self.load(target), Ok)
        });
        // Names that are not models must not pile up, and a failed load may be tried again.
        let mut under_way = self.loading();
        if under_way.get(target).is_some_and(|other| Arc::ptr_eq(other, &loading)) {
            under_way.remove(target);
        }
        drop(under_way);
        self.warm(target);
        result.clone()
    }

    /// Whether the model is in memory or on its way.
    pub(super) fn has(&self, target: &str) -> bool {
        self.loaded().has(target) || self.loading().contains_key(target)
    }

    pub(super) fn models(&self) -> Vec<LoadedModel> {
        self.loaded().list()
    }

    pub(super) fn model_count(&self) -> usize {
        self.loaded().count()
    }

    /// How many invocations it works on.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    fn load(&self, target: &str) -> Result<Arc<Booster>, LoadError> {
        let artifact = match &self.serves {
            Serves::Single { artifact } => artifact.clone(),
            Serves::Multi { prefix, .. } => prefix.below(target),
        };
        let bytes = match self.volume.read(target) {
            Some(bytes) => bytes,
            None => {
                let bytes = self.download(&artifact)?;
                self.volume.write(target, &bytes);
                bytes
            }
        };
        let booster = self.read(&artifact, &bytes).inspect_err(|_| self.volume.remove(target))?;
        self.make_room_and_hold(target, &booster, artifact)?;
        Ok(booster)
    }

    /// While the container has no memory for the model (its 507), the least recently used one is unloaded.
    fn make_room_and_hold(&self, target: &str, booster: &Arc<Booster>, artifact: S3Uri) -> Result<(), LoadError> {
        let bytes = booster.size_in_memory() as u64;
        let mut loaded = self.loaded();
        while !loaded.fits(bytes) {
            let Some(unloaded) = loaded.unload_least_recent() else {
                return Err(LoadError::Memory { artifact, bytes, budget: loaded.budget() });
            };
            tracing::info!(model = unloaded, "unloaded to make room for another model");
        }
        loaded.load(target, Arc::clone(booster), bytes);
        Ok(())
    }

    fn download(&self, artifact: &S3Uri) -> Result<Vec<u8>, LoadError> {
        let read = self.machine.objects.read(&self.account, &artifact.bucket, &artifact.key);
        read.map_err(|error| LoadError::Download { artifact: artifact.clone(), reason: error.to_string() })
    }

    /// Reads a model that fits into an empty instance.
    fn read(&self, artifact: &S3Uri, bytes: &[u8]) -> Result<Arc<Booster>, LoadError> {
        let booster = Booster::from_artifact(bytes)
            .map_err(|error| LoadError::Artifact { artifact: artifact.clone(), reason: with_causes(&error) })?;
        let (bytes, budget) = (booster.size_in_memory() as u64, self.machine.memory);
        if bytes > budget {
            return Err(LoadError::Memory { artifact: artifact.clone(), bytes, budget });
        }
        Ok(Arc::new(booster))
    }

    fn loaded(&self) -> MutexGuard<'_, Loaded<Arc<Booster>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loading(&self) -> MutexGuard<'_, HashMap<String, Arc<Loading>>> {
        self.loading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instance that works on an invocation.
pub(super) struct Busy(Arc<Instance>);

impl Busy {
    pub(super) fn on(instance: &Arc<Instance>) -> Self {
        instance.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(instance))
    }
}

impl std::ops::Deref for Busy {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.0
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An error and what lies under it, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}
