//! Every metric against scikit-learn's, on the rows of `fixtures/make_metrics.py`.

use refit_evaluation::{BinaryTally, Deviance, MulticlassTally, RegressionMetrics, RegressionTally};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fixtures::path;

/// What the issue of exactness asks for: nine digits.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Case<P> {
    name: String,
    label: Vec<u64>,
    predicted: Vec<P>,
    weight: Vec<u64>,
    expected: Value,
    family: Option<Deviance>,
}

fn cases<P: DeserializeOwned>(kind: &str) -> Vec<Case<P>> {
    let mut all: Value = serde_json::from_slice(&std::fs::read(path("metrics.json")).unwrap()).unwrap();
    serde_json::from_value(all[kind].take()).unwrap()
}

impl<P: Clone> Case<P> {
    fn rows(&self) -> impl Iterator<Item = (f64, P, f64)> {
        let labels = self.label.iter().zip(&self.predicted).zip(&self.weight);
        labels.map(|((label, predicted), weight)| (f64::from_bits(*label), predicted.clone(), f64::from_bits(*weight)))
    }

    #[track_caller]
    fn check(&self, what: &str, found: f64) {
        self.close(what, found, self.expected[what].as_f64().unwrap());
    }

    #[track_caller]
    fn check_all(&self, what: &str, found: impl IntoIterator<Item = f64>) {
        let expected: Vec<f64> = self.expected[what].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        let found: Vec<f64> = found.into_iter().collect();
        assert_eq!(found.len(), expected.len(), "{}: {what}", self.name);
        found.iter().zip(expected).for_each(|(found, expected)| self.close(what, *found, expected));
    }

    #[track_caller]
    fn close(&self, what: &str, found: f64, expected: f64) {
        // Where 1 − accuracy is nearly 0, scikit-learn's own subtraction leaves 1e-16.
        let allowed = TOLERANCE * expected.abs() + 1e-15;
        assert!((found - expected).abs() <= allowed, "{}: {what} is {found}, expected {expected}", self.name);
    }
}

impl Case<u64> {
    fn observations(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        self.rows().map(|(label, predicted, weight)| (label, f64::from_bits(predicted), weight))
    }
}

#[test]
fn regression() {
    for case in cases::<u64>("regression") {
        let metrics = RegressionMetrics::from_pairs(case.observations()).unwrap();
        case.check("mae", metrics.mae);
        case.check("rmse", metrics.rmse);
        case.check("bias", metrics.bias);
        case.check("stdev_error", metrics.stdev_error);
        case.check("explained", metrics.explained.unwrap());
        case.check("mape", metrics.mape.unwrap());
        assert_eq!(Some(metrics.mape_left_out), case.expected["mape_left_out"].as_u64(), "{}", case.name);
        case.check_all("quantile_losses", metrics.quantile_losses.iter().map(|quantile| quantile.loss));
        // Of a quantile only the bin is known.
        let room = case.expected["error_range"].as_f64().unwrap() / 8000.0;
        for (quantile, expected) in
            metrics.error_quantiles.iter().zip(case.expected["error_quantiles"].as_array().unwrap())
        {
            let apart = (quantile.value - expected.as_f64().unwrap()).abs();
            assert!(apart <= room, "{}: quantile {} is off by {apart}", case.name, quantile.probability);
        }
    }
}

#[test]
fn deviances() {
    for case in cases::<u64>("deviance") {
        let mut tally = RegressionTally::new("rows", case.family);
        case.observations().for_each(|row| tally.add(row).unwrap());
        case.check("deviance", tally.metrics().unwrap().deviance.unwrap());
    }
}

#[test]
fn binary() {
    for case in cases::<u64>("binary") {
        let mut tally = BinaryTally::new("rows");
        case.observations().for_each(|row| tally.add(row).unwrap());
        let metrics = tally.metrics().unwrap();
        let curves = metrics.curves.unwrap();
        case.check("auc", curves.auc);
        case.check("pr_auc", curves.pr_auc);
        case.check("logloss", metrics.logloss);
        case.check("error", metrics.error);
        case.check("precision", metrics.precision);
        case.check("recall", metrics.recall);
        case.check("f1", metrics.f1);
        case.check("brier", metrics.brier);
        if let Some(expected) = case.expected.get("calibration") {
            let of =
                |what: &str| expected[what].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
            assert_eq!(metrics.calibration.len(), of("predicted").len(), "{}", case.name);
            for (bin, (predicted, actual)) in
                metrics.calibration.iter().zip(of("predicted").into_iter().zip(of("actual")))
            {
                case.close("calibration", bin.predicted, predicted);
                case.close("calibration", bin.actual, actual);
            }
        }
    }
}

#[test]
fn multiclass() {
    for case in cases::<Vec<u64>>("multiclass") {
        let mut tally = MulticlassTally::new("rows", 4);
        case.rows().for_each(|(label, predicted, weight)| {
            // They were `f32` in Python too.
            let predicted: Vec<f32> = predicted.iter().map(|bits| f64::from_bits(*bits) as f32).collect();
            tally.add(label, &predicted, weight).unwrap();
        });
        let metrics = tally.metrics().unwrap();
        case.check("merror", metrics.merror);
        case.check("mlogloss", metrics.mlogloss);
        case.check("macro_f1", metrics.macro_f1);
        case.check("weighted_f1", metrics.weighted_f1);
        case.check_all("f1", metrics.classes.iter().map(|class| class.f1));
        case.check_all("precision", metrics.classes.iter().map(|class| class.precision));
        case.check_all("recall", metrics.classes.iter().map(|class| class.recall));
        let expected: Vec<Vec<f64>> = serde_json::from_value(case.expected["confusion"].clone()).unwrap();
        for (found, expected) in metrics.confusion.iter().flatten().zip(expected.into_iter().flatten()) {
            case.close("confusion", *found, expected);
        }
    }
}
