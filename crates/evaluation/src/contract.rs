//! Whether a set's columns are those that the model was trained on.

use crate::{EvaluationError, EvaluationSet, TrainingProfile};

impl TrainingProfile {
    /// Holds a set to the contract that a model was trained under: the features' names and their order, and the contract's
    /// SHA-256 where both are known.
    ///
    /// # Errors
    ///
    /// [`EvaluationError::Contract`] names every column that differs, [`EvaluationError::ContractSha256`] says that
    /// something else does.
    pub fn check(&self, set: &EvaluationSet) -> Result<(), EvaluationError> {
        check(set.name(), set.features(), &self.features)?;
        match (set.contract_sha256(), self.contract_sha256.as_deref()) {
            (Some(found), Some(expected)) if found != expected => Err(EvaluationError::ContractSha256 {
                set: set.name().to_owned(),
                found: found.to_owned(),
                expected: expected.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// What columns of these names have other than the contract, in words; none where they are the same in the same order.
    pub fn differences<'a>(&self, features: impl Iterator<Item = &'a str>) -> Option<String> {
        differences(features, &self.features)
    }
}

/// Compares column names with the contract's, in order, and names every difference.
///
/// SageMaker's container matches columns by position only, and scores whatever stands there.
pub(crate) fn check<'a>(
    set: &str,
    found: impl Iterator<Item = &'a str>,
    expected: &[String],
) -> Result<(), EvaluationError> {
    match differences(found, expected) {
        None => Ok(()),
        Some(problems) => Err(EvaluationError::Contract { set: set.to_owned(), problems }),
    }
}

fn differences<'a>(found: impl Iterator<Item = &'a str>, expected: &[String]) -> Option<String> {
    let found: Vec<&str> = found.collect();
    let mut problems = Vec::new();
    for (place, name) in expected.iter().enumerate() {
        match found.iter().position(|column| column == name) {
            None => problems.push(format!("{name} is missing")),
            Some(at) if at != place => problems.push(format!("{name} is feature {} instead of {}", at + 1, place + 1)),
            Some(_) => {}
        }
    }
    for (place, name) in found.iter().enumerate() {
        if !expected.iter().any(|column| column == name) {
            problems.push(format!("{name} is extra"));
        } else if found[..place].contains(name) {
            problems.push(format!("{name} is there twice"));
        }
    }
    (!problems.is_empty()).then(|| shortened(&problems))
}

/// The first problems by name, the rest as a number.
fn shortened(problems: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = problems[..problems.len().min(SHOWN)].join(", ");
    match problems.len().saturating_sub(SHOWN) {
        0 => shown,
        rest => format!("{shown}, and {rest} more"),
    }
}
