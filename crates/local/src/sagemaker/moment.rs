//! Time as SageMaker's JSON has it: seconds since 1970 as a float, to the millisecond.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

/// Now, in epoch seconds.
pub(crate) fn now() -> f64 {
    of(SystemTime::now())
}

/// A time in epoch seconds.
#[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a double's 53 bits")]
pub(crate) fn of(time: SystemTime) -> f64 {
    DateTime::<Utc>::from(time).timestamp_millis() as f64 / 1000.0
}
