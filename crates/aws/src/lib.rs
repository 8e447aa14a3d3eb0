//! What the AWS-facing crates of refit share: S3 URIs, the artifact store, history logs, request errors, polling.
