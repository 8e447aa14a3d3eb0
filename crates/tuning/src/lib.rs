//! Tuning jobs for XGBoost on SageMaker, warm-started from the latest eligible one.
