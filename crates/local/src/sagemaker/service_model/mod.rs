//! What AWS's service models say of the inputs of every operation this server has.
//!
//! `members.csv` and `shapes.csv` are extracted from botocore's service models by `extract.py`, beside them.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use fancy_regex::Regex;
use serde::Deserialize;

static MODEL: LazyLock<Result<ServiceModel, csv::Error>> =
    LazyLock::new(|| ServiceModel::read(include_str!("members.csv"), include_str!("shapes.csv")));

/// The shapes, and which one is the input of an operation.
pub(super) struct ServiceModel {
    inputs: HashMap<String, usize>,
    shapes: Vec<Shape>,
}

/// What a value of one shape may be.
pub(super) struct Shape {
    /// botocore's name of the type: `structure`, `list`, `map`, `string`, `integer`, ...
    pub(super) kind: String,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) allowed: Vec<String>,
    pub(super) pattern: String,
    regex: OnceLock<Option<Regex>>,
    members: Vec<Member>,
}

/// A part of a shape: a structure's member, or `[]` of a list, `{key}` and `{value}` of a map.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) required: bool,
    shape: usize,
}

#[derive(Deserialize)]
struct ShapeRow {
    shape: String,
    r#type: String,
    min: Option<f64>,
    max: Option<f64>,
    r#enum: String,
    pattern: String,
}

#[derive(Deserialize)]
struct MemberRow {
    shape: String,
    member: String,
    of: String,
    required: String,
}

impl ServiceModel {
    /// The model, read once.
    pub(super) fn of_aws() -> Result<&'static Self, &'static csv::Error> {
        MODEL.as_ref()
    }

    /// The shape of an operation's input.
    pub(super) fn input(&self, operation: &str) -> Option<&Shape> {
        self.inputs.get(operation).and_then(|shape| self.shapes.get(*shape))
    }

    /// The parts of a shape, each with its own shape.
    pub(super) fn members<'a>(&'a self, shape: &'a Shape) -> impl Iterator<Item = (&'a Member, &'a Shape)> {
        shape.members.iter().filter_map(|member| Some((member, self.shapes.get(member.shape)?)))
    }

    /// The shape of the part that is called `name`.
    pub(super) fn part(&self, shape: &Shape, name: &str) -> Option<&Shape> {
        let member = shape.members.iter().find(|member| member.name == name)?;
        self.shapes.get(member.shape)
    }

    fn read(members: &str, shapes: &str) -> Result<Self, csv::Error> {
        let (mut positions, mut model) = (HashMap::new(), Self { inputs: HashMap::new(), shapes: Vec::new() });
        for row in table(shapes).deserialize() {
            let row: ShapeRow = row?;
            positions.insert(row.shape.clone(), model.shapes.len());
            model.shapes.push(Shape::new(row));
        }
        for row in table(members).deserialize() {
            let row: MemberRow = row?;
            let Some(&shape) = positions.get(&row.of) else { continue };
            match positions.get(&row.shape).and_then(|whole| model.shapes.get_mut(*whole)) {
                Some(whole) => {
                    whole.members.push(Member { name: row.member, required: row.required == "yes", shape });
                }
                None => drop(model.inputs.insert(row.shape, shape)),
            }
        }
        Ok(model)
    }
}

impl Shape {
    fn new(row: ShapeRow) -> Self {
        let allowed = row.r#enum.split('|').filter(|value| !value.is_empty()).map(str::to_owned).collect();
        let ShapeRow { r#type: kind, min, max, pattern, .. } = row;
        Self { kind, min, max, allowed, pattern, regex: OnceLock::new(), members: Vec::new() }
    }

    /// The pattern, compiled at its first use. `None` when it cannot be.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| compile(&self.pattern)).as_ref()
    }
}

fn table(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes())
}

/// Java's `Matcher.matches`: the whole text, in Java's names for character classes.
fn compile(pattern: &str) -> Option<Regex> {
    let pattern = pattern
        .replace(r"\p{ASCII}", r"[\x00-\x7F]")
        .replace(r"\p{Print}", r"\x20-\x7E")
        .replace(r"\p{Alnum}", "a-zA-Z0-9")
        // A quantified end of text, which Java takes for the end of text.
        .replace("${1,128}", "$")
        .replace("${1,256}", "$")
        // The length is checked as such, and counting so far makes a huge automaton.
        .replace("{0,1024}", "*")
        .replace("{1,2048}", "+");
    Regex::new(&format!(r"\A(?:{pattern})\z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_every_part_has_a_shape() {
        let model = ServiceModel::of_aws().unwrap();
        for shape in &model.shapes {
            assert!(shape.regex().is_some(), "{}", shape.pattern);
        }
        let rows = table(include_str!("members.csv")).deserialize::<MemberRow>().count();
        let parts: usize = model.shapes.iter().map(|shape| shape.members.len()).sum();
        assert_eq!(parts + model.inputs.len(), rows);
    }
}
