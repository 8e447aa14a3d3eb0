//! A checked model that predicts.

use std::num::NonZeroUsize;

use arrow::record_batch::RecordBatch;

use crate::artifact;
use crate::columns;
use crate::error::BoosterError;
use crate::forest::{Forest, Root};
use crate::format::Format;
use crate::importance::{self, FeatureImportance};
use crate::model::{BaseScore, Model, Parsed};
use crate::objective::Objective;
use crate::predict::{Predictions, Sum, SumOrder};
use crate::read;
use crate::version::Version;

/// An XGBoost model in memory. Everything in it was checked when it was read, so predicting cannot fail on the model.
///
/// It is immutable and can be shared between threads.
#[derive(Debug, Clone)]
pub struct Booster {
    format: Format,
    version: Option<Version>,
    objective_name: String,
    objective: Objective,
    num_features: usize,
    feature_names: Option<Vec<String>>,
    best_ntree_limit: Option<usize>,
    /// One margin per group.
    intercepts: Vec<f32>,
    order: SumOrder,
    forest: Forest,
}

impl Booster {
    /// Reads an `xgboost-model` file. The format is told by the content, never by a name.
    ///
    /// # Errors
    ///
    /// [`BoosterError::UnknownFormat`], [`BoosterError::Damaged`], [`BoosterError::Inconsistent`],
    /// [`BoosterError::NotABooster`] or [`BoosterError::Unsupported`]. No content panics, hangs, or allocates more
    /// than a small multiple of its own size.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BoosterError> {
        let Parsed { format, model } = read::parse(bytes)?;
        let booster = Self::checked(format, model)?;
        tracing::debug!(
            format = %booster.format,
            version = booster.version.map(tracing::field::display),
            objective = booster.objective_name,
            trees = booster.num_trees(),
            "read an XGBoost model"
        );
        Ok(booster)
    }

    /// Reads the one model in a `model.tar.gz` (or a plain tar), unpacked in memory with [`artifact::Limits::default`].
    ///
    /// # Errors
    ///
    /// Those of [`artifact::unpack`] and [`Booster::from_bytes`]; [`BoosterError::NoModel`] and
    /// [`BoosterError::SeveralModels`] unless there is exactly one file.
    pub fn from_artifact(bytes: &[u8]) -> Result<Self, BoosterError> {
        Self::from_artifact_within(bytes, &artifact::Limits::default())
    }

    /// Reads the one model in an archive, unpacked within other limits.
    ///
    /// # Errors
    ///
    /// Those of [`Booster::from_artifact`].
    pub fn from_artifact_within(bytes: &[u8], limits: &artifact::Limits) -> Result<Self, BoosterError> {
        let members = artifact::unpack(bytes, limits)?;
        Self::from_bytes(&artifact::only_model(members)?.bytes)
    }

    /// The format the model was read from.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The XGBoost release that wrote the model; `None` before 1.0, which left no trace.
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// The objective, as XGBoost names it: `reg:squarederror`.
    pub fn objective(&self) -> &str {
        &self.objective_name
    }

    /// How many features a row must have.
    pub fn num_features(&self) -> usize {
        self.num_features
    }

    /// The features' names, where the model carries them. Models trained from CSV do not.
    pub fn feature_names(&self) -> Option<&[String]> {
        self.feature_names.as_deref()
    }

    /// How many trees the model holds, over all groups and rounds.
    pub fn num_trees(&self) -> usize {
        self.forest.roots().len()
    }

    /// How many trees per group predict, where the model says so; the others stay unused.
    ///
    /// Image 1.2 keeps all trees and stores early stopping's choice in the pickle (without early stopping: all of
    /// them); XGBoost 1.4 to 1.7 store it in the model's attributes. SageMaker's serving honours both, and so does
    /// this crate. Images from 1.3-1 on drop the trees instead.
    pub fn best_ntree_limit(&self) -> Option<usize> {
        self.best_ntree_limit
    }

    /// About how many bytes the model takes in memory.
    pub fn size_in_memory(&self) -> usize {
        let names = self.feature_names.iter().flatten().map(|name| size_of::<String>() + name.len()).sum::<usize>();
        size_of::<Self>() + self.forest.size_in_memory() + names
    }

    /// How many outputs the trees add up to: the classes of `multi:*`, the targets or quantiles, else 1.
    pub fn num_groups(&self) -> usize {
        self.intercepts.len()
    }

    /// What each feature that any tree uses contributed, in the model's order. Counts all trees, as `get_score` does.
    pub fn importance(&self) -> Vec<FeatureImportance> {
        importance::of(&self.forest)
    }

    /// Predicts a batch whose columns are the model's features in its order. Any numeric, boolean or decimal type
    /// will do; null and NaN are missing.
    ///
    /// # Errors
    ///
    /// [`BoosterError::ColumnCount`], [`BoosterError::ColumnType`], and [`BoosterError::ColumnName`] if the model
    /// carries names.
    pub fn predict(&self, batch: &RecordBatch) -> Result<Predictions, BoosterError> {
        Ok(self.transformed(self.margins(batch)?))
    }

    /// Like [`predict`](Self::predict), on several threads. A row's prediction is the same on any number of them.
    ///
    /// # Errors
    ///
    /// Those of [`predict`](Self::predict).
    pub fn predict_by_threads(&self, batch: &RecordBatch, threads: NonZeroUsize) -> Result<Predictions, BoosterError> {
        Ok(self.transformed(self.margins_by_threads(batch, threads)?))
    }

    /// What XGBoost's own metrics are computed from: [`predict_by_threads`](Self::predict_by_threads), but of `multi:softmax` the
    /// probability of every class, as of `multi:softprob`, instead of the likeliest one.
    ///
    /// # Errors
    ///
    /// Those of [`predict`](Self::predict).
    pub fn predict_for_metrics(&self, batch: &RecordBatch, threads: NonZeroUsize) -> Result<Predictions, BoosterError> {
        let (values, groups) =
            self.objective.for_metrics().transform(self.margins_by_threads(batch, threads)?, self.num_groups());
        Ok(Predictions { values, groups })
    }

    /// Like [`predict`](Self::predict), before the objective's transformation (`output_margin=True`).
    ///
    /// # Errors
    ///
    /// Those of [`predict`](Self::predict).
    pub fn predict_margin(&self, batch: &RecordBatch) -> Result<Predictions, BoosterError> {
        Ok(self.untransformed(self.margins(batch)?))
    }

    /// Predicts row-major `rows` of `columns` values each; NaN is missing.
    ///
    /// # Errors
    ///
    /// [`BoosterError::ColumnCount`], or [`BoosterError::RaggedRows`] if the last row is not whole.
    pub fn predict_dense(&self, rows: &[f32], columns: usize) -> Result<Predictions, BoosterError> {
        Ok(self.transformed(self.margins_dense(rows, columns)?))
    }

    /// Like [`predict_dense`](Self::predict_dense), before the objective's transformation.
    ///
    /// # Errors
    ///
    /// Those of [`predict_dense`](Self::predict_dense).
    pub fn predict_margin_dense(&self, rows: &[f32], columns: usize) -> Result<Predictions, BoosterError> {
        Ok(self.untransformed(self.margins_dense(rows, columns)?))
    }

    fn margins(&self, batch: &RecordBatch) -> Result<Vec<f32>, BoosterError> {
        let columns = columns::features(batch, self.num_features, self.feature_names())?;
        let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
        let mut margins = Vec::with_capacity(batch.num_rows() * self.num_groups());
        self.sum().columnar(&columns, batch.num_rows(), &mut margins);
        Ok(margins)
    }

    fn margins_by_threads(&self, batch: &RecordBatch, threads: NonZeroUsize) -> Result<Vec<f32>, BoosterError> {
        let columns = columns::features(batch, self.num_features, self.feature_names())?;
        let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
        Ok(self.sum().columnar_by_threads(&columns, batch.num_rows(), threads.get()))
    }

    fn margins_dense(&self, rows: &[f32], columns: usize) -> Result<Vec<f32>, BoosterError> {
        let height = self.height(rows, columns)?;
        let mut margins = Vec::with_capacity(height * self.num_groups());
        self.sum().dense(rows, columns, &mut margins);
        Ok(margins)
    }

    /// How many rows these are, if they are the model's.
    pub(crate) fn height(&self, rows: &[f32], columns: usize) -> Result<usize, BoosterError> {
        if columns != self.num_features {
            return Err(BoosterError::ColumnCount { expected: self.num_features, found: columns });
        }
        let height = rows.len().checked_div(columns).unwrap_or(0);
        if height * columns != rows.len() {
            return Err(BoosterError::RaggedRows { values: rows.len(), columns });
        }
        Ok(height)
    }

    pub(crate) fn sum(&self) -> Sum<'_> {
        Sum { forest: &self.forest, roots: self.counted_roots(), intercepts: &self.intercepts, order: self.order }
    }

    fn counted_roots(&self) -> &[Root] {
        let roots = self.forest.roots();
        let limit = self.best_ntree_limit.map_or(roots.len(), |limit| limit.saturating_mul(self.num_groups()));
        &roots[..limit.min(roots.len())]
    }

    fn transformed(&self, margins: Vec<f32>) -> Predictions {
        let (values, groups) = self.objective.transform(margins, self.num_groups());
        Predictions { values, groups }
    }

    fn untransformed(&self, values: Vec<f32>) -> Predictions {
        Predictions { values, groups: self.num_groups() }
    }
}

/// From what a file says to what holds.
impl Booster {
    fn checked(format: Format, model: Model) -> Result<Self, BoosterError> {
        refuse_unsupported(&model)?;
        let damaged = |reason: String| BoosterError::damaged(format, reason);
        let objective = Objective::named(&model.objective, model.version)?;
        let groups = groups(&model).map_err(damaged)?;
        let intercepts = intercepts(&model.base_score, objective, groups).map_err(damaged)?;
        let num_features = num_features(&model).map_err(damaged)?;
        check_names(model.feature_names.as_deref(), num_features).map_err(damaged)?;
        let forest = forest(&model, groups).map_err(|error| match error {
            ForestError::Count(reason) => damaged(reason),
            ForestError::Tree(error) => error,
        })?;
        let best = model.pickled_best_ntree_limit.or_else(|| model.attributes.get("best_ntree_limit")?.parse().ok());
        Ok(Self {
            format,
            version: model.version,
            objective_name: model.objective,
            objective,
            num_features,
            feature_names: model.feature_names,
            best_ntree_limit: best.filter(|limit| *limit > 0).and_then(|limit| usize::try_from(limit).ok()),
            intercepts,
            order: SumOrder::of(model.version, model.tree_weights.is_some()),
            forest,
        })
    }
}

fn refuse_unsupported(model: &Model) -> Result<(), BoosterError> {
    let unsupported = |what: String, remedy| Err(BoosterError::Unsupported { what, remedy });
    if let Some(version) = model.version.filter(|version| version.is_unknown()) {
        let remedy = "update refit-booster, or train with an older release";
        return unsupported(format!("XGBoost {version}, a release this crate does not know"), remedy);
    }
    match model.booster.as_str() {
        "gbtree" | "dart" => {}
        other => return unsupported(format!("the booster {other:?}"), "train with `booster` gbtree or dart"),
    }
    if model.trees.iter().any(|tree| tree.size_leaf_vector > 1) {
        return unsupported("trees with vector leaves".to_owned(), "train with `multi_strategy` one_output_per_tree");
    }
    if model.trees.iter().any(|tree| tree.has_categories) {
        return unsupported("categorical splits".to_owned(), "encode the categories as numbers before training");
    }
    Ok(())
}

fn num_features(model: &Model) -> Result<usize, String> {
    /// XGBoost keeps a feature's index in 31 bits.
    const MOST: u64 = 1 << 31;
    let claimed = model.num_feature;
    let features = usize::try_from(claimed).ok().filter(|_| claimed <= MOST);
    features.ok_or_else(|| format!("{claimed} features, more than XGBoost can tell apart"))
}

/// The number of outputs, which the trees must come in multiples of.
fn groups(model: &Model) -> Result<usize, String> {
    /// What a model without trees may claim.
    const MOST_WITHOUT_TREES: u64 = 4096;
    let groups = model.num_class.max(model.num_target).max(1);
    let trees = model.trees.len() as u64;
    let fits = if trees == 0 { groups <= MOST_WITHOUT_TREES } else { trees.is_multiple_of(groups) };
    match usize::try_from(groups) {
        Ok(groups) if fits => Ok(groups),
        _ => Err(format!("{trees} trees cannot serve {groups} outputs")),
    }
}

fn intercepts(base_score: &BaseScore, objective: Objective, groups: usize) -> Result<Vec<f32>, String> {
    let margins = match base_score {
        BaseScore::Margin(margin) => vec![*margin; groups],
        BaseScore::Prediction(scores) => match scores.as_slice() {
            [score] => vec![objective.margin(*score); groups],
            scores if scores.len() == groups => scores.iter().map(|score| objective.margin(*score)).collect(),
            scores => return Err(format!("{} values of base_score for {groups} outputs", scores.len())),
        },
    };
    match margins.iter().find(|margin| margin.is_nan()) {
        Some(_) => Err("base_score is outside the objective's range".to_owned()),
        None => Ok(margins),
    }
}

fn check_names(names: Option<&[String]>, num_features: usize) -> Result<(), String> {
    match names {
        Some(names) if names.len() != num_features => {
            Err(format!("{} feature names for {num_features} features", names.len()))
        }
        _ => Ok(()),
    }
}

enum ForestError {
    Count(String),
    Tree(BoosterError),
}

fn forest(model: &Model, groups: usize) -> Result<Forest, ForestError> {
    let trees = model.trees.len();
    if model.tree_info.len() != trees {
        return Err(ForestError::Count(format!("{} entries of tree_info for {trees} trees", model.tree_info.len())));
    }
    if let Some(weights) = model.tree_weights.as_deref().filter(|weights| weights.len() != trees) {
        return Err(ForestError::Count(format!("{} tree weights for {trees} trees", weights.len())));
    }
    let mut forest = Forest::default();
    for (index, (tree, group)) in model.trees.iter().zip(&model.tree_info).enumerate() {
        let group = usize::try_from(*group).ok().filter(|group| *group < groups).ok_or_else(|| {
            let reason = format!("it adds to output {group}, and there are {groups}");
            ForestError::Tree(BoosterError::Inconsistent { tree: index, reason })
        })?;
        let weight = model.tree_weights.as_ref().map_or(1.0, |weights| weights[index]);
        forest.push(tree, group, weight, model.num_feature).map_err(ForestError::Tree)?;
    }
    Ok(forest)
}
