//! The store against a model small enough to be seen to be right: a list of versions for each key.

use std::collections::BTreeMap;
use std::io::Read;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{
    Access, Attributes, Condition, CopySource, Cursor, ListQuery, ObjectCopy, ObjectError, ObjectStore, ToDelete,
    Versioning, VersionsQuery,
};
use crate::db::Database;

const ACCOUNT: &str = "123456789012";
const BUCKET: &str = "bucket";
/// Keys that share prefixes, sort around the delimiter, and hold the last character there is.
const KEYS: [&str; 8] = ["a", "a-b", "a/", "a/b", "a/b/c", "a/\u{10ffff}z", "b", "ü/x"];

#[derive(Debug, Clone)]
enum Act {
    Put(&'static str, Vec<u8>),
    Delete(&'static str),
    DeleteVersion(&'static str, Index),
    Copy { from: &'static str, version: Option<Index>, to: &'static str },
    Versioning(Versioning),
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let key = || select(KEYS.as_slice());
    prop_oneof![
        6 => (key(), prop::collection::vec(any::<u8>(), 0..4)).prop_map(|(key, body)| Act::Put(key, body)),
        3 => key().prop_map(Act::Delete),
        2 => (key(), any::<Index>()).prop_map(|(key, at)| Act::DeleteVersion(key, at)),
        3 => (key(), any::<Option<Index>>(), key()).prop_map(|(from, version, to)| Act::Copy { from, version, to }),
        1 => prop_oneof![Just(Versioning::Enabled), Just(Versioning::Suspended)].prop_map(Act::Versioning),
        1 => Just(Act::Reopen),
    ]
}

/// One version: its id, and its bytes unless it is a delete marker.
type Version = (String, Option<Vec<u8>>);

/// The bucket as S3's documentation describes it. The newest version of a key is the last.
#[derive(Debug, Default)]
struct Model {
    versioning: Option<Versioning>,
    keys: BTreeMap<String, Vec<Version>>,
}

impl Model {
    fn add(&mut self, key: &str, id: Option<&str>, body: Option<Vec<u8>>) {
        let versions = self.keys.entry(key.to_owned()).or_default();
        if self.versioning == Some(Versioning::Enabled) {
            let id = id.expect("a versioned bucket names the version").to_owned();
            assert!(id != "null" && versions.iter().all(|(other, _)| *other != id), "version ids are new");
            versions.push((id, body));
        } else {
            assert_eq!(id, self.versioning.map(|_| "null"), "without versions there is the null version only");
            versions.retain(|(id, _)| id != "null");
            versions.push(("null".to_owned(), body));
        }
    }

    fn remove(&mut self, key: &str, id: &str) {
        if let Some(versions) = self.keys.get_mut(key) {
            versions.retain(|(other, _)| other != id);
        }
    }

    fn current(&self, key: &str) -> Option<&[u8]> {
        self.keys.get(key)?.last()?.1.as_deref()
    }

    fn pick(&self, key: &str, at: &Index) -> Option<&Version> {
        let versions = self.keys.get(key)?;
        (!versions.is_empty()).then(|| at.get(versions))
    }

    /// What a listing shows: keys and common prefixes in one order.
    fn entries(&self, prefix: &str, delimiter: Option<&str>) -> Vec<String> {
        let mut entries: Vec<String> = self
            .keys
            .keys()
            .filter(|key| self.current(key).is_some() && key.starts_with(prefix))
            .map(|key| rolled_up(key, prefix, delimiter))
            .collect();
        entries.dedup();
        entries
    }

    /// Every version's key and id, the keys in order and each key's newest version first.
    fn versions(&self, prefix: &str) -> Vec<(String, String)> {
        let keys = self.keys.iter().filter(|(key, _)| key.starts_with(prefix));
        keys.flat_map(|(key, versions)| versions.iter().rev().map(|(id, _)| (key.clone(), id.clone()))).collect()
    }
}

fn rolled_up(key: &str, prefix: &str, delimiter: Option<&str>) -> String {
    match delimiter.and_then(|delimiter| key[prefix.len()..].split_once(delimiter)) {
        Some((head, _)) => format!("{prefix}{head}{}", delimiter.unwrap_or_default()),
        None => key.to_owned(),
    }
}

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

    fn reopen(&mut self) {
        self.store.database.close();
        self.store = open(&self.folder);
    }

    fn run(&mut self, model: &mut Model, act: &Act) {
        match act {
            Act::Put(key, body) => {
                let written = self.store.write(ACCOUNT, BUCKET, key, body).unwrap();
                model.add(key, written.version_id.as_deref(), Some(body.clone()));
            }
            Act::Delete(key) => {
                let deleted = self.delete(key, None);
                match model.versioning {
                    None => model.remove(key, "null"),
                    Some(_) => {
                        assert!(deleted.delete_marker);
                        model.add(key, deleted.version_id.as_deref(), None);
                    }
                }
            }
            Act::DeleteVersion(key, at) => {
                let Some((id, body)) = model.pick(key, at).cloned() else { return };
                let deleted = self.delete(key, Some(&id));
                assert_eq!(deleted.delete_marker, body.is_none());
                model.remove(key, &id);
            }
            Act::Copy { from, version, to } => self.copy(model, from, version.as_ref(), to),
            Act::Versioning(to) => {
                self.store.set_versioning(&self.access, BUCKET, *to).unwrap();
                model.versioning = Some(*to);
            }
            Act::Reopen => self.reopen(),
        }
    }

    fn delete(&self, key: &str, version_id: Option<&str>) -> super::Deleted {
        let object = ToDelete { key: key.to_owned(), version_id: version_id.map(str::to_owned), if_match: None };
        self.store.delete(&self.access, BUCKET, &[object]).unwrap().remove(0).unwrap()
    }

    fn copy(&self, model: &mut Model, from: &str, version: Option<&Index>, to: &str) {
        let picked = version.and_then(|at| model.pick(from, at).cloned());
        let copy = ObjectCopy {
            source: CopySource {
                access: self.access.clone(),
                bucket: BUCKET.to_owned(),
                key: from.to_owned(),
                version_id: picked.as_ref().map(|(id, _)| id.clone()),
                if_match: None,
                if_none_match: None,
                if_modified_since: None,
                if_unmodified_since: None,
            },
            bucket: BUCKET.to_owned(),
            key: to.to_owned(),
            replace: None,
            algorithm: None,
            condition: Condition::default(),
        };
        let body = match &picked {
            Some((_, body)) => body.clone(),
            None => model.current(from).map(<[u8]>::to_vec),
        };
        match self.store.copy(&self.access, copy) {
            Ok((_, written)) => model.add(to, written.version_id.as_deref(), Some(body.expect("copied from nothing"))),
            Err(ObjectError::CopyToItself) => assert!(from == to && picked.is_none()),
            Err(error) => assert!(body.is_none(), "{error}"),
        }
    }

    fn check(&self, model: &Model) {
        for key in KEYS {
            let got = self.store.read(ACCOUNT, BUCKET, key).ok();
            assert_eq!(got.as_deref(), model.current(key), "current version of {key}");
            for (id, body) in model.keys.get(key).into_iter().flatten() {
                assert_eq!(self.read_version(key, id), *body, "version {id} of {key}");
            }
        }
        for (prefix, delimiter) in [("", None), ("", Some("/")), ("a/", Some("/")), ("a/", None), ("a", Some("-"))] {
            for limit in [1, 2, 1000] {
                assert_eq!(self.pages(prefix, delimiter, limit), model.entries(prefix, delimiter), "{prefix} {limit}");
            }
        }
        for prefix in ["", "a/"] {
            for limit in [1, 3, 1000] {
                assert_eq!(self.version_pages(prefix, limit), model.versions(prefix), "{prefix} {limit}");
            }
        }
    }

    fn read_version(&self, key: &str, id: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let (_, mut file) = self.store.get(&self.access, BUCKET, key, Some(id)).ok()?;
        file.read_to_end(&mut bytes).unwrap();
        Some(bytes)
    }

    /// Keys and common prefixes of all pages. Within a page S3 sends them apart, so they are merged by their order.
    fn pages(&self, prefix: &str, delimiter: Option<&str>, limit: usize) -> Vec<String> {
        let mut entries = Vec::new();
        let mut after = Cursor::Start;
        loop {
            let query = ListQuery { prefix: prefix.to_owned(), delimiter: delimiter.map(str::to_owned), after, limit };
            let page = self.store.page(&self.access, BUCKET, &query).unwrap();
            let mut shown: Vec<String> = page.objects.into_iter().map(|object| object.key).collect();
            shown.extend(page.prefixes);
            shown.sort();
            assert!(shown.len() <= limit);
            entries.extend(shown);
            match page.next {
                Some(next) => after = next,
                None => return entries,
            }
        }
    }

    fn version_pages(&self, prefix: &str, limit: usize) -> Vec<(String, String)> {
        let mut versions = Vec::new();
        let mut after = None;
        loop {
            let query = VersionsQuery { prefix: prefix.to_owned(), delimiter: None, after, limit };
            let page = self.store.versions(&self.access, BUCKET, &query).unwrap();
            let id = |version: super::Stored| version.version_id.unwrap_or_else(|| "null".to_owned());
            versions.extend(page.versions.into_iter().map(|version| (version.key.clone(), id(version))));
            match page.next {
                Some(next) => after = Some(next),
                None => return versions,
            }
        }
    }

    /// The files on disk, and the files that the index names.
    fn files(&self) -> (usize, usize) {
        let folders = std::fs::read_dir(self.folder.path().join("objects")).unwrap();
        let files = folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum();
        let named = self.store.database.with(|connection| {
            connection.query_row("SELECT count(DISTINCT blob) FROM versions", [], |row| row.get::<_, i64>(0))
        });
        (files, usize::try_from(named.unwrap()).unwrap())
    }
}

fn open(folder: &tempfile::TempDir) -> ObjectStore {
    let database = Database::open(&folder.path().join("test.sqlite")).unwrap();
    ObjectStore::open(folder.path(), database).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_does(acts in prop::collection::vec(act(), 1..40)) {
        let mut subject = Subject::new();
        let mut model = Model::default();
        for act in &acts {
            subject.run(&mut model, act);
        }
        subject.check(&model);
        let (files, named) = subject.files();
        prop_assert_eq!(files, named, "no file without a version, no version without its file");
        subject.reopen();
        subject.check(&model);
    }
}

#[test]
fn a_refused_object_leaves_no_file() {
    let subject = Subject::new();
    subject.store.write(ACCOUNT, BUCKET, "key", b"first").unwrap();
    let mut incoming = subject.store.incoming(None).unwrap();
    incoming.write(b"second").unwrap();
    let once = Condition { if_none_match: Some(super::ETagMatch::Any), if_match: None };
    let blob = incoming.finish().unwrap();
    let refused = subject.store.put(&subject.access, BUCKET, "key", Attributes::default(), &once, blob);
    assert!(matches!(refused, Err(ObjectError::ConditionFailed { condition: "If-None-Match" })));
    assert_eq!(subject.files(), (1, 1));
}

#[test]
fn a_file_that_a_crash_left_is_removed_at_the_next_start() {
    let mut subject = Subject::new();
    subject.store.write(ACCOUNT, BUCKET, "key", b"kept").unwrap();
    let orphan = subject.folder.path().join("objects/ab/ab00");
    std::fs::write(&orphan, b"left").unwrap();
    std::fs::write(subject.folder.path().join("incoming/half"), b"half").unwrap();
    subject.reopen();
    assert!(!orphan.exists() && !subject.folder.path().join("incoming/half").exists());
    assert_eq!(subject.store.read(ACCOUNT, BUCKET, "key").unwrap(), b"kept");
}

#[test]
fn another_account_reads_nothing() {
    let subject = Subject::new();
    subject.store.write(ACCOUNT, BUCKET, "key", b"mine").unwrap();
    let other = "210987654321";
    assert!(matches!(subject.store.read(other, BUCKET, "key"), Err(ObjectError::AccessDenied { .. })));
    assert!(matches!(subject.store.create_bucket(other, BUCKET, "us-east-1"), Err(ObjectError::BucketTaken { .. })));
    let expecting = Access { account: ACCOUNT.to_owned(), expected_owner: Some(other.to_owned()) };
    assert!(matches!(subject.store.bucket(&expecting, BUCKET), Err(ObjectError::AccessDenied { .. })));
}

#[test]
fn a_thread_that_outlives_the_server_writes_nothing() {
    let subject = Subject::new();
    subject.store.database.close();
    assert!(matches!(subject.store.write(ACCOUNT, BUCKET, "key", b"late"), Err(ObjectError::Database(_))));
    assert_eq!(open(&subject.folder).list(ACCOUNT, BUCKET, "").unwrap(), []);
}
