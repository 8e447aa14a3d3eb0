//! The models in the memory of one instance.

use std::collections::HashMap;

/// Models by name, within a budget of bytes; the least recently used one goes first.
pub(super) struct Loaded<M> {
    budget: u64,
    used: u64,
    /// Counts uses, so that later ones have higher numbers.
    uses: u64,
    models: HashMap<String, Held<M>>,
}

struct Held<M> {
    model: M,
    bytes: u64,
    last_use: u64,
    invocations: u64,
}

/// A model in memory, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoadedModel {
    /// The TargetModel; empty for the model of a single-model container.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) invocations: u64,
}

impl<M: Clone> Loaded<M> {
    pub(super) fn new(budget: u64) -> Self {
        Self { budget, used: 0, uses: 0, models: HashMap::new() }
    }

    /// The model, used now.
    pub(super) fn invoke(&mut self, name: &str) -> Option<M> {
        self.uses += 1;
        let held = self.models.get_mut(name)?;
        held.last_use = self.uses;
        held.invocations += 1;
        Some(held.model.clone())
    }

    /// The model, without using it.
    pub(super) fn peek(&self, name: &str) -> Option<M> {
        Some(self.models.get(name)?.model.clone())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.models.contains_key(name)
    }

    pub(super) fn count(&self) -> usize {
        self.models.len()
    }

    pub(super) fn budget(&self) -> u64 {
        self.budget
    }

    /// Whether a model of so many bytes fits beside those that are there.
    pub(super) fn fits(&self, bytes: u64) -> bool {
        self.used.saturating_add(bytes) <= self.budget
    }

    /// Puts a model in place, used now.
    pub(super) fn load(&mut self, name: &str, model: M, bytes: u64) {
        self.unload(name);
        self.uses += 1;
        self.used += bytes;
        self.models.insert(name.to_owned(), Held { model, bytes, last_use: self.uses, invocations: 0 });
    }

    /// Takes out the model that has not been used for the longest time, and says which.
    pub(super) fn unload_least_recent(&mut self) -> Option<String> {
        let name = self.models.iter().min_by_key(|(_, held)| held.last_use)?.0.clone();
        self.unload(&name);
        Some(name)
    }

    /// What is in memory, by name.
    pub(super) fn list(&self) -> Vec<LoadedModel> {
        let described = |(name, held): (&String, &Held<M>)| LoadedModel {
            name: name.clone(),
            bytes: held.bytes,
            invocations: held.invocations,
        };
        let mut list: Vec<_> = self.models.iter().map(described).collect();
        list.sort_by(|left, right| left.name.cmp(&right.name));
        list
    }

    fn unload(&mut self, name: &str) {
        if let Some(held) = self.models.remove(name) {
            self.used -= held.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BUDGET: u64 = 100;

    #[derive(Clone, Debug)]
    enum Operation {
        Invoke(u8),
        Load(u8, u64),
    }

    fn operations() -> impl Strategy<Value = Vec<Operation>> {
        let name = 0..8_u8;
        let operation = prop_oneof![
            name.clone().prop_map(Operation::Invoke),
            (name, 1..=BUDGET).prop_map(|(name, bytes)| Operation::Load(name, bytes)),
        ];
        proptest::collection::vec(operation, 0..60)
    }

    /// The reference: a list of names and sizes, the most recently used one last.
    #[derive(Default)]
    struct Reference(Vec<(u8, u64)>);

    impl Reference {
        fn invoke(&mut self, name: u8) -> bool {
            let Some(at) = self.0.iter().position(|(held, _)| *held == name) else { return false };
            let held = self.0.remove(at);
            self.0.push(held);
            true
        }

        fn load(&mut self, name: u8, bytes: u64) {
            while self.0.iter().map(|(_, bytes)| bytes).sum::<u64>() + bytes > BUDGET {
                self.0.remove(0);
            }
            self.0.push((name, bytes));
        }
    }

    proptest! {
        #[test]
        fn the_least_recently_used_models_make_room(operations in operations()) {
            let (mut loaded, mut reference) = (Loaded::new(BUDGET), Reference::default());
            for operation in operations {
                match operation {
                    Operation::Invoke(name) => {
                        prop_assert_eq!(loaded.invoke(&name.to_string()), reference.invoke(name).then_some(name));
                    }
                    Operation::Load(name, _) if loaded.has(&name.to_string()) => {}
                    Operation::Load(name, bytes) => {
                        while !loaded.fits(bytes) {
                            prop_assert!(loaded.unload_least_recent().is_some());
                        }
                        loaded.load(&name.to_string(), name, bytes);
                        reference.load(name, bytes);
                    }
                }
                let mut expected: Vec<_> = reference.0.iter().map(|(name, bytes)| (name.to_string(), *bytes)).collect();
                expected.sort();
                let found: Vec<_> = loaded.list().into_iter().map(|model| (model.name, model.bytes)).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
