//! The XGBoost release that wrote a model.

use std::fmt;

/// An XGBoost release. It decides how the model predicts: the order of the sum and two formulae changed over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The major number.
    pub major: u32,
    /// The minor number.
    pub minor: u32,
    /// The patch number; 0 in the legacy binary, which does not store it.
    pub patch: u32,
}

impl Version {
    /// Whether this release is `major.minor` or a later one.
    pub(crate) fn is_at_least(self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
