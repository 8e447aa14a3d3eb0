//! The formats of an `xgboost-model` file, told apart by content.

use std::fmt;

/// How a model was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A Python pickle of `xgboost.core.Booster`: SageMaker's images 1.0-1 and 1.2.
    Pickle,
    /// The legacy binary of XGBoost 0.x to 3.0, with or without its `binf` header: images 1.3-1 to 1.7-1.
    Binary,
    /// JSON, since XGBoost 1.0.
    Json,
    /// Universal Binary JSON, since XGBoost 1.6: image 3.0-5.
    Ubj,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pickle => "pickle",
            Self::Binary => "legacy binary",
            Self::Json => "JSON",
            Self::Ubj => "UBJSON",
        })
    }
}

/// The header of what `Booster.__getstate__` of XGBoost 1.0 to 1.2 pickles.
pub(crate) const CONFIG_OFFSET: &[u8] = b"CONFIG-offset:";
/// The optional header of the legacy binary.
pub(crate) const BINF: &[u8] = b"binf";

/// What the first bytes announce. Files of XGBoost 0.x have no header and are announced by nothing, so `None` may
/// still be a model.
pub(crate) fn sniff(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(BINF) || bytes.starts_with(CONFIG_OFFSET) {
        return Some(Format::Binary);
    }
    match *bytes {
        [0x80, 0..=5, ..] => Some(Format::Pickle),
        [b'{', b'L' | b'l' | b'I' | b'i' | b'U', ..] => Some(Format::Ubj),
        [b'{', b'"' | b' ' | b'\t' | b'\r' | b'\n' | b'}', ..] => Some(Format::Json),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_decide() {
        assert_eq!(sniff(b"{\"learner\""), Some(Format::Json));
        assert_eq!(sniff(b"{\n  \"learner\""), Some(Format::Json));
        assert_eq!(sniff(b"{L\0\0\0\0\0\0\0\x07learner"), Some(Format::Ubj));
        assert_eq!(sniff(b"\x80\x04\x95"), Some(Format::Pickle));
        assert_eq!(sniff(b"binf\0\0\0?"), Some(Format::Binary));
        assert_eq!(sniff(b"CONFIG-offset:"), Some(Format::Binary));
        assert_eq!(sniff(b"\x80\x06"), None, "no pickle protocol 6 exists");
        assert_eq!(sniff(b"\x1f\x8b\x08"), None, "gzip is an artifact, not a model");
        assert_eq!(sniff(b""), None);
    }
}
