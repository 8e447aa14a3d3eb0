//! Puts, conditional puts, copies and deletes of single objects, in a bucket that keeps versions and in one that does not.

use std::collections::BTreeMap;

use rand::Rng;

use super::Writer;
use super::random::{Content, Random};
use super::report::Report;
use super::wire::{Gone, Wire};
use crate::client::Answer;

const KEYS: usize = 10;
/// A key with so many versions loses some.
const MANY: usize = 6;

/// One bucket, and what it should hold.
pub(super) struct Objects {
    bucket: String,
    versioned: bool,
    random: Random,
    /// Versions by key, the newest last.
    keys: BTreeMap<String, Vec<Version>>,
    /// The request that was not answered.
    doubt: Option<Doubt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    id: String,
    /// None of a delete marker.
    content: Option<Content>,
}

enum Doubt {
    Add { key: String, content: Option<Content> },
    Remove { key: String, id: String },
}

/// A version as a listing has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    id: String,
    is_latest: bool,
    is_marker: bool,
}

impl Objects {
    pub(super) fn new(wire: &Wire, bucket: &str, versioned: bool, random: Random) -> Self {
        make_bucket(wire, bucket, versioned);
        Self { bucket: bucket.to_owned(), versioned, random, keys: BTreeMap::new(), doubt: None }
    }

    fn path(&self, key: &str) -> String {
        format!("/{}/{key}", self.bucket)
    }

    fn newest(&self, key: &str) -> Option<&Version> {
        self.keys.get(key)?.last()
    }

    fn current(&self, key: &str) -> Option<Content> {
        self.newest(key)?.content
    }

    /// Puts an object under a condition, and knows whether it holds.
    fn put(&mut self, wire: &Wire, report: &Report, key: &str) -> Result<(), Gone> {
        let content = Content::some(&mut self.random);
        let (headers, holds) = match self.random.random_range(0..4) {
            0 => (vec![("if-none-match", "*".to_owned())], self.current(key).is_none()),
            1 if self.current(key).is_some() => {
                let holds = self.random.random_bool(0.7);
                let etag = if holds { self.etag(wire, key)? } else { format!("\"{:032x}\"", 0) };
                (vec![("if-match", etag)], holds)
            }
            _ => (vec![], true),
        };
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.doubt = holds.then(|| Doubt::Add { key: key.to_owned(), content: Some(content) });
        let answer = wire.s3("PUT", &self.path(key), &headers, &content.bytes())?;
        let write = if headers.is_empty() { "put" } else { "conditional put" };
        self.added(report, write, key, Some(content), &answer, holds);
        Ok(())
    }

    fn etag(&self, wire: &Wire, key: &str) -> Result<String, Gone> {
        let answer = wire.s3("GET", &self.path(key), &[], b"")?;
        Ok(answer.header("etag").unwrap_or_default().to_owned())
    }

    fn copy(&mut self, wire: &Wire, report: &Report, key: &str, from: &str) -> Result<(), Gone> {
        let Some(content) = self.current(from).filter(|_| from != key) else { return Ok(()) };
        self.doubt = Some(Doubt::Add { key: key.to_owned(), content: Some(content) });
        let source = self.path(from);
        let answer = wire.s3("PUT", &self.path(key), &[("x-amz-copy-source", &source)], b"")?;
        self.added(report, "copy", key, Some(content), &answer, true);
        Ok(())
    }

    fn delete(&mut self, wire: &Wire, report: &Report, key: &str) -> Result<(), Gone> {
        let newest = self.newest(key).map(|version| version.id.clone());
        self.doubt = match (self.versioned, newest) {
            (true, _) => Some(Doubt::Add { key: key.to_owned(), content: None }),
            (false, Some(id)) => Some(Doubt::Remove { key: key.to_owned(), id }),
            (false, None) => None,
        };
        let answer = wire.s3("DELETE", &self.path(key), &[], b"")?;
        if self.versioned {
            self.added(report, "delete", key, None, &answer, true);
        } else {
            self.removed(report, "delete", key, "null", &answer);
        }
        Ok(())
    }

    fn delete_version(&mut self, wire: &Wire, report: &Report, key: &str) -> Result<(), Gone> {
        let Some(versions) = self.keys.get(key).filter(|versions| !versions.is_empty()) else { return Ok(()) };
        let id = versions[self.random.random_range(0..versions.len())].id.clone();
        self.doubt = Some(Doubt::Remove { key: key.to_owned(), id: id.clone() });
        let answer = wire.s3("DELETE", &format!("{}?versionId={id}", self.path(key)), &[], b"")?;
        self.removed(report, "delete of a version", key, &id, &answer);
        Ok(())
    }

    fn added(
        &mut self,
        report: &Report,
        write: &'static str,
        key: &str,
        content: Option<Content>,
        answer: &Answer,
        holds: bool,
    ) {
        self.doubt = None;
        let fits = if holds { answer.status / 100 == 2 } else { answer.status == 412 };
        if !fits {
            return report.lose(format!("{write} of {key}: {} {}", answer.status, answer.text()));
        }
        if holds {
            report.acknowledge(write);
            let id = answer.header("x-amz-version-id").unwrap_or("null").to_owned();
            self.add(key, Version { id, content });
        }
    }

    fn add(&mut self, key: &str, version: Version) {
        let versions = self.keys.entry(key.to_owned()).or_default();
        if !self.versioned {
            versions.clear();
        }
        versions.push(version);
    }

    fn removed(&mut self, report: &Report, write: &'static str, key: &str, id: &str, answer: &Answer) {
        self.doubt = None;
        if answer.status != 204 {
            return report.lose(format!("{write} of {key}: {} {}", answer.status, answer.text()));
        }
        report.acknowledge(write);
        self.keys.entry(key.to_owned()).or_default().retain(|version| version.id != id);
    }

    /// Finds out what became of the request that was not answered.
    fn settle(&mut self, wire: &Wire, report: &Report, found: &BTreeMap<String, Vec<Listed>>) -> Result<(), Gone> {
        let listed = |key: &str| found.get(key).map(Vec::as_slice).unwrap_or_default();
        match self.doubt.take() {
            None => {}
            Some(Doubt::Remove { key, id }) => {
                let gone = listed(&key).iter().all(|version| version.id != id);
                report.resolve(gone);
                if gone {
                    self.keys.entry(key).or_default().retain(|version| version.id != id);
                }
            }
            Some(Doubt::Add { key, content }) if self.versioned => {
                let known = self.keys.get(&key).cloned().unwrap_or_default();
                let new = listed(&key).iter().find(|found| known.iter().all(|version| version.id != found.id));
                report.resolve(new.is_some());
                if let Some(new) = new {
                    self.add(&key, Version { id: new.id.clone(), content });
                }
            }
            Some(Doubt::Add { key, content }) => {
                // Without versions the bytes themselves must say which write they are of.
                let answer = wire.s3("GET", &self.path(&key), &[], b"")?;
                let done = answer.status == 200 && content.is_some_and(|content| content.bytes() == answer.body);
                report.resolve(done);
                if done {
                    self.add(&key, Version { id: "null".to_owned(), content });
                }
            }
        }
        Ok(())
    }

    fn compare(&self, wire: &Wire, report: &Report, key: &str, found: &[Listed]) -> Result<(), Gone> {
        let expected = self.keys.get(key).map(Vec::as_slice).unwrap_or_default();
        // A listing has versions and delete markers apart, each from the newest on.
        for markers in [false, true] {
            let wanted = expected.iter().rev().filter(|version| version.content.is_none() == markers);
            let wanted: Vec<&str> = wanted.map(|version| version.id.as_str()).collect();
            let listed = found.iter().filter(|listed| listed.is_marker == markers);
            let listed: Vec<&str> = listed.map(|listed| listed.id.as_str()).collect();
            if wanted != listed {
                report.lose(format!("{}/{key} has {listed:?} instead of {wanted:?}", self.bucket));
            }
        }
        let latest: Vec<&str> =
            found.iter().filter(|listed| listed.is_latest).map(|listed| listed.id.as_str()).collect();
        let newest: Vec<&str> = expected.last().map(|version| version.id.as_str()).into_iter().collect();
        if latest != newest {
            report.lose(format!("{}/{key}: the latest is {latest:?} instead of {newest:?}", self.bucket));
        }
        for version in expected {
            let Some(content) = version.content else { continue };
            let answer = wire.s3("GET", &format!("{}?versionId={}", self.path(key), version.id), &[], b"")?;
            if answer.status != 200 || answer.body != content.bytes() {
                report.halve(format!(
                    "{}/{key} {}: {} {} bytes",
                    self.bucket,
                    version.id,
                    answer.status,
                    answer.body.len()
                ));
            }
        }
        Ok(())
    }
}

impl Writer for Objects {
    fn write(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let [key, from] = [(); 2].map(|()| format!("key-{}", self.random.random_range(0..KEYS)));
        let many = self.versioned && self.keys.get(&key).is_some_and(|versions| versions.len() >= MANY);
        match self.random.random_range(0..10) {
            _ if many => self.delete_version(wire, report, &key),
            0 => self.delete(wire, report, &key),
            1 | 2 => self.copy(wire, report, &key, &from),
            _ => self.put(wire, report, &key),
        }
    }

    fn check(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let found = listing(wire, &self.bucket)?;
        self.settle(wire, report, &found)?;
        for number in 0..KEYS {
            let key = format!("key-{number}");
            self.compare(wire, report, &key, found.get(&key).map(Vec::as_slice).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// Makes a bucket, before anything is killed.
pub(super) fn make_bucket(wire: &Wire, bucket: &str, versioned: bool) {
    assert_eq!(wire.s3("PUT", &format!("/{bucket}"), &[], b"").unwrap().status, 200);
    if versioned {
        let enabled = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                       <Status>Enabled</Status></VersioningConfiguration>";
        let answer = wire.s3("PUT", &format!("/{bucket}?versioning="), &[], enabled.as_bytes()).unwrap();
        assert_eq!(answer.status, 200);
    }
}

/// Every version of a bucket by key, in the order of the listing.
fn listing(wire: &Wire, bucket: &str) -> Result<BTreeMap<String, Vec<Listed>>, Gone> {
    let text = wire.s3("GET", &format!("/{bucket}?versions="), &[], b"")?.text();
    assert!(text.contains("<IsTruncated>false</IsTruncated>"), "{text}");
    let mut found: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    for (tag, is_marker) in [("<Version>", false), ("<DeleteMarker>", true)] {
        for element in text.split(tag).skip(1) {
            let field = |name: &str| {
                let (_, rest) = element.split_once(&format!("<{name}>")).unwrap();
                rest.split_once('<').unwrap().0.to_owned()
            };
            let listed = Listed { id: field("VersionId"), is_latest: field("IsLatest") == "true", is_marker };
            found.entry(field("Key")).or_default().push(listed);
        }
    }
    Ok(found)
}
