//! The instances behind an endpoint, as one process: production variants and the models each has loaded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use refit_booster::Booster;

use crate::objects::ObjectStore;
use crate::sagemaker::s3_uri::S3Uri;

use super::container::{Container, Serves};
use super::deployment::Deployment;

/// What serves one endpoint under one config.
pub(super) struct Fleet {
    account: String,
    variants: Vec<Variant>,
}

/// A production variant with its own loaded models.
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) weight: f64,
    pub(super) container: Container,
    /// By target model; the single model of a container is under the empty name.
    loaded: Mutex<HashMap<String, Arc<Slot>>>,
}

/// A model's place: locked while its artifact is fetched and read, so that a model is loaded once and loading one
/// holds up no other.
type Slot = Mutex<Option<Arc<Booster>>>;

/// Why a model could not be loaded.
#[derive(Debug)]
pub(super) enum LoadError {
    /// S3 did not give the artifact.
    Download { artifact: S3Uri, reason: String },
    /// The artifact is no model.
    Artifact { artifact: S3Uri, reason: String },
}

impl Fleet {
    /// A fleet with nothing loaded.
    pub(super) fn new(account: &str, deployment: &Deployment) -> Self {
        let variants = deployment.variants.iter().map(|variant| Variant {
            name: variant.name.clone(),
            weight: variant.weight,
            container: variant.container.clone(),
            loaded: Mutex::default(),
        });
        Self { account: account.to_owned(), variants: variants.collect() }
    }

    /// Loads what an endpoint must have before it is in service: the artifact of a single model. Of a multi-model
    /// container only the prefix is checked: it loads each model at its first invocation.
    pub(super) fn start(&self, objects: &ObjectStore) -> Result<(), (String, LoadError)> {
        for variant in &self.variants {
            let started = match &variant.container.serves {
                Serves::Single { .. } => variant.load(objects, &self.account, "").map(drop),
                Serves::Multi { prefix, .. } => match objects.list(&self.account, &prefix.bucket, &prefix.key) {
                    Ok(_) => Ok(()),
                    Err(error) => Err(LoadError::Download { artifact: prefix.clone(), reason: error.to_string() }),
                },
            };
            started.map_err(|error| (variant.name.clone(), error))?;
        }
        Ok(())
    }

    /// The named variant, or one drawn by the weights.
    pub(super) fn variant(&self, name: Option<&str>) -> Option<&Variant> {
        if let Some(name) = name {
            return self.variants.iter().find(|variant| variant.name == name);
        }
        let total: f64 = self.variants.iter().map(|variant| variant.weight).sum();
        let mut drawn = if self.variants.len() > 1 { rand::random::<f64>() * total } else { 0.0 };
        self.variants
            .iter()
            .find(|variant| {
                drawn -= variant.weight;
                drawn < 0.0
            })
            .or_else(|| self.variants.first())
    }

    pub(super) fn account(&self) -> &str {
        &self.account
    }
}

impl Variant {
    /// The model under `target`, loaded now if it was not: later changes of the object in S3 are not seen.
    pub(super) fn load(&self, objects: &ObjectStore, account: &str, target: &str) -> Result<Arc<Booster>, LoadError> {
        let (artifact, keep) = match &self.container.serves {
            Serves::Single { artifact } => (artifact.clone(), true),
            Serves::Multi { prefix, cache } => (prefix.below(target), *cache),
        };
        if !keep {
            return fetch(objects, account, artifact);
        }
        loop {
            let slot = Arc::clone(self.lock().entry(target.to_owned()).or_default());
            let mut place = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(booster) = &*place {
                return Ok(Arc::clone(booster));
            }
            // Who waited here while another's load failed waits for a slot that is gone: a second one would load other bytes.
            if !self.holds(target, &slot) {
                continue;
            }
            return match fetch(objects, account, artifact) {
                Ok(booster) => Ok(Arc::clone(place.insert(booster))),
                Err(error) => {
                    // Names that are not models must not pile up.
                    self.lock().remove(target);
                    Err(error)
                }
            };
        }
    }

    fn holds(&self, target: &str, slot: &Arc<Slot>) -> bool {
        self.lock().get(target).is_some_and(|held| Arc::ptr_eq(held, slot))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fetch(objects: &ObjectStore, account: &str, artifact: S3Uri) -> Result<Arc<Booster>, LoadError> {
    match objects.read(account, &artifact.bucket, &artifact.key) {
        Err(error) => Err(LoadError::Download { artifact, reason: error.to_string() }),
        Ok(bytes) => match Booster::from_artifact(&bytes) {
            Ok(booster) => Ok(Arc::new(booster)),
            Err(error) => Err(LoadError::Artifact { artifact, reason: with_causes(&error) }),
        },
    }
}

/// An error and what lies under it, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}
