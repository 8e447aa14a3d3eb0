//! Reading members of a JSON structure whose types have been checked against the service model.

use serde_json::{Map, Value};

/// A JSON structure, its members in the order they came.
pub(crate) type Object = Map<String, Value>;

/// Members by AWS's names; a member that is absent, or of another type, reads as `None` or empty.
pub(crate) trait Members {
    fn text(&self, name: &str) -> Option<&str>;
    fn whole(&self, name: &str) -> Option<u64>;
    fn real(&self, name: &str) -> Option<f64>;
    fn flag(&self, name: &str) -> bool;
    fn object(&self, name: &str) -> Option<&Object>;
    fn objects(&self, name: &str) -> Vec<&Object>;
    fn texts(&self, name: &str) -> Vec<&str>;
    /// The string members of a map.
    fn pairs(&self, name: &str) -> Vec<(&str, &str)>;
    /// The named string, or the empty one: for members the model requires.
    fn required(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }
}

impl Members for Object {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    fn whole(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    fn real(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn object(&self, name: &str) -> Option<&Object> {
        self.get(name)?.as_object()
    }

    fn objects(&self, name: &str) -> Vec<&Object> {
        let list = self.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_object).collect()
    }

    fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn pairs(&self, name: &str) -> Vec<(&str, &str)> {
        let map = self.object(name);
        map.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
    }
}

/// Copies the members that are there, in the order of `names`.
pub(crate) fn select(from: &Object, names: &[&str]) -> Object {
    names.iter().filter_map(|name| Some(((*name).to_owned(), from.get(*name)?.clone()))).collect()
}

/// Removes members that are `null`, at every depth: to AWS they are absent.
pub(crate) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
