use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AwsError, BucketName};

/// The place of an object, or of a prefix, in S3: `s3://bucket/key`.
///
/// The key may be empty: `s3://bucket/` is the whole bucket. A key has at most 1024 bytes, and the URI at most 1024
/// characters, which is what SageMaker takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct S3Uri {
    bucket: BucketName,
    key: String,
}

impl S3Uri {
    /// Puts a bucket and a key together.
    pub fn new(bucket: BucketName, key: impl Into<String>) -> Result<Self, AwsError> {
        let key = key.into();
        let invalid = |reason: String| AwsError::Invalid { what: "S3 key", value: key.clone(), reason };
        if key.starts_with('/') {
            return Err(invalid("it begins with a slash, which would make an empty first folder".to_owned()));
        }
        if let Some(bad) = key.chars().find(|c| c.is_control()) {
            return Err(invalid(format!("it holds the control character {bad:?}")));
        }
        let uri = Self { bucket, key: key.clone() };
        let characters = uri.to_string().chars().count();
        if key.len() > 1024 || characters > 1024 {
            return Err(invalid(format!("with its bucket it has {characters} characters, the limit is 1024")));
        }
        Ok(uri)
    }

    /// The bucket.
    pub fn bucket(&self) -> &BucketName {
        &self.bucket
    }

    /// The key, without a leading slash. Empty for the whole bucket.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The last part of the key: `model.tar.gz` of `s3://b/output/job/model.tar.gz`. Empty for a prefix.
    pub fn file_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }

    /// The URI of `path` below this one, with exactly one slash between them.
    pub fn join(&self, path: &str) -> Result<Self, AwsError> {
        let base = self.key.trim_end_matches('/');
        let path = path.trim_start_matches('/');
        let key = if base.is_empty() { path.to_owned() } else { format!("{base}/{path}") };
        Self::new(self.bucket.clone(), key)
    }
}

impl FromStr for S3Uri {
    type Err = AwsError;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        let Some(rest) = value.strip_prefix("s3://") else {
            return Err(AwsError::Invalid {
                what: "S3 URI",
                value: value.to_owned(),
                reason: "it must begin with s3://, such as s3://bucket/key".to_owned(),
            });
        };
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        Self::new(bucket.parse()?, key)
    }
}

impl TryFrom<String> for S3Uri {
    type Error = AwsError;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        value.parse()
    }
}

impl From<S3Uri> for String {
    fn from(value: S3Uri) -> Self {
        value.to_string()
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::S3Uri;

    #[test]
    fn reads_and_writes_its_text() {
        for (text, bucket, key, file) in [
            ("s3://bucket/output/job/model.tar.gz", "bucket", "output/job/model.tar.gz", "model.tar.gz"),
            ("s3://bucket/models/", "bucket", "models/", ""),
            ("s3://bucket/", "bucket", "", ""),
            ("s3://bucket/a b+c%20?d", "bucket", "a b+c%20?d", "a b+c%20?d"),
        ] {
            let uri: S3Uri = text.parse().unwrap();
            assert_eq!((uri.bucket().as_str(), uri.key(), uri.file_name()), (bucket, key, file));
            assert_eq!(uri.to_string(), text);
        }
        assert_eq!("s3://bucket".parse::<S3Uri>().unwrap().to_string(), "s3://bucket/");
    }

    #[test]
    fn refuses_what_is_no_s3_uri() {
        let long = format!("s3://bucket/{}", "x".repeat(1024));
        for bad in
            ["bucket/key", "https://bucket/key", "s3://", "s3://B/key", "s3://bucket//key", "s3://bucket/a\nb", &long]
        {
            assert!(bad.parse::<S3Uri>().is_err(), "{bad}");
        }
    }

    #[test]
    fn joins_with_one_slash() {
        for base in ["s3://bucket/models", "s3://bucket/models/"] {
            let base: S3Uri = base.parse().unwrap();
            for path in ["ewr.tar.gz", "/ewr.tar.gz"] {
                assert_eq!(base.join(path).unwrap().to_string(), "s3://bucket/models/ewr.tar.gz");
            }
        }
        let root: S3Uri = "s3://bucket".parse().unwrap();
        assert_eq!(root.join("a/b").unwrap().to_string(), "s3://bucket/a/b");
    }

    #[test]
    fn serde_goes_through_the_text() {
        let uri: S3Uri = serde_json::from_str("\"s3://bucket/key\"").unwrap();
        assert_eq!(serde_json::to_string(&uri).unwrap(), "\"s3://bucket/key\"");
        assert!(serde_json::from_str::<S3Uri>("\"/tmp/key\"").is_err());
    }
}
