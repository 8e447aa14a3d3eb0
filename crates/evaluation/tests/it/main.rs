//! What the crate promises, checked against NumPy, scikit-learn, XGBoost and pandas (`tests/fixtures/make_fixtures.py`).
#![allow(clippy::unwrap_used, reason = "what fails here fails the test; Clippy sees that only in `#[test]` functions")]

mod approval;
mod binary;
mod champion;
mod damaged_csv;
mod drift;
mod fixtures;
mod history;
mod invariants;
mod measured;
mod multiclass;
mod refused;
mod report;
mod scikit;
mod weighted;
mod whole;
