//! A damaged file is an error or a model that predicts; never a panic, a hang, or more memory than the file warrants.

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use refit_booster::Booster;

use crate::fixtures::{Fixtures, RELEASES, path};

/// All files of all releases.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let of = |release| {
        let fixtures = Fixtures::of(release);
        fixtures.models().map(|(_, bytes)| bytes.to_vec()).collect::<Vec<_>>()
    };
    RELEASES.into_iter().flat_map(of).collect()
});

/// What Python packed, unpacked by nothing but gzip.
static ARCHIVE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let packed = std::fs::read(path("model.tar.gz")).unwrap();
    let mut tar = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut tar).unwrap();
    tar
});

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Numbers that a length, an index or a count must not be.
const EXTREMES: [u64; 6] = [0, 1, u64::MAX, 0x7fff_ffff, 0x8000_0000, 0x7fff_ffff_ffff_ffff];

#[derive(Debug, Clone)]
enum Mutation {
    Flip { place: prop::sample::Index, mask: u8 },
    Cut { place: prop::sample::Index },
    Remove { place: prop::sample::Index, length: usize },
    Insert { place: prop::sample::Index, bytes: Vec<u8> },
    Overwrite { place: prop::sample::Index, bytes: Vec<u8> },
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<prop::sample::Index>;
    let extreme = prop::sample::select(&EXTREMES[..]);
    let number = (extreme, any::<bool>(), any::<bool>()).prop_map(|(number, wide, big_endian)| {
        let bytes = if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        match (wide, big_endian) {
            (true, _) => bytes.to_vec(),
            (false, true) => bytes[4..].to_vec(),
            (false, false) => bytes[..4].to_vec(),
        }
    });
    prop_oneof![
        4 => (place(), 1..=u8::MAX).prop_map(|(place, mask)| Mutation::Flip { place, mask }),
        1 => place().prop_map(|place| Mutation::Cut { place }),
        1 => (place(), 1..64_usize).prop_map(|(place, length)| Mutation::Remove { place, length }),
        1 => (place(), prop::collection::vec(any::<u8>(), 1..16))
            .prop_map(|(place, bytes)| Mutation::Insert { place, bytes }),
        3 => (place(), number).prop_map(|(place, bytes)| Mutation::Overwrite { place, bytes }),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match mutation {
        Mutation::Flip { place, mask } => bytes[place.index(length)] ^= mask,
        Mutation::Cut { place } => bytes.truncate(place.index(length)),
        Mutation::Remove { place, length: removed } => {
            let start = place.index(length);
            bytes.drain(start..length.min(start + removed));
        }
        Mutation::Insert { place, bytes: inserted } => {
            let start = place.index(length);
            bytes.splice(start..start, inserted.iter().copied());
        }
        Mutation::Overwrite { place, bytes: written } => {
            let start = place.index(length);
            bytes.iter_mut().skip(start).zip(written).for_each(|(old, new)| *old = *new);
        }
    }
}

/// Whatever was read predicts a value for every row.
fn predicts(booster: &Booster) -> Result<(), TestCaseError> {
    let columns = booster.num_features();
    // A changed number of features asks for rows of that width; only small ones are worth building.
    if columns < 1000 {
        let rows: Vec<f32> = (0..columns * 9).map(|cell| cell as f32 - 20.0).collect();
        let predictions = booster.predict_dense(&rows, columns).unwrap();
        prop_assert_eq!(predictions.rows(), if columns == 0 { 0 } else { 9 });
    }
    prop_assert_eq!(booster.predict_dense(&[], columns).unwrap().rows(), 0);
    let _ = booster.importance();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16 * ProptestConfig::default().cases))]

    #[test]
    fn a_mutated_model_is_an_error_or_predicts(
        file in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        let mut bytes = file.get(&FILES).clone();
        mutations.iter().for_each(|mutation| mutate(&mut bytes, mutation));
        if let Ok(booster) = Booster::from_bytes(&bytes) {
            predicts(&booster)?;
        }
    }

    /// Damaged before it is packed, after, or both; plain tar too.
    #[test]
    fn a_mutated_archive_is_an_error_or_a_model(
        inside in prop::collection::vec(mutation(), 0..3),
        outside in prop::collection::vec(mutation(), 0..3),
        packed in any::<bool>(),
    ) {
        let mut tar = ARCHIVE.clone();
        inside.iter().for_each(|mutation| mutate(&mut tar, mutation));
        let mut bytes = if packed { gzip(&tar) } else { tar };
        outside.iter().for_each(|mutation| mutate(&mut bytes, mutation));
        if let Ok(booster) = Booster::from_artifact(&bytes) {
            predicts(&booster)?;
        }
    }

    #[test]
    fn any_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Booster::from_bytes(&bytes).is_err());
        prop_assert!(Booster::from_artifact(&bytes).is_err());
    }
}

/// Every cut of one file of each format, since a cut is the damage that happens most.
#[test]
fn a_file_cut_short_is_an_error() {
    let fixtures = Fixtures::of("1.2.1");
    let newer = Fixtures::of("3.0.5");
    let json = fixtures.bytes("roots alone/model.json");
    let ubj = newer.bytes("roots alone/model.ubj");
    let pickle = fixtures.bytes("roots alone/model.pickle4");
    for bytes in [json, ubj, pickle] {
        for length in 0..bytes.len() {
            assert!(Booster::from_bytes(&bytes[..length]).is_err(), "cut at {length} of {}", bytes.len());
        }
    }
}
