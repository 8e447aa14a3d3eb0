//! ListMultipartUploads.

use s3s::dto::{
    ChecksumAlgorithm, EncodingType, ListMultipartUploadsInput, ListMultipartUploadsOutput, MultipartUpload,
    StorageClass,
};
use s3s::{S3Request, S3Response, S3Result};

use super::Service;
use super::convert::{check_encoding, limit, listed, timestamp};
use super::list::{owner, prefixes};
use crate::objects::{Upload, UploadMarker, UploadsQuery};

impl Service {
    pub(super) async fn uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        let encoding = input.encoding_type;
        check_encoding(encoding.as_ref())?;
        let (max_uploads, limit) = limit(input.max_uploads)?;
        // Without a key marker the other one is ignored.
        let given = |marker: Option<String>| marker.filter(|marker| !marker.is_empty());
        let query = UploadsQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: given(input.key_marker.clone())
                .map(|key| UploadMarker { key, upload_id: given(input.upload_id_marker.clone()) }),
            limit,
        };
        let bucket = input.bucket.clone();
        let page = self.run(move |store| store.uploads(&access, &bucket, &query)).await?;
        let text = |text: &str| listed(text, encoding.as_ref());
        let truncated = page.next.is_some();
        let (next_key, next_upload) = page.next.map_or((None, None), |next| (Some(next.key), next.upload_id));
        let uploads = page.uploads.into_iter().map(|it| upload(it, encoding.as_ref(), &page.owner));
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            common_prefixes: Some(prefixes(&page.prefixes, encoding.as_ref())),
            delimiter: input.delimiter.as_deref().map(text),
            is_truncated: Some(truncated),
            key_marker: Some(text(&input.key_marker.unwrap_or_default())),
            max_uploads: Some(max_uploads),
            next_key_marker: next_key.as_deref().map(text),
            next_upload_id_marker: next_upload,
            prefix: Some(text(&input.prefix.unwrap_or_default())),
            upload_id_marker: Some(input.upload_id_marker.unwrap_or_default()),
            uploads: Some(uploads.collect()),
            encoding_type: encoding.clone(),
            request_charged: None,
        }))
    }
}

fn upload(upload: Upload, encoding: Option<&EncodingType>, account: &str) -> MultipartUpload {
    MultipartUpload {
        checksum_algorithm: upload.algorithm.map(|named| ChecksumAlgorithm::from_static(named.as_str())),
        initiated: Some(timestamp(upload.initiated_at)),
        key: Some(listed(&upload.key, encoding)),
        owner: Some(owner(account)),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        upload_id: Some(upload.upload_id),
        ..MultipartUpload::default()
    }
}
