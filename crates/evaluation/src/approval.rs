//! When a model may serve without a person's word: a rule that is data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Change, DriftLevel, DriftReport, PairedComparison, SliceMetrics, Verdict};

/// What SageMaker keeps of a reason (`ApprovalDescription`).
const LONGEST_DESCRIPTION: usize = 1024;

/// How the description of a decision that is left open begins.
const LEFT_PENDING: &str = "left pending by rule";

/// Conditions on a candidate. It is approved where all hold, rejected where one fails that says so, and otherwise left
/// to a person.
///
/// | field | default | what it asks for |
/// |---|---|---|
/// | `verdict` | `not_worse` | the verdict against the champion; `any` asks for none |
/// | `reject_worse` | true | whether a [`Verdict::Worse`] rejects |
/// | `thresholds` | none | what figures must come to |
/// | `slices` | none | how far a slice may fall behind the whole |
/// | `drift` | none | the farthest drift that is approved |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApprovalRule {
    /// The verdict that is asked for.
    pub verdict: RequiredVerdict,
    /// Whether a model that is surely worse is rejected, not left pending.
    pub reject_worse: bool,
    /// What figures must come to.
    pub thresholds: Vec<MetricThreshold>,
    /// How far a slice may fall behind.
    pub slices: Option<SliceLimit>,
    /// The farthest drift that is approved.
    pub drift: Option<DriftLevel>,
}

impl Default for ApprovalRule {
    fn default() -> Self {
        Self {
            verdict: RequiredVerdict::default(),
            reject_worse: true,
            thresholds: Vec::new(),
            slices: None,
            drift: None,
        }
    }
}

/// The verdict that a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequiredVerdict {
    /// [`Verdict::Better`].
    Better,
    /// [`Verdict::Better`] or [`Verdict::NotWorse`].
    #[default]
    NotWorse,
    /// None; there need be no champion.
    Any,
}

/// What a figure must come to, as MLflow's `MetricThreshold` has it: a `threshold`, a `min_change` or both. One that asks neither fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricThreshold {
    /// The figure, by its name in [`Evaluation::figures`](crate::Evaluation::figures).
    pub metric: String,
    /// Whether a higher value is a better one.
    pub greater_is_better: bool,
    /// What it must reach: at least this where greater is better, else at most.
    #[serde(default)]
    pub threshold: Option<f64>,
    /// How much better than the champion's it must be (`min_absolute_change`, `min_relative_change`).
    #[serde(default)]
    pub min_change: Option<Change>,
    /// Whether a model that fails is rejected, not left pending.
    #[serde(default)]
    pub reject: bool,
}

/// How far a slice may fall behind all rows. Where no slice was measured that is asked, a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SliceLimit {
    /// The slice's MAE may be so many times that of all rows.
    pub most_times_mae: f64,
    /// Slices of fewer rows are not asked.
    pub least_rows: u64,
}

/// What is known of a candidate.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// Its figures.
    pub figures: BTreeMap<&'static str, f64>,
    /// The champion's on the same rows, where there is one.
    pub champion: Option<BTreeMap<&'static str, f64>>,
    /// Both compared.
    pub comparison: Option<&'a PairedComparison>,
    /// Why there is a champion and no comparison.
    pub not_compared: Option<&'a str>,
    /// Slices of the rows.
    pub slices: &'a [SliceMetrics],
    /// Drift since training.
    pub drift: Option<&'a DriftReport>,
}

/// What a rule says, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Decision {
    /// What becomes of the model.
    pub outcome: Outcome,
    /// Why: what failed, or where nothing did, what held.
    pub reasons: Vec<String>,
}

/// What becomes of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It may serve.
    Approve,
    /// A person decides.
    LeavePending,
    /// It may not.
    Reject,
}

impl Decision {
    /// The reasons in one line, for `ApprovalDescription`: at most 1,024 characters, none of them a line break
    /// or another control character.
    pub fn description(&self) -> String {
        let said = match self.outcome {
            Outcome::Approve => "approved by rule",
            Outcome::LeavePending => LEFT_PENDING,
            Outcome::Reject => "rejected by rule",
        };
        let text = format!("{said}: {}", self.reasons.join("; ")).replace(char::is_control, " ");
        match text.char_indices().nth(LONGEST_DESCRIPTION) {
            Some(_) => text.chars().take(LONGEST_DESCRIPTION - 1).chain(['…']).collect(),
            None => text,
        }
    }

    /// Whether a description says that a rule left the decision open, so that a rule may still take it. What a person wrote
    /// says otherwise.
    pub fn left_open(description: Option<&str>) -> bool {
        description.is_none_or(|text| text.is_empty() || text.starts_with(LEFT_PENDING))
    }
}

impl ApprovalRule {
    /// Judges a candidate.
    pub fn decide(&self, evidence: &Evidence<'_>) -> Decision {
        let mut findings = vec![self.verdict_of(evidence)];
        findings.extend(self.thresholds.iter().flat_map(|threshold| threshold.judge(evidence)));
        findings.extend(self.slices.iter().flat_map(|limit| limit.judge(evidence)));
        findings.extend(self.drift.map(|most| drift(most, evidence.drift)));
        let outcome = findings.iter().map(|finding| finding.0).max().unwrap_or(Outcome::LeavePending);
        let told = findings.into_iter().filter(|finding| outcome == Outcome::Approve || finding.0 != Outcome::Approve);
        let reasons = told.map(|finding| finding.1).filter(|reason| !reason.is_empty()).collect();
        Decision { outcome, reasons }
    }

    fn verdict_of(&self, evidence: &Evidence<'_>) -> (Outcome, String) {
        let Some(compared) = evidence.comparison else {
            let outcome = if self.verdict == RequiredVerdict::Any { Outcome::Approve } else { Outcome::LeavePending };
            let reason = match evidence.not_compared {
                Some(why) => format!("the champion was not compared: {why}"),
                None => "there is no champion to compare it with".to_owned(),
            };
            return (outcome, reason);
        };
        let accepted = match (self.verdict, compared.verdict) {
            (RequiredVerdict::Any, _) | (_, Verdict::Better) => true,
            (RequiredVerdict::NotWorse, Verdict::NotWorse) => true,
            (RequiredVerdict::NotWorse | RequiredVerdict::Better, _) => false,
        };
        let outcome = match compared.verdict {
            Verdict::Worse if self.reject_worse => Outcome::Reject,
            _ if accepted => Outcome::Approve,
            _ => Outcome::LeavePending,
        };
        (outcome, compared.sentence())
    }
}

impl MetricThreshold {
    /// Asks that a figure be at least this.
    pub fn at_least(metric: impl Into<String>, threshold: f64) -> Self {
        let metric = metric.into();
        Self { metric, greater_is_better: true, threshold: Some(threshold), min_change: None, reject: false }
    }

    /// Asks that a figure be at most this.
    pub fn at_most(metric: impl Into<String>, threshold: f64) -> Self {
        Self { greater_is_better: false, ..Self::at_least(metric, threshold) }
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Vec<(Outcome, String)> {
        let Some(found) = evidence.figures.get(self.metric.as_str()).copied() else {
            return vec![(self.failed(), format!("{} was not measured", self.metric))];
        };
        if self.threshold.is_none() && self.min_change.is_none() {
            let text = format!("nothing is asked of {}: give a threshold or a min_change", self.metric);
            return vec![(self.failed(), text)];
        }
        let mut findings = Vec::new();
        if let Some(threshold) = self.threshold {
            let holds = if self.greater_is_better { found >= threshold } else { found <= threshold };
            let sign = if self.greater_is_better { "at least" } else { "at most" };
            findings.push(self.finding(holds, format!("{} is {found:.6}, to be {sign} {threshold}", self.metric)));
        }
        if let Some(change) = self.min_change {
            let before = evidence.champion.as_ref().and_then(|figures| figures.get(self.metric.as_str()).copied());
            findings.push(match before {
                None => self.finding(false, format!("there is no champion's {} to improve on", self.metric)),
                Some(before) => {
                    let improved = if self.greater_is_better { found - before } else { before - found };
                    let wanted = change.from(before);
                    let holds = improved >= wanted;
                    let text =
                        format!("{} improved by {improved:.6} on {before:.6}, to be at least {wanted:.6}", self.metric);
                    self.finding(holds, text)
                }
            });
        }
        findings
    }

    fn finding(&self, holds: bool, text: String) -> (Outcome, String) {
        (if holds { Outcome::Approve } else { self.failed() }, text)
    }

    fn failed(&self) -> Outcome {
        if self.reject { Outcome::Reject } else { Outcome::LeavePending }
    }
}

impl SliceLimit {
    fn judge(&self, evidence: &Evidence<'_>) -> Vec<(Outcome, String)> {
        let Some(overall) = evidence.figures.get("mae").copied() else {
            return vec![(Outcome::LeavePending, "slices are judged by mae, which was not measured".to_owned())];
        };
        let asked: Vec<_> = evidence.slices.iter().filter(|slice| slice.rows >= self.least_rows).collect();
        if asked.is_empty() {
            return vec![(
                Outcome::LeavePending,
                format!(
                    "no slice of {} rows or more was measured: slice by a column, or ask fewer rows",
                    self.least_rows
                ),
            )];
        }
        let behind = asked.into_iter().filter(|slice| slice.mae > self.most_times_mae * overall);
        let tell = |slice: &SliceMetrics| {
            let SliceMetrics { column, value, rows, mae, .. } = slice;
            (
                Outcome::LeavePending,
                format!("mae is {mae:.6} where {column} is {value} ({rows} rows), {overall:.6} over all"),
            )
        };
        behind.map(tell).collect()
    }
}

fn drift(most: DriftLevel, report: Option<&DriftReport>) -> (Outcome, String) {
    let Some(report) = report else {
        return (Outcome::LeavePending, "drift was not measured".to_owned());
    };
    let beyond: Vec<&str> =
        report.columns.iter().filter(|column| column.level > most).map(|column| column.column.as_str()).collect();
    if beyond.is_empty() {
        return (Outcome::Approve, format!("no column drifted beyond {}", name(most)));
    }
    (Outcome::LeavePending, format!("drifted beyond {}: {}", name(most), beyond.join(", ")))
}

fn name(level: DriftLevel) -> &'static str {
    match level {
        DriftLevel::Stable => "stable",
        DriftLevel::Moderate => "moderate",
        DriftLevel::Major => "major",
    }
}
