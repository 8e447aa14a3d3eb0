//! XGBoost's hyperparameters as SageMaker's container takes them.
//!
//! Names, types, ranges and dependencies are those of the container's `algorithm_mode/hyperparameter_validation.py`
//! (repository aws/sagemaker-xgboost-container). It checks all values before it reads any data, so this does too.

use std::collections::BTreeMap;

use super::TrainingFailure;
use super::eval_metrics::EvalMetrics;
use super::hyperparameter_rules::{ALIASES, RULES};

/// Checked hyperparameters, parted into what XGBoost takes and what the container takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hyperparameters {
    pub(super) num_round: u32,
    /// Whether the second column of the training data holds weights.
    pub(super) csv_weights: bool,
    pub(super) early_stopping_rounds: Option<u32>,
    pub(super) nthread: Option<usize>,
    pub(super) objective: String,
    pub(super) eval_metrics: EvalMetrics,
    /// What is left, for XGBoost.
    pub(super) params: Vec<(String, String)>,
}

/// What XGBoost trains if nobody says.
const DEFAULT_OBJECTIVE: &str = "reg:squarederror";

/// Taken by the container; XGBoost never sees them.
const CONTAINERS_OWN: [&str; 9] = [
    "num_round",
    "csv_weights",
    "early_stopping_rounds",
    "nthread",
    "eval_metric",
    "_tuning_objective_metric",
    "_kfold",
    "_num_cv_round",
    "save_model_on_termination",
];

impl Hyperparameters {
    pub(super) fn parse(given: &BTreeMap<String, String>) -> Result<Self, TrainingFailure> {
        let given = without_aliases(given)?;
        if !given.contains_key("num_round") {
            return Err(TrainingFailure::user("Missing required hyperparameter: num_round"));
        }
        for (name, value) in &given {
            let Some((_, rule)) = RULES.iter().find(|(rule, _)| rule == name) else {
                return Err(TrainingFailure::user(format_args!("Extraneous hyperparameter found: {name}")));
            };
            rule.check(value).map_err(|fault| TrainingFailure::user(format_args!("Hyperparameter {name}: {fault}")))?;
        }
        refuse_what_is_not_emulated(&given)?;
        check_dependencies(&given)?;
        Self::part(&given)
    }

    /// Whether XGBoost is to find a tree method itself.
    pub(super) fn leaves_tree_method_open(&self) -> bool {
        let param = |name: &str| self.params.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        param("booster") != Some("gblinear")
            && param("updater").is_none()
            && param("tree_method").is_none_or(|method| method == "auto")
    }

    fn part(given: &BTreeMap<&str, &str>) -> Result<Self, TrainingFailure> {
        let text = |name: &str| given.get(name).map(|value| value.trim());
        let objective = text("objective").unwrap_or(DEFAULT_OBJECTIVE);
        let params = given
            .iter()
            .filter(|(name, _)| !CONTAINERS_OWN.contains(name))
            .map(|(name, value)| ((*name).to_owned(), value.trim().to_owned()))
            .collect();
        Ok(Self {
            num_round: number(given, "num_round")?.unwrap_or(1),
            csv_weights: text("csv_weights") == Some("1"),
            early_stopping_rounds: number(given, "early_stopping_rounds")?,
            nthread: number(given, "nthread")?,
            objective: objective.to_owned(),
            eval_metrics: EvalMetrics::new(text("eval_metric"), text("_tuning_objective_metric"), objective)?,
            params,
        })
    }
}

fn without_aliases(given: &BTreeMap<String, String>) -> Result<BTreeMap<&str, &str>, TrainingFailure> {
    let mut named = BTreeMap::new();
    for (given_name, value) in given {
        let name = ALIASES.iter().find(|(alias, _)| alias == given_name).map_or(given_name.as_str(), |(_, name)| name);
        if named.insert(name, value.as_str()).is_some() {
            return Err(TrainingFailure::user(format_args!(
                "Hyperparameter {name} is given twice, once by its other name"
            )));
        }
    }
    Ok(named)
}

fn refuse_what_is_not_emulated(given: &BTreeMap<&str, &str>) -> Result<(), TrainingFailure> {
    let refused = |what: &str| Err(TrainingFailure::user(format_args!("{what} is not emulated by refit-local")));
    if given.contains_key("_kfold") || given.contains_key("_num_cv_round") {
        return refused("Cross-validation (_kfold)");
    }
    if given.get("tree_method") == Some(&"gpu_hist") || given.get("predictor") == Some(&"gpu_predictor") {
        return refused("Training on a GPU (tree_method gpu_hist, predictor gpu_predictor)");
    }
    if given.get("process_type") == Some(&"update") {
        return refused("Updating a model (process_type update)");
    }
    if given.get("objective") == Some(&"survival:aft") {
        return refused("Objective survival:aft, whose labels are intervals,");
    }
    Ok(())
}

fn check_dependencies(given: &BTreeMap<&str, &str>) -> Result<(), TrainingFailure> {
    let objective = given.get("objective").copied().unwrap_or(DEFAULT_OBJECTIVE);
    if objective.starts_with("multi:") && !given.contains_key("num_class") {
        return Err(TrainingFailure::user("Require input for parameter 'num_class' for multi-classification"));
    }
    let tree_method = given.get("tree_method").copied().unwrap_or("auto");
    for (name, methods) in
        [("monotone_constraints", &["exact", "hist"][..]), ("interaction_constraints", &["exact", "hist", "approx"])]
    {
        if given.contains_key(name) && !methods.contains(&tree_method) {
            return Err(TrainingFailure::user(format_args!(
                "{name} can be used only when the tree_method parameter is set to one of {}",
                methods.join(", ")
            )));
        }
    }
    Ok(())
}

/// A hyperparameter whose rule has passed; what is left is that it may be too great for its type.
fn number<T: std::str::FromStr>(given: &BTreeMap<&str, &str>, name: &str) -> Result<Option<T>, TrainingFailure> {
    let Some(value) = given.get(name) else { return Ok(None) };
    value
        .trim()
        .parse()
        .map(Some)
        .map_err(|_| TrainingFailure::user(format_args!("Hyperparameter {name}: {value} is too great")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Hyperparameters, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Hyperparameters::parse(&pairs).map_err(|failure| told(&failure.reason).to_owned())
    }

    /// The container's message without what SageMaker puts around it.
    fn told(reason: &str) -> &str {
        let raised = "AlgorithmError: framework error: \nsagemaker_algorithm_toolkit.exceptions.UserError: ";
        reason.strip_prefix(raised).unwrap().strip_suffix(", exit code: 1").unwrap()
    }

    fn refusal(name: &str, value: &str) -> String {
        parse(&[("num_round", "10"), (name, value)]).unwrap_err()
    }

    fn accepts(name: &str, value: &str) -> bool {
        parse(&[("num_round", "10"), ("tree_method", "hist"), (name, value)]).is_ok()
    }

    #[test]
    fn the_articles_hyperparameters_go_to_xgboost_by_their_names() {
        let parsed = parse(&[
            ("num_round", "100"),
            ("objective", "reg:squarederror"),
            ("eval_metric", "rmse"),
            ("early_stopping_rounds", "10"),
            ("eta", "0.1"),
            ("reg_lambda", "2"),
            ("_tuning_objective_metric", "validation:rmse"),
        ])
        .unwrap();
        let params: Vec<(&str, &str)> = parsed.params.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(params, [("eta", "0.1"), ("lambda", "2"), ("objective", "reg:squarederror")]);
        assert_eq!((parsed.num_round, parsed.early_stopping_rounds, parsed.csv_weights), (100, Some(10), false));
    }

    #[test]
    fn num_round_is_required_and_unknown_names_are_not_taken() {
        assert_eq!(parse(&[("eta", "0.1")]).unwrap_err(), "Missing required hyperparameter: num_round");
        assert_eq!(refusal("eat", "0.1"), "Extraneous hyperparameter found: eat");
    }

    // The ends of the ranges, closed and open, as the container's table gives them.
    #[test]
    fn ranges_end_where_the_container_ends_them() {
        for (name, inside, outside) in [
            ("eta", &["0", "1"][..], &["-0.1", "1.01", "nan"][..]),
            ("gamma", &["0", "1e6"], &["-1"]),
            ("max_depth", &["0", "20"], &["-1"]),
            ("min_child_weight", &["0", "120.5"], &["-0.5"]),
            ("max_delta_step", &["0", "3", "2.5"], &["-1"]),
            ("subsample", &["0.01", "1"], &["0", "1.1"]),
            ("colsample_bytree", &["0.01", "1"], &["0", "1.1"]),
            ("colsample_bylevel", &["0.01", "1"], &["0", "1.1"]),
            ("colsample_bynode", &["0.01", "1"], &["0", "1.1"]),
            ("lambda", &["0", "1000"], &["-1"]),
            ("alpha", &["0", "1000"], &["-1"]),
            ("scale_pos_weight", &["0.1"], &["0"]),
            ("sketch_eps", &["0.5"], &["0", "1"]),
            ("tweedie_variance_power", &["1.5"], &["1", "2"]),
            ("early_stopping_rounds", &["1"], &["0"]),
            ("csv_weights", &["0", "1"], &["2"]),
            ("num_class", &["2"], &["1"]),
            ("base_score", &["0", "0.5"], &["-0.1"]),
            ("verbosity", &["0", "3"], &["4"]),
            ("booster", &["gbtree", "dart", "gblinear"], &["tree"]),
            ("save_model_on_termination", &["true", "false"], &["True"]),
            ("monotone_constraints", &["(1, 0, -1)", "(1,)"], &["(2,0)", "1"]),
            ("interaction_constraints", &["[[1, 2], [3]]"], &["[[0]]", "[1"]),
        ] {
            for value in inside {
                assert!(accepts(name, value), "{name} = {value}");
            }
            for value in outside {
                assert!(!accepts(name, value), "{name} = {value}");
            }
        }
    }

    #[test]
    fn a_refusal_says_which_range_was_left() {
        assert_eq!(refusal("subsample", "0"), "Hyperparameter subsample: 0 is not in (0, 1]");
        assert_eq!(refusal("gamma", "-1"), "Hyperparameter gamma: -1 is not in [0, +inf)");
        assert_eq!(refusal("max_depth", "3.5"), "Hyperparameter max_depth: could not parse value 3.5 as an integer");
        assert_eq!(refusal("booster", "x"), "Hyperparameter booster: x is not in ['gbtree', 'gblinear', 'dart']");
        assert!(refusal("num_round", "x").contains("could not parse"));
        assert_eq!(
            parse(&[("num_round", "99999999999")]).unwrap_err(),
            "Hyperparameter num_round: 99999999999 is too great"
        );
    }

    #[test]
    fn several_classes_need_their_number() {
        assert!(refusal("objective", "multi:softprob").contains("num_class"));
        assert!(parse(&[("num_round", "1"), ("objective", "multi:softprob"), ("num_class", "3")]).is_ok());
    }

    #[test]
    fn constraints_need_a_tree_method_that_has_them() {
        assert!(refusal("monotone_constraints", "(1,0)").contains("tree_method"));
        let approx = [("num_round", "1"), ("tree_method", "approx"), ("interaction_constraints", "[[1, 2]]")];
        assert!(parse(&approx).is_ok());
    }

    #[test]
    fn what_is_not_emulated_is_refused_by_name() {
        assert!(refusal("_kfold", "5").contains("_kfold"));
        assert!(refusal("tree_method", "gpu_hist").contains("GPU"));
        assert!(refusal("process_type", "update").contains("process_type"));
    }

    #[test]
    fn a_name_and_its_alias_may_not_both_come() {
        let both = [("num_round", "1"), ("eta", "0.1"), ("learning_rate", "0.2")];
        assert!(parse(&both).unwrap_err().contains("eta is given twice"));
    }
}
