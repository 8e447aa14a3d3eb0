//! The trees, checked once and laid out for walking.

use crate::error::BoosterError;
use crate::model::Tree;

/// Marks a node that sends missing values to its left child.
const DEFAULT_LEFT: u32 = 1 << 31;

/// All trees of a model. Every index in here was checked when it was built.
///
/// A tree's nodes lie breadth first, so siblings are neighbours and one index names both children. A leaf leads to
/// itself, so rows that reach one early may walk on with the others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forest {
    nodes: Vec<Node>,
    /// By node: the value of a leaf, 0 at a split.
    leaves: Vec<f32>,
    /// By node: what the split improved, 0 at a leaf.
    gains: Vec<f32>,
    /// By node: the sum of the hessians that came this way.
    covers: Vec<f32>,
    /// By node: its number in the file, which is how XGBoost names leaves.
    numbers: Vec<u32>,
    roots: Vec<Root>,
}

/// A split, or a leaf in a split's clothes.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Smaller goes left. NaN at a leaf: nothing is smaller, so all go right.
    threshold: f32,
    /// The feature's index, with [`DEFAULT_LEFT`].
    feature: u32,
    /// The left child; the right one is next to it. One before itself at a leaf.
    left: u32,
}

/// Where a tree begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root {
    node: u32,
    depth: u32,
    /// The output the tree adds to.
    pub(crate) group: usize,
    /// What its leaves are multiplied with: 1 except in `dart`.
    pub(crate) weight: f32,
}

/// What a node is, for those who walk a tree as a whole.
pub(crate) enum Step {
    Leaf(f32),
    /// The split's feature and its left child; the right one is next to it.
    Split(usize, u32),
}

/// A split for counting: its feature, gain and cover.
pub(crate) struct Split {
    pub(crate) feature: usize,
    pub(crate) gain: f32,
    pub(crate) cover: f32,
}

impl Root {
    pub(crate) fn node(self) -> u32 {
        self.node
    }

    pub(crate) fn depth(self) -> u32 {
        self.depth
    }
}

impl Node {
    fn leaf(own: u32) -> Self {
        Self { threshold: f32::NAN, feature: 0, left: own.wrapping_sub(1) }
    }

    #[inline]
    fn feature(self) -> usize {
        (self.feature & !DEFAULT_LEFT) as usize
    }

    #[inline]
    fn child(self, value: f32) -> u32 {
        let missing_left = value.is_nan() & (self.feature & DEFAULT_LEFT != 0);
        let goes_left = (value < self.threshold) | missing_left;
        self.left.wrapping_add(u32::from(!goes_left))
    }

    fn is_leaf(self, own: u32) -> bool {
        self.left.wrapping_add(1) == own
    }
}

impl Forest {
    pub(crate) fn roots(&self) -> &[Root] {
        &self.roots
    }

    pub(crate) fn size_in_memory(&self) -> usize {
        let node = size_of::<Node>() + 3 * size_of::<f32>() + size_of::<u32>();
        self.nodes.len() * node + self.roots.len() * size_of::<Root>()
    }

    /// Every split of every tree, tree by tree.
    pub(crate) fn splits(&self) -> impl Iterator<Item = Split> {
        let nodes = self.nodes.iter().zip(&self.gains).zip(&self.covers).zip(0_u32..);
        nodes.filter(|(((node, _), _), own)| !node.is_leaf(*own)).map(|(((node, gain), cover), _)| Split {
            feature: node.feature(),
            gain: *gain,
            cover: *cover,
        })
    }

    /// Walks `N` neighbouring rows of `columns` values down one tree at once and returns their leaves' values.
    ///
    /// A row's steps wait for one another; the steps of several rows do not, so the processor overlaps them.
    #[inline]
    pub(crate) fn leaves<const N: usize>(&self, root: Root, rows: &[f32], columns: usize) -> [f32; N] {
        let mut at = [root.node; N];
        for _ in 0..root.depth {
            let mut moved = 0;
            for (lane, own) in at.iter_mut().enumerate() {
                let node = self.nodes[*own as usize];
                let next = node.child(rows[lane * columns + node.feature()]);
                moved |= next ^ *own;
                *own = next;
            }
            if moved == 0 {
                break;
            }
        }
        at.map(|node| self.leaves[node as usize])
    }

    /// Walks one row down `N` trees at once and returns their leaves' values: what [`leaves`](Self::leaves) does for many
    /// rows, for few.
    #[inline]
    pub(crate) fn leaves_across<const N: usize>(&self, roots: [Root; N], row: &[f32]) -> [f32; N] {
        self.reached(roots, row).map(|node| self.leaves[node as usize])
    }

    /// The number that the file gives the leaf that a row reaches.
    pub(crate) fn leaf_number(&self, root: Root, row: &[f32]) -> u32 {
        let [node] = self.reached([root], row);
        self.numbers[node as usize]
    }

    #[inline]
    fn reached<const N: usize>(&self, roots: [Root; N], row: &[f32]) -> [u32; N] {
        let mut at = roots.map(|root| root.node);
        let depth = roots.iter().map(|root| root.depth).max().unwrap_or(0);
        for _ in 0..depth {
            let mut moved = 0;
            for own in &mut at {
                let node = self.nodes[*own as usize];
                let next = node.child(row[node.feature()]);
                moved |= next ^ *own;
                *own = next;
            }
            if moved == 0 {
                break;
            }
        }
        at
    }

    /// What a node is.
    pub(crate) fn step(&self, at: u32) -> Step {
        let node = self.nodes[at as usize];
        if node.is_leaf(at) { Step::Leaf(self.leaves[at as usize]) } else { Step::Split(node.feature(), node.left) }
    }

    /// The child that a row with this value takes.
    pub(crate) fn taken(&self, at: u32, value: f32) -> u32 {
        self.nodes[at as usize].child(value)
    }

    /// The hessians that came to a node.
    pub(crate) fn cover(&self, at: u32) -> f32 {
        self.covers[at as usize]
    }

    /// Checks a tree and adds it.
    pub(crate) fn push(
        &mut self,
        tree: &Tree,
        group: usize,
        weight: f32,
        num_feature: u64,
    ) -> Result<(), BoosterError> {
        let index = self.roots.len();
        let inconsistent = |reason| BoosterError::Inconsistent { tree: index, reason };
        check_lengths(tree).map_err(inconsistent)?;
        let first = self.nodes.len();
        if first + tree.left.len() >= DEFAULT_LEFT as usize {
            return Err(inconsistent("the model has more than 2,147,483,647 nodes".to_owned()));
        }
        let depth = self.lay_out(tree, num_feature).map_err(inconsistent)?;
        self.roots.push(Root { node: first as u32, depth, group, weight });
        Ok(())
    }

    /// Copies the nodes reachable from the root, breadth first, and returns the tree's depth.
    fn lay_out(&mut self, tree: &Tree, num_feature: u64) -> Result<u32, String> {
        let first = self.nodes.len();
        let mut seen = vec![false; tree.left.len()];
        seen[0] = true;
        let mut level = vec![0_usize];
        let mut depth = 0;
        loop {
            let mut next_level = Vec::new();
            let mut child = self.nodes.len() + level.len();
            for &old in &level {
                let own = self.nodes.len() as u32;
                let children = children(tree, old, &mut seen)?;
                let node = match children {
                    None => Node::leaf(own),
                    Some(pair) => {
                        next_level.extend(pair);
                        let node = split(tree, old, child as u32, num_feature)?;
                        child += 2;
                        node
                    }
                };
                self.nodes.push(node);
                self.leaves.push(if children.is_none() { tree.condition[old] } else { 0.0 });
                self.gains.push(if children.is_none() { 0.0 } else { tree.gain[old] });
                self.covers.push(tree.cover[old]);
                self.numbers.push(old as u32);
            }
            if next_level.is_empty() {
                debug_assert!(self.nodes.len() > first);
                return Ok(depth);
            }
            level = next_level;
            depth += 1;
        }
    }
}

fn check_lengths(tree: &Tree) -> Result<(), String> {
    let nodes = tree.left.len();
    if nodes == 0 {
        return Err("it has no nodes".to_owned());
    }
    let lengths = [
        ("right children", tree.right.len()),
        ("split indices", tree.feature.len()),
        ("split conditions", tree.condition.len()),
        ("default directions", tree.default_left.len()),
        ("loss changes", tree.gain.len()),
        ("hessian sums", tree.cover.len()),
    ];
    match lengths.into_iter().find(|(_, length)| *length != nodes) {
        Some((what, length)) => Err(format!("it has {nodes} left children and {length} {what}")),
        None => Ok(()),
    }
}

/// The children of a split, or `None` at a leaf. A node that is reached twice would make a cycle or a shared branch.
fn children(tree: &Tree, node: usize, seen: &mut [bool]) -> Result<Option<[usize; 2]>, String> {
    let (left, right) = (tree.left[node], tree.right[node]);
    if left == -1 {
        return Ok(None);
    }
    let mut visit = |child: i32| match usize::try_from(child).ok().filter(|child| *child < seen.len()) {
        None => Err(format!("node {node} leads to node {child}, and there are {}", seen.len())),
        Some(child) if std::mem::replace(&mut seen[child], true) => Err(format!("node {child} is reached twice")),
        Some(child) => Ok(child),
    };
    Ok(Some([visit(left)?, visit(right)?]))
}

fn split(tree: &Tree, node: usize, left: u32, num_feature: u64) -> Result<Node, String> {
    let feature = tree.feature[node];
    if u64::from(feature) >= num_feature || feature & DEFAULT_LEFT != 0 {
        return Err(format!("node {node} splits on feature {feature}, and there are {num_feature}"));
    }
    let direction = if tree.default_left[node] { DEFAULT_LEFT } else { 0 };
    Ok(Node { threshold: tree.condition[node], feature: feature | direction, left })
}
