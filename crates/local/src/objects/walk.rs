//! Walking through keys in order, rolling up those that share a common prefix.

/// What a listing takes in, and how far it has come.
#[derive(Debug)]
pub(super) struct Walk<'q> {
    prefix: &'q str,
    delimiter: Option<&'q str>,
    limit: usize,
    taken: usize,
    /// The common prefixes so far.
    pub(super) prefixes: Vec<String>,
}

/// What to do with a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is listed.
    Take,
    /// It was rolled up: go on from this key, if any key can follow.
    Jump(Option<String>),
    /// There is no room for it.
    Full,
    /// It and all that follow are outside the prefix.
    End,
}

impl<'q> Walk<'q> {
    pub(super) fn new(prefix: &'q str, delimiter: Option<&'q str>, limit: usize) -> Self {
        Self { prefix, delimiter, limit, taken: 0, prefixes: Vec::new() }
    }

    /// To be called with each key from the start on.
    pub(super) fn step(&mut self, key: &str) -> Step {
        if !key.starts_with(self.prefix) {
            return Step::End;
        }
        if self.taken == self.limit {
            return Step::Full;
        }
        self.taken += 1;
        match common_prefix(key, self.prefix, self.delimiter) {
            None => Step::Take,
            Some(common) => {
                self.prefixes.push(common.to_owned());
                Step::Jump(after_prefix(common))
            }
        }
    }

    /// Whether the key is rolled up, so that nothing but the key counts.
    pub(super) fn rolls_up(&self, key: &str) -> bool {
        key.starts_with(self.prefix) && common_prefix(key, self.prefix, self.delimiter).is_some()
    }

    /// Whether the last thing taken is the last common prefix, rather than `key`, the last key.
    pub(super) fn ends_with_prefix(&self, key: Option<&str>) -> bool {
        self.prefixes.last().is_some_and(|prefix| key.is_none_or(|key| key < prefix.as_str()))
    }
}

/// What `key` is rolled up into: everything up to the first delimiter behind the prefix.
pub(super) fn common_prefix<'k>(key: &'k str, prefix: &str, delimiter: Option<&str>) -> Option<&'k str> {
    let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let found = key.get(prefix.len()..)?.find(delimiter)?;
    key.get(..prefix.len() + found + delimiter.len())
}

/// The first key that can come after `key`.
pub(super) fn after_key(key: &str) -> String {
    format!("{key}\0")
}

/// The first key that sorts after every key that starts with `prefix`, if there can be one.
pub(super) fn after_prefix(prefix: &str) -> Option<String> {
    let mut next = prefix.to_owned();
    while let Some(last) = next.pop() {
        // Keys sort by their UTF-8 bytes, which is the order of characters. Surrogates are none.
        let following = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(following) = following {
            next.push(following);
            return Some(next);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_prefix_sorts_after_its_keys_and_before_the_next() {
        for prefix in ["a/", "a\u{d7ff}", "a\u{10ffff}", "ü"] {
            let next = after_prefix(prefix).unwrap();
            assert!(next > format!("{prefix}\u{10ffff}\u{10ffff}") && !next.starts_with(prefix), "{prefix:?}");
        }
        assert_eq!(after_prefix("a\u{10ffff}\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
        assert!(after_key("a").as_str() > "a" && after_key("a").as_str() < "a\u{1}");
    }
}
