//! The evaluation sets of a training, and XGBoost's line of metrics about them.

use std::ffi::{CStr, CString};

use crate::dmatrix::DMatrix;
use crate::error::XgboostError;
use crate::ffi::MatrixHandle;
use crate::training::Metric;

/// The sets in the order XGBoost evaluates them, their names ready for C.
pub(crate) struct EvaluationSets<'a> {
    sets: &'a [(&'a str, &'a DMatrix)],
    names: Vec<CString>,
}

impl<'a> EvaluationSets<'a> {
    pub(crate) fn new(sets: &'a [(&'a str, &'a DMatrix)]) -> Result<Self, XgboostError> {
        for (index, (name, matrix)) in sets.iter().enumerate() {
            let refuse = |reason| XgboostError::EvaluationSet { name: (*name).to_owned(), reason };
            if name.is_empty() || name.contains(char::is_control) {
                return Err(refuse("give a name without control characters"));
            }
            if sets[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(refuse("another set has the same name"));
            }
            if !matrix.is_labelled() {
                return Err(XgboostError::Unlabelled { set: (*name).to_owned() });
            }
        }
        let names = sets.iter().filter_map(|(name, _)| CString::new(*name).ok()).collect();
        Ok(Self { sets, names })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    pub(crate) fn handles(&self) -> Vec<(&CStr, &MatrixHandle)> {
        self.names.iter().zip(self.sets).map(|(name, (_, matrix))| (name.as_c_str(), &matrix.handle)).collect()
    }

    /// Reads `[3]\ttrain-rmse:0.5\tvalidation-rmse:0.6`.
    pub(crate) fn parse(&self, line: &str) -> Result<Vec<Metric>, XgboostError> {
        let names: Vec<&str> = self.sets.iter().map(|(name, _)| *name).collect();
        parse_line(line, &names)
            .ok_or_else(|| XgboostError::library("evaluate a round", format!("unreadable line `{line}`")))
    }
}

/// Metrics come set by set, each set with the same metrics. So the set of a field follows from its place, and a `-` or `:`
/// in a name (`tweedie-nloglik@1.5`, `ndcg@5-`) is no trouble.
fn parse_line(line: &str, sets: &[&str]) -> Option<Vec<Metric>> {
    let (_iteration, fields) = line.split_once('\t')?;
    let fields: Vec<&str> = fields.split('\t').collect();
    if !fields.len().is_multiple_of(sets.len()) {
        return None;
    }
    let per_set = fields.len() / sets.len();
    fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let set = sets[index / per_set];
            let (name, value) = field.strip_prefix(set)?.strip_prefix('-')?.rsplit_once(':')?;
            Some(Metric { set: set.to_owned(), name: name.to_owned(), value: value.trim().parse().ok()? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::parse_line;

    #[test]
    fn names_with_dashes_colons_and_common_prefixes_are_told_apart() {
        let line = "[12]\tval-tweedie-nloglik@1.5:0.25\tval-ndcg@5-:1.00000000000000000\tval-2-tweedie-nloglik@1.5:-nan\tval-2-ndcg@5-:inf";
        let metrics = parse_line(line, &["val", "val-2"]).unwrap();
        let told: Vec<(&str, &str)> = metrics.iter().map(|m| (m.set.as_str(), m.name.as_str())).collect();
        assert_eq!(
            told,
            [
                ("val", "tweedie-nloglik@1.5"),
                ("val", "ndcg@5-"),
                ("val-2", "tweedie-nloglik@1.5"),
                ("val-2", "ndcg@5-")
            ]
        );
        assert_eq!(metrics[0].value, 0.25);
        assert!(metrics[2].value.is_nan());
        assert_eq!(metrics[3].value, f64::INFINITY);
    }

    #[test]
    fn a_line_that_does_not_fit_the_sets_is_refused() {
        assert!(parse_line("[0]", &["a"]).is_none());
        assert!(parse_line("[0]\ta-rmse:1\tb-rmse:2\tb-mae:3", &["a", "b"]).is_none());
        assert!(parse_line("[0]\ta-rmse:one", &["a"]).is_none());
    }
}
