//! Which metrics are evaluated each round, and which one early stopping watches.

use super::TrainingFailure;
use super::container_metrics::CONTAINER_METRICS;

/// The metrics of a training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EvalMetrics {
    /// XGBoost's names; empty means the objective's own metric.
    pub(super) names: Vec<String>,
    /// Those that the container computes itself.
    pub(super) container: Vec<String>,
    /// What early stopping watches: the tuning job's metric, else the last of `eval_metric`.
    pub(super) watched: Option<String>,
}

/// Of the container's metrics those that XGBoost computes and that are better when greater.
const MAXIMIZED: [&str; 4] = ["auc", "aucpr", "map", "ndcg"];

/// Those that are better when smaller.
const MINIMIZED: [&str; 16] = [
    "aft-nloglik",
    "cox-nloglik",
    "error",
    "gamma-deviance",
    "gamma-nloglik",
    "interval-regression-accuracy",
    "logloss",
    "mae",
    "mape",
    "merror",
    "mlogloss",
    "mphe",
    "poisson-nloglik",
    "rmse",
    "rmsle",
    "tweedie-nloglik",
];

/// Every metric a tuning job may have as its objective.
pub(crate) fn metric_names() -> impl Iterator<Item = &'static str> {
    MAXIMIZED.into_iter().chain(MINIMIZED).chain(CONTAINER_METRICS)
}

impl EvalMetrics {
    /// From the values of `eval_metric` and `_tuning_objective_metric`.
    pub(super) fn new(
        eval_metric: Option<&str>,
        tuning_objective: Option<&str>,
        objective: &str,
    ) -> Result<Self, TrainingFailure> {
        let mut names: Vec<String> =
            eval_metric.into_iter().flat_map(|list| list.split(',')).map(|name| name.trim().to_owned()).collect();
        for name in &names {
            check(name, "eval_metric", objective)?;
        }
        let mut watched = names.last().cloned();
        if let Some(metric) = tuning_objective {
            let name = metric.strip_prefix("validation:").ok_or_else(|| {
                TrainingFailure::user(format_args!(
                    "Hyperparameter _tuning_objective_metric: {metric} is not a metric of the validation channel"
                ))
            })?;
            check(name, "_tuning_objective_metric", objective)?;
            watched = Some(name.to_owned());
            names.push(name.to_owned());
            // The container sorts the union.
            names.sort_unstable();
        }
        names.dedup();
        let (container, names) = names.into_iter().partition(|name| CONTAINER_METRICS.contains(&name.as_str()));
        Ok(Self { names, container, watched })
    }
}

/// Whether a metric is better when greater; `ndcg@5` is as `ndcg`.
pub(super) fn is_maximized(name: &str) -> bool {
    MAXIMIZED.contains(&without_threshold(name)) || (CONTAINER_METRICS.contains(&name) && name != "mse")
}

fn without_threshold(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

fn check(name: &str, hyperparameter: &str, objective: &str) -> Result<(), TrainingFailure> {
    let refuse = |why: String| Err(TrainingFailure::user(why));
    if let Some((metric, threshold)) = name.split_once('@') {
        if !["error", "ndcg", "map"].contains(&metric) {
            return refuse(format!(
                "Metric '{name}' is not supported. Parameter 'eval_metric' with customized threshold should be one of \
                 these options: 'error', 'ndcg', 'map'."
            ));
        }
        if threshold.parse::<f64>().is_err() {
            return refuse(format!("Threshold value 't' in '{metric}@t' expects float input."));
        }
    } else if ![&MAXIMIZED[..], &MINIMIZED, &CONTAINER_METRICS].concat().contains(&name) {
        return refuse(format!("Hyperparameter {hyperparameter}: {name} is not a metric"));
    }
    if name == "auc" && !objective.starts_with("binary:") && !objective.starts_with("rank:") {
        return refuse("Metric 'auc' can only be applied for classification and ranking problems.".to_owned());
    }
    if name == "aft-nloglik" && objective != "survival:aft" {
        return refuse("Metric 'aft-nloglik' can only be applied for 'survival:aft' objective.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(
        eval_metric: Option<&str>,
        tuning: Option<&str>,
        objective: &str,
    ) -> Result<(Vec<String>, String), String> {
        EvalMetrics::new(eval_metric, tuning, objective)
            .map(|metrics| (metrics.names, metrics.watched.unwrap_or_default()))
            .map_err(|failure| failure.reason)
    }

    #[test]
    fn the_tuning_metric_joins_the_others_and_is_watched() {
        let (all, watched) = names(Some("rmse,mae"), Some("validation:mae"), "reg:squarederror").unwrap();
        assert_eq!((all, watched.as_str()), (vec!["mae".to_owned(), "rmse".to_owned()], "mae"));
        let (all, watched) = names(Some("rmse, mae"), None, "reg:squarederror").unwrap();
        assert_eq!((all, watched.as_str()), (vec!["rmse".to_owned(), "mae".to_owned()], "mae"));
        assert_eq!(names(None, None, "reg:squarederror").unwrap(), (vec![], String::new()));
    }

    #[test]
    fn auc_is_for_classification_and_ranking() {
        assert!(names(Some("auc"), None, "reg:squarederror").unwrap_err().contains("'auc' can only"));
        assert!(names(Some("auc"), None, "binary:logistic").is_ok());
        assert!(names(None, Some("validation:auc"), "rank:pairwise").is_ok());
        assert!(names(None, Some("train:auc"), "rank:pairwise").is_err());
    }

    #[test]
    fn thresholds_are_for_three_metrics() {
        assert!(names(Some("error@0.7,ndcg@5,map@3"), None, "binary:logistic").is_ok());
        assert!(names(Some("rmse@1"), None, "reg:squarederror").unwrap_err().contains("customized threshold"));
        assert!(names(Some("error@x"), None, "binary:logistic").unwrap_err().contains("float input"));
    }

    #[test]
    fn the_containers_own_metrics_are_kept_from_xgboost() {
        let metrics = EvalMetrics::new(Some("logloss,f1"), Some("validation:accuracy"), "binary:logistic").unwrap();
        assert_eq!(
            (metrics.names, metrics.container),
            (vec!["logloss".to_owned()], vec!["accuracy".to_owned(), "f1".to_owned()])
        );
        assert_eq!(metrics.watched.as_deref(), Some("accuracy"));
        assert!(names(Some("nonsense"), None, "binary:logistic").unwrap_err().contains("nonsense is not a metric"));
    }

    #[test]
    fn greater_is_better_for_ranking_metrics() {
        assert!(is_maximized("auc") && is_maximized("ndcg@5") && is_maximized("r2"));
        assert!(!is_maximized("rmse") && !is_maximized("mse") && !is_maximized("error@0.7"));
    }
}
