//! PutObject.

use s3s::dto::{PutObjectInput, PutObjectOutput, ServerSideEncryption, StorageClass};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Service;
use super::convert::{algorithm, checksum_type, condition, etag, expires_text, metadata, set_checksums};
use super::errors::unsupported;
use super::receive::Claims;
use crate::objects::Attributes;

impl Service {
    pub(super) async fn put(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        check_encryption(input.server_side_encryption.as_ref())?;
        check_storage_class(input.storage_class.as_ref())?;
        unsupported(&input.sse_customer_algorithm, "customer's encryption keys")?;
        unsupported(&input.tagging, "tags")?;
        unsupported(&input.object_lock_mode, "object locks")?;
        unsupported(&input.object_lock_legal_hold_status, "object locks")?;
        unsupported(&input.write_offset_bytes, "appending")?;
        unsupported(&input.website_redirect_location, "website redirects")?;
        let condition = condition(input.if_match, input.if_none_match)?;
        let claims = Claims {
            headers: request.headers,
            trailers: request.trailing_headers,
            algorithm: algorithm(input.checksum_algorithm.as_ref())?,
            content_md5: input.content_md5,
            content_length: input.content_length,
        };
        let mut attributes = Attributes {
            content_type: input.content_type,
            content_encoding: content_encoding(input.content_encoding),
            content_disposition: input.content_disposition,
            content_language: input.content_language,
            cache_control: input.cache_control,
            expires: expires_text(input.expires.as_ref()),
            metadata: metadata(input.metadata)?,
            ..Attributes::default()
        };
        // Refused before the body is sent, when the client waits for it.
        let (first, bucket) = (access.clone(), input.bucket.clone());
        self.run(move |store| store.bucket(&first, &bucket)).await?;
        let (blob, checksums) = self.receive(input.body, claims).await?;
        attributes.checksums = checksums;
        let (bucket, key) = (input.bucket, input.key);
        let written = self.run(move |store| store.put(&access, &bucket, &key, attributes, &condition, blob)).await?;
        let mut output = PutObjectOutput {
            e_tag: etag(written.etag),
            version_id: written.version_id,
            server_side_encryption: Some(encryption()),
            checksum_type: checksum_type(&written.checksums),
            ..PutObjectOutput::default()
        };
        set_checksums!(output, &written.checksums);
        Ok(S3Response::new(output))
    }
}

/// S3 encrypts every object with its own keys unless told otherwise, and says so. On this machine the disk's owner
/// decides; what names a key of KMS is refused.
pub(super) fn encryption() -> ServerSideEncryption {
    ServerSideEncryption::from_static(ServerSideEncryption::AES256)
}

pub(super) fn check_encryption(asked: Option<&ServerSideEncryption>) -> S3Result<()> {
    match asked {
        Some(asked) if asked.as_str() != ServerSideEncryption::AES256 => {
            Err(s3_error!(NotImplemented, "refit-local does not have {} encryption.", asked.as_str()))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_storage_class(asked: Option<&StorageClass>) -> S3Result<()> {
    match asked {
        Some(asked) if asked.as_str() != StorageClass::STANDARD => {
            Err(s3_error!(NotImplemented, "refit-local does not have the storage class {}.", asked.as_str()))
        }
        _ => Ok(()),
    }
}

/// `aws-chunked` is how the body travelled, not how the object is encoded.
pub(super) fn content_encoding(header: Option<String>) -> Option<String> {
    let kept: Vec<&str> =
        header.as_deref()?.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked").collect();
    Some(kept.join(",")).filter(|kept| !kept.is_empty())
}
