//! `model.tar.gz`: what is tolerated, and what each bad archive is told.

use std::fs;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use refit_booster::artifact::{Limits, unpack};
use refit_booster::{Booster, BoosterError};
use tar::{EntryType, Header};

use crate::fixtures::{Fixtures, path};

fn model() -> Vec<u8> {
    Fixtures::of("3.0.5").bytes("reg-squarederror/model.ubj").to_vec()
}

/// A tar whose paths are written as they are, climbing ones too.
fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in members {
        let kind = if path.ends_with('/') { EntryType::Directory } else { EntryType::Regular };
        archive.append(&header(path, content.len(), kind), *content).unwrap();
    }
    archive.into_inner().unwrap()
}

fn header(path: &str, size: usize, kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn refused(archive: &[u8]) -> BoosterError {
    Booster::from_artifact(archive).unwrap_err()
}

#[test]
fn the_archive_that_python_packed_is_read() {
    let booster = Booster::from_artifact(&fs::read(path("model.tar.gz")).unwrap()).unwrap();
    assert_eq!(booster.feature_names().unwrap(), ["distance", "bags"]);
}

#[test]
fn folders_dotfiles_and_plain_tar_are_tolerated() {
    let model = model();
    let members: [(&str, &[u8]); 6] = [
        ("./", b""),
        ("./model/", b""),
        ("./model/xgboost-model", &model),
        ("._xgboost-model", b"what macOS leaves"),
        (".sagemaker/notes", b"in a dot folder"),
        ("model/.keep", b""),
    ];
    let archive = tar(&members);
    for archive in [gzip(&archive), archive] {
        assert_eq!(Booster::from_artifact(&archive).unwrap().num_trees(), 3);
        let members = unpack(archive.as_slice(), &Limits::default()).unwrap();
        assert_eq!(members.len(), 1);
        assert_eq!((members[0].path.as_str(), members[0].bytes.as_slice()), ("model/xgboost-model", model.as_slice()));
    }
}

#[test]
fn no_model_and_several_models_are_told_apart() {
    let model = model();
    assert!(matches!(refused(&gzip(&tar(&[]))), BoosterError::NoModel));
    assert!(matches!(refused(&gzip(&tar(&[(".keep", b"")]))), BoosterError::NoModel));
    match refused(&gzip(&tar(&[("xgboost-model", &model), ("code/inference.py", b"import os")]))) {
        BoosterError::SeveralModels { count: 2, names } => assert_eq!(names, "xgboost-model, code/inference.py"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_models_of_kfold_are_refused_by_name() {
    let model = model();
    match refused(&gzip(&tar(&[("xgboost-model-0", &model), ("xgboost-model-1", &model)]))) {
        BoosterError::Unsupported { what, .. } => assert!(what.contains("2 models from `_kfold`"), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn paths_that_lead_out_are_refused() {
    for climbing in ["../xgboost-model", "/etc/passwd", "model/../../xgboost-model", "../"] {
        match refused(&gzip(&tar(&[(climbing, b"")]))) {
            BoosterError::ClimbingPath { path } => assert_eq!(path, climbing),
            other => panic!("{climbing}: {other:?}"),
        }
    }
}

#[test]
fn links_devices_and_sparse_files_are_refused() {
    let kinds = [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::Char, EntryType::GNUSparse];
    for kind in kinds {
        let mut header = header("xgboost-model", 0, kind);
        if kind == EntryType::GNUSparse {
            // A hole of 8 GiB, which takes no bytes in the archive.
            let gnu = header.as_gnu_mut().unwrap();
            gnu.realsize = *b"77777777777\0";
            gnu.sparse[0].offset = *b"77777777777\0";
            gnu.sparse[0].numbytes = *b"00000000000\0";
            header.set_cksum();
        }
        let mut archive = tar::Builder::new(Vec::new());
        archive.append(&header, &b""[..]).unwrap();
        match refused(&archive.into_inner().unwrap()) {
            BoosterError::NotAFile { path } => assert_eq!(path, "xgboost-model"),
            other => panic!("{kind:?}: {other:?}"),
        }
    }
}

#[test]
fn a_corrupt_or_cut_archive_is_told_so() {
    let archive = gzip(&tar(&[("xgboost-model", &model())]));
    for length in [archive.len() - 1, archive.len() - 9, archive.len() / 2, 20, 2] {
        assert!(matches!(refused(&archive[..length]), BoosterError::CorruptArchive { .. }), "cut at {length}");
    }
    let mut changed = archive.clone();
    let checksum = changed.len() - 6;
    changed[checksum] ^= 1;
    assert!(matches!(refused(&changed), BoosterError::CorruptArchive { .. }));
    let plain = tar(&[("xgboost-model", &model())]);
    assert!(matches!(refused(&plain[..1000]), BoosterError::CorruptArchive { .. }));
    assert!(matches!(refused(&model()), BoosterError::CorruptArchive { .. }), "a model that is not packed");
}

#[test]
fn what_unpacks_to_too_much_is_stopped() {
    let bomb = gzip(&tar(&[("xgboost-model", &vec![0; 4 << 20])]));
    assert!(bomb.len() < 64 << 10);
    let too_large = |limits| match unpack(bomb.as_slice(), &limits) {
        Err(BoosterError::ArchiveTooLarge { limit, unit }) => Some((limit, unit)),
        Err(other) => panic!("{other:?}"),
        Ok(_) => None,
    };
    assert_eq!(too_large(Limits::new(1 << 20, 10)), Some((1 << 20, "unpacked bytes")));
    assert_eq!(too_large(Limits::new(8 << 20, 10)), None);

    // Zeros after the archive's end are unpacked as well.
    let padded = gzip(&[tar(&[("xgboost-model", b"{}")]), vec![0; 4 << 20]].concat());
    let error = unpack(padded.as_slice(), &Limits::new(1 << 20, 10)).unwrap_err();
    assert!(matches!(error, BoosterError::ArchiveTooLarge { .. }), "{error:?}");

    let many: Vec<(String, &[u8])> = (0..50).map(|index| (format!("d{index}/"), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(path, content)| (path.as_str(), *content)).collect();
    let error = unpack(tar(&many).as_slice(), &Limits::new(1 << 20, 49)).unwrap_err();
    assert!(matches!(error, BoosterError::ArchiveTooLarge { limit: 49, unit: "entries" }), "{error:?}");
}

#[test]
fn a_model_is_read_within_limits() {
    let packed = gzip(&tar(&[("xgboost-model", &model())]));
    let read = |bytes| Booster::from_artifact_within(&packed, &Limits::new(bytes, 10));
    assert!(read(1 << 20).is_ok());
    let error = read(100).unwrap_err();
    assert!(matches!(error, BoosterError::ArchiveTooLarge { limit: 100, .. }), "{error:?}");
    assert!(error.to_string().contains("from_artifact_within"), "{error}");
}

/// How much of an archive was asked for.
struct Asked<'a> {
    archive: &'a [u8],
    bytes: &'a std::cell::Cell<usize>,
}

impl Read for Asked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.archive.read(buffer)?;
        self.bytes.set(self.bytes.get() + read);
        Ok(read)
    }
}

// Gzip members one after the other are one stream (RFC 1952, 2.2), so four gigabytes of zeros are sixty-four times the same
// sixty-four megabytes.
#[test]
fn four_gigabytes_in_four_megabytes_are_refused_after_some_kilobytes() {
    const ZEROS: usize = 64 << 20;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; ZEROS]).unwrap();
    let zeros = encoder.finish().unwrap();
    let entry = |kind, size| gzip(header("xgboost-model", size, kind).as_bytes());
    let whole = entry(EntryType::Regular, 64 * ZEROS);
    let (long_name, pax) = (entry(EntryType::GNULongName, 64 * ZEROS), entry(EntryType::XHeader, 64 * ZEROS));
    let small = entry(EntryType::Regular, ZEROS);
    let bombs = [
        ("one file", [whole, zeros.repeat(64)].concat(), "unpacked bytes"),
        ("a long name", [long_name, zeros.repeat(64)].concat(), "unpacked bytes for each packed one"),
        ("a file's attributes", [pax, zeros.repeat(64)].concat(), "unpacked bytes for each packed one"),
        ("many files", [small, zeros.clone()].concat().repeat(64), "unpacked bytes for each packed one"),
        (
            "zeros after the end",
            [gzip(&tar(&[("xgboost-model", b"{}")])), zeros.repeat(64)].concat(),
            "unpacked bytes for each packed one",
        ),
    ];
    for (what, bomb, passed) in bombs {
        assert!(bomb.len() < 5 << 20, "{what}: {}", bomb.len());
        let bytes = std::cell::Cell::new(0);
        let error = unpack(Asked { archive: &bomb, bytes: &bytes }, &Limits::default()).unwrap_err();
        assert!(matches!(error, BoosterError::ArchiveTooLarge { unit, .. } if unit == passed), "{what}: {error:?}");
        // Deflate unpacks a byte to 1,032 at most, so no more than 64 MiB were ever in memory.
        assert!(bytes.get() < 64 << 10, "{what}: {} bytes were read", bytes.get());
    }
    let trusted = [entry(EntryType::Regular, ZEROS), zeros].concat();
    assert!(unpack(trusted.as_slice(), &Limits::default().with_ratio(2000)).is_ok(), "who knows better may say so");
}
