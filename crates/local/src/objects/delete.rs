//! Deleting: a marker on top in a versioned bucket, or one version for good.

use super::buckets::{Bucket, Versioning};
use super::put::{NULL_VERSION, NewContent, NewVersion, insert, remove};
use super::{Access, Attributes, Condition, ETagMatch, ObjectError, ObjectStore};
use crate::db::Transaction;

/// One object, or one version of it, to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToDelete {
    pub(crate) key: String,
    pub(crate) version_id: Option<String>,
    pub(crate) if_match: Option<ETagMatch>,
}

/// What a deletion did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Deleted {
    /// The version that was removed, or the delete marker that was added.
    pub(crate) version_id: Option<String>,
    /// Whether that version is a delete marker.
    pub(crate) delete_marker: bool,
}

impl ObjectStore {
    /// Deletes each object, and says for each what was done. Deleting what is not there is no error.
    pub(crate) fn delete(
        &self,
        access: &Access,
        bucket: &str,
        objects: &[ToDelete],
    ) -> Result<Vec<Result<Deleted, ObjectError>>, ObjectError> {
        self.change(|transaction, unnamed| {
            let bucket = access.expected(transaction, bucket)?;
            let mut results = Vec::with_capacity(objects.len());
            for object in objects {
                results.push(match self.delete_one(transaction, access, &bucket, object, unnamed) {
                    // The database is the transaction's business; a refusal only this object's.
                    Err(ObjectError::Database(error)) => return Err(error.into()),
                    result => result,
                });
            }
            Ok(results)
        })
    }

    fn delete_one(
        &self,
        transaction: &Transaction<'_>,
        access: &Access,
        bucket: &Bucket,
        object: &ToDelete,
        unnamed: &mut Vec<String>,
    ) -> Result<Deleted, ObjectError> {
        let key = object.key.as_str();
        let action = if object.version_id.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
        access.check(bucket, action, Some(key))?;
        if matches!(object.if_match, Some(ETagMatch::ETag(_))) {
            access.check(bucket, "s3:GetObject", Some(key))?;
        }
        let condition = Condition { if_match: object.if_match.clone(), if_none_match: None };
        condition.check(transaction, bucket, key)?;
        self.underway.deleted(&bucket.name, key);
        if let Some(version_id) = &object.version_id {
            let removed = remove(transaction, bucket, key, version_id, unnamed)?;
            return Ok(Deleted { version_id: Some(version_id.clone()), delete_marker: removed == Some(true) });
        }
        if bucket.versioning == Versioning::Never {
            remove(transaction, bucket, key, NULL_VERSION, unnamed)?;
            return Ok(Deleted::default());
        }
        let marker = NewVersion {
            key,
            content: NewContent::None,
            size: 0,
            etag: String::new(),
            attributes: Attributes::default(),
            last_modified: self.clock.milliseconds(),
        };
        let written = insert(transaction, bucket, marker, unnamed)?;
        Ok(Deleted { version_id: written.version_id, delete_marker: true })
    }
}
