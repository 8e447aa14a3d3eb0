//! A model file as it was read, before anything in it is believed.

use std::collections::BTreeMap;

use crate::{format::Format, version::Version};

/// What every format holds, in one shape.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    /// `None` before XGBoost 1.0, which wrote no version.
    pub(crate) version: Option<Version>,
    pub(crate) objective: String,
    pub(crate) booster: String,
    pub(crate) num_feature: u64,
    pub(crate) num_class: u64,
    pub(crate) num_target: u64,
    pub(crate) base_score: BaseScore,
    pub(crate) trees: Vec<Tree>,
    pub(crate) tree_info: Vec<i32>,
    /// One weight per tree for `dart`, none for `gbtree`.
    pub(crate) tree_weights: Option<Vec<f32>>,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) feature_names: Option<Vec<String>>,
    /// What only the Python object knows, when it was pickled.
    pub(crate) pickled_best_ntree_limit: Option<u64>,
}

/// The intercept, which changed its meaning at 1.0 and became a vector at 3.1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BaseScore {
    /// On the scale of the labels: the objective maps it to the margin.
    Prediction(Vec<f32>),
    /// Already on the scale of the trees' sum: XGBoost 0.x.
    Margin(f32),
}

impl Default for BaseScore {
    fn default() -> Self {
        Self::Prediction(Vec::new())
    }
}

/// One tree, node by node, in the file's own order: node 0 is the root and -1 is no node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    pub(crate) left: Vec<i32>,
    pub(crate) right: Vec<i32>,
    pub(crate) feature: Vec<u32>,
    /// The split's threshold, or the leaf's value.
    pub(crate) condition: Vec<f32>,
    pub(crate) default_left: Vec<bool>,
    pub(crate) gain: Vec<f32>,
    pub(crate) cover: Vec<f32>,
    /// More than 1 for trees whose leaves hold a vector.
    pub(crate) size_leaf_vector: u64,
    pub(crate) has_categories: bool,
}

/// A model with the format it came in.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) format: Format,
    pub(crate) model: Model,
}
