//! What an objective does to the trees' sum, and to the intercept.
//!
//! Formulae and their `f32`/`f64` widths are those of XGBoost's `src/common/math.h`, `src/objective/*.cu` and
//! `src/objective/regression_loss.h`, release by release.

use crate::error::BoosterError;
use crate::version::Version;

/// What the model was trained for, as far as predicting goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Objective {
    link: Link,
    transform: Transform,
}

/// How an intercept on the scale of the labels becomes a margin (`ProbToMargin`).
#[derive(Debug, Clone, Copy, PartialEq)]
enum Link {
    Identity,
    Logit,
    Log,
}

/// How a margin becomes a prediction (`PredTransform`).
#[derive(Debug, Clone, Copy, PartialEq)]
enum Transform {
    Identity,
    /// Since 1.6 with its exponent held below the overflow.
    Sigmoid {
        clamped: bool,
    },
    Exp,
    /// 1 above a margin of 0, else 0.
    Step,
    /// Every class's probability.
    Softmax,
    /// The likeliest class.
    Argmax,
    /// The quantiles in order, so that they do not cross.
    Sorted,
}

/// Where `expf` would overflow, as XGBoost rounds it.
const LARGEST_EXPONENT: f32 = 88.7;

impl Objective {
    /// The objective of this name, as the release that wrote the model computed it.
    pub(crate) fn named(name: &str, version: Option<Version>) -> Result<Self, BoosterError> {
        let since = |major, minor| version.is_some_and(|version| version.is_at_least(major, minor));
        let is_1_3_0 = version == Some(Version { major: 1, minor: 3, patch: Some(0) });
        let sigmoid = Transform::Sigmoid { clamped: since(1, 6) };
        let (link, transform) = match name {
            "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "rank:pairwise"
            | "rank:ndcg"
            | "rank:map" => (Link::Identity, Transform::Identity),
            "reg:quantileerror" if since(3, 4) => (Link::Identity, Transform::Sorted),
            "reg:quantileerror" => (Link::Identity, Transform::Identity),
            "reg:logistic" | "binary:logistic" => (Link::Logit, sigmoid),
            // 1.3.1 corrected 1.3.0. A legacy binary does not tell the two apart and is taken for the corrected one.
            "binary:logitraw" if since(1, 3) && !is_1_3_0 => (Link::Identity, Transform::Identity),
            "binary:logitraw" => (Link::Logit, Transform::Identity),
            "binary:hinge" => (Link::Identity, Transform::Step),
            "reg:gamma" | "reg:tweedie" | "count:poisson" | "survival:cox" | "survival:aft" => {
                (Link::Log, Transform::Exp)
            }
            "multi:softprob" => (Link::Identity, Transform::Softmax),
            "multi:softmax" => (Link::Identity, Transform::Argmax),
            _ => {
                return Err(BoosterError::Unsupported {
                    what: format!("the objective {name:?}"),
                    remedy: "train with one of XGBoost's own objectives",
                });
            }
        };
        Ok(Self { link, transform })
    }

    /// The margin to which the trees' leaves are added.
    pub(crate) fn margin(self, base_score: f32) -> f32 {
        match self.link {
            Link::Identity => base_score,
            Link::Logit => -(1.0 / base_score - 1.0).ln(),
            Link::Log => base_score.ln(),
        }
    }

    /// The same with every class's probability where it predicts the likeliest class (`EvalTransform`).
    pub(crate) fn for_metrics(self) -> Self {
        match self.transform {
            Transform::Argmax => Self { transform: Transform::Softmax, ..self },
            _ => self,
        }
    }

    /// Turns margins, `groups` to a row, into predictions. A prediction of a class takes the place of its row's margins.
    pub(crate) fn transform(self, mut margins: Vec<f32>, groups: usize) -> (Vec<f32>, usize) {
        match self.transform {
            Transform::Identity => {}
            Transform::Sigmoid { clamped: true } => {
                margins.iter_mut().for_each(|x| *x = sigmoid((-*x).min(LARGEST_EXPONENT)))
            }
            Transform::Sigmoid { clamped: false } => margins.iter_mut().for_each(|x| *x = sigmoid(-*x)),
            Transform::Exp => margins.iter_mut().for_each(|x| *x = x.exp()),
            Transform::Step => margins.iter_mut().for_each(|x| *x = if *x > 0.0 { 1.0 } else { 0.0 }),
            Transform::Softmax => margins.chunks_exact_mut(groups).for_each(softmax),
            Transform::Sorted => margins.chunks_exact_mut(groups).for_each(|row| row.sort_by(f32::total_cmp)),
            Transform::Argmax => return (margins.chunks_exact(groups).map(argmax).collect(), 1),
        }
        (margins, groups)
    }
}

fn sigmoid(negated: f32) -> f32 {
    1.0 / (negated.exp() + 1.0)
}

/// The sum is `f64` and each division `f32`, as in `common::Softmax`.
fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0_f64;
    for x in row.iter_mut() {
        *x = (*x - largest).exp();
        sum += f64::from(*x);
    }
    row.iter_mut().for_each(|x| *x /= sum as f32);
}

/// The first of the largest, as `common::FindMaxIndex` has it.
fn argmax(row: &[f32]) -> f32 {
    let mut best = 0;
    for (class, margin) in row.iter().enumerate() {
        if *margin > row[best] {
            best = class;
        }
    }
    best as f32
}
