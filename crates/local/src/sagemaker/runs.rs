//! The threads that train, and how each is told to stop.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::api::Caller;

use super::resources::Kind;

/// Told to a running job, read between its rounds.
#[derive(Debug, Default)]
pub(super) struct StopFlag(AtomicU8);

/// Why a job is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody asked for it; the job ends as Stopped.
    Requested,
    /// The server ends; the job is taken up again, or given up, at the next start.
    Shutdown,
}

impl StopFlag {
    pub(super) fn set(&self, stop: Stop) {
        let wanted = match stop {
            Stop::Requested => 1,
            Stop::Shutdown => 2,
        };
        self.0.fetch_max(wanted, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Option<Stop> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Stop::Requested),
            _ => Some(Stop::Shutdown),
        }
    }
}

/// Every job that runs in this process.
#[derive(Default)]
pub(super) struct Runs {
    flags: Mutex<HashMap<RunKey, Arc<StopFlag>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

type RunKey = (String, String, &'static str, String);

fn run_key(caller: &Caller, kind: Kind, key: &str) -> RunKey {
    (caller.account.clone(), caller.region.clone(), kind.as_str(), key.to_owned())
}

impl Runs {
    /// Makes a flag by which [`Runs::stop`] reaches the job until [`Runs::leave`].
    pub(super) fn enter(&self, caller: &Caller, kind: Kind, key: &str) -> Arc<StopFlag> {
        Arc::clone(lock(&self.flags).entry(run_key(caller, kind, key)).or_default())
    }

    pub(super) fn leave(&self, caller: &Caller, kind: Kind, key: &str) {
        lock(&self.flags).remove(&run_key(caller, kind, key));
    }

    /// Tells a job to stop, if it runs.
    pub(super) fn stop(&self, caller: &Caller, kind: Kind, key: &str) {
        if let Some(flag) = lock(&self.flags).get(&run_key(caller, kind, key)) {
            flag.set(Stop::Requested);
        }
    }

    /// Runs `work` on a thread that [`Runs::shut_down`] waits for.
    pub(super) fn spawn(&self, name: String, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let thread = std::thread::Builder::new().name(name).spawn(work)?;
        let mut threads = lock(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }

    /// Tells every job that the server ends, without waiting.
    pub(super) fn interrupt(&self) {
        lock(&self.flags).values().for_each(|flag| flag.set(Stop::Shutdown));
    }

    /// Interrupts every job and waits until their threads have ended.
    pub(super) fn shut_down(&self) {
        self.interrupt();
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a job's thread panicked");
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
