//! The metrics a tuning job of SageMaker's XGBoost may look at, and their directions.

use crate::api::ApiError;

/// Metrics to maximise, of the channel `validation`. From the developer guide (xgboost-tuning) and the container's
/// `xgb_constants.py`.
const MAXIMIZED: [&str; 16] = [
    "accuracy",
    "auc",
    "aucpr",
    "balanced_accuracy",
    "f1",
    "f1_binary",
    "f1_macro",
    "map",
    "ndcg",
    "precision",
    "precision_macro",
    "precision_micro",
    "r2",
    "recall",
    "recall_macro",
    "recall_micro",
];

/// Metrics to minimise.
const MINIMIZED: [&str; 16] = [
    "aft-nloglik",
    "cox-nloglik",
    "error",
    "gamma-deviance",
    "gamma-nloglik",
    "logloss",
    "mae",
    "mape",
    "merror",
    "mlogloss",
    "mphe",
    "mse",
    "poisson-nloglik",
    "rmse",
    "rmsle",
    "tweedie-nloglik",
];

/// Refuses an objective that the algorithm does not report, or one in the wrong direction.
pub(super) fn check(metric: &str, maximize: bool, image: &str) -> Result<(), ApiError> {
    let name = metric.strip_prefix("validation:").unwrap_or_default();
    let is_maximized = MAXIMIZED.contains(&name);
    if !is_maximized && !MINIMIZED.contains(&name) {
        return Err(ApiError::validation(format!(
            "The objective metric for the hyperparameter tuning job, [{metric}], isn't valid for the [{image}] algorithm. \
             Choose a valid objective metric."
        )));
    }
    if is_maximized != maximize {
        let direction = if maximize { "Maximize" } else { "Minimize" };
        return Err(ApiError::validation(format!(
            "The objective metric type, [{direction}], that you specified for objective metric, [{metric}], isn't valid \
             for the [{image}] algorithm. Choose a valid objective metric type."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Directions: the developer guide's table, xgboost-tuning.
    #[test]
    fn metrics_have_one_direction() {
        for metric in ["accuracy", "auc", "f1", "map", "ndcg"] {
            let metric = format!("validation:{metric}");
            assert!(check(&metric, true, "xgboost").is_ok() && check(&metric, false, "xgboost").is_err(), "{metric}");
        }
        for metric in ["error", "logloss", "mae", "merror", "mlogloss", "mse", "rmse"] {
            let metric = format!("validation:{metric}");
            assert!(check(&metric, false, "xgboost").is_ok() && check(&metric, true, "xgboost").is_err(), "{metric}");
        }
        assert!(check("train:rmse", false, "xgboost").is_err());
        assert!(check("validation:loss", false, "xgboost").is_err());
    }
}
