//! The bucket as S3's documentation describes it: a list of versions for each key.

use std::collections::BTreeMap;

use proptest::sample::Index;

use crate::objects::{Condition, Versioning, Written};

/// Content, and the ETag the store gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) etag: String,
}

/// One version: its id, and its content unless it is a delete marker.
pub(super) type Version = (String, Option<Body>);

/// The newest version of a key is the last.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) versioning: Option<Versioning>,
    keys: BTreeMap<String, Vec<Version>>,
}

impl Model {
    pub(super) fn wrote(&mut self, key: &str, written: &Written, bytes: Vec<u8>) {
        self.add(key, written.version_id.as_deref(), Some(Body { bytes, etag: written.etag.clone() }));
    }

    pub(super) fn add(&mut self, key: &str, id: Option<&str>, body: Option<Body>) {
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

    pub(super) fn remove(&mut self, key: &str, id: &str) {
        if let Some(versions) = self.keys.get_mut(key) {
            versions.retain(|(other, _)| other != id);
        }
    }

    pub(super) fn current(&self, key: &str) -> Option<&Body> {
        self.keys.get(key)?.last()?.1.as_ref()
    }

    pub(super) fn of(&self, key: &str) -> &[Version] {
        self.keys.get(key).map_or(&[], Vec::as_slice)
    }

    pub(super) fn pick(&self, key: &str, at: &Index) -> Option<&Version> {
        let versions = self.of(key);
        (!versions.is_empty()).then(|| at.get(versions))
    }

    /// The HTTP status of a write under a condition, from the user guide's "Conditional requests".
    pub(super) fn status(&self, key: &str, condition: &Condition) -> u16 {
        match (&condition.if_match, &condition.if_none_match, self.current(key)) {
            (Some(_), _, None) => 404,
            (Some(wanted), _, Some(body)) if !wanted.is(&body.etag) => 412,
            (_, Some(_), Some(_)) => 412,
            _ => 200,
        }
    }

    /// What a listing shows: keys and common prefixes in one order.
    pub(super) fn entries(&self, prefix: &str, delimiter: Option<&str>) -> Vec<String> {
        let listed = self.keys.keys().filter(|key| self.current(key).is_some() && key.starts_with(prefix));
        let shown = |key: &String| rolled_up(key, prefix, delimiter).unwrap_or_else(|| key.clone());
        let mut entries: Vec<String> = listed.map(shown).collect();
        entries.dedup();
        entries
    }

    /// Every version's key and id, newest first below each key, and common prefixes without an id.
    pub(super) fn versions(&self, prefix: &str, delimiter: Option<&str>) -> Vec<(String, String)> {
        let mut entries = Vec::new();
        for (key, versions) in self.keys.iter().filter(|(key, _)| key.starts_with(prefix)) {
            match rolled_up(key, prefix, delimiter) {
                None => entries.extend(versions.iter().rev().map(|(id, _)| (key.clone(), id.clone()))),
                Some(_) if versions.is_empty() => {}
                Some(common) => entries.push((common, String::new())),
            }
        }
        entries.dedup();
        entries
    }
}

fn rolled_up(key: &str, prefix: &str, delimiter: Option<&str>) -> Option<String> {
    let delimiter = delimiter?;
    let (head, _) = key[prefix.len()..].split_once(delimiter)?;
    Some(format!("{prefix}{head}{delimiter}"))
}
