//! The XGBoost release that wrote a model.

use std::fmt;

/// An XGBoost release. It decides how the model predicts: the order of the sum and two formulae changed over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    /// The major number.
    pub major: u32,
    /// The minor number.
    pub minor: u32,
    /// The patch number; `None` from the legacy binary, which does not store it.
    pub patch: Option<u32>,
}

/// The last release whose files and formulae this crate knows. Minor releases have changed both: 3.1 the intercept,
/// 3.4 the place of the tree weights.
const LAST_KNOWN: (u32, u32) = (3, 4);

impl Version {
    /// Whether this release is `major.minor` or a later one.
    pub(crate) fn is_at_least(self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// Whether this release is newer than what this crate was written against.
    pub(crate) fn is_unknown(self) -> bool {
        (self.major, self.minor) > LAST_KNOWN
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(formatter, ".{patch}"))
    }
}
