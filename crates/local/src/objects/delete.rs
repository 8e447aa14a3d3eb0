//! Deleting: a marker on top in a versioned bucket, or one version for good.

use rusqlite::Transaction;

use super::buckets::{Bucket, Versioning, authorized};
use super::put::{NewVersion, insert, remove};
use super::read::find;
use super::{Access, Attributes, Condition, ETagMatch, ObjectError, ObjectStore};

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
        let mut unnamed = Vec::new();
        let results = self.database.transaction(|transaction| {
            let bucket = authorized(transaction, access, bucket)?;
            let mut results = Vec::with_capacity(objects.len());
            for object in objects {
                results.push(match delete_one(transaction, &bucket, object) {
                    Ok((deleted, blob)) => {
                        unnamed.extend(blob);
                        Ok(deleted)
                    }
                    // The database is the transaction's business; a condition only this object's.
                    Err(ObjectError::Database(error)) => return Err(error.into()),
                    Err(error) => Err(error),
                });
            }
            Ok::<_, ObjectError>(results)
        })?;
        self.blobs.remove_unnamed(unnamed);
        Ok(results)
    }
}

fn delete_one(
    transaction: &Transaction<'_>,
    bucket: &Bucket,
    object: &ToDelete,
) -> Result<(Deleted, Option<String>), ObjectError> {
    let condition = Condition { if_match: object.if_match.clone(), if_none_match: None };
    condition.check(transaction, bucket, &object.key)?;
    if let Some(version_id) = &object.version_id {
        let found = find(transaction, bucket, &object.key, Some(version_id))?;
        let blob = remove(transaction, bucket, &object.key, version_id)?;
        let delete_marker = found.is_some_and(|found| found.delete_marker);
        return Ok((Deleted { version_id: Some(version_id.clone()), delete_marker }, blob));
    }
    if bucket.versioning == Versioning::Never {
        let blob = remove(transaction, bucket, &object.key, super::put::NULL_VERSION)?;
        return Ok((Deleted::default(), blob));
    }
    let marker =
        NewVersion { key: &object.key, blob: None, size: 0, etag: String::new(), attributes: Attributes::default() };
    let (written, blob) = insert(transaction, bucket, marker)?;
    Ok((Deleted { version_id: written.version_id, delete_marker: true }, blob))
}
