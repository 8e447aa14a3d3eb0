//! Lists: the filters, orders and pages that AWS's List operations share.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::ApiError;

use super::members::{Members, Object};
use super::refusal::internal;

/// What most List operations return when MaxResults is not given.
const DEFAULT_MAX_RESULTS: usize = 10;

/// One candidate of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Breaks ties of the sort, and of names: a version number.
    pub(crate) version: u64,
    pub(crate) created: f64,
    pub(crate) modified: f64,
    pub(crate) status: String,
    /// The final objective metric, where the list can sort by it.
    pub(crate) metric: Option<f64>,
    /// What the list shows.
    pub(crate) summary: Object,
}

impl Row {
    /// A row of what Describe shows, reading AWS's usual member names.
    pub(crate) fn new(name: &str, status: &str, shown: &Object, summary: Object) -> Self {
        let created = shown.real("CreationTime").unwrap_or_default();
        Self {
            name: name.to_owned(),
            created,
            modified: shown.real("LastModifiedTime").unwrap_or(created),
            status: status.to_owned(),
            summary,
            ..Self::default()
        }
    }
}

/// How an operation sorts when the request does not say.
#[derive(Clone, Copy)]
pub(crate) struct Defaults {
    pub(crate) sort_by: &'static str,
    pub(crate) sort_order: &'static str,
}

/// Filters, sorts and cuts `rows` as `input` asks; the page goes into the member `list`.
pub(crate) fn page(
    operation: &str,
    list: &str,
    input: &Object,
    rows: Vec<Row>,
    defaults: Defaults,
) -> Result<Value, ApiError> {
    let sort_by = input.text("SortBy").unwrap_or(defaults.sort_by);
    let descending = input.text("SortOrder").unwrap_or(defaults.sort_order) == "Descending";
    let order = |left: &Place, right: &Place| {
        let order = left.compare(right);
        if descending { order.reverse() } else { order }
    };
    let mut placed: Vec<(Place, Row)> = rows
        .into_iter()
        .filter(|row| wanted(row, input))
        .filter_map(|row| Some((Place::new(operation, sort_by, descending, &row)?, row)))
        .collect();
    placed.sort_by(|(left, _), (right, _)| order(left, right));
    if let Some(token) = input.text("NextToken") {
        let last = Place::read(token, operation, sort_by, descending)?;
        placed.retain(|(place, _)| order(place, &last) == Ordering::Greater);
    }
    let limit = input.whole("MaxResults").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_MAX_RESULTS);
    let more = placed.len() > limit;
    placed.truncate(limit);
    let mut answer = Object::new();
    if let (true, Some((last, _))) = (more, placed.last()) {
        answer.insert("NextToken".to_owned(), last.token()?.into());
    }
    let summaries = placed.into_iter().map(|(_, row)| Value::Object(row.summary)).collect();
    answer.insert(list.to_owned(), Value::Array(summaries));
    Ok(Value::Object(answer))
}

/// Where a row stands in a sorted list. A token is the place of the last row shown, so that what is created or deleted
/// between two pages neither repeats nor hides other rows.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    operation: String,
    sort_by: String,
    descending: bool,
    number: f64,
    text: String,
    name: String,
    version: u64,
}

impl Place {
    /// `None` for a row that has no value to sort by.
    fn new(operation: &str, sort_by: &str, descending: bool, row: &Row) -> Option<Self> {
        let (number, text) = match sort_by {
            "Name" => (0.0, ""),
            "Status" => (0.0, row.status.as_str()),
            "FinalObjectiveMetricValue" => (row.metric?, ""),
            "LastModifiedTime" => (row.modified, ""),
            _ => (row.created, ""),
        };
        Some(Self {
            operation: operation.to_owned(),
            sort_by: sort_by.to_owned(),
            descending,
            number,
            text: text.to_owned(),
            name: row.name.clone(),
            version: row.version,
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.number
            .total_cmp(&other.number)
            .then_with(|| self.text.cmp(&other.text))
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.version.cmp(&other.version))
    }

    fn token(&self) -> Result<String, ApiError> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).map_err(internal)?))
    }

    fn read(token: &str, operation: &str, sort_by: &str, descending: bool) -> Result<Self, ApiError> {
        let place: Option<Self> =
            URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        place
            .filter(|place| place.operation == operation && place.sort_by == sort_by && place.descending == descending)
            .ok_or_else(|| ApiError::validation("Invalid NextToken: it belongs to another list or another order."))
    }
}

/// Applies the filters that List operations have in common.
fn wanted(row: &Row, input: &Object) -> bool {
    let after = |bound: &str, time: f64| input.real(bound).is_none_or(|bound| time >= bound);
    let before = |bound: &str, time: f64| input.real(bound).is_none_or(|bound| time < bound);
    input.text("NameContains").is_none_or(|part| row.name.to_lowercase().contains(&part.to_lowercase()))
        && input.text("StatusEquals").is_none_or(|status| row.status == status)
        && after("CreationTimeAfter", row.created)
        && before("CreationTimeBefore", row.created)
        && after("LastModifiedTimeAfter", row.modified)
        && before("LastModifiedTimeBefore", row.modified)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BY_NAME: Defaults = Defaults { sort_by: "Name", sort_order: "Ascending" };

    fn row(name: &str, created: f64, metric: Option<f64>) -> Row {
        let summary = json!({ "Name": name }).as_object().cloned().unwrap_or_default();
        Row { name: name.to_owned(), created, metric, summary, ..Row::default() }
    }

    fn rows() -> Vec<Row> {
        vec![row("b", 3.0, Some(0.5)), row("a", 2.0, None), row("d", 1.0, Some(0.25)), row("c", 1.0, Some(0.75))]
    }

    fn names(answer: &Value) -> String {
        answer["Rows"].as_array().into_iter().flatten().filter_map(|row| row["Name"].as_str()).collect()
    }

    fn list(input: Value, rows: Vec<Row>) -> Value {
        page("ListRows", "Rows", input.as_object().unwrap(), rows, BY_NAME).unwrap()
    }

    #[test]
    fn sorts_by_the_default_or_as_asked() {
        assert_eq!(names(&list(json!({}), rows())), "abcd");
        assert_eq!(names(&list(json!({ "SortOrder": "Descending" }), rows())), "dcba");
        assert_eq!(names(&list(json!({ "SortBy": "CreationTime" }), rows())), "cdab");
    }

    #[test]
    fn a_metric_order_leaves_out_rows_without_one() {
        assert_eq!(names(&list(json!({ "SortBy": "FinalObjectiveMetricValue" }), rows())), "dbc");
    }

    #[test]
    fn filters_by_name_and_time() {
        assert_eq!(names(&list(json!({ "NameContains": "C" }), rows())), "c");
        assert_eq!(names(&list(json!({ "CreationTimeAfter": 2 }), rows())), "ab");
        assert_eq!(names(&list(json!({ "CreationTimeBefore": 2 }), rows())), "cd");
    }

    #[test]
    fn pages_neither_repeat_nor_skip_when_rows_come_and_go() {
        let first = list(json!({ "MaxResults": 2 }), rows());
        assert_eq!(names(&first), "ab");
        let mut changed = rows();
        changed.remove(0);
        changed.push(row("aa", 9.0, None));
        let second = list(json!({ "MaxResults": 2, "NextToken": first["NextToken"] }), changed);
        assert_eq!(names(&second), "cd");
        assert_eq!(second.get("NextToken"), None);
    }

    #[test]
    fn a_token_of_another_order_is_refused() {
        let token = list(json!({ "MaxResults": 1 }), rows())["NextToken"].clone();
        for input in [json!({ "NextToken": token, "SortOrder": "Descending" }), json!({ "NextToken": "2" })] {
            let error = page("ListRows", "Rows", input.as_object().unwrap(), rows(), BY_NAME).unwrap_err();
            assert_eq!(error.code, "ValidationException");
        }
    }
}
