//! SQL from the warehouse into Arrow batches and training files.
