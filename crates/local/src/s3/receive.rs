//! Receiving a body: small ones to memory, others to disk, hashed on the way, with a bounded part of them in memory.

use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, StatusCode};
use s3s::dto::StreamingBlob;
use s3s::{S3Error, S3Result, StdError, TrailingHeaders, s3_error};
use tokio::sync::mpsc;

use super::Service;
use super::convert::claimed;
use super::errors::{named, s3_error as refused};
use crate::objects::{Algorithm, Blob, Checksums, Incoming, ObjectError};

/// How many chunks of a body may wait for the disk.
const WAITING: usize = 8;

/// What the request says of its body.
pub(super) struct Claims {
    pub(super) headers: HeaderMap,
    pub(super) trailers: Option<TrailingHeaders>,
    /// `x-amz-sdk-checksum-algorithm`.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) content_md5: Option<String>,
    pub(super) content_length: Option<i64>,
}

impl Service {
    /// Writes the body down and checks its length and every digest that came with it. Also returns the checksums
    /// to keep: the one the client chose, or else CRC-64/NVME.
    pub(super) async fn receive(&self, body: Option<StreamingBlob>, claims: Claims) -> S3Result<(Blob, Checksums)> {
        let algorithm = claims.algorithm()?;
        let blob = self.write(body, algorithm).await?;
        if claims.content_length.is_some_and(|length| u64::try_from(length) != Ok(blob.size)) {
            return Err(s3_error!(IncompleteBody, "The body does not have the length its Content-Length says."));
        }
        if claims.content_md5.is_some_and(|md5| md5 != blob.content_md5()) {
            return Err(refused(ObjectError::BadDigest { what: "Content-MD5" }));
        }
        let mut claimed = claimed(&claims.headers);
        if let Some(trailers) = claims.trailers.and_then(|trailers| trailers.take()) {
            for algorithm in Algorithm::ALL {
                if let Some(value) = trailers.get(algorithm.header()).and_then(|value| value.to_str().ok()) {
                    claimed.set(algorithm, value.trim().to_owned());
                }
            }
        }
        blob.checksums.verify(&claimed).map_err(refused)?;
        let kept = blob.checksums.only(algorithm.unwrap_or(Algorithm::Crc64Nvme));
        Ok((blob, kept))
    }

    async fn write(&self, body: Option<StreamingBlob>, algorithm: Option<Algorithm>) -> S3Result<Blob> {
        let mut incoming = self.store.incoming(algorithm);
        if let Some(mut body) = body {
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(broken_body)?;
                if !incoming.has_room_in_memory(chunk.len()) {
                    return write_to_disk(incoming, chunk, body).await;
                }
                incoming.write(&chunk).map_err(|error| refused(error.into()))?;
            }
        }
        incoming.finish().map_err(|error| refused(error.into()))
    }
}

/// Appends a chunk and the rest of the body, where it may block.
async fn write_to_disk(mut incoming: Incoming, chunk: Bytes, mut rest: StreamingBlob) -> S3Result<Blob> {
    let (sender, mut chunks) = mpsc::channel::<Bytes>(WAITING);
    let writer = tokio::task::spawn_blocking(move || {
        incoming.write(&chunk)?;
        while let Some(chunk) = chunks.blocking_recv() {
            incoming.write(&chunk)?;
        }
        incoming.finish()
    });
    while let Some(chunk) = rest.next().await {
        let chunk = chunk.map_err(broken_body)?;
        if sender.send(chunk).await.is_err() {
            // The writer has failed; its error is the answer.
            break;
        }
    }
    drop(sender);
    writer.await.map_err(S3Error::internal_error)?.map_err(|error| refused(error.into()))
}

impl Claims {
    /// The one algorithm the client uses, from what it says or from the checksum it sends.
    pub(super) fn algorithm(&self) -> S3Result<Option<Algorithm>> {
        let in_trailer = self.headers.get("x-amz-trailer").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let used: Vec<Algorithm> = Algorithm::ALL
            .into_iter()
            .filter(|algorithm| {
                let named = |trailer: &str| trailer.trim().eq_ignore_ascii_case(algorithm.header());
                self.headers.contains_key(algorithm.header()) || in_trailer.split(',').any(named)
            })
            .collect();
        match (used.as_slice(), self.algorithm) {
            ([], named) => Ok(named),
            ([one], None) => Ok(Some(*one)),
            ([one], Some(named)) if *one == named => Ok(Some(named)),
            ([_], Some(_)) => Err(s3_error!(
                InvalidRequest,
                "Value for x-amz-sdk-checksum-algorithm header does not match the checksum that was sent."
            )),
            _ => Err(s3_error!(InvalidRequest, "Expecting a single x-amz-checksum- header. Multiple are not allowed.")),
        }
    }
}

/// An error of the stream that checks the payload's signature has no type of its own outside `s3s`.
fn broken_body(error: StdError) -> S3Error {
    let text = error.to_string();
    if text.contains("Sha256Mismatch") {
        named(
            "XAmzContentSHA256Mismatch",
            StatusCode::BAD_REQUEST,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
    } else if text.contains("SignatureMismatch") {
        s3_error!(SignatureDoesNotMatch, "The signature of a chunk does not match what was computed.")
    } else {
        s3_error!(IncompleteBody, "The body could not be read to its end: {text}.")
    }
}
