use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::{AwsError, RequestError, S3Uri, Sha256Digest, StoredObject};

use super::error::{Request, absent};
use super::{ArtifactStore, SHA256};

const GET: &str = "GetObject";

impl ArtifactStore {
    /// An object's bytes, checked against the digest in its metadata.
    ///
    /// The URI may lie in another bucket. An object without a recorded digest, such as an artifact that SageMaker wrote,
    /// comes with the digest of what was read.
    ///
    /// Errors: [`AwsError::NoSuchObject`], [`AwsError::DigestMismatch`], and those of the bucket.
    pub async fn get(&self, uri: &S3Uri) -> Result<(Bytes, StoredObject), AwsError> {
        self.get_version(uri, None).await
    }

    /// As [`get`](Self::get), for one version of the object; `None` is the latest.
    pub async fn get_version(&self, uri: &S3Uri, version_id: Option<&str>) -> Result<(Bytes, StoredObject), AwsError> {
        let mut answer = self.open(uri, version_id).await?;
        let body = std::mem::take(&mut answer.body);
        let bytes = body.collect().await.map_err(|error| RequestError::from_body(GET, error))?.into_bytes();
        let object = checked(opened(uri, &answer), Sha256Digest::of(&bytes))?;
        Ok((bytes, object))
    }

    /// As [`get`](Self::get), into a file, in pieces. The file appears whole and checked, or not at all.
    pub async fn get_to_file(&self, uri: &S3Uri, path: &Path) -> Result<StoredObject, AwsError> {
        let failed = |action| move |source| AwsError::Io { action, path: path.to_owned(), source };
        let folder = parent(path);
        std::fs::create_dir_all(&folder).map_err(failed("create the folder of"))?;
        let mut file = NamedTempFile::new_in(&folder).map_err(failed("create a file beside"))?;
        let mut answer = self.open(uri, None).await?;
        let mut hasher = Sha256::new();
        while let Some(piece) = answer.body.next().await {
            let piece = piece.map_err(|error| RequestError::from_body(GET, error))?;
            hasher.update(&piece);
            file.write_all(&piece).map_err(failed("write"))?;
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let object = checked(opened(uri, &answer), digest.into())?;
        file.as_file().sync_all().map_err(failed("write"))?;
        file.persist(path).map_err(|error| failed("put in place")(error.error))?;
        Ok(object)
    }

    /// An object without its bytes; `None` if there is none under this key.
    ///
    /// Errors: [`AwsError::BucketMissing`] and the others of the bucket.
    pub async fn head(&self, key: &str) -> Result<Option<StoredObject>, AwsError> {
        let found = self.head_uri(&self.uri(key)?, None).await?;
        if found.is_none() {
            // The answer to HEAD does not say whether the object is missing or its bucket.
            self.head_bucket().await?;
        }
        Ok(found)
    }

    /// The objects whose keys begin with `prefix`, in the order of their keys, all pages of them. They carry neither
    /// digest nor version nor metadata: see [`head`](Self::head).
    pub async fn list(&self, prefix: &str) -> Result<Vec<StoredObject>, AwsError> {
        let base = self.uri(prefix)?;
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(self.bucket.as_str())
            .prefix(prefix)
            .set_expected_bucket_owner(self.owner_of(&self.bucket))
            .into_paginator()
            .send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.request("ListObjectsV2", &base).error(error))?;
            for listed in page.contents() {
                let mut object = StoredObject::new(self.uri(listed.key().unwrap_or_default())?, size(listed.size()));
                object.etag = listed.e_tag().map(str::to_owned);
                object.last_modified = listed.last_modified().and_then(timestamp);
                objects.push(object);
            }
        }
        Ok(objects)
    }

    /// The versions of one object, the newest first. Marks of deletion are left out.
    ///
    /// They carry neither digest nor metadata: see [`get_version`](Self::get_version).
    pub async fn versions(&self, key: &str) -> Result<Vec<StoredObject>, AwsError> {
        let uri = self.uri(key)?;
        let mut versions = Vec::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            let page = self.versions_page(&uri, key_marker, version_marker).await?;
            // S3 lists a key's versions from the newest to the oldest, and other keys with this prefix after them.
            for listed in page.versions().iter().filter(|listed| listed.key() == Some(key)) {
                let mut object = StoredObject::new(uri.clone(), size(listed.size()));
                object.version_id = listed.version_id().map(str::to_owned);
                object.etag = listed.e_tag().map(str::to_owned);
                object.last_modified = listed.last_modified().and_then(timestamp);
                versions.push(object);
            }
            key_marker = page.next_key_marker;
            version_marker = page.next_version_id_marker;
            if page.is_truncated != Some(true) || key_marker.as_deref() != Some(key) {
                return Ok(versions);
            }
        }
    }

    pub(super) async fn head_uri(
        &self,
        uri: &S3Uri,
        version_id: Option<&str>,
    ) -> Result<Option<StoredObject>, AwsError> {
        let answer = self
            .client
            .head_object()
            .bucket(uri.bucket().as_str())
            .key(uri.key())
            .set_version_id(version_id.map(str::to_owned))
            .set_expected_bucket_owner(self.owner_of(uri.bucket()))
            .send()
            .await
            .map_err(|error| Request { version_id, ..self.request("HeadObject", uri) }.error(error));
        Ok(absent(answer)?.map(|answer| {
            let mut object = StoredObject::new(uri.clone(), size(answer.content_length()));
            object.version_id = answer.version_id().map(str::to_owned);
            object.etag = answer.e_tag().map(str::to_owned);
            object.last_modified = answer.last_modified().and_then(timestamp);
            with_metadata(object, answer.metadata())
        }))
    }

    async fn open(&self, uri: &S3Uri, version_id: Option<&str>) -> Result<GetObjectOutput, AwsError> {
        self.client
            .get_object()
            .bucket(uri.bucket().as_str())
            .key(uri.key())
            .set_version_id(version_id.map(str::to_owned))
            .set_expected_bucket_owner(self.owner_of(uri.bucket()))
            .send()
            .await
            .map_err(|error| Request { version_id, ..self.request(GET, uri) }.error(error))
    }

    async fn versions_page(
        &self,
        uri: &S3Uri,
        key_marker: Option<String>,
        version_marker: Option<String>,
    ) -> Result<ListObjectVersionsOutput, AwsError> {
        self.client
            .list_object_versions()
            .bucket(self.bucket.as_str())
            .prefix(uri.key())
            .set_key_marker(key_marker)
            .set_version_id_marker(version_marker)
            .set_expected_bucket_owner(self.owner_of(&self.bucket))
            .send()
            .await
            .map_err(|error| self.request("ListObjectVersions", uri).error(error))
    }
}

fn opened(uri: &S3Uri, answer: &GetObjectOutput) -> StoredObject {
    let mut object = StoredObject::new(uri.clone(), size(answer.content_length()));
    object.version_id = answer.version_id().map(str::to_owned);
    object.etag = answer.e_tag().map(str::to_owned);
    object.last_modified = answer.last_modified().and_then(timestamp);
    with_metadata(object, answer.metadata())
}

fn with_metadata(mut object: StoredObject, metadata: Option<&HashMap<String, String>>) -> StoredObject {
    let mut metadata: BTreeMap<String, String> = metadata.cloned().unwrap_or_default().into_iter().collect();
    // A digest that does not parse was not written by us; then there is none to check against.
    object.sha256 = metadata.remove(SHA256).and_then(|digest| digest.parse().ok());
    object.metadata = metadata;
    object
}

fn checked(mut object: StoredObject, actual: Sha256Digest) -> Result<StoredObject, AwsError> {
    match object.sha256 {
        Some(expected) if expected != actual => {
            Err(AwsError::DigestMismatch { uri: Box::new(object.uri), expected, actual })
        }
        _ => {
            object.sha256 = Some(actual);
            Ok(object)
        }
    }
}

fn size(length: Option<i64>) -> u64 {
    length.and_then(|length| u64::try_from(length).ok()).unwrap_or_default()
}

pub(super) fn timestamp(time: &aws_sdk_s3::primitives::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}

pub(crate) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
