use std::collections::BTreeMap;

/// All that S3 has kept below a prefix, by key.
pub(crate) type Histories = BTreeMap<String, History>;

/// The versions of one key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct History {
    /// The ids of the versions that have bytes, newest first.
    pub(crate) versions: Vec<String>,
    /// How many times the key was deleted.
    pub(crate) deletions: usize,
    /// The id of the newest version or mark of deletion.
    pub(crate) newest: Option<String>,
}

impl History {
    /// Whether the key has ever meant anything else than it does now, so that an instance may hold something older.
    pub(crate) fn has_changed(&self) -> bool {
        self.versions.len() + self.deletions > 1
    }

    /// The versions before this one, newest first. None if this one is not known (any more).
    pub(crate) fn before(&self, version_id: &str) -> &[String] {
        match self.versions.iter().position(|known| known == version_id) {
            Some(position) => &self.versions[position + 1..],
            None => &[],
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::History;

    pub(crate) fn history(versions: &[&str]) -> History {
        History {
            versions: versions.iter().map(|id| (*id).to_owned()).collect(),
            deletions: 0,
            newest: versions.first().map(|id| (*id).to_owned()),
        }
    }

    #[test]
    fn a_key_written_once_has_not_changed() {
        assert!(!history(&["v1"]).has_changed());
        assert!(history(&["v2", "v1"]).has_changed());
        let deleted = History { deletions: 1, newest: Some("d1".to_owned()), ..history(&["v1"]) };
        assert!(deleted.has_changed());
    }

    #[test]
    fn what_came_before_a_version_is_what_is_listed_after_it() {
        let history = history(&["v3", "v2", "v1"]);
        assert_eq!(history.before("v3"), ["v2", "v1"]);
        assert!(history.before("v1").is_empty());
        assert!(history.before("gone").is_empty());
    }
}
