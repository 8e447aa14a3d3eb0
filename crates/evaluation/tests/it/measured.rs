//! Figures against those of scikit-learn, NumPy and XGBoost.

use refit_evaluation::{EvaluationSet, RegressionMetrics, evaluate};
use serde_json::Value;

use crate::fixtures::{booster, errors, evaluated, evaluation, expected, features, path, set};

#[track_caller]
fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let allowed = tolerance * expected.abs().max(1e-3);
    assert!((found - expected).abs() <= allowed, "{what}: {found}, expected {expected}");
}

#[test]
fn the_figures_are_those_of_scikit_learn() {
    let expected = expected();
    let metrics = errors();
    assert_eq!(Some(metrics.rows), expected["rows"].as_u64());
    let found = [
        ("mae", metrics.mae),
        ("rmse", metrics.rmse),
        ("bias", metrics.bias),
        ("stdev_error", metrics.stdev_error),
        ("median_absolute_error", metrics.median_absolute_error),
        ("p90_absolute_error", metrics.p90_absolute_error),
        ("label_mean", metrics.label_mean),
        ("label_stdev", metrics.label_stdev),
        ("baseline_rmse", metrics.baseline_rmse),
        ("baseline_mae", metrics.baseline_mae),
        ("explained", metrics.explained.unwrap()),
    ];
    for (name, value) in found {
        // Of the two quantiles only the bin is known: 1/16000 of the errors' range.
        let tolerance = if name.ends_with("_absolute_error") { 1e-3 } else { 1e-11 };
        assert_close(value, expected[name].as_f64().unwrap(), tolerance, name);
    }
}

#[test]
fn importance_is_that_of_xgboost() {
    let expected = expected();
    let total: f64 = expected["total_gain"].as_object().unwrap().values().filter_map(Value::as_f64).sum();
    let importance = evaluation().importance;
    assert_eq!(importance.len(), 5);
    for feature in &importance {
        let gain = expected["total_gain"][&feature.feature].as_f64().unwrap_or(0.0);
        let splits = expected["splits"][&feature.feature].as_f64().unwrap_or(0.0);
        assert_close(feature.total_gain, gain, 1e-6, &feature.feature);
        assert_close(feature.share, gain / total, 1e-6, &feature.feature);
        assert_eq!(feature.splits as f64, splits);
    }
    assert!(importance.is_sorted_by(|one, other| one.total_gain >= other.total_gain));
    assert_eq!((importance[4].feature.as_str(), importance[4].splits), ("unused", 0));
}

#[test]
fn the_histogram_holds_every_error() {
    let expected = expected();
    let histogram = evaluation().distributions.unwrap().error_histogram;
    let errors: Vec<f64> = expected["errors"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    assert_close(histogram.lowest, expected["error_lowest"].as_f64().unwrap(), 1e-12, "lowest");
    assert_close(histogram.highest, expected["error_highest"].as_f64().unwrap(), 1e-12, "highest");
    let edge = |bar: usize| histogram.lower + histogram.bin_width * bar as f64;
    let rows = |from: f64, to: f64| errors.iter().filter(|error| (from..to).contains(*error)).count() as u64;
    for (bar, count) in histogram.counts.iter().enumerate() {
        assert_eq!(*count, rows(edge(bar), edge(bar + 1)), "bar {bar}");
    }
    assert_eq!(histogram.below, rows(f64::NEG_INFINITY, edge(0)));
    assert_eq!(histogram.above, rows(edge(histogram.counts.len()), f64::INFINITY));
    // The bulk, which numpy.quantile knows, is inside.
    assert!(edge(0) <= expected["error_q005"].as_f64().unwrap());
    assert!(edge(histogram.counts.len()) > expected["error_q995"].as_f64().unwrap());
}

#[test]
fn binned_rows_add_up() {
    let distributions = evaluation().distributions.unwrap();
    let joint = &distributions.predicted_vs_actual;
    assert_eq!(joint.cells.iter().map(|cell| cell.rows).sum::<u64>() + joint.outside, 400);
    let groups = &distributions.calibration;
    assert_eq!(groups.iter().map(|group| group.rows).sum::<u64>(), 400);
    let actual: f64 = groups.iter().map(|group| group.actual * group.rows as f64).sum::<f64>() / 400.0;
    assert_close(actual, errors().label_mean, 1e-12, "mean over the groups");
    assert!(groups.is_sorted_by(|one, other| one.predicted < other.predicted));
}

#[test]
fn one_row_is_enough() {
    let metrics = RegressionMetrics::from_pairs([(10.0, 12.5)]).unwrap();
    assert_eq!((metrics.rows, metrics.stdev_error, metrics.label_stdev), (1, 0.0, 0.0));
    assert_eq!((metrics.explained, metrics.improvement_over_mean()), (None, None));
    assert_eq!(metrics.mae, metrics.rmse);
    assert_eq!(metrics.mae, metrics.bias.abs());
}

#[test]
fn perfect_predictions_have_no_error() {
    let metrics = RegressionMetrics::from_pairs((0..100).map(|i| (f64::from(i), f64::from(i)))).unwrap();
    assert_eq!((metrics.mae, metrics.rmse, metrics.bias, metrics.stdev_error), (0.0, 0.0, 0.0, 0.0));
    assert_eq!((metrics.explained, metrics.improvement_over_mean()), (Some(1.0), Some(1.0)));
}

#[test]
fn a_constant_offset_is_all_bias() {
    let metrics = RegressionMetrics::from_pairs((0..100).map(|i| (f64::from(i), f64::from(i) + 2.5))).unwrap();
    assert_eq!((metrics.mae, metrics.rmse, metrics.bias, metrics.stdev_error), (2.5, 2.5, 2.5, 0.0));
}

#[test]
fn large_labels_do_not_cancel() {
    // numpy.std([1e9, 1e9 + 1, 1e9 + 2]) is sqrt(2/3); the one-pass formula of sums of squares gives 0 here.
    let metrics = RegressionMetrics::from_pairs([(1e9, 1e9), (1e9 + 1.0, 1e9), (1e9 + 2.0, 1e9)]).unwrap();
    assert_close(metrics.label_stdev, (2.0_f64 / 3.0).sqrt(), 1e-12, "label_stdev");
    assert_close(metrics.stdev_error, (2.0_f64 / 3.0).sqrt(), 1e-12, "stdev_error");
    assert_close(metrics.baseline_mae, 2.0 / 3.0, 1e-12, "baseline_mae");
}

#[test]
fn empty_and_nan_fields_are_missing_alike() {
    let with = |line: &str| evaluated(&format!("{line}1,8,1205,1,9.9,0\n")).unwrap();
    let empty = with("10,8,1205,,9.9,0\n");
    assert_eq!(empty, with("10,8,1205,nan,9.9,0\n"));
    assert_eq!(empty, with("10, 8,1205,NaN ,9.9,0\r\n"));
    assert_ne!(empty.metrics, with("10,8,1205,0,9.9,0\n").metrics);
}

#[test]
fn batches_are_bounded_and_complete() {
    let lines: String = (0..20_000).map(|i| format!("{i},1,2,3,4,\n")).collect();
    let batches: Vec<_> = set(&lines).collect::<Result<_, _>>().unwrap();
    assert!(batches.iter().all(|batch| batch.num_rows() <= 8192));
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 20_000);
    assert!(batches.iter().all(|batch| batch.column(5).null_count() == batch.num_rows()));

    let wide: Vec<String> = (0..100_000).map(|i| format!("f{i}")).collect();
    let line = format!("1{}\n", ",2".repeat(wide.len()));
    let lines = std::io::Cursor::new(line.repeat(25));
    let batches: Vec<_> = EvaluationSet::from_reader("wide", lines, &wide).collect::<Result<_, _>>().unwrap();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).collect::<Vec<_>>(), [10, 10, 5]);
}

#[test]
fn a_path_and_its_bytes_measure_the_same() {
    let bytes = std::fs::read(path("evaluation.csv")).unwrap();
    let set = EvaluationSet::from_reader("bytes", std::io::Cursor::new(bytes), &features());
    assert_eq!(evaluate(&booster("model.tar.gz"), set).unwrap(), evaluation());
}
