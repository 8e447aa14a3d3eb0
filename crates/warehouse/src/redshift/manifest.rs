//! What UNLOAD wrote.

use serde::Deserialize;

use crate::WarehouseError;

/// The manifest that UNLOAD writes when all files are there (`MANIFEST VERBOSE`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnloadManifest {
    /// The files.
    pub files: Vec<UnloadedFile>,
}

/// A file that UNLOAD wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnloadedFile {
    /// Its address, `s3://…`.
    pub url: String,
    /// Its length.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
}

impl UnloadManifest {
    /// Reads the JSON of a manifest.
    ///
    /// # Errors
    /// [`WarehouseError::InvalidUnloadManifest`].
    pub fn parse(json: &[u8]) -> Result<Self, WarehouseError> {
        let read: Json =
            serde_json::from_slice(json).map_err(|source| WarehouseError::InvalidUnloadManifest { source })?;
        let file = |Entry { url, meta }| UnloadedFile { url, bytes: meta.content_length, rows: meta.record_count };
        Ok(Self { files: read.entries.into_iter().map(file).collect() })
    }

    /// The rows of all files.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }
}

#[derive(Deserialize)]
struct Json {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    url: String,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    content_length: u64,
    record_count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape is that of the example in Redshift's documentation of UNLOAD with `MANIFEST VERBOSE`.
    #[test]
    fn a_manifest_is_read() {
        let json = br#"{
            "entries": [
                {"url": "s3://b/unload/venue_pipe_0000_part_00", "meta": {"content_length": 32295, "record_count": 10}},
                {"url": "s3://b/unload/venue_pipe_0001_part_00", "meta": {"content_length": 32771, "record_count": 20}}
            ],
            "schema": {"elements": [{"name": "venueid", "type": {"base": "integer"}}]},
            "meta": {"content_length": 65066, "record_count": 30},
            "author": {"name": "Amazon Redshift", "version": "1.0.0"}
        }"#;
        let manifest = UnloadManifest::parse(json).unwrap();
        assert_eq!((manifest.files.len(), manifest.rows()), (2, 30));
        assert_eq!(manifest.files[1].url, "s3://b/unload/venue_pipe_0001_part_00");
        for json in [&b"{}"[..], b"", br#"{"entries": [{"url": "s3://b/k"}]}"#] {
            assert!(matches!(UnloadManifest::parse(json), Err(WarehouseError::InvalidUnloadManifest { .. })));
        }
    }
}
