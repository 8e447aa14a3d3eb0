//! Stopping what a warehouse does, from elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::WarehouseError;

/// Stops one piece of work. Called once, from any thread.
pub(crate) type Cancel = Box<dyn FnOnce() + Send>;

/// Stops what is asked of a warehouse, from any thread and whatever that is at: its first row, its last, or the filling of a
/// cluster's table.
///
/// [`Extract::stopped_by`](crate::Extract::stopped_by) names it beforehand. A server is asked to cancel what it runs and the sessions
/// end, so nothing of theirs stays; who waits for rows, or for a dataset, gets [`WarehouseError::CalledOff`]. Clones are one and the
/// same, and what was stopped stays so.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use refit_warehouse::{Extract, Sqlite, Stop, Warehouse, WarehouseError};
///
/// let stop = Stop::new();
/// let endless = Extract::new("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n").stopped_by(&stop);
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("none.csv");
/// # std::fs::write(&path, "a\n1\n")?;
/// # let warehouse = Sqlite::files([("none", path)])?;
/// let reader = warehouse.extract(&endless)?;
/// std::thread::spawn(move || stop.stop());
/// let error = reader.filter_map(Result::err).map(WarehouseError::from).next();
/// assert!(matches!(error, Some(WarehouseError::CalledOff)));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Default)]
pub struct Stop(Arc<State>);

#[derive(Default)]
struct State {
    at_work: Mutex<AtWork>,
    /// What stops this one with it.
    above: Mutex<Vec<Watch>>,
}

#[derive(Default)]
struct AtWork {
    stopped: bool,
    next: u64,
    cancels: BTreeMap<u64, Cancel>,
}

impl Stop {
    /// One that has stopped nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops what is at work, and whatever begins later. Asks servers on threads of its own, and waits for nothing.
    pub fn stop(&self) {
        let cancels = {
            let mut at_work = self.at_work();
            at_work.stopped = true;
            std::mem::take(&mut at_work.cancels)
        };
        cancels.into_values().for_each(cancel);
    }

    /// Whether it was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.at_work().stopped
    }

    /// One that each of these stops, and that stops none of them.
    pub(crate) fn below(stops: &[Self]) -> Self {
        let below = Self::default();
        let above = stops.iter().map(|stop| {
            let below: Weak<State> = Arc::downgrade(&below.0);
            stop.watch(Box::new(move || below.upgrade().into_iter().for_each(|state| Self(state).stop())))
        });
        let above = above.collect();
        *lock(&below.0.above) = above;
        below
    }

    /// Has a piece of work cancelled by the stop, as long as the watch is kept; one that comes after the stop, at once.
    pub(crate) fn watch(&self, work: Cancel) -> Watch {
        let mut at_work = self.at_work();
        let id = at_work.next;
        at_work.next += 1;
        if at_work.stopped {
            drop(at_work);
            cancel(work);
        } else {
            at_work.cancels.insert(id, work);
        }
        Watch { stop: self.clone(), id }
    }

    fn at_work(&self) -> MutexGuard<'_, AtWork> {
        lock(&self.0.at_work)
    }
}

/// The result of some work, unless it was called off meanwhile: then nothing of it is what it seems, whatever it says.
pub(crate) fn unless_stopped<T>(stops: &[Stop], result: Result<T, WarehouseError>) -> Result<T, WarehouseError> {
    match stops.iter().any(Stop::is_stopped) {
        true => Err(WarehouseError::CalledOff),
        false => result,
    }
}

/// Keeps a piece of work within a stop's reach.
pub(crate) struct Watch {
    stop: Stop,
    id: u64,
}

impl Watch {
    /// Whether the stop was called.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let ended = self.stop.at_work().cancels.remove(&self.id);
        // Outside of the lock, since it may hold anything.
        drop(ended);
    }
}

/// A cancel that fails costs the server some rows; it must not take the caller down.
fn cancel(cancel: Cancel) {
    let _ = panic::catch_unwind(AssertUnwindSafe(cancel));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same stop, not one in the same state.
impl PartialEq for Stop {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("stopped", &self.is_stopped()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn counting() -> (Arc<AtomicUsize>, impl Fn() -> Cancel) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        (count, move || {
            let counted = counted.clone();
            Box::new(move || {
                counted.fetch_add(1, Ordering::SeqCst);
            })
        })
    }

    #[test]
    fn what_is_watched_is_cancelled_once_and_what_has_ended_is_not() {
        let (count, cancel) = counting();
        let stop = Stop::new();
        let kept = stop.watch(cancel());
        drop(stop.watch(cancel()));
        stop.clone().stop();
        stop.stop();
        assert_eq!((count.load(Ordering::SeqCst), stop.is_stopped()), (1, true));
        drop(kept);
        let _late = stop.watch(cancel());
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_stop_reaches_down_and_not_up() {
        let (count, cancel) = counting();
        let (one, other) = (Stop::new(), Stop::new());
        let below = Stop::below(&[one.clone(), other.clone()]);
        let watch = below.watch(cancel());
        other.stop();
        assert!(below.is_stopped() && !one.is_stopped());
        assert_eq!(count.load(Ordering::SeqCst), 1);

        let alone = Stop::below(std::slice::from_ref(&one));
        alone.stop();
        assert!(!one.is_stopped());
        // Nothing is kept of what has ended.
        drop((watch, below, alone));
        assert_eq!(one.at_work().cancels.len(), 0);
        assert!(Stop::below(&[other]).is_stopped());
    }

    #[test]
    fn a_cancel_that_panics_stops_no_other() {
        let (count, cancel) = counting();
        let stop = Stop::new();
        let _first = stop.watch(Box::new(|| panic!("on purpose")));
        let _second = stop.watch(cancel());
        stop.stop();
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}
