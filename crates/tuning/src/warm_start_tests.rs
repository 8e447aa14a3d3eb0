use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::fixtures::spec;
use crate::warm_start::{Refusal, WarmStart, WarmStartType, eligible, plan};
use crate::{
    Hyperparameter, Lineage, ParameterRange, ParameterRanges, ResourceLimits, ScalingType, TrainingJobCounters,
    TuningHistoryRow, TuningJob, TuningJobName, TuningJobSpec, TuningJobSpecBuilder, TuningJobStatus,
};

fn name(name: &str) -> TuningJobName {
    name.parse().unwrap()
}

fn built(spec: TuningJobSpecBuilder) -> TuningJobSpec {
    spec.build().unwrap()
}

/// A completed job with the settings of `spec` and eight training jobs.
fn parent(spec: &TuningJobSpec) -> TuningJob {
    TuningJob {
        name: spec.name().clone(),
        arn: format!("arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/{}", spec.name()),
        status: TuningJobStatus::Completed,
        failure_reason: None,
        metric: Some(spec.metric().clone()),
        hyperparameters: spec.all_hyperparameters(),
        training_jobs: TrainingJobCounters { completed: 8, ..Default::default() },
        with_objective: 8,
        best_training_job: None,
        overall_best_training_job: None,
        warm_start: None,
        created: None,
        ended: None,
    }
}

/// Why `job` may not be a parent of `spec`; `None` if it may.
fn refusal(spec: &TuningJobSpec, job: &TuningJob) -> Option<Refusal> {
    let plan = plan(spec, [(job.name.clone(), Some(job))], 1).unwrap();
    assert_eq!(plan.warm_start.is_none(), plan.refused.len() == 1);
    plan.refused.into_iter().next().map(|(_, refusal)| refusal)
}

mod history {
    use super::*;

    fn lineage() -> Lineage {
        Lineage {
            model: "ewr".to_owned(),
            layer: "one".to_owned(),
            objective: "reg:squarederror".to_owned(),
            eval_metric: "rmse".to_owned(),
        }
    }

    fn row(job: &str, day: u32) -> TuningHistoryRow {
        let datetime: DateTime<Utc> = format!("2026-01-{day:02}T00:00:00Z").parse().unwrap();
        TuningHistoryRow {
            datetime,
            tuningjob: name(job),
            metric: "ewr".to_owned(),
            layer: "one".to_owned(),
            objective: "reg:squarederror".to_owned(),
            eval_metric: "rmse".to_owned(),
            eval_metric_value: Some(12.5),
            trainingjobcount: 8,
        }
    }

    #[test]
    fn the_latest_comes_first_whatever_the_order_of_the_rows() {
        let rows = [row("b", 2), row("c", 3), row("a", 1), row("later-row", 3)];
        let names: Vec<String> = eligible(&rows, &lineage()).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["later-row", "c", "b", "a"]);
    }

    #[test]
    fn another_lineage_and_tests_are_left_out() {
        let rows = [
            TuningHistoryRow { metric: "jfk".to_owned(), ..row("other-model", 9) },
            TuningHistoryRow { layer: "two".to_owned(), ..row("other-layer", 9) },
            TuningHistoryRow { objective: "reg:gamma".to_owned(), ..row("other-objective", 9) },
            TuningHistoryRow { eval_metric: "mae".to_owned(), ..row("other-metric", 9) },
            TuningHistoryRow { trainingjobcount: 1, ..row("a-test", 9) },
            row("right", 1),
        ];
        assert_eq!(eligible(&rows, &lineage()), [name("right")]);
    }

    #[test]
    fn a_job_is_named_once() {
        assert_eq!(eligible(&[row("a", 1), row("a", 2)], &lineage()), [name("a")]);
    }
}

#[test]
fn a_job_of_the_same_settings_is_a_parent() {
    let new = built(spec("new"));
    let old = parent(&built(spec("old")));
    let planned = plan(&new, [(old.name.clone(), Some(&old))], 1).unwrap();
    let warm_start = planned.warm_start.unwrap();
    assert_eq!(warm_start.kind(), WarmStartType::TransferLearning);
    assert_eq!(warm_start.parents(), [name("old")]);
}

#[test]
fn a_job_that_cannot_be_a_parent_makes_room_for_the_next() {
    let new = built(spec("new"));
    let old = parent(&built(spec("old")));
    let running = TuningJob { status: TuningJobStatus::InProgress, name: name("running"), ..old.clone() };
    let jobs = [(name("gone"), None), (running.name.clone(), Some(&running)), (old.name.clone(), Some(&old))];
    let planned = plan(&new, jobs, 1).unwrap();
    assert_eq!(planned.warm_start.unwrap().parents(), [name("old")]);
    assert_eq!(
        planned.refused,
        [(name("gone"), Refusal::Missing), (name("running"), Refusal::NotTerminal { status: "InProgress".to_owned() })]
    );
}

#[test]
fn no_more_parents_are_taken_than_asked_for_and_never_more_than_five() {
    let new = built(spec("new"));
    let jobs: Vec<TuningJob> = (0..8).map(|i| parent(&built(spec(&format!("old-{i}"))))).collect();
    for (asked, taken) in [(0, 0), (1, 1), (3, 3), (9, 5)] {
        let planned = plan(&new, jobs.iter().map(|job| (job.name.clone(), Some(job))), asked).unwrap();
        assert_eq!(planned.warm_start.map_or(0, |w| w.parents().len()), taken, "{asked}");
        assert!(planned.refused.is_empty());
    }
}

#[test]
fn a_job_is_not_its_own_parent() {
    let new = built(spec("new"));
    let own = parent(&new);
    let planned = plan(&new, [(name("NEW"), Some(&own)), (name("new"), Some(&own))], 1).unwrap();
    assert_eq!((planned.warm_start, planned.refused), (None, vec![]));
}

// Each of the rules below is a sentence of the developer guide's page "Run a Warm Start Hyperparameter Tuning Job".
#[test]
fn a_parent_is_completed_stopped_or_failed() {
    let new = built(spec("new"));
    let old = parent(&built(spec("old")));
    for status in [TuningJobStatus::Completed, TuningJobStatus::Stopped, TuningJobStatus::Failed] {
        assert_eq!(refusal(&new, &TuningJob { status, ..old.clone() }), None);
    }
    for status in [TuningJobStatus::InProgress, TuningJobStatus::Stopping, TuningJobStatus::Deleting] {
        let found = refusal(&new, &TuningJob { status, ..old.clone() });
        assert!(matches!(found, Some(Refusal::NotTerminal { .. })), "{found:?}");
    }
}

#[test]
fn the_metric_is_the_parents() {
    let new = built(spec("new"));
    let old = parent(&built(spec("old")));
    let other = TuningJob { metric: Some("mae".parse().unwrap()), ..old.clone() };
    let found = refusal(&new, &other).unwrap();
    assert_eq!(
        found.to_string(),
        "it optimised validation:mae (Minimize), the new job optimises validation:rmse (Minimize)"
    );
    let turned = crate::ObjectiveMetric::custom("validation:rmse", crate::Direction::Maximize).unwrap();
    assert!(refusal(&new, &TuningJob { metric: Some(turned), ..old }).is_some());
}

#[test]
fn the_hyperparameters_are_the_parents() {
    let new = built(spec("new").hyperparameter("nthread", "1"));
    let old = parent(&built(spec("old").hyperparameter("seed", "1")));
    assert_eq!(
        refusal(&new, &old),
        Some(Refusal::OtherHyperparameters { added: vec!["nthread".to_owned()], lacking: vec!["seed".to_owned()] })
    );
}

#[test]
fn the_type_of_a_hyperparameter_stays() {
    let depth = |range| ParameterRanges::article().with(range).unwrap();
    let words = depth(ParameterRange::categorical("max_depth", ["3", "6"]).unwrap());
    let wider = depth(ParameterRange::integer("max_depth", 1, 20, ScalingType::Linear).unwrap());
    let old = parent(&built(spec("old")));
    assert_eq!(
        refusal(&built(spec("new").ranges(words)), &old),
        Some(Refusal::OtherType { name: "max_depth".to_owned(), theirs: "Integer", ours: "Categorical" })
    );
    assert_eq!(refusal(&built(spec("new").ranges(wider)), &old), None);
}

#[test]
fn changes_of_static_hyperparameters_are_counted_up_to_ten() {
    let with_static = |job: &str, changed: usize| {
        let values = (0..6).map(|i| (format!("p{i}"), if i < changed { "2" } else { "1" }));
        built(spec(job).hyperparameters(values))
    };
    let old = parent(&with_static("old", 0));
    // Five static values that change are 10, six are 12.
    assert_eq!(refusal(&with_static("new", 5), &old), None);
    assert_eq!(refusal(&with_static("new", 6), &old), Some(Refusal::TooManyChanges { changes: 12, limit: 10 }));
    // From static to searched is free, whatever the number.
    let fixed = |(name, value): (&String, &Hyperparameter)| match value {
        Hyperparameter::Searched(_) => (name.clone(), Hyperparameter::Static("1".to_owned())),
        Hyperparameter::Static(_) => (name.clone(), value.clone()),
    };
    let all_static: BTreeMap<String, Hyperparameter> = old.hyperparameters.iter().map(fixed).collect();
    assert_eq!(refusal(&with_static("new", 0), &TuningJob { hyperparameters: all_static, ..old }), None);
}

#[test]
fn a_choice_that_becomes_static_counts_its_words() {
    let ranges = ParameterRanges::article().with(ParameterRange::categorical("booster", ["gbtree", "dart"]).unwrap());
    let old = parent(&built(spec("old").ranges(ranges.unwrap())));
    // The guide counts a choice of two words that becomes static as 2; with four changed values of 2 each that is 10.
    let new = |changed: usize| {
        let values = (0..5).map(|i| (format!("p{i}"), if i < changed { "2" } else { "1" }));
        built(spec("new").hyperparameter("booster", "dart").hyperparameters(values))
    };
    let with_values = |job: TuningJob| {
        let values = (0..5).map(|i| (format!("p{i}"), Hyperparameter::Static("1".to_owned())));
        let hyperparameters = job.hyperparameters.clone().into_iter().chain(values).collect();
        TuningJob { hyperparameters, ..job }
    };
    let old = with_values(old);
    assert_eq!(refusal(&new(4), &old), None);
    assert_eq!(refusal(&new(5), &old), Some(Refusal::TooManyChanges { changes: 12, limit: 10 }));
}

#[test]
fn the_parents_training_jobs_count() {
    let new = built(spec("new").limits(ResourceLimits::new(100, 2).unwrap()));
    let with_jobs = |job: &str, completed| TuningJob {
        training_jobs: TrainingJobCounters { completed, ..Default::default() },
        ..parent(&built(spec(job)))
    };
    let (big, small) = (with_jobs("big", 300), with_jobs("small", 100));
    let (bigger, smallest) = (with_jobs("bigger", 101), with_jobs("smallest", 1));
    let jobs = [&big, &small, &bigger, &smallest].map(|job| (job.name.clone(), Some(job)));
    let planned = plan(&new, jobs, 5).unwrap();
    assert_eq!(planned.warm_start.unwrap().parents(), [name("big"), name("small")]);
    assert_eq!(
        planned.refused,
        [
            (name("bigger"), Refusal::TooManyJobs { jobs: 601, limit: 500 }),
            (name("smallest"), Refusal::TooManyJobs { jobs: 501, limit: 500 })
        ]
    );
}

#[test]
fn a_warm_start_has_one_to_five_parents() {
    let parents = |count: usize| WarmStart::transfer_learning((0..count).map(|i| name(&format!("p{i}"))));
    assert!(parents(0).is_err());
    assert!(parents(1).is_ok() && parents(5).is_ok());
    assert!(parents(6).unwrap_err().to_string().contains("1 to 5"));
    assert!(WarmStart::transfer_learning([name("a"), name("A")]).is_err());
}
