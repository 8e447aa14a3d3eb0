//! The type and range of each hyperparameter.

use std::fmt;
use std::ops::Bound::{self, Excluded as Open, Included as Closed, Unbounded};

/// What values a hyperparameter may have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    Integer(Interval),
    Continuous(Interval),
    OneOf(&'static [&'static str]),
    /// A comma-separated list of these.
    ListOf(&'static [&'static str]),
    /// A Python tuple of -1, 0 and 1.
    Signs,
    /// A Python list of lists of integers from 1.
    Groups,
    /// Checked elsewhere.
    Metrics,
}

/// A range of numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    min: Bound<f64>,
    max: Bound<f64>,
}

const fn from(min: f64) -> Interval {
    Interval { min: Closed(min), max: Unbounded }
}

const fn between(min: f64, max: f64) -> Interval {
    Interval { min: Closed(min), max: Closed(max) }
}

const fn above(min: f64, max: Bound<f64>) -> Interval {
    Interval { min: Open(min), max }
}

/// Other names, and what they stand for.
pub(super) const ALIASES: [(&str, &str); 4] =
    [("learning_rate", "eta"), ("min_split_loss", "gamma"), ("reg_lambda", "lambda"), ("reg_alpha", "alpha")];

/// Every hyperparameter there is.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("num_round", Rule::Integer(from(1.0))),
    ("csv_weights", Rule::Integer(between(0.0, 1.0))),
    ("early_stopping_rounds", Rule::Integer(from(1.0))),
    ("booster", Rule::OneOf(&["gbtree", "gblinear", "dart"])),
    ("verbosity", Rule::Integer(between(0.0, 3.0))),
    ("nthread", Rule::Integer(from(1.0))),
    ("eta", Rule::Continuous(between(0.0, 1.0))),
    ("gamma", Rule::Continuous(from(0.0))),
    ("max_depth", Rule::Integer(from(0.0))),
    ("min_child_weight", Rule::Continuous(from(0.0))),
    ("max_delta_step", Rule::Continuous(from(0.0))),
    ("subsample", Rule::Continuous(above(0.0, Closed(1.0)))),
    ("colsample_bytree", Rule::Continuous(above(0.0, Closed(1.0)))),
    ("colsample_bylevel", Rule::Continuous(above(0.0, Closed(1.0)))),
    ("colsample_bynode", Rule::Continuous(above(0.0, Closed(1.0)))),
    ("lambda", Rule::Continuous(from(0.0))),
    ("alpha", Rule::Continuous(from(0.0))),
    ("tree_method", Rule::OneOf(&["auto", "exact", "approx", "hist", "gpu_hist"])),
    ("sketch_eps", Rule::Continuous(above(0.0, Open(1.0)))),
    ("scale_pos_weight", Rule::Continuous(above(0.0, Unbounded))),
    ("updater", Rule::ListOf(UPDATERS)),
    ("dsplit", Rule::OneOf(&["row", "col"])),
    ("refresh_leaf", Rule::Integer(between(0.0, 1.0))),
    ("process_type", Rule::OneOf(&["default", "update"])),
    ("grow_policy", Rule::OneOf(&["depthwise", "lossguide"])),
    ("max_leaves", Rule::Integer(from(0.0))),
    ("max_bin", Rule::Integer(from(0.0))),
    ("predictor", Rule::OneOf(&["auto", "cpu_predictor", "gpu_predictor"])),
    ("monotone_constraints", Rule::Signs),
    ("interaction_constraints", Rule::Groups),
    ("sample_type", Rule::OneOf(&["uniform", "weighted"])),
    ("normalize_type", Rule::OneOf(&["tree", "forest"])),
    ("rate_drop", Rule::Continuous(between(0.0, 1.0))),
    ("one_drop", Rule::Integer(between(0.0, 1.0))),
    ("skip_drop", Rule::Continuous(between(0.0, 1.0))),
    ("lambda_bias", Rule::Continuous(between(0.0, 1.0))),
    ("tweedie_variance_power", Rule::Continuous(above(1.0, Open(2.0)))),
    ("objective", Rule::OneOf(OBJECTIVES)),
    ("num_class", Rule::Integer(from(2.0))),
    ("base_score", Rule::Continuous(from(0.0))),
    ("_kfold", Rule::Integer(from(2.0))),
    ("_num_cv_round", Rule::Integer(from(1.0))),
    ("_tuning_objective_metric", Rule::Metrics),
    ("eval_metric", Rule::Metrics),
    ("seed", Rule::Integer(above(-2_147_483_648.0, Open(2_147_483_647.0)))),
    ("num_parallel_tree", Rule::Integer(from(1.0))),
    ("save_model_on_termination", Rule::OneOf(&["true", "false"])),
    ("aft_loss_distribution", Rule::OneOf(&["normal", "logistic", "extreme"])),
    ("aft_loss_distribution_scale", Rule::Continuous(from(0.0))),
    ("single_precision_histogram", Rule::OneOf(&["true", "false"])),
    ("deterministic_histogram", Rule::OneOf(&["true", "false"])),
    ("sampling_method", Rule::OneOf(&["uniform", "gradient_based"])),
    ("prob_buffer_row", Rule::Integer(above(1.0, Unbounded))),
];

const UPDATERS: &[&str] = &[
    "grow_colmaker",
    "distcol",
    "grow_histmaker",
    "grow_local_histmaker",
    "grow_skmaker",
    "grow_quantile_histmaker",
    "sync",
    "refresh",
    "prune",
    "shotgun",
    "coord_descent",
];

const OBJECTIVES: &[&str] = &[
    "binary:logistic",
    "binary:logitraw",
    "binary:hinge",
    "count:poisson",
    "multi:softmax",
    "multi:softprob",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
    "reg:linear",
    "reg:squarederror",
    "reg:logistic",
    "reg:gamma",
    "reg:pseudohubererror",
    "reg:squaredlogerror",
    "reg:tweedie",
    "survival:aft",
    "survival:cox",
];

impl Rule {
    /// What is wrong with a value.
    pub(super) fn check(self, value: &str) -> Result<(), String> {
        let value = value.trim();
        let unparsed = |kind| Err(format!("could not parse value {value} as {kind}"));
        let (number, interval) = match self {
            Self::OneOf(names) => return among(value, names, value),
            Self::ListOf(names) => {
                return value.split(',').try_for_each(|part| among(part.trim(), names, value));
            }
            Self::Signs => return signs(value).map_or_else(|| unparsed("a tuple of -1, 0 and 1"), Ok),
            Self::Groups => return groups(value).map_or_else(|| unparsed("lists of integers from 1"), Ok),
            Self::Metrics => return Ok(()),
            #[allow(clippy::cast_precision_loss, reason = "only compared with small bounds")]
            Self::Integer(interval) => (value.parse::<i64>().ok().map(|number| number as f64), interval),
            Self::Continuous(interval) => (value.parse::<f64>().ok(), interval),
        };
        match number {
            Some(number) if interval.contains(number) => Ok(()),
            Some(_) => Err(format!("{value} is not in {interval}")),
            None if matches!(self, Self::Integer(_)) => unparsed("an integer"),
            None => unparsed("a number"),
        }
    }
}

impl Interval {
    /// Written so that NaN is nowhere.
    fn contains(self, value: f64) -> bool {
        let low = match self.min {
            Closed(min) => value >= min,
            Open(min) => value > min,
            Unbounded => !value.is_nan(),
        };
        let high = match self.max {
            Closed(max) => value <= max,
            Open(max) => value < max,
            Unbounded => value < f64::INFINITY,
        };
        low && high
    }
}

/// As the container writes it: `(0, 1]`, `[0, +inf)`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.min {
            Closed(min) => write!(f, "[{min}, "),
            Open(min) => write!(f, "({min}, "),
            Unbounded => write!(f, "(-inf, "),
        }?;
        match self.max {
            Closed(max) => write!(f, "{max}]"),
            Open(max) => write!(f, "{max})"),
            Unbounded => write!(f, "+inf)"),
        }
    }
}

fn among(part: &str, names: &[&str], value: &str) -> Result<(), String> {
    if names.contains(&part) {
        return Ok(());
    }
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    Err(format!("{value} is not in [{}]", names.join(", ")))
}

fn signs(value: &str) -> Option<()> {
    let inside = value.strip_prefix('(')?.strip_suffix(')')?;
    let inside = inside.trim().strip_suffix(',').unwrap_or(inside);
    inside.split(',').all(|sign| ["-1", "0", "1"].contains(&sign.trim())).then_some(())
}

fn groups(value: &str) -> Option<()> {
    let groups: Vec<Vec<u32>> = serde_json::from_str(value).ok()?;
    groups.iter().flatten().all(|feature| *feature >= 1).then_some(())
}
