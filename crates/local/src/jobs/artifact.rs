//! `model.tar.gz`, as the container leaves it.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use refit_xgboost::Format;

/// The name of the one member.
const MODEL_NAME: &str = "xgboost-model";

/// The format in which the image's version of XGBoost writes a model.
///
/// From 2.0 on that is UBJSON, before that the legacy binary format. Images up to 1.2-2 pickle a Python object around it;
/// what they wrote is read by everything that reads a pickle's inside, so the plain binary stands in for it.
pub(super) fn format_of(image_tag: &str) -> Format {
    let major = image_tag.split(['.', '-']).next().and_then(|major| major.parse::<u32>().ok());
    if major >= Some(2) { Format::Ubj } else { Format::Deprecated }
}

/// Packs a model. The same model gives the same bytes.
pub(super) fn pack(model: &[u8]) -> io::Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_size(model.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    archive.append_data(&mut header, MODEL_NAME, model)?;
    let mut bytes = archive.into_inner()?.finish()?;
    bytes.flush()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Formats: facts on the images' versions of XGBoost, table of artifacts.
    #[test]
    fn the_image_decides_the_format() {
        for (tag, format) in [
            ("1.2-2", Format::Deprecated),
            ("1.5-1", Format::Deprecated),
            ("1.7-1", Format::Deprecated),
            ("3.0-5", Format::Ubj),
            ("latest", Format::Deprecated),
        ] {
            assert_eq!(format_of(tag), format, "{tag}");
        }
    }

    #[test]
    fn the_archive_holds_the_model_alone() {
        let bytes = pack(b"a model").unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let mut members = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = String::new();
            io::Read::read_to_string(&mut entry, &mut content).unwrap();
            members.push((entry.path().unwrap().display().to_string(), content));
        }
        assert_eq!(members, [("xgboost-model".to_owned(), "a model".to_owned())]);
        assert_eq!(pack(b"a model").unwrap(), bytes);
    }
}
