//! Bucket policies: kept as they were put, and read again whenever somebody asks for something.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

use super::{Access, ObjectError, ObjectStore};
use crate::policy::{Malformed, Policy, Scope};

/// S3's limit.
const MOST_BYTES: usize = 20 * 1024;

/// The condition keys of S3's requests that are answered.
pub(crate) const CONDITION_KEYS: [&str; 13] = [
    "s3:delimiter",
    "s3:if-match",
    "s3:if-none-match",
    "s3:max-keys",
    "s3:ObjectCreationOperation",
    "s3:prefix",
    "s3:VersionId",
    "s3:x-amz-acl",
    "s3:x-amz-content-sha256",
    "s3:x-amz-copy-source",
    "s3:x-amz-metadata-directive",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-storage-class",
];

impl ObjectStore {
    /// Attaches a policy to the bucket, in place of an earlier one.
    pub(crate) fn put_policy(&self, access: &Access, bucket: &str, text: &str) -> Result<(), ObjectError> {
        self.database.transaction(|transaction| {
            let bucket = access.policy(transaction, "s3:PutBucketPolicy", bucket)?;
            if text.len() > MOST_BYTES {
                return Err(ObjectError::MalformedPolicy(Malformed(format!(
                    "The policy has {} bytes; a bucket's policy has at most {MOST_BYTES}",
                    text.len()
                ))));
            }
            check(&bucket.arn(), text)?;
            transaction.execute("UPDATE buckets SET policy = ?2 WHERE name = ?1", (&bucket.name, text))?;
            Ok(())
        })
    }

    /// The bucket's policy, as it was put.
    pub(crate) fn policy_text(&self, access: &Access, bucket: &str) -> Result<String, ObjectError> {
        self.database.with(|connection| {
            let bucket = access.policy(connection, "s3:GetBucketPolicy", bucket)?;
            let text: Option<String> = connection
                .prepare_cached("SELECT policy FROM buckets WHERE name = ?1")?
                .query_row([&bucket.name], |row| row.get(0))?;
            text.ok_or(ObjectError::NoSuchPolicy { bucket: bucket.name })
        })
    }

    /// Whether the bucket's policy opens it to everybody.
    pub(crate) fn policy_is_public(&self, access: &Access, bucket: &str) -> Result<bool, ObjectError> {
        self.database.with(|connection| {
            let bucket = access.policy(connection, "s3:GetBucketPolicyStatus", bucket)?;
            let policy = bucket.policy.ok_or(ObjectError::NoSuchPolicy { bucket: bucket.name })?;
            Ok(policy.is_public())
        })
    }

    /// Removes the bucket's policy, if it has one.
    pub(crate) fn delete_policy(&self, access: &Access, bucket: &str) -> Result<(), ObjectError> {
        self.database.transaction(|transaction| {
            let bucket = access.policy(transaction, "s3:DeleteBucketPolicy", bucket)?;
            transaction.execute("UPDATE buckets SET policy = NULL WHERE name = ?1", [&bucket.name])?;
            Ok(())
        })
    }
}

fn check(arn: &str, text: &str) -> Result<Policy, Malformed> {
    let resources = [arn.to_owned(), format!("{arn}/*")];
    Policy::parse(text, &Scope { service: "s3", resources: &resources, keys: &CONDITION_KEYS })
}

/// What is in the column has been checked against its bucket; any resource is right.
impl FromSql for Policy {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        check("*", value.as_str()?).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}
