//! The retraining loop: prepare, retrain and refresh several models in one run.
