//! How well scores put the positives before the negatives: exact ROC and precision-recall areas.

use serde::Serialize;

/// Scores that wait until they are sorted into the others; fewer than this are not worth it.
const LEAST_PENDING: usize = 1 << 15;
/// Points of a curve that are kept for drawing.
const MOST_POINTS: usize = 200;

/// The weight of both classes at one score.
#[derive(Debug, Clone, Copy)]
struct Scored {
    score: f64,
    positive: f64,
    negative: f64,
}

/// The weight of both classes at every distinct score: 24 bytes for each, however many rows share it.
///
/// A model's scores are `f32`, and a forest's are fewer than its rows; ties cost nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scores {
    sorted: Vec<Scored>,
    pending: Vec<Scored>,
}

/// A point of the ROC and the precision-recall curve, at one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CurvePoint {
    /// Rows of this score and above are taken for positives.
    pub threshold: f64,
    /// The share of the negatives that are taken for positives.
    pub false_positive_rate: f64,
    /// The share of the positives that are taken for such: the recall.
    pub true_positive_rate: f64,
    /// The share of positives in what is taken for such.
    pub precision: f64,
}

/// Both areas, and at most two hundred points of the curves, from the highest threshold down.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Curves {
    /// The area under the ROC curve, exact: the chance that a positive scores above a negative, a tie counting half
    /// (scikit-learn's `roc_auc_score`, XGBoost's `auc`).
    pub auc: f64,
    /// The average precision: precision at each threshold, weighted by the recall gained there (scikit-learn's
    /// `average_precision_score`; XGBoost's `aucpr` interpolates instead).
    pub pr_auc: f64,
    /// Points of the curves.
    pub points: Vec<CurvePoint>,
}

impl Scores {
    pub(crate) fn add(&mut self, score: f64, positive: bool, weight: f64) {
        let (positive, negative) = if positive { (weight, 0.0) } else { (0.0, weight) };
        // Adding 0 makes one zero of the two.
        self.pending.push(Scored { score: score + 0.0, positive, negative });
        if self.pending.len() >= self.sorted.len().max(LEAST_PENDING) {
            self.settle();
        }
    }

    /// The areas and curves; none where a class has no weight.
    pub(crate) fn curves(&self) -> Option<Curves> {
        let mut settled = self.clone();
        settled.settle();
        let positives: f64 = settled.sorted.iter().map(|at| at.positive).sum();
        let negatives: f64 = settled.sorted.iter().map(|at| at.negative).sum();
        (positives > 0.0 && negatives > 0.0).then(|| curves(&settled.sorted, positives, negatives))
    }

    /// Sorts what waits, and makes one entry of equal scores.
    fn settle(&mut self) {
        self.sorted.append(&mut self.pending);
        // A stable sort knows that the first part is in order.
        self.sorted.sort_by(|one, other| one.score.total_cmp(&other.score));
        self.sorted.dedup_by(|later, kept| {
            let same = later.score == kept.score;
            if same {
                kept.positive += later.positive;
                kept.negative += later.negative;
            }
            same
        });
    }
}

/// From the highest score down, one threshold at each.
fn curves(sorted: &[Scored], positives: f64, negatives: f64) -> Curves {
    let mut points = Vec::new();
    let (mut true_positives, mut false_positives, mut area, mut precision_area) = (0.0, 0.0, 0.0, 0.0);
    let mut drawn = f64::NEG_INFINITY;
    for at in sorted.iter().rev() {
        area += at.negative * (true_positives + at.positive / 2.0);
        true_positives += at.positive;
        false_positives += at.negative;
        let taken = true_positives + false_positives;
        let precision = if taken > 0.0 { true_positives / taken } else { 0.0 };
        precision_area += at.positive * precision;
        let point = CurvePoint {
            threshold: at.score,
            false_positive_rate: false_positives / negatives,
            true_positive_rate: true_positives / positives,
            precision,
        };
        // Both rates together run from 0 to 2; steps of equal length draw both curves evenly.
        let way = point.false_positive_rate + point.true_positive_rate;
        if way - drawn >= 2.0 / MOST_POINTS as f64 {
            points.push(point);
            drawn = way;
        }
    }
    Curves { auc: area / (positives * negatives), pr_auc: precision_area / positives, points }
}
