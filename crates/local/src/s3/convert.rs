//! Between `s3s`'s types and the store's.

use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    ChecksumAlgorithm, ChecksumType, ETag, ETagCondition, EncodingType, Metadata, Timestamp, TimestampFormat,
};
use s3s::{S3Error, S3Result, s3_error};

use crate::objects::{Algorithm, Checksums, Condition, ETagMatch};

/// What `encoding-type=url` leaves as it is.
const URL_SAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

pub(super) fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp::from(SystemTime::from(time))
}

pub(super) fn timestamp_millis(millis: i64) -> Timestamp {
    timestamp(DateTime::from_timestamp_millis(millis).unwrap_or_default())
}

/// A time of an HTTP header.
pub(super) fn time(timestamp: &Timestamp) -> Option<DateTime<Utc>> {
    let mut seconds = Vec::new();
    timestamp.format(TimestampFormat::EpochSeconds, &mut seconds).ok()?;
    let seconds: f64 = std::str::from_utf8(&seconds).ok()?.parse().ok()?;
    #[allow(clippy::cast_possible_truncation, reason = "conditions compare whole seconds")]
    DateTime::from_timestamp(seconds as i64, 0)
}

/// The `Expires` header, kept as HTTP writes it.
pub(super) fn expires_text(expires: Option<&Timestamp>) -> Option<String> {
    let mut text = Vec::new();
    expires?.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}

pub(super) fn expires(text: Option<&str>) -> Option<Timestamp> {
    Timestamp::parse(TimestampFormat::HttpDate, text?).ok()
}

pub(super) fn etag(etag: impl Into<String>) -> Option<ETag> {
    Some(ETag::Strong(etag.into()))
}

pub(super) fn etag_match(condition: Option<ETagCondition>) -> Option<ETagMatch> {
    condition.map(|condition| match condition {
        ETagCondition::Any => ETagMatch::Any,
        ETagCondition::ETag(etag) => ETagMatch::ETag(etag.into_value()),
    })
}

/// The conditions of a write. S3 has `If-None-Match` for `*` only.
pub(super) fn condition(if_match: Option<ETagCondition>, if_none_match: Option<ETagCondition>) -> S3Result<Condition> {
    if matches!(if_none_match, Some(ETagCondition::ETag(_))) {
        return Err(s3_error!(NotImplemented, "If-None-Match of a write takes only *."));
    }
    Ok(Condition { if_match: etag_match(if_match), if_none_match: etag_match(if_none_match) })
}

pub(super) fn metadata(metadata: Option<Metadata>) -> S3Result<BTreeMap<String, String>> {
    let metadata: BTreeMap<String, String> = metadata.unwrap_or_default().into_iter().collect();
    let size: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > 2048 {
        return Err(s3_error!(MetadataTooLarge, "The metadata has {size} bytes; at most 2048 are allowed."));
    }
    Ok(metadata)
}

/// The algorithm named by a request.
pub(super) fn algorithm(named: Option<&ChecksumAlgorithm>) -> S3Result<Option<Algorithm>> {
    named
        .map(|named| {
            let unknown = || s3_error!(InvalidRequest, "There is no checksum algorithm {}.", named.as_str());
            Algorithm::parse(named.as_str()).ok_or_else(unknown)
        })
        .transpose()
}

/// The checksums that headers or trailers claim.
pub(super) fn claimed(headers: &HeaderMap) -> Checksums {
    let mut claimed = Checksums::default();
    for algorithm in Algorithm::ALL {
        if let Some(value) = headers.get(algorithm.header()).and_then(|value| value.to_str().ok()) {
            claimed.set(algorithm, value.trim().to_owned());
        }
    }
    claimed
}

pub(super) fn checksum_type(checksums: &Checksums) -> Option<ChecksumType> {
    let any = Algorithm::ALL.into_iter().any(|algorithm| checksums.of(algorithm).is_some());
    let kind = if checksums.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    any.then(|| ChecksumType::from_static(kind))
}

pub(super) fn algorithms(checksums: &Checksums) -> Option<Vec<ChecksumAlgorithm>> {
    let has = Algorithm::ALL.into_iter().filter(|algorithm| checksums.of(*algorithm).is_some());
    Some(has.map(|algorithm| ChecksumAlgorithm::from_static(algorithm.as_str())).collect())
}

/// Sets an output's five checksum members.
macro_rules! set_checksums {
    ($output:expr, $checksums:expr) => {{
        let checksums: &$crate::objects::Checksums = $checksums;
        $output.checksum_crc32 = checksums.crc32.clone();
        $output.checksum_crc32c = checksums.crc32c.clone();
        $output.checksum_crc64nvme = checksums.crc64nvme.clone();
        $output.checksum_sha1 = checksums.sha1.clone();
        $output.checksum_sha256 = checksums.sha256.clone();
    }};
}
pub(super) use set_checksums;

/// A key or prefix as a listing writes it.
pub(super) fn listed(text: &str, encoding: Option<&EncodingType>) -> String {
    match encoding {
        None => text.to_owned(),
        Some(_) => utf8_percent_encode(text, URL_SAFE).to_string(),
    }
}

/// Checks that the only encoding S3 has is asked for.
pub(super) fn check_encoding(encoding: Option<&EncodingType>) -> S3Result<()> {
    match encoding {
        Some(encoding) if encoding.as_str() != EncodingType::URL => {
            Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request"))
        }
        _ => Ok(()),
    }
}

/// The number of things on a page: 1000 unless fewer are asked for.
pub(super) fn limit(asked: Option<i32>) -> S3Result<(i32, usize)> {
    let asked = asked.unwrap_or(1000);
    let limit = usize::try_from(asked).map_err(|_| -> S3Error {
        s3_error!(InvalidArgument, "Argument maxKeys must be an integer between 0 and 2147483647")
    })?;
    Ok((asked.min(1000), limit.min(1000)))
}

/// A size as S3's types have it.
pub(super) fn size(size: u64) -> Option<i64> {
    i64::try_from(size).ok()
}
