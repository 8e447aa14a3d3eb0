//! The legacy binary of XGBoost 0.x to 3.0: C structs, little endian, strings and vectors behind a 64-bit length.
//!
//! The layouts are those of `LearnerModelParamLegacy`, `GBTreeModelParam`, `TreeParam`, `RegTree::Node` and
//! `RTreeNodeStat` in XGBoost 1.6.

use std::collections::BTreeMap;

use crate::error::Cause;
use crate::format::{BINF, CONFIG_OFFSET};
use crate::model::{BaseScore, Model, Tree};
use crate::version::Version;

/// Sizes of the C structs.
const LEARNER_PARAM: usize = 136;
const GBTREE_PARAM: usize = 160;
const TREE_PARAM: usize = 148;
const NODE: usize = 20;
const NODE_STAT: usize = 16;

/// The bit that marks a node's default direction.
const DEFAULT_LEFT: u32 = 1 << 31;

/// Reads a model with or without its `binf` header, or the snapshot that XGBoost 1.0 to 1.2 pickles.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Model, Cause> {
    let bytes = match bytes.strip_prefix(CONFIG_OFFSET) {
        Some(snapshot) => model_of_snapshot(snapshot)?,
        None => bytes,
    };
    let mut reader = Reader { bytes: bytes.strip_prefix(BINF).unwrap_or(bytes) };
    let param = LearnerParam::read(&mut reader)?;
    let objective = reader.string()?;
    let booster = reader.string()?;
    let mut model = Model {
        version: param.version,
        objective,
        booster,
        num_feature: u64::from(param.num_feature),
        num_class: u64::try_from(param.num_class)?,
        num_target: u64::from(param.num_target),
        base_score: param.base_score,
        ..Model::default()
    };
    // A linear model goes on with other structs; the caller refuses it by its name.
    if model.booster == "gbtree" || model.booster == "dart" {
        read_trees(&mut reader, &mut model)?;
        if param.has_attributes {
            model.attributes = reader.attributes()?;
        }
    }
    Ok(model)
}

/// Whether bytes without a header look like a model of XGBoost 0.x: its parameters, then the objective's name.
pub(crate) fn is_headerless(bytes: &[u8]) -> bool {
    let mut reader = Reader { bytes };
    let names_objective = |reader: &mut Reader<'_>| -> Result<bool, Cause> {
        LearnerParam::read(reader)?;
        let objective = reader.string()?;
        Ok(objective.contains(':') && objective.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b':'))
    };
    names_objective(&mut reader).unwrap_or(false)
}

/// The snapshot is the offset of its JSON configuration, counted from the header's start, the model, the configuration.
fn model_of_snapshot(snapshot: &[u8]) -> Result<&[u8], Cause> {
    let (offset, rest) = snapshot.split_first_chunk::<8>().ok_or(Cut)?;
    let length = usize::try_from(i64::from_le_bytes(*offset))?;
    Ok(rest.get(..length).ok_or(Cut)?)
}

struct LearnerParam {
    base_score: BaseScore,
    num_feature: u32,
    num_class: i32,
    has_attributes: bool,
    version: Option<Version>,
    num_target: u32,
}

impl LearnerParam {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Cause> {
        let mut fields = Reader { bytes: reader.take(LEARNER_PARAM)? };
        let base_score = fields.f32()?;
        let (num_feature, num_class, has_attributes) = (fields.u32()?, fields.i32()?, fields.i32()? != 0);
        let _contain_eval_metrics = fields.i32()?;
        let (major, minor) = (fields.u32()?, fields.u32()?);
        // 0 before 1.6, which reserved the place.
        let num_target = fields.u32()?;
        let version = (major > 0).then_some(Version { major, minor, patch: None });
        // Since 1.0 the intercept is stored as the user gave it.
        let base_score =
            if version.is_some() { BaseScore::Prediction(vec![base_score]) } else { BaseScore::Margin(base_score) };
        Ok(Self { base_score, num_feature, num_class, has_attributes, version, num_target })
    }
}

fn read_trees(reader: &mut Reader<'_>, model: &mut Model) -> Result<(), Cause> {
    let mut param = Reader { bytes: reader.take(GBTREE_PARAM)? };
    let trees = param.count()?;
    for _ in 0..trees {
        let tree = read_tree(reader)?;
        // What follows a leaf vector has another layout.
        let stop = tree.size_leaf_vector > 1;
        model.trees.push(tree);
        if stop {
            return Ok(());
        }
    }
    model.tree_info = reader.i32s(trees)?;
    if model.booster == "dart" {
        // Written only if there are trees.
        let weights = if trees == 0 { 0 } else { reader.length()? };
        model.tree_weights = Some(reader.f32s(weights)?);
    }
    Ok(())
}

fn read_tree(reader: &mut Reader<'_>) -> Result<Tree, Cause> {
    let mut param = Reader { bytes: reader.take(TREE_PARAM)? };
    let roots = param.i32()?;
    let nodes = param.count()?;
    let (_deleted, _max_depth, _features) = (param.i32()?, param.i32()?, param.i32()?);
    let size_leaf_vector = param.i32()?;
    if roots > 1 {
        return Err(format!("a tree has {roots} roots").into());
    }
    let mut tree = Tree { size_leaf_vector: u64::try_from(size_leaf_vector)?, ..Tree::default() };
    let (structure, statistics) = (reader.array(nodes, NODE)?, reader.array(nodes, NODE_STAT)?);
    for node in structure.chunks_exact(NODE) {
        let mut node = Reader { bytes: node };
        let _parent = node.i32()?;
        tree.left.push(node.i32()?);
        tree.right.push(node.i32()?);
        let split = node.u32()?;
        tree.feature.push(split & !DEFAULT_LEFT);
        tree.default_left.push(split & DEFAULT_LEFT != 0);
        tree.condition.push(node.f32()?);
    }
    for statistic in statistics.chunks_exact(NODE_STAT) {
        let mut statistic = Reader { bytes: statistic };
        tree.gain.push(statistic.f32()?);
        tree.cover.push(statistic.f32()?);
    }
    Ok(tree)
}

/// The file is shorter than it says.
#[derive(Debug, thiserror::Error)]
#[error("the file ends too early")]
struct Cut;

/// Takes fields off the front.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Cut> {
        let (head, rest) = self.bytes.split_at_checked(length).ok_or(Cut)?;
        self.bytes = rest;
        Ok(head)
    }

    /// `count` structs of `width` bytes. Taken before anything is allocated for them.
    fn array(&mut self, count: usize, width: usize) -> Result<&'a [u8], Cut> {
        self.take(count.checked_mul(width).ok_or(Cut)?)
    }

    fn word(&mut self) -> Result<[u8; 4], Cut> {
        let (word, rest) = self.bytes.split_first_chunk().ok_or(Cut)?;
        self.bytes = rest;
        Ok(*word)
    }

    fn u32(&mut self) -> Result<u32, Cut> {
        self.word().map(u32::from_le_bytes)
    }

    fn i32(&mut self) -> Result<i32, Cut> {
        self.word().map(i32::from_le_bytes)
    }

    fn f32(&mut self) -> Result<f32, Cut> {
        self.word().map(f32::from_le_bytes)
    }

    fn count(&mut self) -> Result<usize, Cause> {
        let count = self.i32()?;
        usize::try_from(count).map_err(|_| format!("a count of {count}").into())
    }

    fn length(&mut self) -> Result<usize, Cause> {
        let (length, rest) = self.bytes.split_first_chunk().ok_or(Cut)?;
        self.bytes = rest;
        Ok(usize::try_from(u64::from_le_bytes(*length))?)
    }

    fn i32s(&mut self, count: usize) -> Result<Vec<i32>, Cut> {
        let mut words = Reader { bytes: self.array(count, 4)? };
        (0..count).map(|_| words.i32()).collect()
    }

    fn f32s(&mut self, count: usize) -> Result<Vec<f32>, Cut> {
        let mut words = Reader { bytes: self.array(count, 4)? };
        (0..count).map(|_| words.f32()).collect()
    }

    fn string(&mut self) -> Result<String, Cause> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        Ok(std::str::from_utf8(bytes)?.to_owned())
    }

    fn attributes(&mut self) -> Result<BTreeMap<String, String>, Cause> {
        let count = self.length()?;
        let mut attributes = BTreeMap::new();
        for _ in 0..count {
            let key = self.string()?;
            attributes.insert(key, self.string()?);
        }
        Ok(attributes)
    }
}
