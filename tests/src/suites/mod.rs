//! Behaviours, each tested once and run everywhere: functions of an `SdkConfig` that panic when something is wrong.

pub mod accounts;
pub mod artifact_store;
pub mod champion;
pub mod classes;
pub mod endpoint;
pub mod history_log;
pub mod pipeline;
pub mod registry;
pub mod s3_wire;
pub mod sagemaker_wire;
pub mod tuning;
pub mod uploads;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use refit_aws::BucketName;

/// A name that nothing else has, on this machine or in an account: bucket and job names cannot be used again.
pub fn fresh(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() % 100_000_000;
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{what}-{seconds:x}-{:x}-{count}", std::process::id())
}

/// A bucket name that nothing else has.
pub fn fresh_bucket(what: &str) -> BucketName {
    fresh(what).parse().unwrap()
}
