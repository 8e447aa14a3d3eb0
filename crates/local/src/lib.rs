//! Embedded S3, SageMaker, SageMaker Runtime and STS on one machine that really train, tune and serve.

mod hosting;
mod jobs;
mod s3;
mod sagemaker;
