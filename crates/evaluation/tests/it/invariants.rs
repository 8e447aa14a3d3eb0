//! Laws that hold for any pairs of label and prediction.

use proptest::collection::vec;
use proptest::prelude::*;
use refit_evaluation::{BinaryMetrics, BinaryTally, RegressionMetrics};

fn measured(pairs: impl IntoIterator<Item = (f64, f64)>) -> RegressionMetrics {
    RegressionMetrics::from_pairs(pairs).unwrap()
}

fn pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
    vec((-1e4..1e4_f64, -1e4..1e4_f64), 1..200)
}

/// Equal up to rounding, for values of this size.
fn close(one: f64, other: f64, size: f64) -> bool {
    (one - other).abs() <= 1e-10 * size.max(1.0)
}

proptest! {
    #[test]
    fn rmse_is_bias_and_spread(pairs in pairs()) {
        let metrics = measured(pairs);
        let parts = metrics.bias.powi(2) + metrics.stdev_error.powi(2);
        prop_assert!(close(metrics.rmse.powi(2), parts, parts));
    }

    #[test]
    fn rmse_is_never_below_mae_nor_mae_below_bias(pairs in pairs()) {
        let metrics = measured(pairs);
        prop_assert!(metrics.rmse >= metrics.mae * (1.0 - 1e-12));
        prop_assert!(metrics.mae >= metrics.bias.abs() * (1.0 - 1e-12));
        prop_assert!(metrics.baseline_rmse >= metrics.baseline_mae * (1.0 - 1e-12));
    }

    #[test]
    fn a_shift_of_both_changes_no_error(pairs in pairs(), shift in -1e4..1e4_f64) {
        let (before, after) = (measured(pairs.clone()), measured(pairs.into_iter().map(|(l, p)| (l + shift, p + shift))));
        prop_assert!(close(before.mae, after.mae, 1e5));
        prop_assert!(close(before.rmse, after.rmse, 1e5));
        prop_assert!(close(before.stdev_error, after.stdev_error, 1e5));
        prop_assert!(close(before.baseline_rmse, after.baseline_rmse, 1e5));
        prop_assert!(close(before.label_mean + shift, after.label_mean, 1e5));
    }

    #[test]
    fn a_shift_of_the_predictions_is_bias(pairs in pairs(), shift in -1e4..1e4_f64) {
        let (before, after) = (measured(pairs.clone()), measured(pairs.into_iter().map(|(l, p)| (l, p + shift))));
        prop_assert!(close(before.bias + shift, after.bias, 1e5));
        prop_assert!(close(before.stdev_error, after.stdev_error, 1e5));
    }

    #[test]
    fn a_unit_of_another_size_scales_every_figure(pairs in pairs(), scale in 0.01..100.0_f64) {
        let (before, after) = (measured(pairs.clone()), measured(pairs.into_iter().map(|(l, p)| (l * scale, p * scale))));
        for (before, after) in [
            (before.mae, after.mae),
            (before.rmse, after.rmse),
            (before.bias, after.bias),
            (before.stdev_error, after.stdev_error),
            (before.baseline_rmse, after.baseline_rmse),
        ] {
            prop_assert!(close(before * scale, after, 1e6));
        }
    }

    #[test]
    fn order_changes_no_figure(pairs in pairs()) {
        let (forth, back) = (measured(pairs.clone()), measured(pairs.into_iter().rev()));
        prop_assert!(close(forth.rmse, back.rmse, 1e4));
        prop_assert!(close(forth.baseline_mae, back.baseline_mae, 1e4));
        prop_assert_eq!(forth.rows, back.rows);
    }

    #[test]
    fn figures_are_those_of_two_passes(pairs in pairs()) {
        let metrics = measured(pairs.clone());
        let rows = pairs.len() as f64;
        let mean = pairs.iter().map(|(label, _)| label).sum::<f64>() / rows;
        let baseline_mae = pairs.iter().map(|(label, _)| (label - mean).abs()).sum::<f64>() / rows;
        let baseline_rmse = (pairs.iter().map(|(label, _)| (label - mean).powi(2)).sum::<f64>() / rows).sqrt();
        prop_assert!(close(metrics.baseline_rmse, baseline_rmse, 1e4));
        // Only rows within a bin around the mean can differ, and by a bin at most.
        prop_assert!((metrics.baseline_mae - baseline_mae).abs() <= 2e4 / 8192.0);
        let mut distances: Vec<f64> = pairs.iter().map(|(label, prediction)| (prediction - label).abs()).collect();
        distances.sort_by(f64::total_cmp);
        let median = distances[distances.len().div_ceil(2) - 1];
        prop_assert!((metrics.median_absolute_error - median).abs() <= 4e4 / 8192.0);
    }
}

/// A label, a probability of a few distinct values, and a weight.
fn binary_rows() -> impl Strategy<Value = Vec<(bool, u8, u8)>> {
    vec((any::<bool>(), 0..20_u8, 1..5_u8), 2..200)
        .prop_filter("both classes", |rows| rows.iter().any(|row| row.0) && rows.iter().any(|row| !row.0))
}

fn binary(rows: impl IntoIterator<Item = (bool, f64, f64)>) -> BinaryMetrics {
    let mut tally = BinaryTally::new("rows");
    rows.into_iter().for_each(|(label, score, weight)| tally.add((f64::from(u8::from(label)), score, weight)).unwrap());
    tally.metrics().unwrap()
}

proptest! {
    #[test]
    fn auc_is_the_share_of_ordered_pairs(rows in binary_rows()) {
        let rows: Vec<_> = rows.into_iter().map(|(label, score, w)| (label, f64::from(score) / 20.0, f64::from(w))).collect();
        let (mut ordered, mut pairs) = (0.0, 0.0);
        for (_, high, w) in rows.iter().filter(|row| row.0) {
            for (_, low, v) in rows.iter().filter(|row| !row.0) {
                pairs += w * v;
                ordered += w * v * if high > low { 1.0 } else if high == low { 0.5 } else { 0.0 };
            }
        }
        prop_assert!(close(binary(rows).curves.unwrap().auc, ordered / pairs, 1.0));
    }

    #[test]
    fn the_other_class_turns_auc_round(rows in binary_rows()) {
        let rows = rows.into_iter().map(|(label, score, w)| (label, f64::from(score) / 20.0, f64::from(w)));
        let other = rows.clone().map(|(label, score, w)| (!label, score, w));
        let (auc, turned) = (binary(rows).curves.unwrap().auc, binary(other).curves.unwrap().auc);
        prop_assert!(close(auc + turned, 1.0, 1.0));
    }

    #[test]
    fn a_weight_is_so_many_rows(rows in binary_rows()) {
        let weighted = rows.iter().map(|(label, score, w)| (*label, f64::from(*score) / 20.0, f64::from(*w)));
        let repeated = rows.iter().flat_map(|(label, score, w)| {
            std::iter::repeat_n((*label, f64::from(*score) / 20.0, 1.0), usize::from(*w))
        });
        let (one, other) = (binary(weighted), binary(repeated));
        for (one, other) in [(one.logloss, other.logloss), (one.f1, other.f1), (one.brier, other.brier), (one.error, other.error)] {
            prop_assert!(close(one, other, 1.0));
        }
        prop_assert!(close(one.curves.unwrap().pr_auc, other.curves.unwrap().pr_auc, 1.0));
    }

    #[test]
    fn weights_of_one_size_change_nothing(pairs in pairs(), weight in 0.001..1000.0_f64) {
        let weighted = RegressionMetrics::from_pairs(pairs.iter().map(|(l, p)| (*l, *p, weight))).unwrap();
        let plain = measured(pairs);
        for (one, other) in [(plain.mae, weighted.mae), (plain.rmse, weighted.rmse), (plain.stdev_error, weighted.stdev_error)] {
            prop_assert!(close(one, other, 1e4));
        }
        prop_assert_eq!(plain.rows, weighted.rows);
    }
}
