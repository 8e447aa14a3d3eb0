use std::collections::HashMap;
use std::ops::Range;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use aws_smithy_types::base64;
use bytes::Bytes;

use crate::{AwsError, S3Uri, Sha256Digest};

use super::ArtifactStore;
use super::copy::Original;

/// A multipart upload that was begun. Every part carries its SHA-256, and S3 keeps the SHA-256 over them.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    store: ArtifactStore,
    uri: S3Uri,
    upload_id: String,
}

impl Parts {
    pub(super) async fn begin(
        store: &ArtifactStore,
        uri: &S3Uri,
        metadata: HashMap<String, String>,
    ) -> Result<Self, AwsError> {
        let answer = store
            .client
            .create_multipart_upload()
            .bucket(uri.bucket().as_str())
            .key(uri.key())
            .set_metadata(Some(metadata))
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .set_expected_bucket_owner(store.owner_of(uri.bucket()))
            .send()
            .await
            .map_err(|error| store.request("CreateMultipartUpload", uri).error(error))?;
        let upload_id = answer.upload_id().unwrap_or_default().to_owned();
        Ok(Self { store: store.clone(), uri: uri.clone(), upload_id })
    }

    pub(super) async fn put(&self, number: i32, bytes: Bytes) -> Result<CompletedPart, AwsError> {
        let answer = self
            .store
            .client
            .upload_part()
            .bucket(self.uri.bucket().as_str())
            .key(self.uri.key())
            .upload_id(&self.upload_id)
            .part_number(number)
            .checksum_sha256(base64::encode(Sha256Digest::of(&bytes).as_bytes()))
            .set_expected_bucket_owner(self.store.owner_of(self.uri.bucket()))
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| self.store.request("UploadPart", &self.uri).error(error))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag().map(str::to_owned));
        Ok(part.set_checksum_sha256(answer.checksum_sha256().map(str::to_owned)).build())
    }

    /// Copies a range of bytes of another object.
    pub(super) async fn copy(
        &self,
        number: i32,
        original: &Original,
        range: Range<u64>,
    ) -> Result<CompletedPart, AwsError> {
        let answer = self
            .store
            .client
            .upload_part_copy()
            .bucket(self.uri.bucket().as_str())
            .key(self.uri.key())
            .upload_id(&self.upload_id)
            .part_number(number)
            .copy_source(&original.source)
            .set_copy_source_if_match(original.etag.clone())
            .copy_source_range(format!("bytes={}-{}", range.start, range.end - 1))
            .set_expected_bucket_owner(self.store.owner_of(self.uri.bucket()))
            .set_expected_source_bucket_owner(original.owner.clone())
            .send()
            .await
            .map_err(|error| self.store.request("UploadPartCopy", &self.uri).error(error))?;
        let copied = answer.copy_part_result();
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(copied.and_then(|copied| copied.e_tag()).map(str::to_owned))
            .set_checksum_sha256(copied.and_then(|copied| copied.checksum_sha256()).map(str::to_owned));
        Ok(part.build())
    }

    /// Makes the parts an object; its version and tag.
    pub(super) async fn complete(
        &self,
        parts: Vec<CompletedPart>,
    ) -> Result<(Option<String>, Option<String>), AwsError> {
        let answer = self
            .store
            .client
            .complete_multipart_upload()
            .bucket(self.uri.bucket().as_str())
            .key(self.uri.key())
            .upload_id(&self.upload_id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .set_expected_bucket_owner(self.store.owner_of(self.uri.bucket()))
            .send()
            .await
            .map_err(|error| self.store.request("CompleteMultipartUpload", &self.uri).error(error))?;
        Ok((answer.version_id().map(str::to_owned), answer.e_tag().map(str::to_owned)))
    }

    /// Has S3 forget the parts. An upload that is not there is no error.
    pub(super) async fn abort(&self) -> Result<(), AwsError> {
        let answer = self
            .store
            .client
            .abort_multipart_upload()
            .bucket(self.uri.bucket().as_str())
            .key(self.uri.key())
            .upload_id(&self.upload_id)
            .set_expected_bucket_owner(self.store.owner_of(self.uri.bucket()))
            .send()
            .await;
        match answer {
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_upload()) => Ok(()),
            Err(error) => Err(self.store.request("AbortMultipartUpload", &self.uri).error(error)),
            Ok(_) => Ok(()),
        }
    }
}
