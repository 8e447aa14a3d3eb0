//! What the features bring to a model.

use refit_booster::Booster;
use serde::Serialize;

/// What a feature brings to a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FeatureImportance {
    /// The feature's name in the evaluation set.
    pub feature: String,
    /// Loss reduction over all splits on the feature (XGBoost's `total_gain`).
    pub total_gain: f64,
    /// The feature's part of all features' `total_gain`, 0 to 1.
    pub share: f64,
    /// Splits on the feature (XGBoost's `weight`).
    pub splits: u64,
    /// Mean loss reduction of such a split (XGBoost's `gain`).
    pub gain: f64,
    /// Mean cover of such a split (XGBoost's `cover`): the hessians, for a squared error the rows, that came to it.
    pub cover: f64,
    /// The mean size of the feature's contributions to predictions (SHAP values), over a sample of the rows: in the label's unit,
    /// or in that of the objective's margin, such as log odds; of several classes, added up over their margins. None for a model
    /// that cannot be explained.
    pub effect: Option<f64>,
}

/// All features of the set, those that no tree uses with nothing.
pub(crate) fn importance(booster: &Booster, features: &[String], effects: Option<&[f64]>) -> Vec<FeatureImportance> {
    let unused = |(place, feature): (usize, &String)| FeatureImportance {
        feature: feature.clone(),
        total_gain: 0.0,
        share: 0.0,
        splits: 0,
        gain: 0.0,
        cover: 0.0,
        effect: effects.and_then(|effects| effects.get(place).copied()),
    };
    let mut features: Vec<_> = features.iter().enumerate().map(unused).collect();
    let used = booster.importance();
    let total: f64 = used.iter().map(|feature| feature.total_gain).sum();
    for score in used {
        if let Some(feature) = features.get_mut(score.feature) {
            feature.total_gain = score.total_gain;
            feature.share = if total > 0.0 { score.total_gain / total } else { 0.0 };
            feature.splits = score.weight;
            (feature.gain, feature.cover) = (score.gain(), score.cover());
        }
    }
    features.sort_by(|one, other| other.total_gain.total_cmp(&one.total_gain));
    features
}
