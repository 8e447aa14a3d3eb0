//! What the crate promises, tested from outside.

mod artifacts;
mod columns;
mod damage;
mod fixtures;
mod importance;
mod predictions;
mod refusals;
