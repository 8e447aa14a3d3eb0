//! Objects that are written while their bytes come: whole or not there, and nothing left of those given up.

use std::time::Duration;

use aws_types::SdkConfig;
use refit_aws::{ArtifactStore, Sha256Digest};

use super::fresh_bucket;

const MIB: usize = 1024 * 1024;

/// What a bucket holds besides the newest versions: versions and deletions in all, and parts of objects that were never made.
pub async fn leavings(config: &SdkConfig, store: &ArtifactStore, prefix: &str) -> (usize, usize) {
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some()).build(),
    );
    let bucket = store.bucket().as_str();
    let versions = s3.list_object_versions().bucket(bucket).prefix(prefix).send().await.unwrap();
    let uploads = s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
    (versions.versions().len() + versions.delete_markers().len(), uploads.uploads().len())
}

/// Bytes that no two parts of are alike.
fn bytes(size: usize) -> Vec<u8> {
    (0..size as u64 / 8).flat_map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect()
}

async fn store(config: &SdkConfig, what: &str) -> ArtifactStore {
    let store = ArtifactStore::new(config, fresh_bucket(what));
    store.ensure_bucket().await.unwrap();
    store
}

/// Nothing is under the key before it is published; then all of it is, with its digest, and nothing else stays. The same bytes
/// make no new version, whether they went in parts or at once.
pub async fn an_object_appears_whole(config: &SdkConfig) {
    let store = store(config, "upload").await;
    for (key, size) in [("small", 5), ("none", 0), ("one", 8 * MIB), ("parts", 20 * MIB)] {
        let bytes = bytes(size);
        let digest = Sha256Digest::of(&bytes);
        let mut versions = Vec::new();
        for again in [false, true] {
            let mut upload = store.upload(key).unwrap();
            for piece in bytes.chunks(700_001) {
                upload.write(piece).await.unwrap();
            }
            assert_eq!(upload.size(), bytes.len() as u64);
            upload.seal().await.unwrap();
            assert_eq!(store.head(key).await.unwrap().is_some(), again, "{key}");
            let published = upload.publish(digest).await.unwrap();
            assert_eq!((published.sha256, published.size), (Some(digest), bytes.len() as u64));
            versions.push(published.version_id);
            let (read, there) = store.get(&published.uri).await.unwrap();
            assert!(read == bytes && there.sha256 == Some(digest), "{key}");
        }
        assert_eq!(versions[0], versions[1], "{key}");
    }
    assert_eq!(leavings(config, &store, "incoming/").await, (0, 0));
    assert_eq!(leavings(config, &store, "").await, (4, 0));
}

/// An upload that is aborted, or dropped, before or after its parts have become one.
pub async fn an_upload_that_is_given_up_leaves_nothing(config: &SdkConfig) {
    let store = store(config, "abort").await;
    for (sealed, dropped) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut upload = store.upload("key").unwrap();
        upload.write(&bytes(20 * MIB)).await.unwrap();
        if sealed {
            upload.seal().await.unwrap();
        }
        match dropped {
            true => drop(upload),
            false => upload.abort().await.unwrap(),
        }
        // What is dropped is removed in the background.
        let mut left = leavings(config, &store, "").await;
        for _ in 0..600 {
            if left == (0, 0) {
                break;
            }
            assert!(dropped, "{left:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
            left = leavings(config, &store, "").await;
        }
        assert_eq!(left, (0, 0), "sealed {sealed}, dropped {dropped}");
    }
}
