//! Buckets: who owns them and whether they keep versions.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row};

use super::blobs::release;
use super::{Access, ObjectError, ObjectStore};
use crate::policy::Policy;

/// A bucket as the index keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) versioning: Versioning,
    pub(super) policy: Option<Policy>,
}

/// Whether a bucket keeps the versions of its objects. Once it did, it can only be suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versioning {
    Never,
    Enabled,
    Suspended,
}

impl Versioning {
    fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Enabled => "enabled",
            Self::Suspended => "suspended",
        }
    }
}

impl Bucket {
    pub(super) fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }
}

impl ObjectStore {
    /// Makes a bucket, and says whether it did: again by its owner changes nothing.
    pub(crate) fn create_bucket(&self, account: &str, name: &str, region: &str) -> Result<bool, ObjectError> {
        self.database.transaction(|transaction| match find(transaction, name)? {
            Some(bucket) if bucket.account == account => Ok(false),
            Some(_) => Err(ObjectError::BucketTaken { bucket: name.to_owned() }),
            None => {
                transaction.execute(
                    "INSERT INTO buckets (name, account, region, created_at) VALUES (?1, ?2, ?3, ?4)",
                    (name, account, region, self.clock.milliseconds()),
                )?;
                Ok(true)
            }
        })
    }

    /// The bucket, if the caller may do `action` to it.
    pub(crate) fn bucket(&self, access: &Access, action: &'static str, name: &str) -> Result<Bucket, ObjectError> {
        self.database.with(|connection| access.bucket(connection, action, name))
    }

    /// The account's own buckets, by name.
    pub(crate) fn buckets(&self, account: &str) -> Result<Vec<Bucket>, ObjectError> {
        self.database.with(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM buckets WHERE account = ?1 ORDER BY name")?;
            let buckets = statement.query_map([account], bucket)?.collect::<rusqlite::Result<_>>()?;
            Ok(buckets)
        })
    }

    /// Removes a bucket that holds no version of any object.
    pub(crate) fn delete_bucket(&self, access: &Access, name: &str) -> Result<(), ObjectError> {
        self.change(|transaction, unnamed| {
            access.bucket(transaction, "s3:DeleteBucket", name)?;
            let used = "SELECT EXISTS (SELECT 1 FROM versions WHERE bucket = ?1)";
            if transaction.query_row(used, [name], |row| row.get(0))? {
                return Err(ObjectError::BucketNotEmpty { bucket: name.to_owned() });
            }
            let parts: Vec<String> = transaction
                .prepare("SELECT blob FROM parts JOIN uploads USING (upload_id) WHERE bucket = ?1")?
                .query_map([name], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for part in parts {
                unnamed.extend(release(transaction, part)?);
            }
            transaction.execute("DELETE FROM uploads WHERE bucket = ?1", [name])?;
            transaction.execute("DELETE FROM buckets WHERE name = ?1", [name])?;
            Ok(())
        })
    }

    /// Switches versions on, or suspends them.
    pub(crate) fn set_versioning(&self, access: &Access, name: &str, to: Versioning) -> Result<(), ObjectError> {
        self.database.transaction(|transaction| {
            access.bucket(transaction, "s3:PutBucketVersioning", name)?;
            transaction.execute("UPDATE buckets SET versioning = ?2 WHERE name = ?1", (name, to.as_str()))?;
            Ok(())
        })
    }
}

pub(super) fn find(connection: &Connection, name: &str) -> rusqlite::Result<Option<Bucket>> {
    connection.prepare_cached("SELECT * FROM buckets WHERE name = ?1")?.query_row([name], bucket).optional()
}

fn bucket(row: &Row<'_>) -> rusqlite::Result<Bucket> {
    let versioning: String = row.get("versioning")?;
    Ok(Bucket {
        name: row.get("name")?,
        account: row.get("account")?,
        region: row.get("region")?,
        created_at: DateTime::from_timestamp_millis(row.get("created_at")?).unwrap_or_default(),
        versioning: match versioning.as_str() {
            "enabled" => Versioning::Enabled,
            "suspended" => Versioning::Suspended,
            _ => Versioning::Never,
        },
        policy: row.get("policy")?,
    })
}
