//! A fair share of the machine's cores for each running training.

use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The cores that trainings share: a semaphore whose permits come in shares.
///
/// XGBoost cannot change its number of threads while it trains, and threads beyond the cores make its barriers wait. So a
/// training takes its share when it starts, waits while no core is free, and gives its cores back at its end.
#[derive(Debug, Clone)]
pub(crate) struct Cores {
    total: usize,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug)]
struct State {
    free: usize,
    running: usize,
    waiting: usize,
}

/// One training's cores; dropping it gives them back.
#[derive(Debug)]
pub(crate) struct CoreShare {
    threads: usize,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Cores {
    /// As many cores as this process may use, 1 if the system does not tell.
    pub(crate) fn of_machine() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, NonZero::get))
    }

    fn new(total: usize) -> Self {
        let state = State { free: total, running: 0, waiting: 0 };
        Self { total, state: Arc::new((Mutex::new(state), Condvar::new())) }
    }

    /// Takes the total divided by all who run or want to, at least one core. Blocks while none is free.
    pub(crate) fn enter(&self) -> CoreShare {
        let (mutex, freed) = &*self.state;
        let mut state = lock(mutex);
        state.waiting += 1;
        let mut state = freed.wait_while(state, |state| state.free == 0).unwrap_or_else(PoisonError::into_inner);
        let threads = (self.total / (state.running + state.waiting)).clamp(1, state.free);
        state.waiting -= 1;
        state.running += 1;
        state.free -= threads;
        CoreShare { threads, state: Arc::clone(&self.state) }
    }
}

impl CoreShare {
    /// How many threads the training may use.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }
}

impl Drop for CoreShare {
    fn drop(&mut self) {
        let (mutex, freed) = &*self.state;
        let mut state = lock(mutex);
        state.running -= 1;
        state.free += self.threads;
        drop(state);
        freed.notify_all();
    }
}

fn lock(mutex: &Mutex<State>) -> MutexGuard<'_, State> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_has_all_cores_and_those_after_share_evenly() {
        let cores = Cores::new(8);
        let alone = cores.enter();
        assert_eq!(alone.threads(), 8);
        drop(alone);
        // Four want cores while none is free; when they are freed, each gets a quarter.
        let busy = cores.enter();
        let (entered, shares) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let (cores, entered) = (cores.clone(), entered.clone());
                scope.spawn(move || entered.send(cores.enter()).unwrap());
            }
            while lock(&cores.state.0).waiting < 4 {
                std::thread::yield_now();
            }
            drop(busy);
        });
        let shares: Vec<CoreShare> = shares.try_iter().collect();
        assert_eq!(shares.iter().map(CoreShare::threads).collect::<Vec<_>>(), [2, 2, 2, 2]);
        assert_eq!(lock(&cores.state.0).free, 0);
        drop(shares);
        assert_eq!(lock(&cores.state.0).free, 8);
    }

    #[test]
    fn more_trainings_than_cores_take_one_each_and_wait() {
        let cores = Cores::new(2);
        let (most, together) = (Mutex::new(0), Mutex::new(0));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let share = cores.enter();
                    *together.lock().unwrap() += share.threads();
                    let mut most = most.lock().unwrap();
                    *most = (*most).max(*together.lock().unwrap());
                    drop(most);
                    std::thread::yield_now();
                    *together.lock().unwrap() -= share.threads();
                });
            }
        });
        assert_eq!(*most.lock().unwrap(), 2);
    }
}
