//! ListObjectVersions.

use s3s::dto::{
    DeleteMarkerEntry, EncodingType, ListObjectVersionsInput, ListObjectVersionsOutput, ObjectVersion,
    ObjectVersionStorageClass,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Service;
use super::convert::{algorithms, check_encoding, checksum_type, etag, limit, listed, size, timestamp};
use super::list::{owner, prefixes};
use crate::objects::{Stored, VersionMarker, VersionsQuery};

impl Service {
    pub(super) async fn versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        let encoding = input.encoding_type;
        check_encoding(encoding.as_ref())?;
        let (max_keys, limit) = limit(input.max_keys)?;
        let after = match (input.key_marker.clone(), input.version_id_marker.clone()) {
            (None, Some(_)) => {
                return Err(s3_error!(
                    InvalidArgument,
                    "A version-id marker cannot be specified without a key marker."
                ));
            }
            (key, version_id) => key
                .filter(|key| !key.is_empty())
                .map(|key| VersionMarker { key, version_id: version_id.filter(|version_id| !version_id.is_empty()) }),
        };
        let query = VersionsQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after,
            limit,
        };
        let bucket = input.bucket.clone();
        let page = self.run(move |store| store.versions(&access, &bucket, &query)).await?;
        let text = |text: &str| listed(text, encoding.as_ref());
        let account = page.owner;
        let truncated = page.next.is_some();
        let (next_key, next_version) = page.next.map_or((None, None), |next| (Some(next.key), next.version_id));
        let (markers, versions): (Vec<Stored>, Vec<Stored>) =
            page.versions.into_iter().partition(|version| version.delete_marker);
        Ok(S3Response::new(ListObjectVersionsOutput {
            common_prefixes: Some(prefixes(&page.prefixes, encoding.as_ref())),
            delete_markers: Some(markers.into_iter().map(|it| marker(it, encoding.as_ref(), &account)).collect()),
            delimiter: input.delimiter.as_deref().map(text),
            is_truncated: Some(truncated),
            key_marker: Some(text(&input.key_marker.unwrap_or_default())),
            max_keys: Some(max_keys),
            name: Some(input.bucket),
            next_key_marker: next_key.as_deref().map(text),
            next_version_id_marker: next_version,
            prefix: Some(text(&input.prefix.unwrap_or_default())),
            version_id_marker: Some(input.version_id_marker.unwrap_or_default()),
            versions: Some(versions.into_iter().map(|it| version(it, encoding.as_ref(), &account)).collect()),
            encoding_type: encoding.clone(),
            request_charged: None,
        }))
    }
}

fn version(stored: Stored, encoding: Option<&EncodingType>, account: &str) -> ObjectVersion {
    ObjectVersion {
        checksum_algorithm: algorithms(&stored.attributes.checksums),
        checksum_type: checksum_type(&stored.attributes.checksums),
        e_tag: etag(stored.etag),
        is_latest: Some(stored.is_latest),
        key: Some(listed(&stored.key, encoding)),
        last_modified: Some(timestamp(stored.last_modified)),
        owner: Some(owner(account)),
        restore_status: None,
        size: size(stored.size),
        storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
        version_id: Some(stored.version_id.unwrap_or_else(|| "null".to_owned())),
    }
}

fn marker(stored: Stored, encoding: Option<&EncodingType>, account: &str) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        is_latest: Some(stored.is_latest),
        key: Some(listed(&stored.key, encoding)),
        last_modified: Some(timestamp(stored.last_modified)),
        owner: Some(owner(account)),
        version_id: Some(stored.version_id.unwrap_or_else(|| "null".to_owned())),
    }
}
