//! What the crate promises, checked against NumPy, scikit-learn, XGBoost and pandas (`tests/fixtures/make_fixtures.py`).

mod fixtures;
mod history;
mod invariants;
mod measured;
mod refused;
mod report;
