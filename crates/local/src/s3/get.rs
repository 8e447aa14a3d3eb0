//! GetObject and HeadObject.

use std::io;
use std::ops::Range;

use super::Service;
use super::convert::{checksum_type, etag, etag_match, expires, set_checksums, size, time, timestamp};
use super::errors::{named, not_modified, s3_error as refused, unsupported};
use super::settings::encryption;
use crate::objects::{Content, ObjectError, Stored};
use bytes::Bytes;
use futures::StreamExt;
use futures::future::ready;
use futures::stream::{once, try_unfold};
use http::StatusCode;
use s3s::dto::Range::Suffix;
use s3s::dto::{
    ChecksumMode, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, StreamingBlob,
    Timestamp,
};
use s3s::{Body, S3Request, S3Response, S3Result, s3_error};

impl Service {
    pub(super) async fn get(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        unsupported(&input.sse_customer_algorithm, "customer's encryption keys")?;
        let (bucket, key, version_id) = (input.bucket, input.key, input.version_id);
        let (stored, content) = self.run(move |store| store.get(&access, &bucket, &key, version_id.as_deref())).await?;
        let conditions = (input.if_match, input.if_none_match, input.if_modified_since, input.if_unmodified_since);
        check(&stored, conditions)?;
        let part = Part::of(&stored, input.range, input.part_number)?;
        let mut output = GetObjectOutput {
            body: Some(body(content, part.bytes.clone()).await.map_err(|error| refused(error.into()))?),
            ..described(&stored, &part, input.checksum_mode.as_ref())
        };
        output.content_type = input.response_content_type.or(output.content_type);
        output.content_language = input.response_content_language.or(output.content_language);
        output.content_disposition = input.response_content_disposition.or(output.content_disposition);
        output.content_encoding = input.response_content_encoding.or(output.content_encoding);
        output.cache_control = input.response_cache_control.or(output.cache_control);
        output.expires = input.response_expires.or(output.expires);
        Ok(S3Response::new(output))
    }

    pub(super) async fn describe(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let access = self.access(&request)?;
        let input = request.input;
        let (bucket, key, version_id) = (input.bucket, input.key, input.version_id);
        let stored = self.run(move |store| store.describe(&access, &bucket, &key, version_id.as_deref())).await?;
        let conditions = (input.if_match, input.if_none_match, input.if_modified_since, input.if_unmodified_since);
        check(&stored, conditions)?;
        let part = Part::of(&stored, input.range, input.part_number)?;
        let got = described(&stored, &part, input.checksum_mode.as_ref());
        let mut output = HeadObjectOutput {
            accept_ranges: got.accept_ranges,
            cache_control: got.cache_control,
            checksum_type: got.checksum_type,
            content_disposition: got.content_disposition,
            content_encoding: got.content_encoding,
            content_language: got.content_language,
            content_length: got.content_length,
            content_range: got.content_range,
            content_type: got.content_type,
            e_tag: got.e_tag,
            expires: got.expires,
            last_modified: got.last_modified,
            metadata: got.metadata,
            parts_count: got.parts_count,
            server_side_encryption: got.server_side_encryption,
            version_id: got.version_id,
            ..HeadObjectOutput::default()
        };
        output.checksum_crc32 = got.checksum_crc32;
        output.checksum_crc32c = got.checksum_crc32c;
        output.checksum_crc64nvme = got.checksum_crc64nvme;
        output.checksum_sha1 = got.checksum_sha1;
        output.checksum_sha256 = got.checksum_sha256;
        Ok(S3Response::new(output))
    }
}

/// The bytes that are asked for.
struct Part {
    bytes: Range<u64>,
    /// Whether they were asked for by range or part, so that the answer names them.
    partial: bool,
}

impl Part {
    fn of(stored: &Stored, range: Option<s3s::dto::Range>, part: Option<i32>) -> S3Result<Self> {
        let bytes = match (range, part) {
            (None, None) => return Ok(Self { bytes: 0..stored.size, partial: false }),
            // Of nothing there is no last part.
            (Some(Suffix { .. }), None) if stored.size == 0 => {
                return Err(s3_error!(InvalidRange, "The requested range is not satisfiable"));
            }
            (Some(range), None) => range.check(stored.size)?,
            (None, Some(number)) => part_bytes(stored, number)?,
            (Some(_), Some(_)) => {
                return Err(s3_error!(
                    InvalidRequest,
                    "Cannot specify both Range header and partNumber query parameter"
                ));
            }
        };
        Ok(Self { bytes, partial: true })
    }
}

/// An object that was put at once is its own part 1.
fn part_bytes(stored: &Stored, number: i32) -> S3Result<Range<u64>> {
    let whole = [stored.size];
    let sizes = match stored.attributes.part_sizes.as_slice() {
        [] => &whole[..],
        sizes => sizes,
    };
    let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    match at.and_then(|at| Some((at, sizes.get(at)?))) {
        Some((at, size)) => {
            let before: u64 = sizes[..at].iter().sum();
            Ok(before..before + size)
        }
        None => Err(named(
            "InvalidPartNumber",
            StatusCode::RANGE_NOT_SATISFIABLE,
            "The requested partnumber is not satisfiable",
        )),
    }
}

type Conditions = (Option<ETagCondition>, Option<ETagCondition>, Option<Timestamp>, Option<Timestamp>);

/// RFC 9110's order: the ETag's condition, where there is one, overrules the date's.
fn check(stored: &Stored, (if_match, if_none_match, modified_since, unmodified_since): Conditions) -> S3Result<()> {
    let failed = |condition| Err(refused(ObjectError::ConditionFailed { condition }));
    let modified = stored.last_modified.timestamp();
    let since = |timestamp: Option<Timestamp>| Some(time(&timestamp?)?.timestamp());
    match etag_match(if_match) {
        Some(wanted) if !wanted.is(&stored.etag) => return failed("If-Match"),
        None if since(unmodified_since).is_some_and(|since| modified > since) => return failed("If-Unmodified-Since"),
        _ => {}
    }
    match etag_match(if_none_match) {
        Some(unwanted) if unwanted.is(&stored.etag) => Err(not_modified(&stored.etag)),
        None if since(modified_since).is_some_and(|since| modified <= since) => Err(not_modified(&stored.etag)),
        _ => Ok(()),
    }
}

fn described(stored: &Stored, part: &Part, mode: Option<&ChecksumMode>) -> GetObjectOutput {
    let attributes = &stored.attributes;
    let Range { start, end } = part.bytes;
    let mut output = GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: attributes.cache_control.clone(),
        content_disposition: attributes.content_disposition.clone(),
        content_encoding: attributes.content_encoding.clone(),
        content_language: attributes.content_language.clone(),
        content_length: size(end - start),
        content_range: part.partial.then(|| format!("bytes {start}-{}/{}", end.saturating_sub(1), stored.size)),
        content_type: attributes.content_type.clone().or_else(|| Some("binary/octet-stream".to_owned())),
        e_tag: etag(&*stored.etag),
        expires: expires(attributes.expires.as_deref()),
        last_modified: Some(timestamp(stored.last_modified)),
        metadata: Some(attributes.metadata.clone().into_iter().collect()),
        parts_count: i32::try_from(attributes.part_sizes.len()).ok().filter(|count| part.partial && *count > 0),
        server_side_encryption: Some(encryption()),
        version_id: stored.version_id.clone(),
        ..GetObjectOutput::default()
    };
    let whole = start == 0 && end == stored.size;
    if whole && mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED) {
        set_checksums!(output, &attributes.checksums);
        output.checksum_type = checksum_type(&attributes.checksums);
    }
    output
}

/// The bytes of a version, checked a block at a time before they are sent. The first block is read before the answer
/// begins, so that a damaged file is an error; one that is damaged further on breaks the answer off.
async fn body(content: Content, Range { start, end }: Range<u64>) -> io::Result<StreamingBlob> {
    let (first, content) = read(content, start, end).await?;
    let sent = start + first.len() as u64;
    if sent >= end {
        return Ok(StreamingBlob::from(Body::from(first)));
    }
    let rest = try_unfold((content, sent), move |(content, at)| async move {
        if at >= end {
            return Ok(None);
        }
        let (bytes, content) = read(content, at, end).await?;
        let next = at + bytes.len() as u64;
        Ok::<_, io::Error>(Some((bytes, (content, next))))
    });
    Ok(StreamingBlob::wrap(once(ready(Ok(first))).chain(rest)))
}

async fn read(mut content: Content, start: u64, end: u64) -> io::Result<(Bytes, Content)> {
    let read = tokio::task::spawn_blocking(move || {
        let bytes = content.read(start, end)?;
        Ok::<_, io::Error>((Bytes::from(bytes), content))
    });
    read.await.map_err(io::Error::other)?
}
