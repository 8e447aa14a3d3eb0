//! Metrics, verdict and report of a trained model on held-out rows.
