//! `model.tar.gz`, as the container leaves it.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The name of the one member.
const MODEL_NAME: &str = "xgboost-model";

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
