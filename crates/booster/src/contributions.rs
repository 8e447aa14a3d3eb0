//! What each feature brings to a prediction: exact TreeSHAP (Lundberg, Erion and Lee 2018, algorithm 2).

use crate::booster::Booster;
use crate::error::BoosterError;
use crate::forest::{Forest, Root, Step};

/// Trees are explained by recursion, which the stack has to hold.
const DEEPEST: u32 = 512;

/// What features bring to margins.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Contributions {
    /// Row by row, group by group: the features in order, then the bias. Each row's values add up to its margin.
    pub values: Vec<f32>,
    /// Outputs per row.
    pub groups: usize,
    /// Features and the bias.
    pub width: usize,
}

impl Booster {
    /// Splits each row's margins among its features, as XGBoost's `pred_contribs` does; values are those of
    /// [`predict_dense`](Self::predict_dense). They are computed in double precision, XGBoost's in single.
    ///
    /// # Errors
    ///
    /// Those of [`predict_dense`](Self::predict_dense), and [`BoosterError::Unsupported`] for trees of more than 512 levels.
    pub fn contributions_dense(&self, rows: &[f32], columns: usize) -> Result<Contributions, BoosterError> {
        self.height(rows, columns)?;
        let sum = self.sum();
        if let Some(deep) = sum.roots.iter().find(|root| root.depth() > DEEPEST) {
            let what = format!("trees of {} levels, too deep to explain", deep.depth());
            return Err(BoosterError::Unsupported { what, remedy: "train with a max_depth of 512 at most" });
        }
        let (width, groups) = (columns + 1, self.num_groups());
        let expected: Vec<f64> = sum.roots.iter().map(|root| expected(sum.forest, root.node())).collect();
        let mut values = Vec::new();
        let mut explained = vec![0.0; width * groups];
        for row in rows.chunks_exact(columns.max(1)) {
            explained.fill(0.0);
            for (bias, intercept) in explained.iter_mut().skip(columns).step_by(width).zip(sum.intercepts) {
                *bias += f64::from(*intercept);
            }
            for (root, expected) in sum.roots.iter().zip(&expected) {
                let of_group = &mut explained[root.group * width..][..width];
                of_group[columns] += expected * f64::from(root.weight);
                Walk::new(sum.forest, *root, row, of_group).all();
            }
            values.extend(explained.iter().map(|value| *value as f32));
        }
        Ok(Contributions { values, groups, width })
    }

    /// The leaf that each row reaches in each tree that counts, row by row, by its number in the model's file: XGBoost's
    /// `pred_leaf`.
    ///
    /// # Errors
    ///
    /// Those of [`predict_dense`](Self::predict_dense).
    pub fn leaves_dense(&self, rows: &[f32], columns: usize) -> Result<Vec<u32>, BoosterError> {
        self.height(rows, columns)?;
        let sum = self.sum();
        let leaves = rows
            .chunks_exact(columns.max(1))
            .flat_map(|row| sum.roots.iter().map(move |root| (row, root)))
            .map(|(row, root)| sum.forest.leaf_number(*root, row));
        Ok(leaves.collect())
    }
}

/// The mean of the leaves below a node, by the hessians that came to them.
fn expected(forest: &Forest, node: u32) -> f64 {
    match forest.step(node) {
        Step::Leaf(value) => f64::from(value),
        Step::Split(_, left) => {
            let part = |child| expected(forest, child) * f64::from(forest.cover(child));
            (part(left) + part(left + 1)) / f64::from(forest.cover(node))
        }
    }
}

/// A feature on the way from the root.
#[derive(Debug, Clone, Copy)]
struct Passed {
    feature: usize,
    /// The share of rows that come this way where the feature is not known.
    zero: f64,
    /// 1 where the row comes this way, else 0.
    one: f64,
    weight: f64,
}

/// A row's way through one tree.
struct Walk<'a> {
    forest: &'a Forest,
    root: u32,
    weight: f64,
    row: &'a [f32],
    explained: &'a mut [f64],
    /// The ways of all nodes between the root and here, one behind the other.
    passed: Vec<Passed>,
}

impl<'a> Walk<'a> {
    fn new(forest: &'a Forest, root: Root, row: &'a [f32], explained: &'a mut [f64]) -> Self {
        Self { forest, root: root.node(), weight: f64::from(root.weight), row, explained, passed: Vec::new() }
    }

    fn all(mut self) {
        let start = Passed { feature: usize::MAX, zero: 1.0, one: 1.0, weight: 0.0 };
        self.node(self.root, 0, start);
    }

    /// `from` is where the parent's way begins in `passed`; it ends at the end.
    fn node(&mut self, at: u32, from: usize, next: Passed) {
        let own = self.passed.len();
        self.passed.extend_from_within(from..);
        extend(&mut self.passed, own, next);
        match self.forest.step(at) {
            Step::Leaf(value) => self.leaf(own, f64::from(value) * self.weight),
            Step::Split(feature, left) => self.split(at, own, feature, left),
        }
        self.passed.truncate(own);
    }

    fn leaf(&mut self, own: usize, value: f64) {
        let path = &self.passed[own..];
        for (place, passed) in path.iter().enumerate().skip(1) {
            self.explained[passed.feature] += unwound_sum(path, place) * (passed.one - passed.zero) * value;
        }
    }

    fn split(&mut self, at: u32, own: usize, feature: usize, left: u32) {
        let hot = self.forest.taken(at, self.row[feature]);
        let cold = if hot == left { left + 1 } else { left };
        let (mut zero, mut one) = (1.0, 1.0);
        if let Some(before) = self.passed[own..].iter().position(|passed| passed.feature == feature) {
            let passed = self.passed[own + before];
            (zero, one) = (passed.zero, passed.one);
            unwind(&mut self.passed, own, before);
        }
        let cover = f64::from(self.forest.cover(at));
        let share = |child| f64::from(self.forest.cover(child)) / cover * zero;
        let (hot_share, cold_share) = (share(hot), share(cold));
        self.node(hot, own, Passed { feature, zero: hot_share, one, weight: 0.0 });
        self.node(cold, own, Passed { feature, zero: cold_share, one: 0.0, weight: 0.0 });
    }
}

/// Adds a feature to the way that begins at `own`.
fn extend(passed: &mut Vec<Passed>, own: usize, next: Passed) {
    let depth = passed.len() - own;
    passed.push(Passed { weight: if depth == 0 { 1.0 } else { 0.0 }, ..next });
    let path = &mut passed[own..];
    let length = (depth + 1) as f64;
    for place in (0..depth).rev() {
        path[place + 1].weight += next.one * path[place].weight * (place + 1) as f64 / length;
        path[place].weight *= next.zero * (depth - place) as f64 / length;
    }
}

/// Takes a feature off the way that begins at `own`.
fn unwind(passed: &mut Vec<Passed>, own: usize, place: usize) {
    let path = &mut passed[own..];
    let depth = path.len() - 1;
    let (length, Passed { zero, one, .. }) = ((depth + 1) as f64, path[place]);
    let mut next = path[depth].weight;
    for at in (0..depth).rev() {
        let left = (depth - at) as f64;
        if one != 0.0 {
            let before = path[at].weight;
            path[at].weight = next * length / ((at + 1) as f64 * one);
            next = before - path[at].weight * zero * left / length;
        } else {
            path[at].weight = path[at].weight * length / (zero * left);
        }
    }
    for at in place..depth {
        let Passed { feature, zero, one, .. } = path[at + 1];
        path[at] = Passed { feature, zero, one, weight: path[at].weight };
    }
    passed.pop();
}

/// The weight of the way without a feature.
fn unwound_sum(path: &[Passed], place: usize) -> f64 {
    let depth = path.len() - 1;
    let (length, Passed { zero, one, .. }) = ((depth + 1) as f64, path[place]);
    let (mut next, mut total) = (path[depth].weight, 0.0);
    for at in (0..depth).rev() {
        let left = (depth - at) as f64;
        if one != 0.0 {
            let part = next * length / ((at + 1) as f64 * one);
            total += part;
            next = path[at].weight - part * zero * left / length;
        } else if zero != 0.0 {
            total += path[at].weight * length / (zero * left);
        }
    }
    total
}
