//! CopyObject, and the source of every copy.

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource as Header, ETagCondition, MetadataDirective,
    Timestamp,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Service;
use super::convert::{algorithm, checksum_type, condition, etag, etag_match, set_checksums, time, timestamp_millis};
use super::settings::{attributes, check_settings, encryption};
use crate::objects::{Access, CopySource, ObjectCopy};

/// `x-amz-copy-source` and the headers that go with it.
pub(super) struct SourceHeaders {
    pub(super) source: Header,
    pub(super) expected_owner: Option<String>,
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

impl Service {
    pub(super) async fn copy(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        check_settings!(input);
        let replaces = replaces(input.metadata_directive.as_ref())?;
        let attributes = attributes!(input);
        let source = SourceHeaders {
            source: input.copy_source,
            expected_owner: input.expected_source_bucket_owner,
            if_match: input.copy_source_if_match,
            if_none_match: input.copy_source_if_none_match,
            if_modified_since: input.copy_source_if_modified_since,
            if_unmodified_since: input.copy_source_if_unmodified_since,
        };
        let conditions = request.headers;
        let conditional = |name| Some(conditions.get(name)?.to_str().ok()?.parse::<ETagCondition>());
        let invalid = |_| s3_error!(InvalidArgument, "The condition is no ETag and not *.");
        let copy = ObjectCopy {
            source: source.resolve(&access)?,
            replace: replaces.then_some(attributes),
            algorithm: algorithm(input.checksum_algorithm.as_ref())?,
        };
        let condition = condition(
            conditional("if-match").transpose().map_err(invalid)?,
            conditional("if-none-match").transpose().map_err(invalid)?,
        )?;
        let (source, written) = self
            .run(move |store| store.copy(&store.begin_put(access, &input.bucket, &input.key, condition)?, copy))
            .await?;
        let mut result = CopyObjectResult {
            e_tag: etag(written.etag),
            last_modified: Some(timestamp_millis(written.last_modified)),
            checksum_type: checksum_type(&written.checksums),
            ..CopyObjectResult::default()
        };
        set_checksums!(result, &written.checksums);
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(result),
            copy_source_version_id: source.version_id,
            version_id: written.version_id,
            server_side_encryption: Some(encryption()),
            ..CopyObjectOutput::default()
        }))
    }
}

impl SourceHeaders {
    /// The version meant, as the store has it.
    pub(super) fn resolve(self, access: &Access) -> S3Result<CopySource> {
        let Header::Bucket { bucket, key, version_id } = self.source else {
            return Err(s3_error!(NotImplemented, "refit-local does not have access points."));
        };
        Ok(CopySource {
            access: Access { expected_owner: self.expected_owner, ..access.clone() },
            bucket: bucket.into(),
            key: key.into(),
            version_id: version_id.map(Into::into),
            if_match: etag_match(self.if_match),
            if_none_match: etag_match(self.if_none_match),
            if_modified_since: self.if_modified_since.as_ref().and_then(time),
            if_unmodified_since: self.if_unmodified_since.as_ref().and_then(time),
        })
    }
}

fn replaces(directive: Option<&MetadataDirective>) -> S3Result<bool> {
    match directive.map(MetadataDirective::as_str) {
        None | Some(MetadataDirective::COPY) => Ok(false),
        Some(MetadataDirective::REPLACE) => Ok(true),
        Some(other) => Err(s3_error!(InvalidArgument, "Unknown metadata directive {other}.")),
    }
}
