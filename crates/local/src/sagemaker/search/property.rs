//! Properties of a record by their dotted paths, and how their values compare.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sagemaker::members::{Members, Object};

/// The values at `path`. A list has those of all its elements, a map's keys may hold dots, and a tag's value is at
/// `Tags.<key>`.
pub(super) fn values<'r>(record: &'r Object, path: &str) -> Vec<&'r Value> {
    if let Some(key) = path.strip_prefix("Tags.") {
        let tags = record.objects("Tags");
        return tags.into_iter().filter(|tag| tag.required("Key") == key).filter_map(|tag| tag.get("Value")).collect();
    }
    let mut found = Vec::new();
    collect_members(record, path, &mut found);
    found
}

fn collect_members<'r>(object: &'r Object, path: &str, found: &mut Vec<&'r Value>) {
    if let Some(value) = object.get(path) {
        return collect_elements(value, found);
    }
    for (dot, _) in path.match_indices('.') {
        if let Some(value) = object.get(&path[..dot]) {
            collect(value, &path[dot + 1..], found);
        }
    }
}

fn collect<'r>(value: &'r Value, path: &str, found: &mut Vec<&'r Value>) {
    match value {
        Value::Object(object) => collect_members(object, path, found),
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, path, found)),
        _ => {}
    }
}

fn collect_elements<'r>(value: &'r Value, found: &mut Vec<&'r Value>) {
    match value {
        Value::Array(elements) => found.extend(elements),
        value => found.push(value),
    }
}

/// Whether the property at `path` is a time: SageMaker's are all called so.
pub(super) fn is_time(path: &str) -> bool {
    path.ends_with("Time")
}

/// A time as a filter writes it, in seconds since 1970.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc)).ok();
    let time = time.or_else(|| Some(NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?.and_utc()))?;
    Some(crate::sagemaker::moment::of(time))
}

/// What a record is sorted by. Records without the property come first when ascending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum SortKey {
    Missing,
    /// The bits of a double, which a token gives back exactly.
    Number(u64),
    Text(String),
}

impl SortKey {
    pub(super) fn of(record: &Object, path: &str) -> Self {
        match values(record, path).first() {
            Some(Value::String(text)) => Self::Text(text.clone()),
            Some(Value::Number(number)) => Self::Number(number.as_f64().unwrap_or_default().to_bits()),
            Some(Value::Bool(flag)) => Self::Text(flag.to_string()),
            _ => Self::Missing,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
        }
    }
}

impl Eq for SortKey {}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => f64::from_bits(*left).total_cmp(&f64::from_bits(*right)),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_through_lists_tags_and_keys_with_dots() {
        let record = json!({
            "InputDataConfig": [
                { "ChannelName": "train", "DataSource": { "S3DataSource": { "S3Uri": "s3://b/train" } } },
                { "ChannelName": "validation" },
            ],
            "CustomerMetadataProperties": { "model.version": "7" },
            "Tags": [{ "Key": "team.name", "Value": "delay" }],
        });
        let at = |path: &str| values(record.as_object().unwrap(), path).into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(at("InputDataConfig.ChannelName"), [json!("train"), json!("validation")]);
        assert_eq!(at("InputDataConfig.DataSource.S3DataSource.S3Uri"), [json!("s3://b/train")]);
        assert_eq!(at("InputDataConfig").len(), 2);
        assert_eq!(at("CustomerMetadataProperties.model.version"), [json!("7")]);
        assert_eq!(at("Tags.team.name"), [json!("delay")]);
        assert_eq!(at("Tags.team"), [json!(null); 0]);
    }

    #[test]
    fn times_are_read_with_and_without_an_offset() {
        assert_eq!(seconds("1970-01-01T00:01:00"), Some(60.0));
        assert_eq!(seconds("1970-01-01T00:01:00.5Z"), Some(60.5));
        assert_eq!(seconds("1970-01-01T01:01:00+01:00"), Some(60.0));
        assert_eq!(seconds("yesterday"), None);
    }
}
