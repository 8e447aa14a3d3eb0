//! What the tests of every warehouse share.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod postgres;
pub(crate) mod suite;

use std::path::{Path, PathBuf};

/// The repository's example data.
pub(crate) fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data").join(file)
}

/// An error with all its sources, as a caller may log it.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut next = error.source();
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    text
}
