//! Rules as data, on evidence of every kind.

use refit_evaluation::{
    ApprovalRule, Change, ColumnProfile, ComparisonSpec, Decision, DriftLevel, DriftLimits, DriftReport, DriftTally,
    Evidence, Metric, MetricThreshold, Outcome, PairedComparison, PairedTally, RequiredVerdict, SliceLimit,
};

/// A challenger whose errors are `times` the champion's, on a thousand rows.
fn compared(times: f64) -> PairedComparison {
    let mut tally = PairedTally::new("rows", ComparisonSpec::new(Metric::Mae)).unwrap();
    (0..1000).map(f64::from).for_each(|row| tally.add(0.0, row, row * times, 1.0).unwrap());
    tally.comparison().unwrap()
}

fn decided(rule: &ApprovalRule, comparison: Option<&PairedComparison>) -> Decision {
    rule.decide(&Evidence { comparison, figures: [("mae", 10.0), ("auc", 0.8)].into(), ..Evidence::default() })
}

#[test]
fn verdicts_approve_wait_and_reject() {
    let rule = ApprovalRule::default();
    for (times, outcome, words) in [
        (0.5, Outcome::Approve, "approved by rule: better than the champion"),
        (1.0, Outcome::Approve, "approved by rule: not worse than the champion"),
        (1.5, Outcome::Reject, "rejected by rule: worse than the champion"),
    ] {
        let decision = decided(&rule, Some(&compared(times)));
        assert_eq!(decision.outcome, outcome, "{decision:?}");
        assert!(decision.description().starts_with(words), "{}", decision.description());
    }
    let none = decided(&rule, None);
    assert_eq!(
        (none.outcome, none.description().as_str()),
        (Outcome::LeavePending, "left pending by rule: there is no champion to compare it with")
    );
    let unfit = rule.decide(&Evidence { not_compared: Some("its contract\tis another"), ..Evidence::default() });
    assert_eq!(
        (unfit.outcome, unfit.description().as_str()),
        (Outcome::LeavePending, "left pending by rule: the champion was not compared: its contract is another")
    );
    let mut any = rule.clone();
    any.verdict = RequiredVerdict::Any;
    assert_eq!(decided(&any, None).outcome, Outcome::Approve);
    let mut better = rule;
    better.verdict = RequiredVerdict::Better;
    assert_eq!(decided(&better, Some(&compared(1.0))).outcome, Outcome::LeavePending);
}

#[test]
fn thresholds_are_mlflows() {
    let with = |threshold: MetricThreshold| ApprovalRule {
        verdict: RequiredVerdict::Any,
        thresholds: vec![threshold],
        ..ApprovalRule::default()
    };
    let (at_most, at_least) = (MetricThreshold::at_most, MetricThreshold::at_least);
    assert_eq!(decided(&with(at_most("mae", 10.0)), None).outcome, Outcome::Approve);
    assert_eq!(decided(&with(at_most("mae", 9.9)), None).outcome, Outcome::LeavePending);
    assert_eq!(decided(&with(at_least("auc", 0.8)), None).outcome, Outcome::Approve);
    assert!(decided(&with(at_least("f1", 0.8)), None).description().contains("f1 was not measured"));
    let mut firm = at_least("auc", 0.81);
    firm.reject = true;
    assert_eq!(decided(&with(firm), None).outcome, Outcome::Reject);

    let mut change = at_most("mae", 0.0);
    change.threshold = None;
    change.min_change = Some(Change { absolute: 0.0, relative: 0.1 });
    let judged = |before: f64| {
        let evidence = Evidence {
            figures: [("mae", 10.0)].into(),
            champion: Some([("mae", before)].into()),
            ..Evidence::default()
        };
        with(change.clone()).decide(&evidence).outcome
    };
    assert_eq!((judged(11.2), judged(11.0)), (Outcome::Approve, Outcome::LeavePending));
}

#[test]
fn a_condition_that_was_not_looked_at_waits_for_a_person() {
    let slices = Some(SliceLimit { most_times_mae: 2.0, least_rows: 50 });
    let rule = ApprovalRule { verdict: RequiredVerdict::Any, slices, ..ApprovalRule::default() };
    let decision = decided(&rule, None);
    assert_eq!(decision.outcome, Outcome::LeavePending);
    assert!(decision.description().contains("no slice of 50 rows or more was measured"), "{decision:?}");

    let json = r#"{"verdict": "any", "thresholds": [{"metric": "mae", "greater_is_better": false}]}"#;
    let decision = decided(&serde_json::from_str(json).unwrap(), None);
    assert_eq!(decision.outcome, Outcome::LeavePending);
    assert!(decision.description().contains("nothing is asked of mae"), "{decision:?}");
}

#[test]
fn drift_beyond_the_limit_waits_for_a_person() {
    let profile = ColumnProfile {
        name: "wind".into(),
        count: 100,
        min: Some(0.0),
        max: Some(100.0),
        quantiles: (0..=100).map(f64::from).collect(),
        ..ColumnProfile::default()
    };
    let mut tally = DriftTally::new(profile);
    (0..100).for_each(|_| tally.add(Some(99.5)));
    let report = DriftReport::new(vec![tally.drift(&DriftLimits::default())], DriftLimits::default());
    let mut rule =
        ApprovalRule { verdict: RequiredVerdict::Any, drift: Some(DriftLevel::Moderate), ..ApprovalRule::default() };
    let decision = rule.decide(&Evidence { drift: Some(&report), ..Evidence::default() });
    assert_eq!(decision.outcome, Outcome::LeavePending);
    assert!(decision.description().contains("drifted beyond moderate: wind"), "{}", decision.description());
    rule.drift = Some(DriftLevel::Major);
    assert_eq!(rule.decide(&Evidence { drift: Some(&report), ..Evidence::default() }).outcome, Outcome::Approve);
}

#[test]
fn a_rule_is_data() {
    let json = r#"{"verdict": "better", "thresholds": [{"metric": "auc", "greater_is_better": true, "threshold": 0.75}],
        "slices": {"most_times_mae": 2.0, "least_rows": 50}, "drift": "stable"}"#;
    let rule: ApprovalRule = serde_json::from_str(json).unwrap();
    assert_eq!(rule.slices, Some(SliceLimit { most_times_mae: 2.0, least_rows: 50 }));
    assert!(rule.reject_worse);
    assert_eq!(serde_json::from_str::<ApprovalRule>(&serde_json::to_string(&rule).unwrap()).unwrap(), rule);
    let unknown = serde_json::from_str::<ApprovalRule>(r#"{"verdikt": "better"}"#).unwrap_err();
    assert!(unknown.to_string().contains("verdikt"), "{unknown}");
}

#[test]
fn a_description_fits_the_registry() {
    let thresholds = (0..100)
        .map(|at| MetricThreshold {
            metric: format!("größe\n{at}"),
            greater_is_better: true,
            threshold: Some(1.0),
            min_change: None,
            reject: false,
        })
        .collect();
    let rule = ApprovalRule { thresholds, ..ApprovalRule::default() };
    let text = decided(&rule, None).description();
    assert_eq!(text.chars().count(), 1024);
    assert!(!text.contains('\n') && text.ends_with('…'));
}
