//! IAM's wildcards: `*` for any characters, none too, and `?` for one.

/// Text with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<char>);

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// Whether the whole of `text` is meant.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_slice(), text.chars().collect::<Vec<_>>());
        let (mut p, mut t) = (0, 0);
        // Where to go on when what follows the last `*` does not match: let it stand for one character more.
        let mut again = None;
        loop {
            match (pattern.get(p), text.get(t)) {
                (None, None) => return true,
                (Some('*'), _) => {
                    again = Some((p + 1, t));
                    p += 1;
                }
                (Some(&wanted), Some(&found)) if wanted == '?' || wanted == found => {
                    p += 1;
                    t += 1;
                }
                _ => match again {
                    Some((after, from)) if from < text.len() => {
                        again = Some((after, from + 1));
                        p = after;
                        t = from + 1;
                    }
                    _ => return false,
                },
            }
        }
    }

    /// Whether some text is meant by both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.0, &other.0);
        // Whether what stands before each position of the two can be the same text.
        let mut row: Vec<bool> = Vec::with_capacity(theirs.len() + 1);
        for o in 0..=ours.len() {
            let above = std::mem::take(&mut row);
            for t in 0..=theirs.len() {
                let (before_ours, before_theirs) = (o.checked_sub(1), t.checked_sub(1));
                let ours_is = before_ours.map(|at| ours[at]);
                let theirs_is = before_theirs.map(|at| theirs[at]);
                let without_ours = before_ours.is_some() && above[t];
                let without_theirs = before_theirs.is_some_and(|at| row[at]);
                let without_both = before_ours.is_some() && before_theirs.is_some_and(|at| above[at]);
                row.push(match (ours_is, theirs_is) {
                    (None, None) => true,
                    (Some('*'), Some('*')) => without_ours || without_theirs || without_both,
                    (Some('*'), _) => without_ours || without_theirs,
                    (_, Some('*')) => without_theirs || without_ours,
                    (Some(left), Some(right)) => (left == right || left == '?' || right == '?') && without_both,
                    _ => false,
                });
            }
        }
        row.last() == Some(&true)
    }

    /// Whether an ARN is meant: each of its six parts by the pattern's part.
    pub(super) fn matches_arn(text: &str, arn: &str) -> bool {
        let parts = |arn: &str| arn.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
        let (patterns, parts) = (parts(text), parts(arn));
        patterns.len() == parts.len()
            && patterns.iter().zip(&parts).all(|(pattern, part)| Self::new(pattern).matches(part))
    }
}
