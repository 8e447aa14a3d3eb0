//! PutObject.

use s3s::dto::{PutObjectInput, PutObjectOutput};
use s3s::{S3Request, S3Response, S3Result};

use super::Service;
use super::convert::{algorithm, checksum_type, condition, etag, set_checksums};
use super::errors::unsupported;
use super::receive::Claims;
use super::settings::{attributes, check_settings, encryption};

impl Service {
    pub(super) async fn put(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        check_settings!(input);
        unsupported(&input.write_offset_bytes, "appending")?;
        let condition = condition(input.if_match, input.if_none_match)?;
        let claims = Claims {
            headers: request.headers,
            trailers: request.trailing_headers,
            algorithm: algorithm(input.checksum_algorithm.as_ref())?,
            content_md5: input.content_md5,
            content_length: input.content_length,
        };
        let mut attributes = attributes!(input);
        // Refused before the body is sent, when the client waits for it.
        let write = self.run(move |store| store.begin_put(access, &input.bucket, &input.key, condition)).await?;
        let (blob, checksums) = self.receive(input.body, claims).await?;
        attributes.checksums = checksums;
        let written = self.run(move |store| store.put(&write, attributes, blob)).await?;
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
