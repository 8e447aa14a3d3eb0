//! Sequences of operations, against the model.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::model::{Body, Model};
use super::*;
use crate::objects::{ETagMatch, NewUpload, ObjectCopy, UploadMarker, Versioning};

/// Keys that share prefixes, sort around the delimiter, and hold the last character there is.
const KEYS: [&str; 8] = ["a", "a-b", "a/", "a/b", "a/b/c", "a/\u{10ffff}z", "b", "ü/x"];

#[derive(Debug, Clone)]
enum Act {
    Put(&'static str, Vec<u8>),
    PutIf(&'static str, Vec<u8>, If),
    Delete(&'static str),
    DeleteVersion(&'static str, Index),
    Copy {
        from: &'static str,
        version: Option<Index>,
        to: &'static str,
    },
    /// An upload of one part, which is replaced once; completed under a condition, or aborted.
    Upload {
        key: &'static str,
        body: Vec<u8>,
        completed: Option<If>,
    },
    Versioning(Versioning),
    Reopen,
}

/// A condition of a write.
#[derive(Debug, Clone)]
enum If {
    Absent,
    Present,
    /// The ETag of one of the key's versions.
    Is(Index),
    IsAnother,
}

fn act() -> impl Strategy<Value = Act> {
    let key = || select(KEYS.as_slice());
    let body =
        || prop_oneof![3 => prop::collection::vec(any::<u8>(), 0..4), 1 => any::<u8>().prop_map(|byte| large(&[byte]))];
    prop_oneof![
        6 => (key(), body()).prop_map(|(key, body)| Act::Put(key, body)),
        4 => (key(), body(), condition()).prop_map(|(key, body, condition)| Act::PutIf(key, body, condition)),
        3 => key().prop_map(Act::Delete),
        2 => (key(), any::<Index>()).prop_map(|(key, at)| Act::DeleteVersion(key, at)),
        3 => (key(), any::<Option<Index>>(), key()).prop_map(|(from, version, to)| Act::Copy { from, version, to }),
        2 => (key(), body(), prop::option::of(condition()))
            .prop_map(|(key, body, completed)| Act::Upload { key, body, completed }),
        1 => prop_oneof![Just(Versioning::Enabled), Just(Versioning::Suspended)].prop_map(Act::Versioning),
        1 => Just(Act::Reopen),
    ]
}

fn condition() -> impl Strategy<Value = If> {
    prop_oneof![Just(If::Absent), Just(If::Present), any::<Index>().prop_map(If::Is), Just(If::IsAnother)]
}

impl If {
    fn condition(&self, model: &Model, key: &str) -> Condition {
        let etag = |etag: String| Condition { if_match: Some(ETagMatch::ETag(etag)), if_none_match: None };
        match self {
            Self::Absent => Condition { if_match: None, if_none_match: Some(ETagMatch::Any) },
            Self::Present => Condition { if_match: Some(ETagMatch::Any), if_none_match: None },
            Self::Is(at) => match model.pick(key, at) {
                Some((_, Some(body))) => etag(body.etag.clone()),
                _ => etag("0".repeat(32)),
            },
            Self::IsAnother => etag("0".repeat(32)),
        }
    }
}

impl Subject {
    fn run(&mut self, model: &mut Model, act: &Act) {
        match act {
            Act::Put(key, body) => {
                let written = self.store.write(ACCOUNT, BUCKET, key, body).unwrap();
                model.wrote(key, &written, body.clone());
            }
            Act::PutIf(key, body, condition) => {
                let condition = condition.condition(model, key);
                let written = self.put(key, body, condition.clone());
                took(model, key, &condition, written, body);
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
            Act::Upload { key, body, completed } => self.upload(model, key, body, completed.as_ref()),
            Act::Versioning(to) => {
                self.store.set_versioning(&self.access, BUCKET, *to).unwrap();
                model.versioning = Some(*to);
            }
            Act::Reopen => self.reopen(),
        }
    }

    fn copy(&self, model: &mut Model, from: &str, version: Option<&Index>, to: &str) {
        let picked = version.and_then(|at| model.pick(from, at).cloned());
        let copy = ObjectCopy {
            source: copy_source(&self.access, from, picked.as_ref().map(|(id, _)| id.clone())),
            replace: None,
            algorithm: None,
        };
        let body: Option<Body> = match &picked {
            Some((_, body)) => body.clone(),
            None => model.current(from).cloned(),
        };
        let write = self.store.begin_put(self.access.clone(), BUCKET, to, Condition::default()).unwrap();
        match self.store.copy(&write, copy) {
            Ok((_, written)) => model.wrote(to, &written, body.expect("copied from nothing").bytes),
            Err(ObjectError::CopyToItself) => assert!(from == to && picked.is_none()),
            Err(error) => assert!(body.is_none(), "{error}"),
        }
    }

    fn upload(&self, model: &mut Model, key: &str, body: &[u8], completed: Option<&If>) {
        let new =
            NewUpload { key: key.to_owned(), attributes: Attributes::default(), algorithm: None, composite: false };
        let id = self.store.begin_upload(&self.access, BUCKET, &new).unwrap();
        let put = |body: &[u8]| self.store.put_part(&self.access, BUCKET, key, &id, 1, self.blob(body)).unwrap();
        put(b"replaced");
        let part = put(body);
        let completion = completion(&id, &[(1, &part.etag)]);
        if let Some(condition) = completed {
            let condition = condition.condition(model, key);
            let write = self.store.begin_put(self.access.clone(), BUCKET, key, condition.clone()).unwrap();
            let written = self.store.complete_upload(&write, &completion);
            if took(model, key, &condition, written, body) {
                return;
            }
        }
        self.store.abort_upload(&self.access, BUCKET, key, &id).unwrap();
    }

    fn check(&self, model: &Model) {
        for key in KEYS {
            assert_eq!(self.read(key).as_ref(), model.current(key).map(|body| &body.bytes), "current version of {key}");
            for (id, body) in model.of(key) {
                let expected = body.as_ref().map(|body| body.bytes.clone());
                assert_eq!(self.read_version(key, id), expected, "version {id} of {key}");
            }
        }
        for (prefix, delimiter) in [("", None), ("", Some("/")), ("a/", Some("/")), ("a/", None), ("a", Some("-"))] {
            for limit in [1, 2, 1000] {
                assert_eq!(self.pages(prefix, delimiter, limit), model.entries(prefix, delimiter), "{prefix} {limit}");
                let versions = self.version_pages(prefix, delimiter, limit);
                assert_eq!(versions, model.versions(prefix, delimiter), "{prefix} {limit}");
            }
        }
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

    fn version_pages(&self, prefix: &str, delimiter: Option<&str>, limit: usize) -> Vec<(String, String)> {
        let mut versions = Vec::new();
        let mut after = None;
        loop {
            let (prefix, delimiter) = (prefix.to_owned(), delimiter.map(str::to_owned));
            let query = VersionsQuery { prefix, delimiter, after, limit };
            let page = self.store.versions(&self.access, BUCKET, &query).unwrap();
            let id = |version: Stored| version.version_id.unwrap_or_else(|| "null".to_owned());
            let mut shown: Vec<_> =
                page.versions.into_iter().map(|version| (version.key.clone(), id(version))).collect();
            shown.extend(page.prefixes.into_iter().map(|prefix| (prefix, String::new())));
            // Stable: the order of one key's versions is S3's to keep.
            shown.sort_by(|left, right| left.0.cmp(&right.0));
            assert!(shown.len() <= limit);
            versions.extend(shown);
            match page.next {
                Some(next) => after = Some(next),
                None => return versions,
            }
        }
    }
}

/// Checks the outcome of a conditional write against the model's, and says whether it was made.
fn took(
    model: &mut Model,
    key: &str,
    condition: &Condition,
    written: Result<Written, ObjectError>,
    body: &[u8],
) -> bool {
    let status = match &written {
        Ok(_) => 200,
        Err(ObjectError::ConditionFailed { .. }) => 412,
        Err(ObjectError::NoSuchKey { .. }) => 404,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(status, model.status(key, condition), "{condition:?} of {key}");
    if let Ok(written) = &written {
        model.wrote(key, written, body.to_vec());
    }
    written.is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(ProptestConfig::default().cases / 16) })]

    #[test]
    fn the_store_does_what_the_model_does(acts in prop::collection::vec(act(), 1..40)) {
        let mut subject = Subject::new();
        let mut model = Model::default();
        for act in &acts {
            subject.run(&mut model, act);
        }
        subject.check(&model);
        let (files, named) = subject.kept();
        prop_assert_eq!(files, named, "no file without a version, no version without its file");
        subject.reopen();
        subject.check(&model);
        prop_assert_eq!(subject.rows(), named, "rows of files without references are forgotten");
    }
}

#[test]
fn uploads_are_listed_by_key_and_age_and_rolled_up() {
    let subject = Subject::new();
    let begin = |key: &str| {
        let new =
            NewUpload { key: key.to_owned(), attributes: Attributes::default(), algorithm: None, composite: false };
        subject.store.begin_upload(&subject.access, BUCKET, &new).unwrap()
    };
    let mut begun: Vec<(String, String)> = Vec::new();
    for key in ["b", "a/1", "b", "a/2", "c"] {
        // Ids sort by the millisecond in which they were made.
        std::thread::sleep(std::time::Duration::from_millis(2));
        begun.push((key.to_owned(), begin(key)));
    }
    begun.sort_by(|left, right| left.0.cmp(&right.0));
    let pages = |delimiter: Option<&str>, limit| {
        let (mut found, mut after): (Vec<(String, String)>, Option<UploadMarker>) = (Vec::new(), None);
        loop {
            let (prefix, delimiter) = (String::new(), delimiter.map(str::to_owned));
            let page = subject
                .store
                .uploads(&subject.access, BUCKET, &UploadsQuery { prefix, delimiter, after, limit })
                .unwrap();
            found.extend(page.prefixes.into_iter().map(|prefix| (prefix, String::new())));
            found.extend(page.uploads.into_iter().map(|upload| (upload.key, upload.upload_id)));
            match page.next {
                Some(next) => after = Some(next),
                None => return found,
            }
        }
    };
    let mut rolled_up = begun.split_off(2);
    rolled_up.insert(0, ("a/".to_owned(), String::new()));
    for limit in [1, 2, 1000] {
        assert_eq!(pages(Some("/"), limit), rolled_up, "{limit}");
        assert_eq!(pages(None, limit).split_off(2), rolled_up[1..], "{limit}");
        assert_eq!(pages(None, limit)[..2], begun, "{limit}");
    }
}
