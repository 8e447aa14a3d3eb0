//! Multipart uploads.

use s3s::dto::{
    self, AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyPartResult, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag, ListPartsInput, ListPartsOutput, StorageClass, UploadPartCopyInput,
    UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Service;
use super::convert::{algorithm, checksum_type, condition, etag, limit, set_checksums, size, timestamp};
use super::copy::SourceHeaders;
use super::errors::s3_error as refused;
use super::list::owner;
use super::receive::Claims;
use super::settings::{attributes, check_settings, encryption};
use crate::objects::{Algorithm, Checksums, CompletedPart, Completion, NewUpload, ObjectError, Part, Upload};

impl Service {
    pub(super) async fn begin(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        check_settings!(input);
        let algorithm = algorithm(input.checksum_algorithm.as_ref())?;
        let new = NewUpload {
            key: input.key.clone(),
            attributes: attributes!(input),
            algorithm,
            composite: composite(algorithm, input.checksum_type.as_ref())?,
        };
        let bucket = input.bucket.clone();
        let kind = kind(&new);
        let upload_id = self.run(move |store| store.begin_upload(&access, &bucket, &new)).await?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload_id),
            checksum_algorithm: input.checksum_algorithm,
            checksum_type: kind,
            server_side_encryption: Some(encryption()),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    pub(super) async fn part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        check_number(input.part_number)?;
        let (first, bucket, key, upload_id) =
            (access.clone(), input.bucket.clone(), input.key.clone(), input.upload_id.clone());
        let upload = self.run(move |store| store.upload(&first, &bucket, &key, &upload_id)).await?;
        let claims = Claims {
            headers: request.headers,
            trailers: request.trailing_headers,
            algorithm: algorithm(input.checksum_algorithm.as_ref())?,
            content_md5: input.content_md5,
            content_length: input.content_length,
        };
        check_algorithm(upload.algorithm, claims.algorithm()?)?;
        let (blob, checksums) = self.receive(input.body, claims).await?;
        let part = self
            .run(move |store| {
                store.put_part(&access, &input.bucket, &input.key, &input.upload_id, input.part_number, blob)
            })
            .await?;
        let mut output = UploadPartOutput {
            e_tag: etag(part.etag),
            server_side_encryption: Some(encryption()),
            ..UploadPartOutput::default()
        };
        set_checksums!(output, &checksums);
        Ok(S3Response::new(output))
    }

    pub(super) async fn part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        check_number(input.part_number)?;
        let range = input.copy_source_range.as_deref().map(copy_range).transpose()?;
        let source = SourceHeaders {
            source: input.copy_source,
            expected_owner: input.expected_source_bucket_owner,
            if_match: input.copy_source_if_match,
            if_none_match: input.copy_source_if_none_match,
            if_modified_since: input.copy_source_if_modified_since,
            if_unmodified_since: input.copy_source_if_unmodified_since,
        }
        .resolve(&access)?;
        let source_version = source.version_id.clone();
        let (part, algorithm) = self
            .run(move |store| {
                let upload = store.upload(&access, &input.bucket, &input.key, &input.upload_id)?;
                let blob = store.copy_part(&source, range, upload.algorithm)?;
                let number = input.part_number;
                let part = store.put_part(&access, &input.bucket, &input.key, &input.upload_id, number, blob)?;
                Ok((part, upload.algorithm))
            })
            .await?;
        let mut result = CopyPartResult {
            e_tag: etag(part.etag),
            last_modified: Some(timestamp(part.last_modified)),
            ..CopyPartResult::default()
        };
        if let Some(algorithm) = algorithm {
            set_checksums!(result, &part.checksums.only(algorithm));
        }
        Ok(S3Response::new(UploadPartCopyOutput {
            copy_part_result: Some(result),
            copy_source_version_id: source_version,
            server_side_encryption: Some(encryption()),
            ..UploadPartCopyOutput::default()
        }))
    }

    pub(super) async fn complete(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let access = self.access(&request)?;
        let claimed = super::convert::claimed(&request.headers);
        let input = request.input;
        let condition = condition(input.if_match, input.if_none_match)?;
        let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let completion = Completion {
            upload_id: input.upload_id,
            parts: parts.into_iter().map(completed).collect::<S3Result<Vec<_>>>()?,
            claimed,
            composite: input.checksum_type.map(|kind| kind.as_str() == ChecksumType::COMPOSITE),
            size: input.mpu_object_size.and_then(|size| u64::try_from(size).ok()),
        };
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let written = self
            .run(move |store| store.complete_upload(&store.begin_put(access, &bucket, &key, condition)?, &completion))
            .await?;
        let mut output = CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: etag(written.etag),
            version_id: written.version_id,
            checksum_type: checksum_type(&written.checksums),
            server_side_encryption: Some(encryption()),
            ..CompleteMultipartUploadOutput::default()
        };
        set_checksums!(output, &written.checksums);
        Ok(S3Response::new(output))
    }

    pub(super) async fn abort(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        self.run(move |store| store.abort_upload(&access, &input.bucket, &input.key, &input.upload_id)).await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    pub(super) async fn parts(&self, request: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        let (max_parts, limit) = limit(input.max_parts)?;
        let (bucket, key, upload_id) = (input.bucket.clone(), input.key.clone(), input.upload_id.clone());
        let (upload, mut parts, account) =
            self.run(move |store| store.parts(&access, &bucket, &key, &upload_id)).await?;
        parts.retain(|part| part.number > input.part_number_marker.unwrap_or(0));
        let truncated = parts.len() > limit;
        parts.truncate(limit);
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            checksum_algorithm: upload.algorithm.map(|named| ChecksumAlgorithm::from_static(named.as_str())),
            is_truncated: Some(truncated),
            max_parts: Some(max_parts),
            next_part_number_marker: parts.last().map(|part| part.number),
            owner: Some(owner(&account)),
            part_number_marker: Some(input.part_number_marker.unwrap_or(0)),
            parts: Some(parts.into_iter().map(|part| listed_part(part, &upload)).collect()),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            ..ListPartsOutput::default()
        }))
    }
}

fn check_number(number: i32) -> S3Result<()> {
    match number {
        1..=10_000 => Ok(()),
        _ => Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive")),
    }
}

/// A part comes with the checksum that the upload was begun with.
fn check_algorithm(upload: Option<Algorithm>, part: Option<Algorithm>) -> S3Result<()> {
    let name = |algorithm: Option<Algorithm>| match algorithm {
        Some(algorithm) => algorithm.as_str(),
        None => "null",
    };
    if upload.is_none() || upload == part {
        return Ok(());
    }
    Err(refused(ObjectError::PartAlgorithm { expected: name(upload), actual: name(part) }))
}

/// Whether the object's checksum is to be made of the parts': unless told, for every algorithm but CRC-64/NVME.
fn composite(algorithm: Option<Algorithm>, asked: Option<&ChecksumType>) -> S3Result<bool> {
    let Some(algorithm) = algorithm else { return Ok(false) };
    let composite = match asked.map(ChecksumType::as_str) {
        None => algorithm != Algorithm::Crc64Nvme,
        Some(ChecksumType::COMPOSITE) => true,
        Some(_) => false,
    };
    let possible = match algorithm {
        Algorithm::Crc32 | Algorithm::Crc32c => true,
        Algorithm::Crc64Nvme => !composite,
        Algorithm::Sha1 | Algorithm::Sha256 => composite,
    };
    if possible {
        return Ok(composite);
    }
    let kind = if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    Err(s3_error!(
        InvalidRequest,
        "The {kind} checksum type cannot be used with the {} checksum algorithm.",
        algorithm.as_str()
    ))
}

fn kind(new: &NewUpload) -> Option<ChecksumType> {
    let kind = if new.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    new.algorithm.map(|_| ChecksumType::from_static(kind))
}

fn completed(part: dto::CompletedPart) -> S3Result<CompletedPart> {
    Ok(CompletedPart {
        number: part.part_number.ok_or_else(|| s3_error!(MalformedXML, "A part has no number."))?,
        etag: part.e_tag.map(ETag::into_value),
        checksums: Checksums {
            crc32: part.checksum_crc32,
            crc32c: part.checksum_crc32c,
            crc64nvme: part.checksum_crc64nvme,
            sha1: part.checksum_sha1,
            sha256: part.checksum_sha256,
            composite: false,
        },
    })
}

fn listed_part(part: Part, upload: &Upload) -> dto::Part {
    let mut listed = dto::Part {
        e_tag: etag(part.etag),
        last_modified: Some(timestamp(part.last_modified)),
        part_number: Some(part.number),
        size: size(part.size),
        ..dto::Part::default()
    };
    if let Some(algorithm) = upload.algorithm {
        set_checksums!(listed, &part.checksums.only(algorithm));
    }
    listed
}

/// `bytes=first-last`, both needed.
fn copy_range(header: &str) -> S3Result<(u64, u64)> {
    let range = header.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let range = range.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    range.ok_or_else(|| {
        s3_error!(InvalidArgument, "The x-amz-copy-source-range value must be of the form bytes=first-last")
    })
}
