//! What SageMaker and its XGBoost ask of a tuning job as a whole. Pure.

use crate::parameter_range::RangeValues;
use crate::{EarlyStopping, Strategy, TuningError, TuningJobSpec};

type Check = fn(&TuningJobSpec) -> Result<(), TuningError>;

/// Checks what no single setting can know.
pub(crate) fn check(spec: &TuningJobSpec) -> Result<(), TuningError> {
    const CHECKS: [Check; 6] = [hyperparameters, xgboost, channels, strategy, warm_start, rest];
    CHECKS.iter().try_for_each(|check| check(spec))
}

/// At most 100 static hyperparameters with values of at most 2500 characters, none of them searched as well.
fn hyperparameters(spec: &TuningJobSpec) -> Result<(), TuningError> {
    let fixed = &spec.hyperparameters;
    if fixed.len() > 100 {
        return invalid("hyperparameters", format!("there are {}, SageMaker takes at most 100", fixed.len()));
    }
    if let Some((name, _)) = fixed.iter().find(|(name, value)| {
        name.is_empty() || name.chars().count() > 256 || value.chars().count() > 2500 || value.contains('\n')
    }) {
        let limits = "a name has 1 to 256 characters, a value one line of at most 2500";
        return invalid("hyperparameters", format!("{name:?} is out of bounds: {limits}"));
    }
    match spec.ranges.iter().find(|range| fixed.contains_key(range.name())) {
        Some(range) => {
            invalid("hyperparameters", format!("{} is both searched and static; keep one of the two", range.name()))
        }
        None => Ok(()),
    }
}

/// `num_round` is required; `num_class` is, for the multi-class objectives.
fn xgboost(spec: &TuningJobSpec) -> Result<(), TuningError> {
    let has = |name: &str| spec.hyperparameters.contains_key(name) || spec.ranges.iter().any(|r| r.name() == name);
    if !has("num_round") {
        return invalid("hyperparameters", "num_round is missing; set it, or search it".to_owned());
    }
    match spec.hyperparameters.get("objective") {
        Some(objective) if objective.starts_with("multi:") && !has("num_class") => {
            invalid("hyperparameters", format!("the objective {objective} needs num_class; set it"))
        }
        _ => Ok(()),
    }
}

/// 1 to 20 channels with different names, with those that training and the metric need.
fn channels(spec: &TuningJobSpec) -> Result<(), TuningError> {
    let has = |name: &str| spec.channels.iter().any(|channel| channel.name().as_str() == name);
    let twice =
        spec.channels.iter().enumerate().find(|(at, c)| spec.channels[..*at].iter().any(|o| o.name() == c.name()));
    if let Some((_, channel)) = twice {
        return invalid("channels", format!("there are two called {}; rename one", channel.name()));
    }
    if spec.channels.len() > 20 {
        return invalid("channels", format!("there are {}, SageMaker takes at most 20", spec.channels.len()));
    }
    if !has("train") {
        return invalid("channels", "XGBoost needs a channel called train; add it".to_owned());
    }
    match spec.metric.name().starts_with("validation:") && !has("validation") {
        true => invalid("channels", format!("{} needs a channel called validation; add it", spec.metric)),
        false => Ok(()),
    }
}

fn strategy(spec: &TuningJobSpec) -> Result<(), TuningError> {
    match spec.strategy {
        Strategy::Hyperband if spec.early_stopping == EarlyStopping::Auto => {
            invalid("strategy", "Hyperband stops training jobs itself; switch early stopping off".to_owned())
        }
        Strategy::Grid => grid(spec),
        _ => Ok(()),
    }
}

/// A grid has categorical ranges only, and as many training jobs as combinations.
fn grid(spec: &TuningJobSpec) -> Result<(), TuningError> {
    let mut combinations: u64 = 1;
    for range in &spec.ranges {
        match range.values() {
            RangeValues::Categorical { values } => combinations = combinations.saturating_mul(values.len() as u64),
            other => {
                let reason = format!("Grid takes categorical ranges only, {} is {}", range.name(), other.type_name());
                return invalid("strategy", reason);
            }
        }
    }
    match u64::from(spec.limits.max_jobs()) == combinations {
        true => Ok(()),
        false => invalid("resource limits", format!("the grid has {combinations} combinations; allow that many jobs")),
    }
}

fn warm_start(spec: &TuningJobSpec) -> Result<(), TuningError> {
    let Some(warm_start) = &spec.warm_start else { return Ok(()) };
    if !matches!(spec.strategy, Strategy::Bayesian | Strategy::Random) {
        return invalid("warm start", format!("{} cannot warm start; use Bayesian or Random", spec.strategy));
    }
    let own = spec.name.as_str();
    match warm_start.parents().iter().any(|parent| parent.as_str().eq_ignore_ascii_case(own)) {
        true => invalid("warm start", format!("{own} is its own parent; name an earlier job")),
        false => Ok(()),
    }
}

/// The seed and the tags. Their limits are those of botocore's model.
fn rest(spec: &TuningJobSpec) -> Result<(), TuningError> {
    if spec.seed.is_some_and(|seed| i32::try_from(seed).is_err()) {
        return invalid("seed", "SageMaker takes 0 to 2147483647".to_owned());
    }
    if spec.tags.len() > 50 {
        return invalid("tags", format!("there are {}, SageMaker takes at most 50", spec.tags.len()));
    }
    let sound = |text: &str| {
        text.chars().all(|c| c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c))
    };
    let fits = |(key, value): &(&String, &String)| {
        (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256 && sound(key) && sound(value)
    };
    match spec.tags.iter().find(|tag| !fits(tag)) {
        Some((key, _)) => invalid(
            "tags",
            format!(
                "{key:?} is out of bounds: a key has 1 to 128 characters, a value at most 256, of letters, digits, spaces and _.:/=+-@"
            ),
        ),
        None => Ok(()),
    }
}

fn invalid(field: &'static str, reason: String) -> Result<(), TuningError> {
    Err(TuningError::InvalidSetting { field, reason })
}

#[cfg(test)]
mod tests {
    use crate::fixtures::spec;
    use crate::{
        Channel, EarlyStopping, ParameterRange, ParameterRanges, ResourceLimits, ScalingType, Strategy, TuningError,
        TuningJobSpecBuilder, WarmStart,
    };

    fn refused(spec: TuningJobSpecBuilder, field: &str, words: &str) {
        let error = spec.build().unwrap_err();
        let TuningError::InvalidSetting { field: found, reason } = &error else { panic!("{error}") };
        assert_eq!(*found, field, "{reason}");
        assert!(reason.contains(words), "{reason}");
    }

    fn depth() -> ParameterRanges {
        ParameterRanges::new([ParameterRange::integer("max_depth", 1, 10, ScalingType::Auto).unwrap()]).unwrap()
    }

    #[test]
    fn what_xgboost_needs_is_there() {
        assert!(spec("job").build().is_ok());
        refused(spec("job").ranges(depth()), "hyperparameters", "num_round is missing");
        assert!(spec("job").ranges(depth()).hyperparameter("num_round", "50").build().is_ok());
        let multi = spec("job").hyperparameter("objective", "multi:softmax");
        refused(multi.clone(), "hyperparameters", "needs num_class");
        assert!(multi.hyperparameter("num_class", "3").build().is_ok());
    }

    #[test]
    fn a_hyperparameter_is_searched_or_static() {
        refused(spec("job").hyperparameter("eta", "0.3"), "hyperparameters", "eta is both searched and static");
        refused(spec("job").hyperparameter("nthread", "x".repeat(2501)), "hyperparameters", "nthread");
        let many = (0..101).map(|i| (format!("p{i}"), "1"));
        refused(spec("job").hyperparameters(many), "hyperparameters", "at most 100");
    }

    #[test]
    fn the_channels_fit_the_metric() {
        let uri = || "s3://bucket/data/".parse().unwrap();
        refused(spec("job").channel(Channel::train(uri()).unwrap()), "channels", "two called train");
        let train_only = crate::fixtures::bare_spec("job").channel(Channel::train(uri()).unwrap());
        refused(train_only, "channels", "validation:rmse needs a channel called validation");
        let validation_only = crate::fixtures::bare_spec("job").channel(Channel::validation(uri()).unwrap());
        refused(validation_only, "channels", "called train");
    }

    // Which strategy takes what is said in the developer guide's page on strategies.
    #[test]
    fn strategies_have_their_conditions() {
        let hyperband = spec("job").strategy(Strategy::Hyperband);
        assert!(hyperband.clone().build().is_ok());
        refused(hyperband.early_stopping(EarlyStopping::Auto), "strategy", "switch early stopping off");
        refused(spec("job").strategy(Strategy::Grid), "strategy", "categorical ranges only");
        let words = |name| ParameterRange::categorical(name, ["1", "2"]).unwrap();
        let grid = spec("job")
            .ranges(ParameterRanges::new([words("num_round"), words("max_depth")]).unwrap())
            .strategy(Strategy::Grid);
        refused(grid.clone(), "resource limits", "4 combinations");
        assert!(grid.limits(ResourceLimits::new(4, 2).unwrap()).build().is_ok());
    }

    #[test]
    fn a_warm_start_fits_the_job() {
        let parent = |name: &str| WarmStart::transfer_learning([name.parse().unwrap()]).unwrap();
        assert!(spec("job").warm_start(parent("other")).build().is_ok());
        refused(spec("job").warm_start(parent("JOB")), "warm start", "its own parent");
        refused(
            spec("job").strategy(Strategy::Hyperband).warm_start(parent("other")),
            "warm start",
            "Bayesian or Random",
        );
    }

    #[test]
    fn seeds_and_tags_have_sagemakers_limits() {
        refused(spec("job").seed(2_147_483_648), "seed", "2147483647");
        refused(spec("job").tag("", "x"), "tags", "1 to 128");
        refused(spec("job").tag("k", "x;y"), "tags", "letters, digits");
        assert!(spec("job").seed(7).tag("team", "flights é 1").build().is_ok());
    }
}
