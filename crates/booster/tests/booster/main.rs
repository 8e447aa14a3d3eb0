//! What the crate promises, tested from outside.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod artifacts;
mod columns;
mod damage;
mod explained;
mod fixtures;
mod importance;
mod predictions;
mod refusals;
