//! Checks an input against the service model: required members, types, lengths, ranges, enumerations, patterns.
//!
//! Members that the model does not have are passed over, as AWS's JSON protocol does.

use serde_json::Value;

use crate::api::ApiError;

use super::members::Object;
use super::refusal::{internal, serialization, unknown_operation};
use super::service_model::{ServiceModel, Shape};

/// Checks `input` and reports every broken constraint at once, in AWS's words.
pub(crate) fn check(operation: &str, input: &Value) -> Result<(), ApiError> {
    let model = ServiceModel::of_aws().map_err(internal)?;
    let Some(shape) = model.input(operation) else { return Err(unknown_operation(operation)) };
    let mut check = Check { model, broken: Vec::new() };
    check.value(shape, "", input)?;
    let broken = check.broken;
    match broken.len() {
        0 => Ok(()),
        1 => Err(ApiError::validation(format!("1 validation error detected: {}", broken[0]))),
        count => Err(ApiError::validation(format!("{count} validation errors detected: {}", broken.join("; ")))),
    }
}

/// A check that is under way, and what it has found.
struct Check<'m> {
    model: &'m ServiceModel,
    broken: Vec<String>,
}

impl Check<'_> {
    /// Checks `value`, which is there; `path` is the one AWS would name.
    fn value(&mut self, shape: &Shape, path: &str, value: &Value) -> Result<(), ApiError> {
        check_type(shape, path, value)?;
        for rule in rules(shape, value)?.into_iter().filter(|rule| rule.broken) {
            self.report(path, value, &rule.text);
        }
        match value {
            Value::Object(entries) if shape.kind == "map" => self.map(shape, path, value, entries),
            Value::Object(entries) => self.members(shape, path, entries),
            Value::Array(elements) => self.elements(shape, path, value, elements),
            _ => Ok(()),
        }
    }

    fn members(&mut self, shape: &Shape, path: &str, entries: &Object) -> Result<(), ApiError> {
        for (member, of) in self.model.members(shape) {
            let name = lower_first(&member.name);
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            match entries.get(&member.name) {
                Some(value) => self.value(of, &path, value)?,
                None if member.required => self.report(&path, &Value::Null, "Member must not be null"),
                None => {}
            }
        }
        Ok(())
    }

    /// Structures are checked one by one; of plain values AWS reports the whole list.
    fn elements(&mut self, shape: &Shape, path: &str, list: &Value, elements: &[Value]) -> Result<(), ApiError> {
        let Some(of) = self.model.part(shape, "[]") else { return Ok(()) };
        if !["structure", "list", "map"].contains(&of.kind.as_str()) {
            return self.all(of, path, list, "Member", elements.iter());
        }
        for (index, element) in elements.iter().enumerate() {
            self.value(of, &format!("{path}.{}.member", index + 1), element)?;
        }
        Ok(())
    }

    fn map(&mut self, shape: &Shape, path: &str, map: &Value, entries: &Object) -> Result<(), ApiError> {
        if let Some(key) = self.model.part(shape, "{key}") {
            let keys: Vec<Value> = entries.keys().map(|key| key.as_str().into()).collect();
            self.all(key, path, map, "Map keys", keys.iter())?;
        }
        let Some(value) = self.model.part(shape, "{value}") else { return Ok(()) };
        self.all(value, path, map, "Map value", entries.values())
    }

    /// Reports a collection once, with all the rules of its parts in brackets, when any part breaks one.
    fn all<'v>(
        &mut self,
        of: &Shape,
        path: &str,
        whole: &Value,
        parts: &str,
        values: impl Iterator<Item = &'v Value>,
    ) -> Result<(), ApiError> {
        for value in values {
            check_type(of, path, value)?;
            let rules = rules(of, value)?;
            if rules.iter().any(|rule| rule.broken) {
                let rules: Vec<_> = rules.into_iter().map(|rule| rule.text).collect();
                self.report(path, whole, &format!("{parts} must satisfy constraint: [{}]", rules.join(", ")));
                return Ok(());
            }
        }
        Ok(())
    }

    fn report(&mut self, path: &str, value: &Value, rule: &str) {
        self.broken.push(format!("Value {} at '{path}' failed to satisfy constraint: {rule}", quoted(value)));
    }
}

/// A rule of a shape, as a value keeps or breaks it.
struct Rule {
    text: String,
    broken: bool,
}

/// The rules of `shape` that are of `value`'s kind, in AWS's order.
fn rules(shape: &Shape, value: &Value) -> Result<Vec<Rule>, ApiError> {
    let mut rules = Vec::new();
    if let Some((size, measure)) = size(value) {
        if let Some(max) = shape.max {
            let text = format!("Member must have {measure} less than or equal to {max}");
            rules.push(Rule { text, broken: size > max });
        }
        if let Some(min) = shape.min {
            let text = format!("Member must have {measure} greater than or equal to {min}");
            rules.push(Rule { text, broken: size < min });
        }
    }
    let Value::String(value) = value else { return Ok(rules) };
    if !shape.allowed.is_empty() {
        let text = format!("Member must satisfy enum value set: [{}]", shape.allowed.join(", "));
        rules.push(Rule { text, broken: !shape.allowed.contains(value) });
    }
    if !shape.pattern.is_empty() {
        let text = format!("Member must satisfy regular expression pattern: {}", shape.pattern);
        let regex = shape.regex().ok_or_else(|| internal(format!("the pattern {} does not compile", shape.pattern)))?;
        rules.push(Rule { text, broken: !regex.is_match(value).map_err(internal)? });
    }
    Ok(rules)
}

fn check_type(shape: &Shape, path: &str, value: &Value) -> Result<(), ApiError> {
    let fits = match shape.kind.as_str() {
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
    Err(serialization(format!("{found} at '{at}' can not be converted to a {}", shape.kind)))
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

fn quoted(value: &Value) -> String {
    if value.is_null() { "null".to_owned() } else { format!("'{}'", shown(value)) }
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
             keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length \
             greater than or equal to 0, Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_]*]"
        );
        let keys = json!({ "ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m", "TagKeys": ["a", ""] });
        assert_eq!(
            message("DeleteTags", &keys),
            "1 validation error detected: Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy \
             constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal \
             to 1, Member must satisfy regular expression pattern: ([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)]"
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

    // botocore's SearchExpression holds itself as SubExpressions.
    #[test]
    fn shapes_that_hold_themselves_are_checked_at_every_depth() {
        let nested = json!({ "SubExpressions": [{ "SubExpressions": [{ "Filters": [{ "Name": "" }] }] }] });
        let refused = message("Search", &json!({ "Resource": "Model", "SearchExpression": nested }));
        let place = "searchExpression.subExpressions.1.member.subExpressions.1.member.filters.1.member.name";
        assert!(refused.contains(&format!("Value '' at '{place}'")), "{refused}");
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
