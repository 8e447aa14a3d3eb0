//! The instances behind an endpoint: production variants, and which instance an invocation goes to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::container::{Container, Serves};
use super::deployment::{Deployment, VariantSpec};
use super::instance::{Busy, Instance, LoadError, Machine};
use super::loaded::LoadedModel;

/// What serves one endpoint under one config. It never changes: more instances or other weights are another fleet.
pub(super) struct Fleet {
    variants: Vec<Arc<Variant>>,
}

/// A production variant and its instances.
pub(super) struct Variant {
    pub(super) name: String,
    weight: f64,
    pub(super) container: Container,
    instances: Vec<Arc<Instance>>,
    /// Where the search for an instance begins: moves on, so that equals take turns.
    turn: AtomicUsize,
}

/// What the instances of a production variant have in memory.
pub(crate) struct VariantSnapshot {
    pub(crate) name: String,
    pub(crate) instances: Vec<Vec<LoadedModel>>,
}

/// With more invocations than this at work, the instances that have a model get help from one that has not.
const CROWDED: usize = 4;

impl Fleet {
    /// A fleet with nothing loaded. Variants that `before` has with the same container keep their instances, as many as
    /// are wanted.
    pub(super) fn new(
        machine: &Machine,
        account: &str,
        deployment: &Deployment,
        before: Option<&Self>,
    ) -> std::io::Result<Self> {
        let variants = deployment.variants.iter().map(|spec| {
            let kept = before.and_then(|fleet| fleet.variant(&spec.name)).filter(|old| old.container == spec.container);
            let old = kept.map(|variant| variant.instances.as_slice()).unwrap_or_default();
            Variant::new(machine, account, spec, old).map(Arc::new)
        });
        Ok(Self { variants: variants.collect::<Result<_, _>>()? })
    }

    /// Brings up what must be up before the fleet is in service; `old` instances are.
    pub(super) fn start(&self, old: Option<&Self>) -> Result<(), (String, LoadError)> {
        let is_up = |instance: &Arc<Instance>| {
            let mut up = old.into_iter().flat_map(|fleet| &fleet.variants).flat_map(|variant| &variant.instances);
            up.any(|other| Arc::ptr_eq(other, instance))
        };
        for variant in &self.variants {
            for instance in variant.instances.iter().filter(|instance| !is_up(instance)) {
                instance.start().map_err(|error| (variant.name.clone(), error))?;
            }
        }
        Ok(())
    }

    /// The first part of each variant's instances, at least one.
    pub(super) fn part(&self, share: f64) -> Self {
        let part = |variant: &Arc<Variant>| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the count")]
            let count = (variant.instances.len() as f64 * share).ceil() as usize;
            let instances = variant.instances.iter().take(count.max(1)).cloned().collect();
            Arc::new(Variant { instances, ..variant.same() })
        };
        Self { variants: self.variants.iter().map(part).collect() }
    }

    /// The named variant.
    pub(super) fn variant(&self, name: &str) -> Option<&Arc<Variant>> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// A variant drawn by the weights.
    pub(super) fn draw(&self) -> Option<&Arc<Variant>> {
        let total: f64 = self.variants.iter().map(|variant| variant.weight).sum();
        let mut drawn = if self.variants.len() > 1 { rand::random::<f64>() * total } else { 0.0 };
        let hit = self.variants.iter().find(|variant| {
            drawn -= variant.weight;
            drawn < 0.0
        });
        // Nothing is drawn from one variant, whatever its weight; and rounding may leave the last one out.
        hit.or_else(|| self.variants.iter().rev().find(|variant| variant.weight > 0.0)).or(self.variants.first())
    }

    pub(super) fn loaded(&self) -> Vec<VariantSnapshot> {
        let snapshot = |variant: &Arc<Variant>| VariantSnapshot {
            name: variant.name.clone(),
            instances: variant.instances.iter().map(|instance| instance.models()).collect(),
        };
        self.variants.iter().map(snapshot).collect()
    }
}

impl Variant {
    fn new(machine: &Machine, account: &str, spec: &VariantSpec, old: &[Arc<Instance>]) -> std::io::Result<Self> {
        let count = usize::try_from(spec.instances).unwrap_or(usize::MAX);
        let mut instances: Vec<_> = old.iter().take(count).cloned().collect();
        while instances.len() < count {
            instances.push(Arc::new(Instance::new(machine, account, &spec.container.serves)?));
        }
        let (name, weight, container) = (spec.name.clone(), spec.weight, spec.container.clone());
        Ok(Self { name, weight, container, instances, turn: AtomicUsize::new(0) })
    }

    fn same(&self) -> Self {
        Self {
            name: self.name.clone(),
            weight: self.weight,
            container: self.container.clone(),
            instances: Vec::new(),
            turn: AtomicUsize::new(0),
        }
    }

    /// The instance for an invocation of `target`: the least busy one that has the model; one without it when those
    /// that have it are crowded; and when none has it, the one with the fewest models.
    pub(super) fn instance(&self, target: &str) -> Option<Busy> {
        if let [only] = self.instances.as_slice() {
            return Some(Busy::on(only));
        }
        let start = self.turn.fetch_add(1, Ordering::Relaxed);
        let all = || (0..self.instances.len()).map(|at| &self.instances[(start + at) % self.instances.len()]);
        let idlest = || all().min_by_key(|instance| instance.in_flight());
        let chosen = match &self.container.serves {
            Serves::Single { .. } => idlest(),
            Serves::Multi { .. } => {
                let holder = all().filter(|instance| instance.has(target)).min_by_key(|instance| instance.in_flight());
                match holder {
                    Some(holder) if holder.in_flight() > CROWDED => {
                        idlest().filter(|idlest| idlest.in_flight() * 2 < holder.in_flight()).or(Some(holder))
                    }
                    Some(holder) => Some(holder),
                    None => all().min_by_key(|instance| (instance.model_count(), instance.in_flight())),
                }
            }
        };
        chosen.map(Busy::on)
    }
}
