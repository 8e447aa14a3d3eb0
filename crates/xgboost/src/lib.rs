//! Training with XGBoost's own library, behind a safe interface.
