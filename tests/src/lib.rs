//! Behaviours of refit as functions of an `SdkConfig`, and what they need.

pub mod scripted;
pub mod suites;
