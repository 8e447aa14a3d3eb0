//! Time as SageMaker's JSON has it: seconds since 1970 as a float, to the millisecond.

use chrono::{DateTime, Utc};

/// A time in epoch seconds.
#[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a double's 53 bits")]
pub(crate) fn of(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1000.0
}
