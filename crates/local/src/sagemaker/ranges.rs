//! Ranges of hyperparameters to tune, checked as the service checks them.

use std::collections::HashSet;

use crate::api::ApiError;

use super::members::{Members, Object};

/// The most hyperparameters a tuning job may search.
const MAX_RANGES: usize = 30;

/// One hyperparameter to tune.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) name: String,
    pub(super) values: Values,
}

/// What it may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    Continuous { min: f64, max: f64, scaling: Scaling },
    Integer { min: i64, max: i64, scaling: Scaling },
    Categorical(Vec<String>),
}

/// How values are spread over a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scaling {
    Auto,
    Linear,
    Logarithmic,
    ReverseLogarithmic,
}

impl Range {
    /// Reads `ParameterRanges`.
    pub(super) fn read_all(ranges: &Object) -> Result<Vec<Self>, ApiError> {
        let mut read = Vec::new();
        for range in ranges.objects("ContinuousParameterRanges") {
            let (min, max) = bounds::<f64>(range)?;
            read.push(Self::new(range, Values::Continuous { min, max, scaling: scaling(range, min, max, true)? }));
        }
        for range in ranges.objects("IntegerParameterRanges") {
            let (min, max) = bounds::<i64>(range)?;
            #[allow(clippy::cast_precision_loss, reason = "only compared with 0 and 1")]
            let scaling = scaling(range, min as f64, max as f64, false)?;
            read.push(Self::new(range, Values::Integer { min, max, scaling }));
        }
        for range in ranges.objects("CategoricalParameterRanges") {
            let values: Vec<String> = range.texts("Values").into_iter().map(str::to_owned).collect();
            read.push(Self::new(range, Values::Categorical(values)));
        }
        if !ranges.objects("AutoParameters").is_empty() {
            return Err(super::refusal::not_emulated("AutoParameters"));
        }
        let mut names = HashSet::new();
        if let Some(twice) = read.iter().find(|range| !names.insert(range.name.as_str())) {
            let name = &twice.name;
            return Err(ApiError::validation(format!("Hyperparameter [{name}] has more than one range.")));
        }
        if read.len() > MAX_RANGES {
            let count = read.len();
            let message = format!("{count} hyperparameters to tune are above the limit of {MAX_RANGES}.");
            return Err(ApiError::new("ResourceLimitExceeded", message));
        }
        Ok(read)
    }

    fn new(range: &Object, values: Values) -> Self {
        Self { name: range.required("Name").to_owned(), values }
    }

    /// The name of the kind of range.
    pub(super) fn kind(&self) -> &'static str {
        match self.values {
            Values::Continuous { .. } => "Continuous",
            Values::Integer { .. } => "Integer",
            Values::Categorical(_) => "Categorical",
        }
    }
}

fn bounds<T: std::str::FromStr + PartialOrd>(range: &Object) -> Result<(T, T), ApiError> {
    let name = range.required("Name");
    let read = |member: &str| {
        let text = range.required(member);
        text.trim().parse::<T>().map_err(|_| {
            ApiError::validation(format!(
                "{member} [{text}] of hyperparameter [{name}] is not a number of its range's type."
            ))
        })
    };
    let (min, max) = (read("MinValue")?, read("MaxValue")?);
    // Written so that NaN is refused too.
    if min <= max {
        return Ok((min, max));
    }
    Err(ApiError::validation(format!("MinValue of hyperparameter [{name}] must not be above its MaxValue.")))
}

fn scaling(range: &Object, min: f64, max: f64, continuous: bool) -> Result<Scaling, ApiError> {
    let name = range.required("Name");
    let refused = match range.text("ScalingType") {
        None | Some("Auto") => return Ok(Scaling::Auto),
        Some("Linear") => return Ok(Scaling::Linear),
        Some("Logarithmic") if min > 0.0 => return Ok(Scaling::Logarithmic),
        Some("Logarithmic") => "Logarithmic scaling needs a MinValue above 0",
        Some("ReverseLogarithmic") if !continuous => "ReverseLogarithmic scaling is for continuous ranges",
        Some("ReverseLogarithmic") if min >= 0.0 && max < 1.0 => return Ok(Scaling::ReverseLogarithmic),
        Some(_) => "ReverseLogarithmic scaling needs 0 <= MinValue and MaxValue < 1",
    };
    Err(ApiError::validation(format!("Hyperparameter [{name}]: {refused}.")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn continuous(min: &str, max: &str, scaling: &str) -> Result<Vec<Range>, ApiError> {
        one(
            "ContinuousParameterRanges",
            json!({ "Name": "eta", "MinValue": min, "MaxValue": max, "ScalingType": scaling }),
        )
    }

    fn one(list: &str, range: Value) -> Result<Vec<Range>, ApiError> {
        Range::read_all(json!({ list: [range] }).as_object().unwrap())
    }

    // Rules: developer guide, automatic-model-tuning-define-ranges.
    #[test]
    fn scalings_have_their_domains() {
        assert!(continuous("0.1", "0.5", "Logarithmic").is_ok());
        assert!(continuous("0", "0.5", "Logarithmic").is_err());
        assert!(continuous("0", "0.99", "ReverseLogarithmic").is_ok());
        assert!(continuous("0", "1", "ReverseLogarithmic").is_err());
        let depth = |scaling: &str| {
            one(
                "IntegerParameterRanges",
                json!({ "Name": "d", "MinValue": "1", "MaxValue": "9", "ScalingType": scaling }),
            )
        };
        assert!(depth("Logarithmic").is_ok());
        assert!(depth("ReverseLogarithmic").is_err());
    }

    #[test]
    fn bounds_must_be_numbers_in_order() {
        assert!(continuous("0.5", "0.1", "Auto").is_err());
        assert!(continuous("nan", "1", "Auto").is_err());
        assert!(continuous("low", "1", "Auto").is_err());
        assert!(one("IntegerParameterRanges", json!({ "Name": "d", "MinValue": "1.5", "MaxValue": "9" })).is_err());
    }
}
