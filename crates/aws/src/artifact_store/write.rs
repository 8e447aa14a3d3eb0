use std::collections::BTreeMap;
use std::path::Path;

use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::MetadataDirective;
use aws_smithy_types::base64;
use bytes::Bytes;
use tracing::debug;

use crate::{AwsError, S3Uri, Sha256Digest, StoredObject};

use super::{ArtifactStore, ONE_REQUEST, SHA256};

/// When a write may happen.
pub(crate) enum Condition {
    /// No object is there.
    Absent,
    /// The object there has this tag.
    Unchanged(String),
}

impl ArtifactStore {
    /// Stores bytes under a key. If the newest version holds the same bytes already, nothing is written.
    ///
    /// Errors: [`AwsError::BucketMissing`] and the others of the bucket, [`AwsError::TooLarge`].
    pub async fn put(&self, key: &str, bytes: impl Into<Bytes>) -> Result<StoredObject, AwsError> {
        let (uri, bytes) = (self.uri(key)?, bytes.into());
        let (digest, size) = (Sha256Digest::of(&bytes), bytes.len() as u64);
        check_size(key, size)?;
        if let Some(there) = self.same_there(&uri, digest).await? {
            return Ok(there);
        }
        let request = self.put_request(&uri, digest).body(ByteStream::from(bytes));
        self.send_put(request, &uri, digest, size).await
    }

    /// Stores a file under a key, in pieces. If the newest version holds the same bytes already, nothing is written.
    ///
    /// Errors: [`AwsError::Io`], and those of [`put`](Self::put). A file that changes meanwhile is refused by S3.
    pub async fn put_file(&self, key: &str, path: &Path) -> Result<StoredObject, AwsError> {
        let uri = self.uri(key)?;
        let failed = |source| AwsError::Io { action: "read", path: path.to_owned(), source };
        let size = tokio::fs::metadata(path).await.map_err(failed)?.len();
        check_size(&path.display().to_string(), size)?;
        let file = path.to_owned();
        let digest = tokio::task::spawn_blocking(move || Sha256Digest::of_file(&file)).await;
        let digest = digest.map_err(|error| failed(error.into()))?.map_err(failed)?;
        if let Some(there) = self.same_there(&uri, digest).await? {
            return Ok(there);
        }
        let body = ByteStream::from_path(path).await.map_err(|error| failed(std::io::Error::other(error)))?;
        self.send_put(self.put_request(&uri, digest).body(body), &uri, digest, size).await
    }

    /// Copies an object, from this or from another bucket, to a key of this one, without moving its bytes through here.
    ///
    /// The copy carries `metadata` and the digest of the original. An original without a recorded digest, such as an
    /// artifact that SageMaker wrote, takes it from the entry `sha256` of `metadata`; if both have one and they differ,
    /// that is [`AwsError::DigestMismatch`]. If the newest version under the key holds the same bytes and metadata
    /// already, nothing is written.
    ///
    /// Errors: [`AwsError::NoSuchObject`] for the original, [`AwsError::TooLarge`] above 5 GiB, those of the buckets.
    pub async fn copy(
        &self,
        from: &S3Uri,
        from_version: Option<&str>,
        to_key: &str,
        metadata: &BTreeMap<String, String>,
    ) -> Result<StoredObject, AwsError> {
        let to = self.uri(to_key)?;
        let missing = || AwsError::NoSuchObject { uri: from.clone(), version_id: from_version.map(str::to_owned) };
        let original = self.head_uri(from, from_version).await?.ok_or_else(missing)?;
        check_size(&from.to_string(), original.size)?;
        let (digest, metadata) = copied_metadata(&original, metadata)?;
        if let Some(there) = self.head_uri(&to, None).await?
            && digest.is_some()
            && there.sha256 == digest
            && there.metadata == metadata
        {
            debug!(%from, %to, "already there");
            return Ok(there);
        }
        let answer = self
            .client
            .copy_object()
            .copy_source(copy_source(from, from_version))
            .bucket(to.bucket().as_str())
            .key(to.key())
            .metadata_directive(MetadataDirective::Replace)
            .set_metadata(Some(metadata.clone().into_iter().chain(digest.map(digest_entry)).collect()))
            .set_expected_bucket_owner(self.owner_of(to.bucket()))
            .set_expected_source_bucket_owner(self.owner_of(from.bucket()))
            .send()
            .await
            .map_err(|error| self.request("CopyObject", &to).error(error))?;
        debug!(%from, %to, size = original.size, "copied");
        let mut copy = StoredObject::new(to, original.size);
        copy.version_id = answer.version_id().map(str::to_owned);
        copy.sha256 = digest;
        copy.metadata = metadata;
        let result = answer.copy_object_result();
        copy.etag = result.and_then(|result| result.e_tag()).map(str::to_owned);
        copy.last_modified = result.and_then(|result| result.last_modified()).and_then(super::read::timestamp);
        Ok(copy)
    }

    /// Deletes an object. In a bucket with versioning its old versions stay. An object that is not there is no error.
    pub async fn delete(&self, key: &str) -> Result<(), AwsError> {
        let uri = self.uri(key)?;
        self.client
            .delete_object()
            .bucket(self.bucket.as_str())
            .key(key)
            .set_expected_bucket_owner(self.owner_of(&self.bucket))
            .send()
            .await
            .map_err(|error| self.request("DeleteObject", &uri).error(error))?;
        Ok(())
    }

    /// Stores bytes if the condition holds; `Ok(None)` if it does not, or if somebody else is writing just now.
    pub(crate) async fn put_if(
        &self,
        uri: &S3Uri,
        bytes: Bytes,
        condition: Condition,
    ) -> Result<Option<StoredObject>, AwsError> {
        let (digest, size) = (Sha256Digest::of(&bytes), bytes.len() as u64);
        let request = match condition {
            Condition::Absent => self.put_request(uri, digest).if_none_match("*"),
            Condition::Unchanged(etag) => self.put_request(uri, digest).if_match(etag),
        };
        match self.send_put(request.body(ByteStream::from(bytes)), uri, digest, size).await {
            Ok(object) => Ok(Some(object)),
            // 404: the object whose tag was given is gone.
            Err(AwsError::NoSuchObject { .. }) => Ok(None),
            Err(AwsError::Request(error)) if matches!(error.status(), Some(409 | 412)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The newest version, if it has these bytes.
    async fn same_there(&self, uri: &S3Uri, digest: Sha256Digest) -> Result<Option<StoredObject>, AwsError> {
        let there = self.head_uri(uri, None).await?.filter(|there| there.sha256 == Some(digest));
        if there.is_some() {
            debug!(%uri, "already there");
        }
        Ok(there)
    }

    fn put_request(&self, uri: &S3Uri, digest: Sha256Digest) -> PutObjectFluentBuilder {
        self.client
            .put_object()
            .bucket(uri.bucket().as_str())
            .key(uri.key())
            .metadata(SHA256, digest.to_string())
            .checksum_sha256(base64::encode(digest.as_bytes()))
            .set_expected_bucket_owner(self.owner_of(uri.bucket()))
    }

    async fn send_put(
        &self,
        request: PutObjectFluentBuilder,
        uri: &S3Uri,
        digest: Sha256Digest,
        size: u64,
    ) -> Result<StoredObject, AwsError> {
        let answer = request.send().await.map_err(|error| self.request("PutObject", uri).error(error))?;
        debug!(%uri, size, "stored");
        let mut object = StoredObject::new(uri.clone(), size);
        object.version_id = answer.version_id().map(str::to_owned);
        object.sha256 = Some(digest);
        object.etag = answer.e_tag().map(str::to_owned);
        Ok(object)
    }
}

fn check_size(what: &str, size: u64) -> Result<(), AwsError> {
    match size <= ONE_REQUEST {
        true => Ok(()),
        false => Err(AwsError::TooLarge { what: what.to_owned(), size, limit: ONE_REQUEST }),
    }
}

/// The digest a copy gets, and its metadata without it.
fn copied_metadata(
    original: &StoredObject,
    metadata: &BTreeMap<String, String>,
) -> Result<(Option<Sha256Digest>, BTreeMap<String, String>), AwsError> {
    let mut metadata = metadata.clone();
    let given: Option<Sha256Digest> = metadata.remove(SHA256).map(|digest| digest.parse()).transpose()?;
    match (original.sha256, given) {
        (Some(actual), Some(expected)) if actual != expected => {
            Err(AwsError::DigestMismatch { uri: Box::new(original.uri.clone()), expected, actual })
        }
        (recorded, given) => Ok((recorded.or(given), metadata)),
    }
}

fn digest_entry(digest: Sha256Digest) -> (String, String) {
    (SHA256.to_owned(), digest.to_string())
}

fn copy_source(from: &S3Uri, version: Option<&str>) -> String {
    let key = percent_encoded(from.key());
    match version {
        Some(version) => format!("{}/{key}?versionId={}", from.bucket(), percent_encoded(version)),
        None => format!("{}/{key}", from.bucket()),
    }
}

/// RFC 3986's unreserved characters and the slashes stay; every other byte becomes `%XX`. The SDK sends the header of a
/// copy source as it is given.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{ONE_REQUEST, check_size, copied_metadata, copy_source};
    use crate::{AwsError, Sha256Digest, StoredObject};

    #[test]
    fn a_copy_source_is_encoded() {
        // The expected text is Python's `urllib.parse.quote("a b+c/é?.tar.gz", safe="/~")`, as botocore builds it.
        let from = "s3://bucket/a b+c/é?.tar.gz".parse().unwrap();
        assert_eq!(copy_source(&from, None), "bucket/a%20b%2Bc/%C3%A9%3F.tar.gz");
        assert_eq!(copy_source(&from, Some("v.1")), "bucket/a%20b%2Bc/%C3%A9%3F.tar.gz?versionId=v.1");
    }

    #[test]
    fn more_than_one_request_takes_is_refused_by_name() {
        check_size("s3://bucket/model.tar.gz", ONE_REQUEST).unwrap();
        let error = check_size("s3://bucket/model.tar.gz", ONE_REQUEST + 1).unwrap_err();
        assert!(matches!(&error, AwsError::TooLarge { limit: 5_368_709_120, .. }), "{error}");
        assert!(error.to_string().starts_with("s3://bucket/model.tar.gz has 5368709121 bytes"), "{error}");
    }

    #[test]
    fn a_copy_keeps_the_digest_or_takes_the_given_one() {
        let mut original = StoredObject::new("s3://bucket/key".parse().unwrap(), 3);
        let digest = Sha256Digest::of(b"abc");
        let given = BTreeMap::from([("sha256".to_owned(), digest.to_string()), ("run".to_owned(), "1".to_owned())]);
        let rest = BTreeMap::from([("run".to_owned(), "1".to_owned())]);
        assert_eq!(copied_metadata(&original, &rest).unwrap(), (None, rest.clone()));
        assert_eq!(copied_metadata(&original, &given).unwrap(), (Some(digest), rest.clone()));

        original.sha256 = Some(digest);
        assert_eq!(copied_metadata(&original, &rest).unwrap(), (Some(digest), rest.clone()));
        original.sha256 = Some(Sha256Digest::of(b"abd"));
        assert!(matches!(copied_metadata(&original, &given), Err(AwsError::DigestMismatch { .. })));
    }
}
