//! Search expressions: filters, nested filters and expressions of them, joined by And or Or.

use serde_json::Value;

use crate::api::ApiError;

use super::property::{is_time, seconds, values};
use super::records::Records;
use crate::sagemaker::members::{Members, Object};

/// The most filters, nested filters and expressions that one expression may hold, at all depths.
const MAX_PARTS: usize = 50;

/// A condition on a record.
pub(super) struct Expression<'a> {
    parts: Vec<Part<'a>>,
    /// One part is enough; otherwise all must hold.
    any: bool,
}

enum Part<'a> {
    Filter(Filter<'a>),
    /// One element of a list that satisfies every filter.
    Nested {
        list: &'a str,
        filters: Vec<Filter<'a>>,
    },
    Expression(Expression<'a>),
}

struct Filter<'a> {
    name: &'a str,
    operator: &'a str,
    value: &'a str,
}

impl<'a> Expression<'a> {
    pub(super) fn parse(given: &'a Object, records: &Records) -> Result<Self, ApiError> {
        let expression = Self::parse_part(given, records)?;
        if expression.size() > MAX_PARTS {
            return Err(ApiError::validation(format!(
                "A SearchExpression holds at most {MAX_PARTS} Filters, NestedFilters and SubExpressions."
            )));
        }
        Ok(expression)
    }

    fn parse_part(given: &'a Object, records: &Records) -> Result<Self, ApiError> {
        let mut parts = Vec::new();
        for filter in given.objects("Filters") {
            let filter = Filter::parse(filter)?;
            records.check_property(filter.name)?;
            parts.push(Part::Filter(filter));
        }
        for nested in given.objects("NestedFilters") {
            let list = nested.required("NestedPropertyName");
            records.check_property(list)?;
            let filters = nested.objects("Filters").into_iter().map(|filter| Filter::parse_below(filter, list));
            parts.push(Part::Nested { list, filters: filters.collect::<Result<_, _>>()? });
        }
        for expression in given.objects("SubExpressions") {
            parts.push(Part::Expression(Self::parse_part(expression, records)?));
        }
        if parts.is_empty() {
            return Err(ApiError::validation(
                "A SearchExpression needs at least one of Filters, NestedFilters and SubExpressions.",
            ));
        }
        Ok(Self { parts, any: given.text("Operator") == Some("Or") })
    }

    fn size(&self) -> usize {
        let size = |part: &Part<'_>| match part {
            Part::Filter(_) => 1,
            Part::Nested { filters, .. } => 1 + filters.len(),
            Part::Expression(expression) => 1 + expression.size(),
        };
        self.parts.iter().map(size).sum()
    }

    pub(super) fn holds(&self, record: &Object) -> Result<bool, ApiError> {
        for part in &self.parts {
            let holds = match part {
                Part::Filter(filter) => filter.holds(record)?,
                Part::Nested { list, filters } => nested_holds(record, list, filters)?,
                Part::Expression(expression) => expression.holds(record)?,
            };
            if holds == self.any {
                return Ok(self.any);
            }
        }
        Ok(!self.any)
    }

    /// The one value that the property `name` must have for the expression to hold, if it says so itself.
    pub(super) fn demanded(&self, name: &str) -> Option<&'a str> {
        if self.any && self.parts.len() > 1 {
            return None;
        }
        self.parts.iter().find_map(|part| match part {
            Part::Filter(filter) if filter.name == name && filter.operator == "Equals" => Some(filter.value),
            _ => None,
        })
    }

    /// Whether `named` holds for the name of any filter.
    pub(super) fn any_name(&self, named: &impl Fn(&str) -> bool) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Filter(filter) => named(filter.name),
            Part::Nested { list, .. } => named(list),
            Part::Expression(expression) => expression.any_name(named),
        })
    }
}

fn nested_holds(record: &Object, list: &str, filters: &[Filter<'_>]) -> Result<bool, ApiError> {
    for element in values(record, list).into_iter().filter_map(Value::as_object) {
        let mut all = true;
        for filter in filters {
            all = all && filter.holds(element)?;
        }
        if all {
            return Ok(true);
        }
    }
    Ok(false)
}

impl<'a> Filter<'a> {
    fn parse(given: &'a Object) -> Result<Self, ApiError> {
        let name = given.required("Name");
        let operator = given.text("Operator").unwrap_or("Equals");
        match given.text("Value") {
            Some(value) => Ok(Self { name, operator, value }),
            None if ["Exists", "NotExists"].contains(&operator) => Ok(Self { name, operator, value: "" }),
            None => {
                Err(ApiError::validation(format!("The filter on {name} needs a Value: its Operator is {operator}.")))
            }
        }
    }

    /// A nested filter's name begins with the list's, as in AWS's examples, or is the name within the element.
    fn parse_below(given: &'a Object, list: &str) -> Result<Self, ApiError> {
        let filter = Self::parse(given)?;
        let below = filter.name.strip_prefix(list).and_then(|rest| rest.strip_prefix('.'));
        Ok(Self { name: below.unwrap_or(filter.name), ..filter })
    }

    /// A property of several values satisfies a filter with any of them, and NotEquals with none of them.
    fn holds(&self, record: &Object) -> Result<bool, ApiError> {
        let values = values(record, self.name);
        match self.operator {
            "Exists" => Ok(!values.is_empty()),
            "NotExists" => Ok(values.is_empty()),
            "NotEquals" => Ok(!self.any(&values, "Equals")?),
            operator => self.any(&values, operator),
        }
    }

    fn any(&self, values: &[&Value], operator: &str) -> Result<bool, ApiError> {
        for value in values {
            if self.compares(value, operator)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn compares(&self, value: &Value, operator: &str) -> Result<bool, ApiError> {
        match value {
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                self.compares_numbers(number, self.number()?, operator)
            }
            Value::Bool(flag) if operator == "Equals" => Ok(self.value.eq_ignore_ascii_case(&flag.to_string())),
            Value::String(text) if self.name.starts_with("HyperParameters.") => {
                self.compares_hyperparameter(text, operator)
            }
            Value::String(text) => self.compares_text(text, operator),
            _ => Err(self.unsupported()),
        }
    }

    fn compares_text(&self, text: &str, operator: &str) -> Result<bool, ApiError> {
        match operator {
            "Equals" => Ok(text == self.value),
            "Contains" => Ok(text.contains(self.value)),
            "In" => Ok(self.value.split(',').any(|one| one.trim() == text)),
            _ => Err(self.unsupported()),
        }
    }

    fn compares_numbers(&self, left: f64, right: f64, operator: &str) -> Result<bool, ApiError> {
        match operator {
            "Equals" => Ok(left == right),
            "GreaterThan" => Ok(left > right),
            "GreaterThanOrEqualTo" => Ok(left >= right),
            "LessThan" => Ok(left < right),
            "LessThanOrEqualTo" => Ok(left <= right),
            _ => Err(self.unsupported()),
        }
    }

    /// Hyperparameters are texts that compare as numbers where both sides are: as integers when the filter's value is one.
    fn compares_hyperparameter(&self, text: &str, operator: &str) -> Result<bool, ApiError> {
        match (text.parse::<f64>(), self.value.parse::<f64>()) {
            (Ok(left), Ok(right)) if operator != "Contains" && operator != "In" => {
                let left = if self.value.parse::<i64>().is_ok() { left.trunc() } else { left };
                self.compares_numbers(left, right, operator)
            }
            (_, _) if ["Equals", "Contains", "In"].contains(&operator) => self.compares_text(text, operator),
            (Err(_), Ok(_)) => Ok(false),
            _ => Err(self.no_number()),
        }
    }

    fn number(&self) -> Result<f64, ApiError> {
        let time = if is_time(self.name) { seconds(self.value) } else { None };
        time.or_else(|| self.value.parse().ok()).ok_or_else(|| self.no_number())
    }

    fn no_number(&self) -> ApiError {
        let wanted = if is_time(self.name) { "a time such as 2026-01-31T12:00:00" } else { "a number" };
        ApiError::validation(format!("The filter on {} needs {wanted} as its Value, not {}.", self.name, self.value))
    }

    fn unsupported(&self) -> ApiError {
        ApiError::validation(format!("The Operator {} is not supported for the property {}.", self.operator, self.name))
    }
}
