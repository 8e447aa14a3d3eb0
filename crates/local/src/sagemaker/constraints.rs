//! Checks an input against the service model: required members, types, lengths, ranges, enumerations, patterns.
//!
//! `constraints.csv` holds the input members of every operation this server has, taken from botocore 1.44.5's model of
//! SageMaker; `enums.csv` holds its long enumerations by shape.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use fancy_regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::api::ApiError;

use super::refusal::{internal, serialization, unknown_operation};

static OPERATIONS: LazyLock<Result<HashMap<String, Node>, csv::Error>> =
    LazyLock::new(|| read_table(include_str!("constraints.csv"), include_str!("enums.csv")));

/// Checks `input` and reports every broken constraint at once, in AWS's words.
pub(crate) fn check(operation: &str, input: &Value) -> Result<(), ApiError> {
    let operations = OPERATIONS.as_ref().map_err(internal)?;
    let Some(root) = operations.get(operation) else { return Err(unknown_operation(operation)) };
    let mut broken = Vec::new();
    root.check("", input, &mut broken)?;
    match broken.len() {
        0 => Ok(()),
        1 => Err(ApiError::validation(format!("1 validation error detected: {}", broken[0]))),
        count => Err(ApiError::validation(format!("{count} validation errors detected: {}", broken.join("; ")))),
    }
}

/// One row of the table.
#[derive(Deserialize)]
struct Constraint {
    path: String,
    r#type: String,
    required: String,
    min: Option<f64>,
    max: Option<f64>,
    r#enum: String,
    pattern: String,
}

/// What one member may hold, and what its own members may.
#[derive(Default)]
struct Node {
    kind: String,
    required: bool,
    min: Option<f64>,
    max: Option<f64>,
    allowed: Vec<String>,
    pattern: String,
    regex: OnceLock<Option<Regex>>,
    members: Vec<(String, Node)>,
    element: Option<Box<Node>>,
    key: Option<Box<Node>>,
    value: Option<Box<Node>>,
}

impl Node {
    fn new(row: &Constraint, enums: &HashMap<String, String>) -> Self {
        let allowed = row.r#enum.strip_prefix('@').map_or(Some(&row.r#enum), |shape| enums.get(shape));
        Self {
            kind: row.r#type.clone(),
            required: row.required == "yes",
            min: row.min,
            max: row.max,
            allowed: allowed
                .into_iter()
                .flat_map(|all| all.split('|'))
                .filter(|one| !one.is_empty())
                .map(str::to_owned)
                .collect(),
            pattern: row.pattern.clone(),
            ..Self::default()
        }
    }

    /// Puts `node` at the end of `steps` below this one.
    fn place(&mut self, steps: &[Step<'_>], node: Node) {
        let Some((step, rest)) = steps.split_first() else {
            *self = node;
            return;
        };
        let child = match step {
            Step::Element => self.element.get_or_insert_default().as_mut(),
            Step::Key => self.key.get_or_insert_default().as_mut(),
            Step::Value => self.value.get_or_insert_default().as_mut(),
            Step::Member(name) => {
                let at = self.members.iter().position(|(member, _)| member == name).unwrap_or_else(|| {
                    self.members.push(((*name).to_owned(), Self::default()));
                    self.members.len() - 1
                });
                &mut self.members[at].1
            }
        };
        child.place(rest, node);
    }

    /// Checks `value`, which is there; `path` is the one AWS would name.
    fn check(&self, path: &str, value: &Value, broken: &mut Vec<String>) -> Result<(), ApiError> {
        self.check_type(path, value)?;
        for rule in self.broken_rules(value)? {
            broken.push(format!("Value '{}' at '{path}' failed to satisfy constraint: {rule}", shown(value)));
        }
        match value {
            Value::Object(entries) if self.kind == "map" => self.check_map(path, entries, broken),
            Value::Object(entries) => self.check_members(path, entries, broken),
            Value::Array(elements) => {
                let Some(node) = &self.element else { return Ok(()) };
                for (index, element) in elements.iter().enumerate() {
                    node.check(&format!("{path}.{}.member", index + 1), element, broken)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_members(
        &self,
        path: &str,
        entries: &serde_json::Map<String, Value>,
        broken: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        for (name, node) in &self.members {
            let path = if path.is_empty() { lower_first(name) } else { format!("{path}.{}", lower_first(name)) };
            match entries.get(name) {
                Some(value) => node.check(&path, value, broken)?,
                None if node.required => {
                    broken.push(format!("Value null at '{path}' failed to satisfy constraint: Member must not be null"))
                }
                None => {}
            }
        }
        Ok(())
    }

    /// AWS reports a map's keys and values at the map, with the rules in brackets.
    fn check_map(
        &self,
        path: &str,
        entries: &serde_json::Map<String, Value>,
        broken: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        for (part, node) in [("keys", &self.key), ("values", &self.value)] {
            let Some(node) = node else { continue };
            for (key, value) in entries {
                let checked = if part == "keys" { &Value::String(key.clone()) } else { value };
                node.check_type(path, checked)?;
                let rules = node.broken_rules(checked)?;
                if !rules.is_empty() {
                    let (whole, rules) = (shown(&Value::Object(entries.clone())), rules.join(", "));
                    broken.push(format!(
                        "Value '{whole}' at '{path}' failed to satisfy constraint: Map {part} must satisfy constraint: [{rules}]"
                    ));
                    break;
                }
            }
        }
        Ok(())
    }

    fn check_type(&self, path: &str, value: &Value) -> Result<(), ApiError> {
        let fits = match self.kind.as_str() {
            "string" | "blob" => value.is_string(),
            "integer" | "long" => value.is_i64() || value.is_u64(),
            "float" | "double" | "timestamp" => value.is_number(),
            "boolean" => value.is_boolean(),
            "list" => value.is_array(),
            _ => value.is_object(),
        };
        if fits {
            return Ok(());
        }
        let found = match value {
            Value::String(_) => "STRING_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::Bool(true) => "TRUE_VALUE",
            Value::Bool(false) => "FALSE_VALUE",
            Value::Array(_) => "START_ARRAY",
            Value::Object(_) => "START_OBJECT",
            Value::Null => "VALUE_NULL",
        };
        let at = if path.is_empty() { "the request" } else { path };
        Err(serialization(format!("{found} at '{at}' can not be converted to a {}", self.kind)))
    }

    /// The rules `value` itself breaks.
    fn broken_rules(&self, value: &Value) -> Result<Vec<String>, ApiError> {
        let mut rules = Vec::new();
        if let Some((size, measure)) = size(value) {
            if let Some(max) = self.max.filter(|max| size > *max) {
                rules.push(format!("Member must have {measure} less than or equal to {max}"));
            }
            if let Some(min) = self.min.filter(|min| size < *min) {
                rules.push(format!("Member must have {measure} greater than or equal to {min}"));
            }
        }
        let Value::String(text) = value else { return Ok(rules) };
        if !self.allowed.is_empty() && !self.allowed.contains(text) {
            rules.push(format!("Member must satisfy enum value set: [{}]", self.allowed.join(", ")));
        }
        if !self.pattern.is_empty() && !self.matches(text)? {
            rules.push(format!("Member must satisfy regular expression pattern: {}", self.pattern));
        }
        Ok(rules)
    }

    fn matches(&self, text: &str) -> Result<bool, ApiError> {
        let regex = self.regex.get_or_init(|| compile(&self.pattern));
        match regex {
            Some(regex) => regex.is_match(text).map_err(internal),
            None => Err(internal(format!("the pattern {} does not compile", self.pattern))),
        }
    }
}

/// A step of a path in the table: `Tags[].Key`, `Environment{value}`.
enum Step<'a> {
    Member(&'a str),
    Element,
    Key,
    Value,
}

fn read_table(table: &str, enums: &str) -> Result<HashMap<String, Node>, csv::Error> {
    let enums = csv::Reader::from_reader(enums.as_bytes()).into_deserialize().collect::<Result<HashMap<_, _>, _>>()?;
    let mut operations = HashMap::new();
    for row in csv::Reader::from_reader(table.as_bytes()).deserialize() {
        let row: Constraint = row?;
        let (operation, path) = row.path.split_once('.').unwrap_or((&row.path, ""));
        let root: &mut Node = operations.entry(operation.to_owned()).or_default();
        root.place(&steps(path), Node::new(&row, &enums));
    }
    Ok(operations)
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let end = part.find(['[', '{']).unwrap_or(part.len());
        steps.push(Step::Member(&part[..end]));
        let mut rest = &part[end..];
        while !rest.is_empty() {
            let (step, taken) = match rest {
                rest if rest.starts_with("[]") => (Step::Element, 2),
                rest if rest.starts_with("{key}") => (Step::Key, 5),
                rest if rest.starts_with("{value}") => (Step::Value, 7),
                _ => break,
            };
            steps.push(step);
            rest = &rest[taken..];
        }
    }
    steps
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
        .replace("{0,1024}", "*");
    Regex::new(&format!(r"\A(?:{pattern})\z")).ok()
}

/// The size a range bounds: a number's value, a text's or collection's length.
#[allow(clippy::cast_precision_loss, reason = "lengths of a request are far below 2^53")]
fn size(value: &Value) -> Option<(f64, &'static str)> {
    Some(match value {
        Value::Number(number) => (number.as_f64()?, "value"),
        Value::String(text) => (text.chars().count() as f64, "length"),
        Value::Array(elements) => (elements.len() as f64, "length"),
        Value::Object(entries) => (entries.len() as f64, "length"),
        _ => return None,
    })
}

/// A value as Java prints it in AWS's messages.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(elements) => format!("[{}]", elements.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key}={}", shown(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(operation: &str, input: &Value) -> String {
        check(operation, input).map_or_else(|error| error.message, |()| "ok".to_owned())
    }

    #[test]
    fn every_pattern_of_the_table_compiles() {
        for row in csv::Reader::from_reader(include_str!("constraints.csv").as_bytes()).deserialize() {
            let row: Constraint = row.unwrap();
            assert!(compile(&row.pattern).is_some(), "{} {}", row.path, row.pattern);
        }
    }

    // The wordings are those the live service gives, as quoted in AWS's re:Post and in SDK issues; limits: botocore's model.
    #[test]
    fn names_what_is_wrong_as_aws_does() {
        let name = "a".repeat(33);
        assert_eq!(
            message("DescribeHyperParameterTuningJob", &json!({ "HyperParameterTuningJobName": name })),
            format!(
                "2 validation errors detected: Value '{name}' at 'hyperParameterTuningJobName' failed to satisfy constraint: \
                 Member must have length less than or equal to 32; Value '{name}' at 'hyperParameterTuningJobName' failed to \
                 satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){{0,31}}"
            )
        );
        assert_eq!(
            message("DescribeModel", &json!({})),
            "1 validation error detected: Value null at 'modelName' failed to satisfy constraint: Member must not be null"
        );
        assert_eq!(
            message("ListEndpoints", &json!({ "SortBy": "Size", "MaxResults": 101 })),
            "2 validation errors detected: Value 'Size' at 'sortBy' failed to satisfy constraint: Member must satisfy enum \
             value set: [Name, CreationTime, Status]; Value '101' at 'maxResults' failed to satisfy constraint: Member must \
             have value less than or equal to 100"
        );
    }

    #[test]
    fn names_the_place_in_lists_and_maps() {
        let variant = json!({ "VariantName": "a", "ModelName": "m", "InitialInstanceCount": 0 });
        assert_eq!(
            message("CreateEndpointConfig", &json!({ "EndpointConfigName": "c", "ProductionVariants": [variant] })),
            "1 validation error detected: Value '0' at 'productionVariants.1.member.initialInstanceCount' failed to satisfy \
             constraint: Member must have value greater than or equal to 1"
        );
        let environment = json!({ "ModelName": "m", "PrimaryContainer": { "Environment": { "1a": "x" } } });
        assert_eq!(
            message("CreateModel", &environment),
            "1 validation error detected: Value '{1a=x}' at 'primaryContainer.environment' failed to satisfy constraint: Map \
             keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_]*]"
        );
    }

    #[test]
    fn patterns_look_behind_and_cover_the_whole_text() {
        let group = |name: &str| check("DescribeModelPackageGroup", &json!({ "ModelPackageGroupName": name })).is_ok();
        assert!(group("flights"));
        assert!(group("arn:aws:sagemaker:us-east-1:123456789012:model-package-group/flights"));
        assert!(!group("flights-"));
        assert!(!group("flights/1"));
        let described = |property: &str| {
            let properties = json!({ "ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1",
                "CustomerMetadataProperties": { "sha256": property } });
            check("UpdateModelPackage", &properties).is_ok()
        };
        assert!(described("0f3a=="));
        assert!(!described("a*b"));
    }

    #[test]
    fn long_enumerations_are_whole() {
        let instance = |name: &str| {
            let variant = json!({ "VariantName": "a", "ModelName": "m", "InstanceType": name });
            check("CreateEndpointConfig", &json!({ "EndpointConfigName": "c", "ProductionVariants": [variant] }))
                .is_ok()
        };
        assert!(instance("ml.m5.large") && instance("ml.c7i.48xlarge"));
        assert!(!instance("m5.large"));
    }

    #[test]
    fn a_wrong_type_and_an_unknown_operation_are_refused() {
        let input = json!({ "MaxResults": "ten" });
        assert_eq!(check("ListModels", &input).unwrap_err().code, "SerializationException");
        assert_eq!(check("CreateCluster", &json!({})).unwrap_err().code, "UnknownOperationException");
    }
}
