//! What the tests of several files share: suites of behaviours that run against any endpoint, and a scripted endpoint.

pub mod python;
pub mod scripted;
pub mod suites;
