//! What the tests of several files share: suites of behaviours that run against any endpoint.

pub mod suites;
