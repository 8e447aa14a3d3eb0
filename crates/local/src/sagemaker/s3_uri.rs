//! Places in S3, as requests name them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api::ApiError;

/// `s3://bucket/key`; the key may be empty or a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct S3Uri {
    pub(crate) bucket: String,
    pub(crate) key: String,
}

impl S3Uri {
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let Some(path) = text.strip_prefix("s3://") else {
            return Err(ApiError::validation(format!("refit-local reads only s3://bucket/key URIs, and not {text}.")));
        };
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        if bucket.is_empty() {
            return Err(ApiError::validation(format!("{text} names no bucket.")));
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// The same place with a slash at the end of its key, unless it is the whole bucket.
    pub(crate) fn into_prefix(mut self) -> Self {
        if !self.key.is_empty() && !self.key.ends_with('/') {
            self.key.push('/');
        }
        self
    }

    /// The object `name` below this prefix.
    pub(crate) fn below(&self, name: &str) -> Self {
        let mut below = self.clone().into_prefix();
        below.key.push_str(name);
        below
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}
