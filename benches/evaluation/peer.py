"""The same report's figures in Python: `peer.py MODEL ROWS LABELS FEATURES` prints seconds, CPU seconds, peak MiB and rows.

XGBoost's in-place prediction, scikit-learn's metrics, pandas for distributions and slices; all cores, as each library has it.
"""
import resource
import sys
import time

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn import metrics as sk

model, rows, labels, features = sys.argv[1:]
x = np.fromfile(rows, dtype="<f4").reshape(int(features), -1).T.copy()
label = np.fromfile(labels, dtype="<f4").astype(np.float64)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


started, used = time.perf_counter(), cpu()
booster = xgb.Booster(model_file=model)
predicted = booster.inplace_predict(x).astype(np.float64)
error = predicted - label
figures = {
    "mae": sk.mean_absolute_error(label, predicted),
    "rmse": sk.root_mean_squared_error(label, predicted),
    "r2": sk.r2_score(label, predicted),
    "mape": sk.mean_absolute_percentage_error(label, predicted),
    "stdev_error": error.std(),
    "quantile_losses": [sk.mean_pinball_loss(label, predicted, alpha=alpha) for alpha in (0.1, 0.5, 0.9)],
    "error_quantiles": np.quantile(error, [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]).tolist(),
    "absolute_quantiles": np.quantile(np.abs(error), [0.5, 0.9]).tolist(),
    "baseline_mae": np.abs(label - label.mean()).mean(),
}
histogram = np.histogram(error, bins=48)
joint = np.histogram2d(predicted, label, bins=48)
frame = pd.DataFrame({"label": label, "predicted": predicted, "error": error, "slice": pd.cut(x[:, 0], [0, 0.25, 0.5, 0.75, 1])})
calibration = frame.groupby(pd.qcut(frame["predicted"], 10, duplicates="drop"), observed=True)[["label", "predicted"]].mean()
slices = frame.groupby("slice", observed=True)["error"].agg(["count", "mean", "std", lambda e: e.abs().mean()])
profile = np.quantile(predicted, np.arange(101) / 100)
importance = [booster.get_score(importance_type=kind) for kind in ("total_gain", "gain", "cover", "weight")]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(time.perf_counter() - started, cpu() - used, peak, len(label))
