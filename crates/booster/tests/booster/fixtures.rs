//! The archives that `fixtures/make_fixtures.py` wrote, one per XGBoost release.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use refit_booster::artifact::{Limits, unpack};
use serde::Deserialize;

/// The releases whose archives are checked in.
pub(crate) const RELEASES: [&str; 12] =
    ["0.90", "1.0.2", "1.2.1", "1.3.3", "1.4.2", "1.5.2", "1.6.2", "1.7.6", "2.1.4", "3.0.5", "3.2.0", "3.4.1"];

/// Everything one release wrote and predicted.
pub(crate) struct Fixtures {
    pub(crate) index: Index,
    files: BTreeMap<String, Vec<u8>>,
}

#[derive(Deserialize)]
pub(crate) struct Index {
    pub(crate) version: String,
    pub(crate) columns: usize,
    rows: Vec<u32>,
    pub(crate) cases: Vec<Case>,
    pub(crate) refused: Vec<Refused>,
}

/// A model, in several files.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) trees: usize,
    pub(crate) importance: BTreeMap<String, BTreeMap<String, f64>>,
    outputs: Vec<Output>,
    files: BTreeMap<String, usize>,
}

/// What Python predicts for [`Fixtures::rows`] after reading a file back: bit patterns of `f32`.
#[derive(Deserialize)]
pub(crate) struct Output {
    pub(crate) predictions: Vec<u32>,
    pub(crate) margins: Vec<u32>,
    pub(crate) values_per_row: usize,
    pub(crate) best_ntree_limit: Option<usize>,
}

#[derive(Deserialize)]
pub(crate) struct Refused {
    pub(crate) what: String,
    pub(crate) file: String,
}

impl Fixtures {
    pub(crate) fn of(release: &str) -> Self {
        let archive = fs::File::open(path(&format!("{release}.tar.gz"))).unwrap();
        let members = unpack(archive, &Limits::default()).unwrap();
        let files: BTreeMap<_, _> = members.into_iter().map(|member| (member.path, member.bytes)).collect();
        let index: Index = serde_json::from_slice(&files["index.json"]).unwrap();
        assert_eq!(index.version, release);
        Self { index, files }
    }

    /// Row-major, NaN for missing.
    pub(crate) fn rows(&self) -> Vec<f32> {
        self.index.rows.iter().map(|bits| f32::from_bits(*bits)).collect()
    }

    pub(crate) fn bytes(&self, file: &str) -> &[u8] {
        &self.files[file]
    }

    pub(crate) fn case(&self, name: &str) -> &Case {
        self.index.cases.iter().find(|case| case.name == name).unwrap()
    }

    /// Every file of a supported model.
    pub(crate) fn models(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.index.cases.iter().flat_map(|case| case.files()).map(|(file, _)| (file, self.bytes(file)))
    }
}

impl Case {
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &Output)> {
        self.files.iter().map(|(file, output)| (file.as_str(), &self.outputs[*output]))
    }
}

/// A file in `fixtures/`.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}
