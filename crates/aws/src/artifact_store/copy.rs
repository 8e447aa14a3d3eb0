use std::collections::{BTreeMap, HashMap};

use aws_sdk_s3::types::MetadataDirective;
use tracing::debug;

use crate::{AwsError, S3Uri, Sha256Digest, StoredObject};

use super::parts::Parts;
use super::{ArtifactStore, SHA256};

impl ArtifactStore {
    /// Copies an object, from this or from another bucket, to a key of this one, without moving its bytes through here. Above 5 GiB
    /// it is copied in parts.
    ///
    /// The copy carries `metadata` and the digest of the original. An original without a recorded digest, such as an
    /// artifact that SageMaker wrote, takes it from the entry `sha256` of `metadata`; if both have one and they differ,
    /// that is [`AwsError::DigestMismatch`]. If the newest version under the key holds the same bytes and metadata
    /// already, nothing is written.
    ///
    /// Errors: [`AwsError::NoSuchObject`] for the original, those of the buckets.
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
        let (digest, metadata) = copied_metadata(&original, metadata)?;
        if let Some(there) = self.head_uri(&to, None).await?
            && digest.is_some()
            && there.sha256 == digest
            && there.metadata == metadata
        {
            debug!(%from, %to, "already there");
            return Ok(there);
        }
        let mut copy = StoredObject::new(to, original.size);
        copy.sha256 = digest;
        copy.metadata = metadata;
        let source = Original {
            source: copy_source(from, from_version),
            owner: self.owner_of(from.bucket()),
            etag: original.etag,
        };
        match original.size > self.one_request {
            true => self.copy_in_parts(&source, &mut copy).await?,
            false => self.copy_at_once(&source, &mut copy).await?,
        }
        debug!(%from, to = %copy.uri, size = copy.size, "copied");
        Ok(copy)
    }

    async fn copy_at_once(&self, original: &Original, copy: &mut StoredObject) -> Result<(), AwsError> {
        let answer = self
            .client
            .copy_object()
            .copy_source(&original.source)
            .bucket(copy.uri.bucket().as_str())
            .key(copy.uri.key())
            .metadata_directive(MetadataDirective::Replace)
            .set_metadata(Some(stored_metadata(copy)))
            .set_expected_bucket_owner(self.owner_of(copy.uri.bucket()))
            .set_expected_source_bucket_owner(original.owner.clone())
            .send()
            .await
            .map_err(|error| self.request("CopyObject", &copy.uri).error(error))?;
        copy.version_id = answer.version_id().map(str::to_owned);
        let result = answer.copy_object_result();
        copy.etag = result.and_then(|result| result.e_tag()).map(str::to_owned);
        copy.last_modified = result.and_then(|result| result.last_modified()).and_then(super::read::timestamp);
        Ok(())
    }

    /// Leaves no upload behind where a part fails.
    async fn copy_in_parts(&self, original: &Original, copy: &mut StoredObject) -> Result<(), AwsError> {
        let upload = Parts::begin(self, &copy.uri, stored_metadata(copy)).await?;
        let step = self.one_request.min(COPIED_PART);
        let copied = async {
            let mut parts = Vec::new();
            let mut start = 0;
            for number in 1.. {
                let end = (start + step).min(copy.size);
                parts.push(upload.copy(number, original, start..end).await?);
                start = end;
                if start == copy.size {
                    break;
                }
            }
            upload.complete(parts).await
        };
        match copied.await {
            Ok((version_id, etag)) => {
                (copy.version_id, copy.etag) = (version_id, etag);
                Ok(())
            }
            Err(error) => {
                // The first error is the one to tell.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }
}

/// What a copy in parts moves in one request: 10,000 of them are more than the 5 TiB of the largest object.
const COPIED_PART: u64 = 1024 * 1024 * 1024;

/// An object to copy, as the requests name it.
pub(super) struct Original {
    pub(super) source: String,
    pub(super) owner: Option<String>,
    /// Parts of two states of an object must not be joined.
    pub(super) etag: Option<String>,
}

fn stored_metadata(copy: &StoredObject) -> HashMap<String, String> {
    copy.metadata.clone().into_iter().chain(copy.sha256.map(digest_entry)).collect()
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

    use refit_local::{LocalAws, Options};

    use super::{copied_metadata, copy_source};
    use crate::{ArtifactStore, AwsError, Sha256Digest, StoredObject};

    /// S3 takes no part but the last below 5 MiB.
    #[tokio::test]
    async fn what_is_too_large_for_one_request_is_copied_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
        let mut store = ArtifactStore::new(&local.sdk_config(), "models-bucket".parse().unwrap());
        store.one_request = 5 * 1024 * 1024;
        store.ensure_bucket().await.unwrap();
        let bytes: Vec<u8> = (0..12 * 1024 * 1024_u32).map(|i| (i % 251) as u8).collect();
        let original = store.put("original", bytes.clone()).await.unwrap();
        for metadata in [BTreeMap::new(), BTreeMap::from([("run".to_owned(), "1".to_owned())])] {
            let copy = store.copy(&original.uri, None, "copy", &metadata).await.unwrap();
            assert_eq!((copy.sha256, &copy.metadata), (original.sha256, &metadata));
            // Read through the digest in its metadata.
            let (read, there) = store.get(&copy.uri).await.unwrap();
            assert!(read == bytes && there.version_id == copy.version_id);
            assert_eq!(store.copy(&original.uri, None, "copy", &metadata).await.unwrap().version_id, copy.version_id);
        }
        local.stop().await;
    }

    #[test]
    fn a_copy_source_is_encoded() {
        // The expected text is Python's `urllib.parse.quote("a b+c/é?.tar.gz", safe="/~")`, as botocore builds it.
        let from = "s3://bucket/a b+c/é?.tar.gz".parse().unwrap();
        assert_eq!(copy_source(&from, None), "bucket/a%20b%2Bc/%C3%A9%3F.tar.gz");
        assert_eq!(copy_source(&from, Some("v.1")), "bucket/a%20b%2Bc/%C3%A9%3F.tar.gz?versionId=v.1");
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
