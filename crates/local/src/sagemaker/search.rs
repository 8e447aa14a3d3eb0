//! Search, for model package groups: what the SageMaker Python SDK asks before it registers a model.

use serde_json::{Value, json};

use crate::api::{ApiError, Caller};

use super::State;
use super::members::{Members, Object};
use super::page::{Defaults, Row, page};
use super::refusal::not_emulated;
use super::resources::Kind;

pub(super) fn search(state: &State, caller: &Caller, input: &Object) -> Result<Value, ApiError> {
    let resource = input.required("Resource");
    if resource != "ModelPackageGroup" {
        return Err(not_emulated(format_args!("Search for {resource}: only ModelPackageGroup")));
    }
    let filters = filters(input)?;
    let mut rows = Vec::new();
    for group in state.resources.list(caller, Kind::ModelPackageGroup)? {
        let name = group.shown.required("ModelPackageGroupName");
        if filters.iter().all(|filter| filter.holds(name)) {
            let status = group.shown.required("ModelPackageGroupStatus");
            let record = json!({ "ModelPackageGroup": group.shown });
            rows.push(Row::new(name, status, &group.shown, record.as_object().cloned().unwrap_or_default()));
        }
    }
    page("Search", "Results", input, rows, Defaults { sort_by: "LastModifiedTime", sort_order: "Descending" })
}

/// A condition on the group's name.
enum Filter<'a> {
    Equals(&'a str),
    Contains(&'a str),
}

impl Filter<'_> {
    fn holds(&self, name: &str) -> bool {
        match self {
            Self::Equals(value) => name == *value,
            Self::Contains(value) => name.contains(value),
        }
    }
}

fn filters(input: &Object) -> Result<Vec<Filter<'_>>, ApiError> {
    let Some(expression) = input.object("SearchExpression") else { return Ok(Vec::new()) };
    if expression.contains_key("SubExpressions") || expression.contains_key("NestedFilters") {
        return Err(not_emulated("SubExpressions and NestedFilters of Search"));
    }
    let filters = expression.objects("Filters");
    if filters.len() > 1 && expression.text("Operator") == Some("Or") {
        return Err(not_emulated("the Operator Or of Search"));
    }
    filters.into_iter().map(filter).collect()
}

fn filter(filter: &Object) -> Result<Filter<'_>, ApiError> {
    let value = filter.text("Value").ok_or_else(|| ApiError::validation("A search filter needs a Value."))?;
    match (filter.required("Name"), filter.text("Operator").unwrap_or("Equals")) {
        ("ModelPackageGroupName", "Equals") => Ok(Filter::Equals(value)),
        ("ModelPackageGroupName", "Contains") => Ok(Filter::Contains(value)),
        (name, operator) => Err(not_emulated(format_args!(
            "a Search by {name} {operator}: only ModelPackageGroupName Equals and Contains"
        ))),
    }
}
