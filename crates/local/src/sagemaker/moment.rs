//! Time as SageMaker's JSON has it: seconds since 1970 as a float, to the millisecond.

use chrono::Utc;

/// Now, in epoch seconds.
#[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a double's 53 bits")]
pub(crate) fn now() -> f64 {
    Utc::now().timestamp_millis() as f64 / 1000.0
}
