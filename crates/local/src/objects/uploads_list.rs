//! Listing the uploads that are open, oldest first below each key.

use rusqlite::Connection;

use super::buckets::Bucket;
use super::multipart::upload;
use super::walk::{Step, Walk, after_key, after_prefix, common_prefix};
use super::{Access, ObjectError, ObjectStore, Upload};

/// Uses the index `uploads_by_key`, from one upload on. Upload ids of one key sort by age.
pub(super) const PAGE: &str =
    "SELECT * FROM uploads WHERE bucket = ?1 AND (key, upload_id) >= (?2, ?3) ORDER BY key, upload_id";

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UploadsQuery {
    pub(crate) prefix: String,
    pub(crate) delimiter: Option<String>,
    pub(crate) after: Option<UploadMarker>,
    /// How many uploads and common prefixes together.
    pub(crate) limit: usize,
}

/// The key and the upload a listing goes on after; without an upload, after all uploads of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadMarker {
    pub(crate) key: String,
    pub(crate) upload_id: Option<String>,
}

/// A part of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UploadsPage {
    /// The account that owns the bucket.
    pub(crate) owner: String,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) prefixes: Vec<String>,
    /// Where the rest begins, if there is more.
    pub(crate) next: Option<UploadMarker>,
}

impl ObjectStore {
    /// Lists one page of the bucket's open uploads.
    pub(crate) fn uploads(
        &self,
        access: &Access,
        bucket: &str,
        query: &UploadsQuery,
    ) -> Result<UploadsPage, ObjectError> {
        self.database.with(|connection| {
            let bucket = access.bucket(connection, "s3:ListBucketMultipartUploads", bucket)?;
            let mut page = UploadsPage { owner: bucket.account.clone(), ..UploadsPage::default() };
            let mut walk = Walk::new(&query.prefix, query.delimiter.as_deref(), query.limit);
            let full = query.limit > 0 && take_all(connection, &bucket, query, &mut walk, &mut page.uploads)?;
            page.next = full.then(|| last(&walk, &page.uploads)).flatten();
            page.prefixes = walk.prefixes;
            Ok(page)
        })
    }
}

impl UploadsQuery {
    /// The first key and upload that may be listed, if there can be one.
    fn start(&self) -> Option<(String, String)> {
        let prefix = self.prefix.clone();
        let from = match &self.after {
            None => (prefix.clone(), String::new()),
            Some(UploadMarker { key, upload_id: Some(upload_id) }) => (key.clone(), after_key(upload_id)),
            Some(UploadMarker { key, upload_id: None }) => {
                let is_prefix = common_prefix(key, &self.prefix, self.delimiter.as_deref()) == Some(key);
                (if is_prefix { after_prefix(key)? } else { after_key(key) }, String::new())
            }
        };
        Some(from.max((prefix, String::new())))
    }
}

/// Takes uploads until the page is full, and says whether it is and something was left.
fn take_all(
    connection: &Connection,
    bucket: &Bucket,
    query: &UploadsQuery,
    walk: &mut Walk<'_>,
    uploads: &mut Vec<Upload>,
) -> Result<bool, ObjectError> {
    let mut statement = connection.prepare_cached(PAGE)?;
    let mut from = query.start();
    while let Some((key, upload_id)) = from.take() {
        let mut rows = statement.query((&bucket.name, key, upload_id))?;
        while let Some(row) = rows.next()? {
            match walk.step(row.get_ref("key")?.as_str().map_err(rusqlite::Error::from)?) {
                Step::Take => uploads.push(upload(row)?),
                Step::Jump(next) => {
                    from = next.map(|key| (key, String::new()));
                    break;
                }
                step => return Ok(step == Step::Full),
            }
        }
    }
    Ok(false)
}

fn last(walk: &Walk<'_>, uploads: &[Upload]) -> Option<UploadMarker> {
    let upload = uploads.last();
    match walk.prefixes.last() {
        Some(prefix) if walk.ends_with_prefix(upload.map(|upload| upload.key.as_str())) => {
            Some(UploadMarker { key: prefix.clone(), upload_id: None })
        }
        _ => upload.map(|upload| UploadMarker { key: upload.key.clone(), upload_id: Some(upload.upload_id.clone()) }),
    }
}
