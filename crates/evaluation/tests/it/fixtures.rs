//! The files that `make_fixtures.py` made.

use std::io::Cursor;
use std::path::PathBuf;

use refit_booster::Booster;
use refit_evaluation::{Evaluation, EvaluationError, EvaluationSet, RegressionMetrics, evaluate};
use serde_json::Value;

pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

pub(crate) fn features() -> Vec<String> {
    ["dep_delay", "distance", "wind_speed", "visib", "unused"].map(String::from).to_vec()
}

pub(crate) fn booster(name: &str) -> Booster {
    Booster::from_artifact(&std::fs::read(path(name)).unwrap()).unwrap()
}

pub(crate) fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(path("expected.json")).unwrap()).unwrap()
}

/// The figures of the fixture's rows.
pub(crate) fn errors() -> RegressionMetrics {
    evaluation().metrics.regression().unwrap().clone()
}

pub(crate) fn evaluation() -> Evaluation {
    evaluate(&booster("model.tar.gz"), EvaluationSet::from_csv(path("evaluation.csv"), &features()).unwrap()).unwrap()
}

/// A set of these lines, under the name `rows`.
pub(crate) fn set(lines: &str) -> EvaluationSet {
    EvaluationSet::from_reader("rows", Cursor::new(lines.to_owned()), &features())
}

pub(crate) fn evaluated(lines: &str) -> Result<Evaluation, EvaluationError> {
    evaluate(&booster("model.tar.gz"), set(lines))
}
