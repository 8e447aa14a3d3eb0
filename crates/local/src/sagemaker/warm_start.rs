//! The rules for starting a tuning job from others (developer guide, automatic-model-tuning-warm-start).

use super::ranges::Values;
use super::tuning_spec::TuningSpec;

/// The most changes between a parent's hyperparameters and the new job's.
const MAX_CHANGES: usize = 10;

/// Whether the new job looks at the same data with the same algorithm as its parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WarmStartType {
    IdenticalDataAndAlgorithm,
    TransferLearning,
}

impl WarmStartType {
    pub(super) fn parse(name: &str) -> Self {
        if name == "IdenticalDataAndAlgorithm" { Self::IdenticalDataAndAlgorithm } else { Self::TransferLearning }
    }
}

/// Whether `job` may start from `parent`; otherwise the reason why not.
pub(super) fn check(
    job: &TuningSpec,
    parent: &TuningSpec,
    parent_status: &str,
    warm_start_type: WarmStartType,
) -> Result<(), String> {
    let name = &parent.name;
    if !["Completed", "Stopped", "Failed"].contains(&parent_status) {
        return Err(format!("Parent tuning job {name} is {parent_status}: it must be Completed, Stopped or Failed."));
    }
    if !["Bayesian", "Random"].contains(&job.strategy.as_str()) {
        return Err(format!("Strategy {} cannot warm start: use Bayesian or Random.", job.strategy));
    }
    if job.metric != parent.metric || job.maximize != parent.maximize {
        return Err(format!("The objective metric must be that of parent tuning job {name}, {}.", parent.metric));
    }
    let count = |spec: &TuningSpec| spec.statics.len() + spec.ranges.len();
    if count(job) != count(parent) {
        return Err(format!(
            "The number of static and tunable hyperparameters must be that of parent tuning job {name}: {} and not {}.",
            count(parent),
            count(job)
        ));
    }
    for range in &job.ranges {
        let before = parent.range(&range.name);
        if let Some(before) = before.filter(|before| before.kind() != range.kind()) {
            return Err(format!(
                "Hyperparameter {} is {} in parent tuning job {name}: its type cannot change to {}.",
                range.name,
                before.kind(),
                range.kind()
            ));
        }
    }
    let changes = changes(job, parent);
    if changes > MAX_CHANGES {
        return Err(format!(
            "{changes} hyperparameters changed from tunable to static, or changed their static value, since parent tuning \
             job {name}: at most {MAX_CHANGES} may."
        ));
    }
    if warm_start_type == WarmStartType::IdenticalDataAndAlgorithm {
        if job.inputs != parent.inputs {
            return Err(format!("IdenticalDataAndAlgorithm needs the input data of parent tuning job {name}."));
        }
        if job.image != parent.image {
            return Err(format!("IdenticalDataAndAlgorithm needs the training image of parent tuning job {name}."));
        }
    }
    Ok(())
}

/// Changes from tunable to static and of static values. A categorical counts with each of its values, as the guide's
/// example has it: tunable red|blue made static is two changes, and static red made blue is two as well.
fn changes(job: &TuningSpec, parent: &TuningSpec) -> usize {
    job.statics
        .iter()
        .map(|(name, value)| match (parent.range(name), parent.statics.get(name)) {
            (Some(range), _) => match &range.values {
                Values::Categorical(values) => values.len(),
                _ => 1,
            },
            (None, Some(before)) if before == value => 0,
            (None, Some(before)) if before.parse::<f64>().is_err() => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::members::Object;
    use super::super::ranges::{Range, Scaling};
    use super::*;

    fn spec() -> TuningSpec {
        let eta = Values::Continuous { min: 0.1, max: 0.5, scaling: Scaling::Auto };
        let booster = Values::Categorical(vec!["gbtree".into(), "dart".into()]);
        TuningSpec {
            name: "parent".into(),
            strategy: "Bayesian".into(),
            metric: "validation:rmse".into(),
            maximize: false,
            ranges: vec![Range { name: "eta".into(), values: eta }, Range { name: "booster".into(), values: booster }],
            statics: BTreeMap::from([
                ("num_round".into(), "10".into()),
                ("objective".into(), "reg:squarederror".into()),
            ]),
            max_jobs: Some(4),
            max_parallel: 1,
            max_runtime: None,
            early_stopping: false,
            target: None,
            max_not_improving: None,
            until_convergence: false,
            hyperband: None,
            seed: None,
            image: "xgboost:1.2-2".into(),
            inputs: BTreeMap::from([("train".into(), "s3://b/may/".into())]),
            definition: Object::new(),
        }
    }

    fn transfer(change: impl FnOnce(&mut TuningSpec)) -> Result<(), String> {
        let mut job = spec();
        change(&mut job);
        check(&job, &spec(), "Completed", WarmStartType::TransferLearning)
    }

    fn refusal(change: impl FnOnce(&mut TuningSpec)) -> String {
        transfer(change).unwrap_err()
    }

    #[test]
    fn data_ranges_limits_and_image_may_change_on_transfer() {
        let change = |job: &mut TuningSpec| {
            job.inputs = BTreeMap::from([("train".into(), "s3://b/june/".into())]);
            job.image = "xgboost:1.7-1".into();
            job.max_jobs = Some(8);
            job.ranges[0].values = Values::Continuous { min: 0.01, max: 0.9, scaling: Scaling::Logarithmic };
        };
        assert_eq!(transfer(change), Ok(()));
    }

    #[test]
    fn identical_needs_the_same_data_and_image() {
        let identical = |change: fn(&mut TuningSpec)| {
            let mut job = spec();
            change(&mut job);
            check(&job, &spec(), "Stopped", WarmStartType::IdenticalDataAndAlgorithm)
        };
        assert_eq!(identical(|job| job.max_jobs = Some(9)), Ok(()));
        assert!(identical(|job| job.inputs.clear()).unwrap_err().contains("input data"));
        assert!(identical(|job| job.image = "xgboost:1.7-1".into()).unwrap_err().contains("training image"));
    }

    #[test]
    fn a_parent_must_have_ended_and_had_the_same_objective() {
        let running = check(&spec(), &spec(), "InProgress", WarmStartType::TransferLearning);
        assert!(running.unwrap_err().contains("InProgress"));
        assert!(refusal(|job| job.metric = "validation:mae".into()).contains("objective metric"));
        assert!(refusal(|job| job.maximize = true).contains("objective metric"));
        assert!(refusal(|job| job.strategy = "Grid".into()).contains("Grid"));
    }

    #[test]
    fn hyperparameters_keep_their_number_and_types() {
        assert!(refusal(|job| drop(job.statics.insert("gamma".into(), "1".into()))).contains("4 and not 5"));
        let integer =
            |job: &mut TuningSpec| job.ranges[0].values = Values::Integer { min: 0, max: 1, scaling: Scaling::Auto };
        assert!(refusal(integer).contains("Continuous"));
        // From static to tunable is no change to count, and has no type to keep.
        let tuned = |job: &mut TuningSpec| {
            job.statics.remove("num_round");
            let values = Values::Integer { min: 1, max: 4000, scaling: Scaling::Auto };
            job.ranges.push(Range { name: "num_round".into(), values });
        };
        assert_eq!(transfer(tuned), Ok(()));
    }

    // Counting: the guide's red/blue example.
    #[test]
    fn changes_are_counted_with_the_values_of_categoricals() {
        let mut job = spec();
        job.ranges.pop();
        job.statics.insert("booster".into(), "dart".into());
        assert_eq!(changes(&job, &spec()), 2);
        job.statics.insert("objective".into(), "reg:pseudohubererror".into());
        assert_eq!(changes(&job, &spec()), 4);
        job.statics.insert("num_round".into(), "20".into());
        assert_eq!(changes(&job, &spec()), 5);
    }

    #[test]
    fn more_than_ten_changes_are_refused() {
        let with = |count: usize, value: &str| {
            let mut spec = spec();
            spec.statics.extend((0..count).map(|index| (format!("h{index}"), value.to_owned())));
            spec
        };
        let check = |count| check(&with(count, "2"), &with(count, "1"), "Failed", WarmStartType::TransferLearning);
        assert_eq!(check(10), Ok(()));
        assert!(check(11).unwrap_err().contains("at most 10"));
    }
}
