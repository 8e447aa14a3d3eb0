//! The store against a model small enough to be seen to be right, against crashes, and against its bucket policies.

mod conditions;
mod crashes;
mod model;
mod plans;
mod policies;
mod sequences;

use super::{
    Access, Attributes, CompletedPart, Completion, Condition, Content, CopySource, Cursor, ListQuery, ObjectError,
    ObjectStore, Stored, ToDelete, UploadsQuery, VersionsQuery, Written,
};
use crate::clock::Clock;
use crate::db::Database;
use crate::objects::Checksums;
use crate::objects::blobs::SMALL;

const ACCOUNT: &str = "123456789012";
const BUCKET: &str = "bucket";

/// A store in a folder of its own.
struct Subject {
    folder: tempfile::TempDir,
    store: ObjectStore,
    access: Access,
}

impl Subject {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        store.create_bucket(ACCOUNT, BUCKET, "us-east-1").unwrap();
        Self { folder, store, access: Access::of(ACCOUNT) }
    }

    /// Starts again on what is on disk. A store has nothing to do when it stops, so this is a killed process too.
    fn reopen(&mut self) {
        self.store.database.close();
        self.store = open(&self.folder);
    }

    fn put(&self, key: &str, body: &[u8], condition: Condition) -> Result<Written, ObjectError> {
        let write = self.store.begin_put(self.access.clone(), BUCKET, key, condition)?;
        self.store.put(&write, Attributes::default(), self.blob(body))
    }

    fn blob(&self, body: &[u8]) -> super::Blob {
        let mut incoming = self.store.incoming(None);
        incoming.write(body).unwrap();
        incoming.finish().unwrap()
    }

    fn read(&self, key: &str) -> Option<Vec<u8>> {
        self.store.read(ACCOUNT, BUCKET, key).ok()
    }

    fn read_version(&self, key: &str, id: &str) -> Option<Vec<u8>> {
        let (_, content) = self.store.get(&self.access, BUCKET, key, Some(id)).ok()?;
        Some(content.read_all().unwrap())
    }

    fn delete(&self, key: &str, version_id: Option<&str>) -> super::Deleted {
        let object = ToDelete { key: key.to_owned(), version_id: version_id.map(str::to_owned), if_match: None };
        self.store.delete(&self.access, BUCKET, &[object]).unwrap().remove(0).unwrap()
    }

    /// How many objects' bytes there are, in files and in the index, and how many the index refers to.
    fn kept(&self) -> (usize, usize) {
        let folders = std::fs::read_dir(self.folder.path().join("objects")).unwrap();
        let files: usize = folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum();
        let referred_to = "(SELECT blob FROM versions WHERE blob IS NOT NULL UNION SELECT blob FROM parts)";
        (files + self.count("blobs WHERE bytes IS NOT NULL"), self.count(referred_to))
    }

    /// How many bytes have a row, with references or without.
    fn rows(&self) -> usize {
        self.count("blobs")
    }

    fn count(&self, from: &str) -> usize {
        let count = format!("SELECT count(*) FROM {from}");
        let count = self.store.database.with(|connection| connection.query_row(&count, [], |row| row.get::<_, i64>(0)));
        usize::try_from(count.unwrap()).unwrap()
    }
}

/// What it says, in more bytes than are kept in the index.
fn large(text: &[u8]) -> Vec<u8> {
    text.iter().copied().cycle().take(SMALL + 1).collect()
}

fn open(folder: &tempfile::TempDir) -> ObjectStore {
    let database = Database::open(&folder.path().join("test.sqlite")).unwrap();
    ObjectStore::open(folder.path(), database, Clock::default()).unwrap()
}

fn completion(upload_id: &str, parts: &[(i32, &str)]) -> Completion {
    let part = |(number, etag): &(i32, &str)| CompletedPart {
        number: *number,
        etag: Some((*etag).to_owned()),
        checksums: Checksums::default(),
    };
    Completion {
        upload_id: upload_id.to_owned(),
        parts: parts.iter().map(part).collect(),
        claimed: Checksums::default(),
        composite: None,
        size: None,
    }
}

fn copy_source(access: &Access, key: &str, version_id: Option<String>) -> CopySource {
    CopySource {
        access: access.clone(),
        bucket: BUCKET.to_owned(),
        key: key.to_owned(),
        version_id,
        if_match: None,
        if_none_match: None,
        if_modified_since: None,
        if_unmodified_since: None,
    }
}
