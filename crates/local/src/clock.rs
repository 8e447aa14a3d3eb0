//! What time it is for one backend.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How far a clock can be ahead of the machine's: times stay within four digits of a year.
const FURTHEST: TimeDelta = TimeDelta::days(36_500);

/// How soon a wait notices that the clock was moved, or that it is to end.
const TICK: Duration = Duration::from_millis(10);

/// The machine's clock, moved forward on demand. Every handle on it tells the same time.
///
/// Nothing else in this crate asks for the time of day, so that moving the clock ages everything at once: credentials,
/// signatures, jobs, state changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    /// Milliseconds that it is ahead.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::milliseconds(self.ahead.load(Ordering::Relaxed))
    }

    /// Now, in milliseconds since 1970.
    pub(crate) fn milliseconds(&self) -> i64 {
        self.now().timestamp_millis()
    }

    /// Moves it forward, to at most a hundred years ahead.
    pub(crate) fn advance(&self, by: Duration) {
        let by = TimeDelta::from_std(by).unwrap_or(FURTHEST).min(FURTHEST).num_milliseconds();
        let moved = |ahead: i64| Some((ahead + by).min(FURTHEST.num_milliseconds()));
        // The closure always gives a value, so this does not fail.
        let _ = self.ahead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
    }

    /// Blocks until `duration` has passed on this clock, or `ended` says that there is nothing to wait for.
    pub(crate) fn wait(&self, duration: Duration, ended: impl Fn() -> bool) {
        let until = self.now() + TimeDelta::from_std(duration).unwrap_or(FURTHEST).min(FURTHEST);
        while !ended() {
            match (until - self.now()).to_std() {
                Ok(left) if !left.is_zero() => thread::sleep(left.min(TICK)),
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_handle_sees_the_clock_move_and_none_sees_it_go_back() {
        let (clock, machine) = (Clock::default(), Utc::now());
        let other = clock.clone();
        clock.advance(Duration::from_secs(3600));
        assert!(other.now() - machine >= TimeDelta::hours(1));
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert!(other.now() - machine >= FURTHEST && other.now() - Utc::now() <= FURTHEST);
    }

    #[test]
    fn a_wait_ends_when_the_clock_was_moved_past_it_or_when_it_is_told() {
        let clock = Clock::default();
        let (began, begins) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                clock.wait(Duration::from_secs(86_400), || {
                    let _ = began.send(());
                    false
                });
            });
            begins.recv().unwrap();
            clock.advance(Duration::from_secs(86_401));
            waiting.join().unwrap();
        });
        clock.wait(Duration::MAX, || true);
    }
}
