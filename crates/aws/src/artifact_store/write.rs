use std::path::Path;

use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
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

    /// Deletes an object. In a bucket with versioning its old versions stay. An object that is not there is no error.
    pub async fn delete(&self, key: &str) -> Result<(), AwsError> {
        self.delete_version(&self.uri(key)?, None).await
    }

    /// Deletes one version of an object for good; without a version as [`delete`](Self::delete).
    pub(crate) async fn delete_version(&self, uri: &S3Uri, version_id: Option<&str>) -> Result<(), AwsError> {
        self.client
            .delete_object()
            .bucket(uri.bucket().as_str())
            .key(uri.key())
            .set_version_id(version_id.map(str::to_owned))
            .set_expected_bucket_owner(self.owner_of(uri.bucket()))
            .send()
            .await
            .map_err(|error| self.request("DeleteObject", uri).error(error))?;
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

#[cfg(test)]
mod tests {
    use super::{ONE_REQUEST, check_size};
    use crate::AwsError;

    #[test]
    fn more_than_one_request_takes_is_refused_by_name() {
        check_size("s3://bucket/model.tar.gz", ONE_REQUEST).unwrap();
        let error = check_size("s3://bucket/model.tar.gz", ONE_REQUEST + 1).unwrap_err();
        assert!(matches!(&error, AwsError::TooLarge { limit: 5_368_709_120, .. }), "{error}");
        assert!(error.to_string().starts_with("s3://bucket/model.tar.gz has 5368709121 bytes"), "{error}");
    }
}
