//! The model that everybody serves: 200 trees of depth 6 on 30 features.

use std::ops::ControlFlow;

use refit_benches::numbers;
use refit_xgboost::{Booster, DMatrix, Format, Training};

pub(crate) const FEATURES: usize = 30;
const ROWS: usize = 20_000;

pub(crate) struct Model(Booster);

impl Model {
    pub(crate) fn train() -> Self {
        let rows: Vec<f32> = numbers(1).take(ROWS * FEATURES).collect();
        let mut matrix = DMatrix::dense(&rows, FEATURES).expect("rows");
        let labels: Vec<f32> =
            rows.chunks(FEATURES).zip(numbers(2)).map(|(row, noise)| row[0] * 3.0 - row[1] + noise).collect();
        matrix.set_labels(&labels).expect("labels");
        let params = [("max_depth", "6"), ("eta", "0.1"), ("tree_method", "hist"), ("nthread", "1")];
        let training = Training::new(params, 200);
        Self(training.run(&matrix, &[], |_| ControlFlow::Continue(())).expect("trained").booster)
    }

    /// The file as JSON, which every release of XGBoost reads.
    pub(crate) fn json(&self) -> Vec<u8> {
        self.0.save(Format::Json).expect("saved")
    }

    /// The file as XGBoost 1.x writes it.
    pub(crate) fn binary(&self) -> Vec<u8> {
        self.0.save(Format::Deprecated).expect("saved")
    }

    /// A `model.tar.gz` as SageMaker's XGBoost 1.x writes it.
    pub(crate) fn artifact(&self) -> Vec<u8> {
        let file = self.binary();
        let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let mut archive = tar::Builder::new(gzip);
        let mut header = tar::Header::new_gnu();
        header.set_size(file.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, "xgboost-model", file.as_slice()).expect("packed");
        archive.into_inner().and_then(|gzip| gzip.finish()).expect("packed")
    }
}

/// One row.
pub(crate) fn row() -> Vec<f32> {
    numbers(3).take(FEATURES).collect()
}
