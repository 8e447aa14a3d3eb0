//! Amazon's Rust client for S3: what every S3 does that refit relies on.
//!
//! Each function makes a bucket of its own and removes it again.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart, Delete,
    EncodingType, MetadataDirective, ObjectIdentifier, VersioningConfiguration,
};
use aws_types::SdkConfig;
use bytes::Bytes;

const PART: usize = 5 * 1024 * 1024;

/// A client that names buckets in the path.
pub fn client(config: &SdkConfig) -> Client {
    Client::from_conf(Builder::from(config).force_path_style(true).build())
}

/// An object comes back with its bytes, its metadata and its checksum; a range is a part of it.
pub async fn objects_come_back(config: &SdkConfig) {
    let (s3, bucket) = (client(config), bucket(config, "come-back").await);
    let body = Bytes::from_static(b"a,b\n1,2\n");
    let put = s3.put_object().bucket(&bucket).key("dir/a b+ü.csv").content_type("text/csv").metadata("origin", "x");
    let put = put.body(ByteStream::from(body.clone())).send().await.unwrap();
    assert!(put.checksum_crc32().is_some(), "the SDK sends a CRC-32 unless told otherwise");
    let get = s3.get_object().bucket(&bucket).key("dir/a b+ü.csv").checksum_mode(ChecksumMode::Enabled);
    let got = get.send().await.unwrap();
    assert_eq!(got.checksum_crc32(), put.checksum_crc32());
    assert_eq!((got.content_type(), got.content_length()), (Some("text/csv"), Some(8)));
    assert_eq!(got.metadata().and_then(|metadata| metadata.get("origin")).map(String::as_str), Some("x"));
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), body);
    let range = s3.get_object().bucket(&bucket).key("dir/a b+ü.csv").range("bytes=-4").send().await.unwrap();
    assert_eq!(range.content_range(), Some("bytes 4-7/8"));
    assert_eq!(range.body.collect().await.unwrap().into_bytes(), body.slice(4..));
    empty(&s3, &bucket).await;
}

/// A body of unknown checksum travels in chunks with the checksum behind them, and is stored whole.
pub async fn a_file_travels_in_chunks_with_a_trailer(config: &SdkConfig) {
    let (s3, bucket) = (client(config), bucket(config, "trailer").await);
    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    std::fs::write(file.path(), &bytes).unwrap();
    for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Sha256, ChecksumAlgorithm::Crc64Nvme] {
        let body = ByteStream::from_path(file.path()).await.unwrap();
        let put = s3.put_object().bucket(&bucket).key("file").checksum_algorithm(algorithm).body(body);
        put.send().await.unwrap();
        let got = s3.get_object().bucket(&bucket).key("file").send().await.unwrap();
        assert_eq!(got.content_encoding(), None, "how it travelled is no property of the object");
        // The SDK checks the checksum that comes with the body.
        assert_eq!(got.body.collect().await.unwrap().to_vec(), bytes);
    }
    empty(&s3, &bucket).await;
}

/// A checksum that is not the body's is refused, and nothing is stored.
pub async fn a_wrong_checksum_is_refused(config: &SdkConfig) {
    let (s3, bucket) = (client(config), bucket(config, "checksum").await);
    let put =
        s3.put_object().bucket(&bucket).key("key").checksum_sha256("4rUQyDvzdYZuGbDVzEGqZwLxk6STYp5p6tjqTmu4Ki0=");
    refused(put.body(ByteStream::from_static(b"body")).send().await, 400, "BadDigest");
    refused(s3.get_object().bucket(&bucket).key("key").send().await, 404, "NoSuchKey");
    empty(&s3, &bucket).await;
}

/// Conditional writes: create once, replace what was read, and never overwrite what changed in between.
pub async fn conditions_guard_writes(config: &SdkConfig) {
    let (s3, bucket) = (client(config), bucket(config, "conditions").await);
    let put = |body: &'static [u8]| s3.put_object().bucket(&bucket).key("key").body(ByteStream::from_static(body));
    let first = put(b"1").if_none_match("*").send().await.unwrap().e_tag.unwrap();
    refused(put(b"2").if_none_match("*").send().await, 412, "PreconditionFailed");
    let second = put(b"2").if_match(&first).send().await.unwrap().e_tag.unwrap();
    refused(put(b"3").if_match(&first).send().await, 412, "PreconditionFailed");
    let nowhere = s3.put_object().bucket(&bucket).key("nowhere").if_match(&first).send().await;
    refused(nowhere, 404, "NoSuchKey");
    let copy = || s3.copy_object().bucket(&bucket).key("copy").copy_source(format!("{bucket}/key"));
    refused(copy().copy_source_if_match(&first).send().await, 412, "PreconditionFailed");
    copy().copy_source_if_match(&second).if_none_match("*").send().await.unwrap();
    refused(copy().if_none_match("*").send().await, 412, "PreconditionFailed");
    let delete = s3.delete_object().bucket(&bucket).key("key").if_match(&first).send().await;
    refused(delete, 412, "PreconditionFailed");
    empty(&s3, &bucket).await;
}

/// Of many writers that all say `If-None-Match: *`, one wins.
pub async fn one_of_many_writers_creates(config: &SdkConfig) {
    let (s3, bucket) = (client(config), bucket(config, "writers").await);
    let writers: Vec<_> = (0..8)
        .map(|writer: u32| {
            let put = s3.put_object().bucket(&bucket).key("key").if_none_match("*");
            tokio::spawn(put.body(ByteStream::from(writer.to_string().into_bytes())).send())
        })
        .collect();
    let mut won = 0;
    for writer in writers {
        match writer.await.unwrap() {
            Ok(_) => won += 1,
            // AWS may also say that it is being written right now.
            Err(error) => assert!(matches!(error.code(), Some("PreconditionFailed" | "ConditionalRequestConflict"))),
        }
    }
    assert_eq!(won, 1);
    empty(&s3, &bucket).await;
}

/// Versions stay until they are deleted; a delete marker hides them; a copy of an old version brings it back.
pub async fn versions_stay(config: &SdkConfig) {
    let (s3, bucket) = (client(config), versioned_bucket(config, "versions").await);
    let put = |body: &'static [u8]| s3.put_object().bucket(&bucket).key("key").body(ByteStream::from_static(body));
    let one = put(b"one").send().await.unwrap().version_id.unwrap();
    let two = put(b"two").send().await.unwrap().version_id.unwrap();
    let old = s3.get_object().bucket(&bucket).key("key").version_id(&one).send().await.unwrap();
    assert_eq!(old.body.collect().await.unwrap().to_vec(), b"one");
    let marker = s3.delete_object().bucket(&bucket).key("key").send().await.unwrap();
    assert_eq!(marker.delete_marker(), Some(true));
    refused(s3.get_object().bucket(&bucket).key("key").send().await, 404, "NoSuchKey");
    let source = format!("{bucket}/key?versionId={one}");
    let back = s3.copy_object().bucket(&bucket).key("key").copy_source(source).send().await.unwrap();
    assert_eq!(back.copy_source_version_id(), Some(&*one));
    let now = s3.get_object().bucket(&bucket).key("key").send().await.unwrap();
    assert_eq!(now.body.collect().await.unwrap().to_vec(), b"one");
    let listed = s3.list_object_versions().bucket(&bucket).prefix("key").send().await.unwrap();
    let ids: Vec<_> = listed.versions().iter().filter_map(|version| version.version_id()).collect();
    assert_eq!(ids, [back.version_id().unwrap(), &two, &one]);
    assert_eq!(listed.delete_markers().len(), 1);
    empty(&s3, &bucket).await;
}

/// A copy keeps the metadata, or replaces it; to itself it must change something.
pub async fn copies_keep_or_replace_metadata(config: &SdkConfig) {
    let (s3, bucket) = (client(config), bucket(config, "copies").await);
    let put = s3.put_object().bucket(&bucket).key("from").metadata("sha256", "00").content_type("text/csv");
    put.body(ByteStream::from_static(b"x")).send().await.unwrap();
    let copy = |key: &str| s3.copy_object().bucket(&bucket).key(key).copy_source(format!("{bucket}/from"));
    copy("kept").send().await.unwrap();
    let replace = copy("replaced").metadata_directive(MetadataDirective::Replace).metadata("other", "1");
    replace.send().await.unwrap();
    let metadata = async |key: &str| {
        let head = s3.head_object().bucket(&bucket).key(key).send().await.unwrap();
        let metadata: Vec<(String, String)> = head.metadata.unwrap_or_default().into_iter().collect();
        (head.content_type, metadata)
    };
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    assert_eq!(metadata("kept").await, (Some("text/csv".to_owned()), pair("sha256", "00")));
    assert_eq!(metadata("replaced").await.1, pair("other", "1"));
    refused(copy("from").send().await, 400, "InvalidRequest");
    empty(&s3, &bucket).await;
}

/// Listings: in order, by pages, rolled up at a delimiter, with keys that need encoding.
pub async fn listings_page_and_roll_up(config: &SdkConfig) {
    let (s3, bucket) = (client(config), bucket(config, "listings").await);
    let keys = ["a", "b/1", "b/2", "c d", "e+f", "ü"];
    for key in keys {
        s3.put_object().bucket(&bucket).key(key).send().await.unwrap();
    }
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let page = s3.list_objects_v2().bucket(&bucket).max_keys(2).set_continuation_token(token);
        let page = page.send().await.unwrap();
        found.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(found, keys);
    let rolled = s3.list_objects_v2().bucket(&bucket).delimiter("/").send().await.unwrap();
    let prefixes: Vec<_> = rolled.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).collect();
    assert_eq!((prefixes, rolled.contents().len()), (vec!["b/"], 4));
    let first = s3.list_objects().bucket(&bucket).delimiter("/").max_keys(2).send().await.unwrap();
    assert_eq!((first.is_truncated(), first.next_marker()), (Some(true), Some("b/")));
    let rest = s3.list_objects().bucket(&bucket).delimiter("/").marker("b/").encoding_type(EncodingType::Url);
    let rest = rest.send().await.unwrap();
    let encoded: Vec<_> = rest.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(encoded, ["c%20d", "e%2Bf", "%C3%BC"]);
    empty(&s3, &bucket).await;
}

/// A multipart upload is one object; its ETag and its checksum are those of the parts.
pub async fn parts_become_an_object(config: &SdkConfig) {
    let (s3, bucket) = (client(config), bucket(config, "parts").await);
    let body: Bytes = (0..PART + 1000).map(|at| (at % 253) as u8).collect();
    let begin = s3.create_multipart_upload().bucket(&bucket).key("key").checksum_algorithm(ChecksumAlgorithm::Crc32);
    let upload_id = begin.send().await.unwrap().upload_id.unwrap();
    let mut parts = Vec::new();
    for (at, chunk) in body.chunks(PART).enumerate() {
        let number = i32::try_from(at).unwrap() + 1;
        let part = s3.upload_part().bucket(&bucket).key("key").upload_id(&upload_id).part_number(number);
        let part = part.checksum_algorithm(ChecksumAlgorithm::Crc32);
        let part = part.body(ByteStream::from(chunk.to_vec())).send().await.unwrap();
        let named = CompletedPart::builder().part_number(number).set_e_tag(part.e_tag);
        parts.push(named.set_checksum_crc32(part.checksum_crc32).build());
    }
    let all = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = || s3.complete_multipart_upload().bucket(&bucket).key("key").upload_id(&upload_id);
    let backwards = CompletedMultipartUpload::builder().set_parts(Some(all.parts().iter().rev().cloned().collect()));
    refused(complete().multipart_upload(backwards.build()).send().await, 400, "InvalidPartOrder");
    let done = complete().multipart_upload(all).send().await.unwrap();
    assert!(done.e_tag().is_some_and(|etag| etag.ends_with("-2\"")));
    assert!(done.checksum_crc32().is_some_and(|sum| sum.ends_with("-2")));
    let got = s3.get_object().bucket(&bucket).key("key").send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), body);
    empty(&s3, &bucket).await;
}

/// The owner of a bucket is the one who was expected, or nothing is done.
pub async fn the_expected_owner_is_checked(config: &SdkConfig) {
    let (s3, bucket) = (client(config), bucket(config, "owner").await);
    let put = s3.put_object().bucket(&bucket).key("key").expected_bucket_owner("999999999999").send().await;
    refused(put, 403, "AccessDenied");
    refused(s3.get_object().bucket(&bucket).key("key").send().await, 404, "NoSuchKey");
    empty(&s3, &bucket).await;
}

async fn bucket(config: &SdkConfig, name: &str) -> String {
    let bucket = format!("refit-wire-{name}-{}", std::process::id());
    client(config).create_bucket().bucket(&bucket).send().await.unwrap();
    bucket
}

async fn versioned_bucket(config: &SdkConfig, name: &str) -> String {
    let bucket = bucket(config, name).await;
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let put = client(config).put_bucket_versioning().bucket(&bucket).versioning_configuration(enabled);
    put.send().await.unwrap();
    bucket
}

/// Removes every version of every object, and the bucket.
async fn empty(s3: &Client, bucket: &str) {
    let listed = s3.list_object_versions().bucket(bucket).send().await.unwrap();
    let versions = listed.versions().iter().map(|version| (version.key(), version.version_id()));
    let markers = listed.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
    let objects: Vec<ObjectIdentifier> = versions
        .chain(markers)
        .map(|(key, id)| ObjectIdentifier::builder().key(key.unwrap()).set_version_id(id.map(str::to_owned)))
        .map(|object| object.build().unwrap())
        .collect();
    if !objects.is_empty() {
        let delete = Delete::builder().set_objects(Some(objects)).build().unwrap();
        let answer = s3.delete_objects().bucket(bucket).delete(delete).send().await.unwrap();
        assert_eq!(answer.errors(), []);
    }
    s3.delete_bucket().bucket(bucket).send().await.unwrap();
}

#[track_caller]
fn refused<T: std::fmt::Debug, E>(answer: Result<T, SdkError<E>>, status: u16, code: &str)
where
    E: ProvideErrorMetadata + std::error::Error,
{
    let error = answer.expect_err("the request should be refused");
    let got = error.raw_response().map(|response| response.status().as_u16());
    assert_eq!((got, error.code()), (Some(status), Some(code)), "{error:?}");
}
