//! Embedded S3, SageMaker, SageMaker Runtime and STS on one machine that really train, tune and serve.

mod api;
mod db;
mod error;
mod hosting;
mod jobs;
mod objects;
mod options;
mod s3;
mod sagemaker;

pub use crate::error::LocalError;
pub use crate::options::{Account, Options};
