//! Conditional writes under way, and whether a deletion overtook them: S3's 409 ConditionalRequestConflict.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The conditional writes that have begun and not ended, by bucket and key.
#[derive(Debug, Clone, Default)]
pub(super) struct Underway(Arc<Mutex<HashMap<(String, String), Writers>>>);

#[derive(Debug, Default)]
struct Writers {
    count: usize,
    /// Deletions of the object since the first of these writers began.
    deletions: u64,
}

/// One conditional write, until it is dropped.
#[derive(Debug)]
pub(super) struct ConditionalWrite {
    underway: Underway,
    object: (String, String),
    /// How many deletions there had been when it began.
    began_at: u64,
}

impl Underway {
    pub(super) fn begin(&self, bucket: &str, key: &str) -> ConditionalWrite {
        let object = (bucket.to_owned(), key.to_owned());
        let mut writers = self.lock();
        let writers = writers.entry(object.clone()).or_default();
        writers.count += 1;
        ConditionalWrite { underway: self.clone(), object, began_at: writers.deletions }
    }

    /// To be called by a deletion, in its transaction.
    pub(super) fn deleted(&self, bucket: &str, key: &str) {
        if let Some(writers) = self.lock().get_mut(&(bucket.to_owned(), key.to_owned())) {
            writers.deletions += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Writers>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConditionalWrite {
    /// Whether the object has been deleted since this write began.
    pub(super) fn is_overtaken(&self) -> bool {
        self.underway.lock().get(&self.object).is_some_and(|writers| writers.deletions != self.began_at)
    }
}

impl Drop for ConditionalWrite {
    fn drop(&mut self) {
        let mut underway = self.underway.lock();
        if let Some(writers) = underway.get_mut(&self.object) {
            writers.count -= 1;
            if writers.count == 0 {
                underway.remove(&self.object);
            }
        }
    }
}
