//! The JSON and UBJSON documents: one schema, read by serde from either.
//!
//! The field names are XGBoost's own (`doc/model.schema`, `src/learner.cc`, `src/gbm/gbtree_model.cc`,
//! `src/tree/tree_model.cc`). Unknown fields are skipped: every release adds some.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::scalar::{base_score, flags, floats, integer};
use super::tokens::standard;
use super::ubj;
use crate::error::Cause;
use crate::model::{BaseScore, Model, Tree};
use crate::version::Version;

/// Reads a JSON model, or the JSON snapshot that XGBoost 1.3 to 1.6 pickles.
pub(crate) fn from_json(bytes: &[u8]) -> Result<Model, Cause> {
    let json = standard(bytes);
    let mut stream = serde_json::Deserializer::from_slice(&json).into_iter::<Document>();
    let document = stream.next().ok_or("the file is empty")??;
    document.into_model()
}

/// Reads a UBJSON model, or the UBJSON snapshot that XGBoost 1.7 and later pickles.
pub(crate) fn from_ubj(bytes: &[u8]) -> Result<Model, Cause> {
    ubj::from_slice::<Document>(bytes)?.into_model()
}

/// A model as saved, or a snapshot (`Config` and `Model`) as pickled.
#[derive(Deserialize)]
struct Document {
    learner: Option<Learner>,
    version: Option<Vec<u32>>,
    #[serde(rename = "Model")]
    snapshot: Option<Box<Document>>,
}

#[derive(Deserialize)]
struct Learner {
    learner_model_param: ModelParam,
    gradient_booster: GradientBooster,
    objective: Objective,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    feature_names: Vec<String>,
}

#[derive(Deserialize)]
struct ModelParam {
    #[serde(deserialize_with = "base_score")]
    base_score: Vec<f32>,
    #[serde(deserialize_with = "integer")]
    num_feature: u64,
    #[serde(deserialize_with = "integer", default)]
    num_class: u64,
    #[serde(deserialize_with = "integer", default)]
    num_target: u64,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

#[derive(Deserialize)]
struct GradientBooster {
    name: String,
    model: Option<GbtreeModel>,
    /// Where `dart` keeps its trees before 3.4.
    gbtree: Option<Box<GradientBooster>>,
    weight_drop: Option<Vec<f32>>,
}

/// Empty for `gblinear`, which the caller then refuses by name.
#[derive(Deserialize)]
struct GbtreeModel {
    #[serde(default)]
    trees: Vec<DocumentTree>,
    #[serde(default)]
    tree_info: Vec<i32>,
    /// Where 3.4 and later keep the weights of dropped trees, whose booster is then `gbtree`.
    weight_drop: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct TreeParam {
    #[serde(deserialize_with = "integer", default)]
    size_leaf_vector: u64,
}

#[derive(Deserialize)]
struct DocumentTree {
    id: Option<u64>,
    tree_param: TreeParam,
    left_children: Vec<i32>,
    right_children: Vec<i32>,
    split_indices: Vec<u32>,
    #[serde(deserialize_with = "floats")]
    split_conditions: Vec<f32>,
    #[serde(deserialize_with = "flags")]
    default_left: Vec<bool>,
    // Trees with vector leaves have no gains.
    #[serde(deserialize_with = "floats", default)]
    loss_changes: Vec<f32>,
    #[serde(deserialize_with = "floats", default)]
    sum_hessian: Vec<f32>,
    #[serde(default)]
    categories: Vec<IgnoredAny>,
}

impl Document {
    fn into_model(self) -> Result<Model, Cause> {
        let Some(learner) = self.learner else {
            return match self.snapshot {
                Some(model) if model.snapshot.is_none() => model.into_model(),
                _ => Err("it has neither a `learner` nor a `Model`".into()),
            };
        };
        let version = match self.version.as_deref() {
            Some(&[major, minor, patch]) => Some(Version { major, minor, patch: Some(patch) }),
            _ => return Err("it has no `version` of three numbers".into()),
        };
        learner.into_model(version)
    }
}

impl Learner {
    fn into_model(self, version: Option<Version>) -> Result<Model, Cause> {
        let booster = self.gradient_booster.name;
        let trees = match (self.gradient_booster.gbtree, self.gradient_booster.model) {
            (Some(inner), _) => inner.model,
            (None, model) => model,
        };
        let trees = trees.ok_or("its `gradient_booster` has no `model`")?;
        let param = self.learner_model_param;
        Ok(Model {
            version,
            objective: self.objective.name,
            booster,
            num_feature: param.num_feature,
            num_class: param.num_class,
            num_target: param.num_target,
            base_score: BaseScore::Prediction(param.base_score),
            tree_info: trees.tree_info,
            trees: in_order(trees.trees)?,
            tree_weights: self.gradient_booster.weight_drop.or(trees.weight_drop),
            attributes: self.attributes,
            feature_names: Some(self.feature_names).filter(|names| !names.is_empty()),
            pickled_best_ntree_limit: None,
        })
    }
}

/// XGBoost places a tree by its `id`, and has always written the ids in order.
fn in_order(trees: Vec<DocumentTree>) -> Result<Vec<Tree>, Cause> {
    let ordered = |(index, tree): (usize, DocumentTree)| match tree.id {
        Some(id) if id != index as u64 => Err(format!("the tree at place {index} has the id {id}").into()),
        _ => Ok(tree.into()),
    };
    trees.into_iter().enumerate().map(ordered).collect()
}

impl From<DocumentTree> for Tree {
    fn from(tree: DocumentTree) -> Self {
        Self {
            left: tree.left_children,
            right: tree.right_children,
            feature: tree.split_indices,
            condition: tree.split_conditions,
            default_left: tree.default_left,
            gain: tree.loss_changes,
            cover: tree.sum_hessian,
            size_leaf_vector: tree.tree_param.size_leaf_vector,
            has_categories: !tree.categories.is_empty(),
        }
    }
}
