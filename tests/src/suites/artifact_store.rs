//! The artifact store: versions, digests, copies, and what it says when the bucket is wrong.

use std::collections::BTreeMap;

use aws_types::SdkConfig;
use bytes::Bytes;
use refit_aws::{AccountId, ArtifactStore, AwsError, Sha256Digest};

use super::fresh_bucket;

async fn store(config: &SdkConfig, what: &str) -> ArtifactStore {
    let store = ArtifactStore::new(config, fresh_bucket(what));
    store.ensure_bucket().await.unwrap();
    store
}

fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(true).build())
}

/// Writing keeps every version, and the same bytes make no new one.
pub async fn versions_are_kept(config: &SdkConfig) {
    let store = store(config, "versions").await;
    store.ensure_bucket().await.unwrap();
    store.check_bucket().await.unwrap();

    let first = store.put("models/a.tar.gz", "one").await.unwrap();
    let again = store.put("models/a.tar.gz", "one").await.unwrap();
    assert_eq!(again.version_id, first.version_id);
    let second = store.put("models/a.tar.gz", Bytes::from("two")).await.unwrap();
    assert_ne!(second.version_id, first.version_id);
    // A key that only begins alike has versions of its own.
    store.put("models/a.tar.gz.old", "three").await.unwrap();

    let versions = store.versions("models/a.tar.gz").await.unwrap();
    let ids: Vec<_> = versions.iter().map(|version| version.version_id.clone()).collect();
    assert_eq!(ids, [second.version_id.clone(), first.version_id.clone()], "the newest first");

    let (bytes, object) = store.get(&first.uri).await.unwrap();
    assert_eq!((bytes.as_ref(), object.version_id), (&b"two"[..], second.version_id));
    let (bytes, object) = store.get_version(&first.uri, first.version_id.as_deref()).await.unwrap();
    assert_eq!((bytes.as_ref(), object.sha256), (&b"one"[..], Some(Sha256Digest::of(b"one"))));

    store.delete("models/a.tar.gz").await.unwrap();
    assert_eq!(store.head("models/a.tar.gz").await.unwrap(), None);
    assert!(matches!(store.get(&first.uri).await, Err(AwsError::NoSuchObject { .. })));
    assert_eq!(store.versions("models/a.tar.gz").await.unwrap().len(), 2);
    assert!(store.get_version(&first.uri, first.version_id.as_deref()).await.is_ok());
    let missing = store.get_version(&first.uri, Some("no-such-version")).await;
    assert!(missing.is_err());
    store.delete("models/never-there").await.unwrap();
}

/// Keys with spaces, signs and letters of any script go through every operation; listings are in the order of the keys.
pub async fn any_key_goes(config: &SdkConfig) {
    let store = store(config, "keys").await;
    let keys = ["data/a b+c/é?.csv", "data/a%20b", "data/x=1&y=2/#.csv", "data/日本.csv"];
    for key in keys {
        let stored = store.put(key, key).await.unwrap();
        let (bytes, _) = store.get(&stored.uri).await.unwrap();
        assert_eq!(bytes, key);
        assert_eq!(store.head(key).await.unwrap().unwrap().size, key.len() as u64);
        assert_eq!(store.versions(key).await.unwrap().len(), 1);
        let copied =
            store.copy(&stored.uri, stored.version_id.as_deref(), &format!("copy/{key}"), &BTreeMap::new()).await;
        assert_eq!(store.get(&copied.unwrap().uri).await.unwrap().0, key);
    }
    let listed: Vec<String> = store.list("data/").await.unwrap().iter().map(|o| o.uri.key().to_owned()).collect();
    let mut sorted = keys.map(str::to_owned);
    sorted.sort();
    assert_eq!(listed, sorted);
    assert_eq!(store.list("data/nothing").await.unwrap(), []);
}

/// A listing longer than a page is whole.
pub async fn long_listings_are_whole(config: &SdkConfig) {
    const COUNT: usize = 1003;
    let store = store(config, "pages").await;
    let mut puts = tokio::task::JoinSet::new();
    for index in 0..COUNT {
        let store = store.clone();
        puts.spawn(async move { store.put(&format!("n/{index:05}"), "").await.unwrap() });
        if puts.len() >= 16 {
            puts.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(put) = puts.join_next().await {
        put.unwrap();
    }
    let listed = store.list("n/").await.unwrap();
    assert_eq!(listed.len(), COUNT);
    assert!(listed.iter().enumerate().all(|(index, object)| object.uri.key() == format!("n/{index:05}")));
}

/// Files go there and back, in pieces, checked.
pub async fn files_go_there_and_back(config: &SdkConfig) {
    let store = store(config, "files").await;
    let folder = tempfile::tempdir().unwrap();
    // 3 MiB that no compression shortens: SHA-256 in counter mode.
    let bytes: Vec<u8> = (0..98_304_u32).flat_map(|i| *Sha256Digest::of(&i.to_le_bytes()).as_bytes()).collect();
    let file = folder.path().join("train.csv");
    std::fs::write(&file, &bytes).unwrap();

    let stored = store.put_file("datasets/train.csv", &file).await.unwrap();
    assert_eq!((stored.size, stored.sha256), (bytes.len() as u64, Some(Sha256Digest::of(&bytes))));
    assert_eq!(store.put_file("datasets/train.csv", &file).await.unwrap().version_id, stored.version_id);

    let back = folder.path().join("new/folder/back.csv");
    let object = store.get_to_file(&stored.uri, &back).await.unwrap();
    assert_eq!(object.sha256, stored.sha256);
    assert_eq!(std::fs::read(&back).unwrap(), bytes);
    // Only whole files are left behind.
    assert_eq!(std::fs::read_dir(back.parent().unwrap()).unwrap().count(), 1);

    let nowhere = store.put_file("datasets/x.csv", &folder.path().join("missing.csv")).await.unwrap_err();
    assert!(matches!(&nowhere, AwsError::Io { path, .. } if path.ends_with("missing.csv")), "{nowhere}");
    let gone = store.get_to_file(&store.uri("datasets/gone.csv").unwrap(), &folder.path().join("gone.csv")).await;
    assert!(matches!(gone, Err(AwsError::NoSuchObject { .. })));
    assert!(!folder.path().join("gone.csv").exists());
}

/// Bytes that are not those that were stored are never handed out.
pub async fn changed_bytes_are_found(config: &SdkConfig) {
    let store = store(config, "digests").await;
    let s3 = s3(config);
    let other = Sha256Digest::of(b"what was meant").to_string();
    let put = s3.put_object().bucket(store.bucket().as_str()).key("bad").metadata("sha256", other);
    put.body(b"what is there".to_vec().into()).send().await.unwrap();
    let uri = store.uri("bad").unwrap();
    let error = store.get(&uri).await.unwrap_err();
    let AwsError::DigestMismatch { expected, actual, .. } = &error else { panic!("{error}") };
    assert_eq!((*expected, *actual), (Sha256Digest::of(b"what was meant"), Sha256Digest::of(b"what is there")));
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(store.get_to_file(&uri, &folder.path().join("f")).await, Err(AwsError::DigestMismatch { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    // What SageMaker writes has no digest: then the one that was read is the answer.
    let put = s3.put_object().bucket(store.bucket().as_str()).key("plain").metadata("run", "7");
    put.body(b"plain".to_vec().into()).send().await.unwrap();
    assert_eq!(store.head("plain").await.unwrap().unwrap().sha256, None);
    let (_, object) = store.get(&store.uri("plain").unwrap()).await.unwrap();
    assert_eq!(object.sha256, Some(Sha256Digest::of(b"plain")));
    assert_eq!(object.metadata, BTreeMap::from([("run".to_owned(), "7".to_owned())]));
}

/// Copies keep the digest, take a version, and are made once.
pub async fn copies_are_made_once(config: &SdkConfig) {
    let store = store(config, "copies").await;
    let first = store.put("output/model.tar.gz", "one").await.unwrap();
    store.put("output/model.tar.gz", "two").await.unwrap();
    let metadata = BTreeMap::from([("package".to_owned(), "arn:1".to_owned())]);

    let copy = store.copy(&first.uri, first.version_id.as_deref(), "models/m.tar.gz", &metadata).await.unwrap();
    let (bytes, object) = store.get(&copy.uri).await.unwrap();
    assert_eq!((bytes.as_ref(), object.sha256), (&b"one"[..], Some(Sha256Digest::of(b"one"))));
    assert_eq!((object.metadata, object.version_id), (metadata.clone(), copy.version_id.clone()));
    let again = store.copy(&first.uri, first.version_id.as_deref(), "models/m.tar.gz", &metadata).await.unwrap();
    assert_eq!(again.version_id, copy.version_id);

    store.copy(&first.uri, None, "models/m.tar.gz", &metadata).await.unwrap();
    assert_eq!(store.get(&copy.uri).await.unwrap().0, "two");
    assert_eq!(store.versions("models/m.tar.gz").await.unwrap().len(), 2);

    // An original without a digest takes the given one, and a wrong one is found when the copy is read.
    let put = s3(config).put_object().bucket(store.bucket().as_str()).key("plain").body(b"plain".to_vec().into());
    put.send().await.unwrap();
    let given = |bytes: &[u8]| BTreeMap::from([("sha256".to_owned(), Sha256Digest::of(bytes).to_string())]);
    let plain = store.uri("plain").unwrap();
    let copy = store.copy(&plain, None, "models/right.tar.gz", &given(b"plain")).await.unwrap();
    assert_eq!(store.head("models/right.tar.gz").await.unwrap().unwrap().sha256, Some(Sha256Digest::of(b"plain")));
    assert!(copy.metadata.is_empty());
    let wrong = store.copy(&plain, None, "models/wrong.tar.gz", &given(b"other")).await.unwrap();
    assert!(matches!(store.get(&wrong.uri).await, Err(AwsError::DigestMismatch { .. })));
    let contradicted = store.copy(&first.uri, None, "models/x.tar.gz", &given(b"other")).await;
    assert!(matches!(contradicted, Err(AwsError::DigestMismatch { .. })));

    let gone = store.copy(&store.uri("gone").unwrap(), None, "models/y.tar.gz", &metadata).await.unwrap_err();
    assert!(matches!(&gone, AwsError::NoSuchObject { uri, .. } if uri.key() == "gone"), "{gone}");
}

/// A bucket that does not exist has an error of its own in every operation, and it names the bucket.
pub async fn a_missing_bucket_is_named(config: &SdkConfig) {
    let bucket = fresh_bucket("missing");
    let store = ArtifactStore::new(config, bucket.clone());
    let uri = store.uri("key").unwrap();
    let errors = [
        store.check_bucket().await.unwrap_err(),
        store.put("key", "bytes").await.unwrap_err(),
        store.get(&uri).await.unwrap_err(),
        store.head("key").await.unwrap_err(),
        store.list("").await.unwrap_err(),
        store.versions("key").await.unwrap_err(),
        store.delete("key").await.unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(&error, AwsError::BucketMissing { bucket: named } if *named == bucket.to_string()),
            "{error:?}"
        );
        assert!(error.to_string().contains("ensure_bucket"), "{error}");
    }
}

/// A bucket without versioning is found before it is relied on, and `ensure_bucket` turns it on.
pub async fn versioning_is_turned_on(config: &SdkConfig) {
    let store = ArtifactStore::new(config, fresh_bucket("unversioned"));
    s3(config).create_bucket().bucket(store.bucket().as_str()).send().await.unwrap();
    let error = store.check_bucket().await.unwrap_err();
    assert!(matches!(&error, AwsError::VersioningOff { bucket } if *bucket == store.bucket().to_string()), "{error}");
    store.ensure_bucket().await.unwrap();
    store.check_bucket().await.unwrap();
    assert!(store.put("key", "bytes").await.unwrap().version_id.is_some());
}

/// A bucket of an unexpected owner is refused, read and write alike.
pub async fn an_unexpected_owner_is_refused(config: &SdkConfig, owner: &AccountId) {
    let store = store(config, "owner").await;
    let right = store.clone().with_expected_owner(owner.clone());
    let stored = right.put("key", "bytes").await.unwrap();
    right.get(&stored.uri).await.unwrap();

    let wrong = store.with_expected_owner("999999999999".parse().unwrap());
    let errors = [wrong.put("key", "other").await.unwrap_err(), wrong.get(&stored.uri).await.unwrap_err()];
    for error in errors {
        assert!(matches!(error, AwsError::AccessDenied { .. }), "{error:?}");
        assert!(error.to_string().contains("expected bucket owner 999999999999"), "{error}");
    }
}

/// A bucket of another account is refused, and its name cannot be had.
pub async fn another_accounts_bucket_is_refused(config: &SdkConfig, other: &SdkConfig) {
    let theirs = store(other, "theirs").await;
    theirs.put("key", "bytes").await.unwrap();
    let ours = ArtifactStore::new(config, theirs.bucket().clone());
    let error = ours.get(&ours.uri("key").unwrap()).await.unwrap_err();
    assert!(matches!(error, AwsError::AccessDenied { .. }), "{error:?}");
    let error = ours.ensure_bucket().await.unwrap_err();
    assert!(matches!(error, AwsError::AccessDenied { .. } | AwsError::BucketTaken { .. }), "{error:?}");
}

/// The account of the credentials is STS's answer.
pub async fn the_callers_account_is_known(config: &SdkConfig, account: &AccountId) {
    assert_eq!(refit_aws::caller_account(config).await.unwrap(), *account);
}
