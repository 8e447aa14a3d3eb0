//! Behaviours, each tested once and run everywhere: functions of an `SdkConfig` that panic when something is wrong.

pub mod s3_wire;
