use std::fmt;

use crate::TuningError;

/// How densely the values of a range are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScalingType {
    /// SageMaker chooses.
    #[default]
    Auto,
    /// Every part of the range alike.
    Linear,
    /// Small values more densely. The range must be above 0.
    Logarithmic,
    /// Values near 1 more densely. Continuous only; the range must lie in [0, 1).
    ReverseLogarithmic,
}

impl ScalingType {
    /// SageMaker's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Linear => "Linear",
            Self::Logarithmic => "Logarithmic",
            Self::ReverseLogarithmic => "ReverseLogarithmic",
        }
    }
}

impl fmt::Display for ScalingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A hyperparameter that is searched, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterRange {
    name: String,
    values: RangeValues,
}

/// The values a tuning job may try for a hyperparameter.
#[derive(Debug, Clone, PartialEq)]
pub enum RangeValues {
    /// Any number between the bounds, both included.
    Continuous {
        /// The lower bound.
        min: f64,
        /// The upper bound.
        max: f64,
        /// The scaling.
        scaling: ScalingType,
    },
    /// Any whole number between the bounds, both included.
    Integer {
        /// The lower bound.
        min: i64,
        /// The upper bound.
        max: i64,
        /// The scaling.
        scaling: ScalingType,
    },
    /// One of these words.
    Categorical {
        /// The words.
        values: Vec<String>,
    },
}

impl RangeValues {
    /// SageMaker's word for the type of the hyperparameter. It may not change between a tuning job and its parents.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Continuous { .. } => "Continuous",
            Self::Integer { .. } => "Integer",
            Self::Categorical { .. } => "Categorical",
        }
    }
}

impl ParameterRange {
    /// A range of numbers.
    ///
    /// Errors: bounds that are not finite or not in order, a logarithmic range that touches 0, a reverse logarithmic one
    /// that leaves [0, 1).
    pub fn continuous(name: impl Into<String>, min: f64, max: f64, scaling: ScalingType) -> Result<Self, TuningError> {
        let name = checked_name(name.into())?;
        let reason = if !min.is_finite() || !max.is_finite() {
            Some("its bounds must be finite numbers".to_owned())
        } else if min >= max {
            Some(format!("its minimum {min} is not below its maximum {max}; make it static to keep it at one value"))
        } else if scaling == ScalingType::ReverseLogarithmic && (min < 0.0 || max >= 1.0) {
            Some(format!("ReverseLogarithmic needs 0 <= minimum and maximum < 1, not {min} to {max}; use Linear"))
        } else {
            touches_zero(scaling, min)
        };
        match reason {
            Some(reason) => Err(TuningError::InvalidRange { name, reason }),
            None => Ok(Self { name, values: RangeValues::Continuous { min, max, scaling } }),
        }
    }

    /// A range of whole numbers.
    ///
    /// Errors: bounds that are not in order, a logarithmic range that touches 0, a reverse logarithmic scaling.
    pub fn integer(name: impl Into<String>, min: i64, max: i64, scaling: ScalingType) -> Result<Self, TuningError> {
        let name = checked_name(name.into())?;
        let reason = if min >= max {
            Some(format!("its minimum {min} is not below its maximum {max}; make it static to keep it at one value"))
        } else if scaling == ScalingType::ReverseLogarithmic {
            Some("ReverseLogarithmic is for continuous ranges only; use Auto, Linear or Logarithmic".to_owned())
        } else {
            touches_zero(scaling, min as f64)
        };
        match reason {
            Some(reason) => Err(TuningError::InvalidRange { name, reason }),
            None => Ok(Self { name, values: RangeValues::Integer { min, max, scaling } }),
        }
    }

    /// A choice of words.
    ///
    /// Errors: none or more than 30 words, the same word twice, a word of more than 256 characters.
    pub fn categorical<V: Into<String>>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, TuningError> {
        let name = checked_name(name.into())?;
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        let twice = values.iter().enumerate().find(|(index, value)| values[..*index].contains(value));
        let reason = if values.is_empty() || values.len() > 30 {
            Some(format!("it has {} values, SageMaker takes 1 to 30", values.len()))
        } else if let Some((_, value)) = twice {
            Some(format!("it has the value {value:?} twice"))
        } else {
            let long = values.iter().find(|value| value.chars().count() > 256);
            long.map(|value| format!("the value {value:?} has more than 256 characters"))
        };
        match reason {
            Some(reason) => Err(TuningError::InvalidRange { name, reason }),
            None => Ok(Self { name, values: RangeValues::Categorical { values } }),
        }
    }

    /// The hyperparameter.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values it may have.
    pub fn values(&self) -> &RangeValues {
        &self.values
    }

    /// A range that SageMaker has accepted, or that is a constant of this crate.
    pub(crate) fn accepted(name: impl Into<String>, values: RangeValues) -> Self {
        Self { name: name.into(), values }
    }
}

fn checked_name(name: String) -> Result<String, TuningError> {
    let reason = match name.chars().count() {
        0 => "the hyperparameter has no name",
        257.. => "the hyperparameter's name has more than 256 characters",
        _ if name.contains(['\n', '\r']) => "the hyperparameter's name holds a line break",
        _ => return Ok(name),
    };
    Err(TuningError::InvalidRange { name, reason: reason.to_owned() })
}

fn touches_zero(scaling: ScalingType, min: f64) -> Option<String> {
    (scaling == ScalingType::Logarithmic && min <= 0.0).then(|| {
        format!("Logarithmic scaling needs a minimum above 0, not {min}; raise the minimum, or use Linear or Auto")
    })
}

#[cfg(test)]
mod tests {
    use super::{ParameterRange, ScalingType};
    use crate::TuningError;

    fn refusal(range: Result<ParameterRange, TuningError>) -> String {
        match range.unwrap_err() {
            TuningError::InvalidRange { name, reason } => {
                assert_eq!(name, "eta");
                reason
            }
            other => panic!("{other}"),
        }
    }

    // The rules of the two logarithmic scalings are those of the developer guide's page on hyperparameter scaling.
    #[test]
    fn a_logarithmic_range_that_touches_0_is_refused_with_the_remedy() {
        let log = ScalingType::Logarithmic;
        for min in [0.0, -0.5] {
            let reason = refusal(ParameterRange::continuous("eta", min, 1.0, log));
            assert!(reason.contains("above 0") && reason.contains("raise the minimum"), "{reason}");
        }
        assert!(refusal(ParameterRange::integer("eta", 0, 10, log)).contains("above 0"));
        assert!(ParameterRange::continuous("eta", 1e-9, 1.0, log).is_ok());
        assert!(ParameterRange::integer("eta", 1, 10, log).is_ok());
    }

    #[test]
    fn a_reverse_logarithmic_range_stays_in_0_to_1() {
        let reverse = ScalingType::ReverseLogarithmic;
        for (min, max) in [(0.5, 1.0), (-0.1, 0.5), (0.5, 2.0)] {
            assert!(refusal(ParameterRange::continuous("eta", min, max, reverse)).contains("maximum < 1"));
        }
        assert!(ParameterRange::continuous("eta", 0.0, 0.999, reverse).is_ok());
        assert!(refusal(ParameterRange::integer("eta", 0, 1, reverse)).contains("continuous ranges only"));
    }

    #[test]
    fn bounds_must_be_numbers_in_order() {
        let auto = ScalingType::Auto;
        assert!(refusal(ParameterRange::continuous("eta", f64::NAN, 1.0, auto)).contains("finite"));
        assert!(refusal(ParameterRange::continuous("eta", 0.0, f64::INFINITY, auto)).contains("finite"));
        assert!(refusal(ParameterRange::continuous("eta", 1.0, 1.0, auto)).contains("make it static"));
        assert!(refusal(ParameterRange::integer("eta", 3, 2, auto)).contains("make it static"));
    }

    #[test]
    fn choices_have_1_to_30_different_values() {
        assert!(refusal(ParameterRange::categorical("eta", [""; 0])).contains("0 values"));
        assert!(refusal(ParameterRange::categorical("eta", (0..31).map(|i| i.to_string()))).contains("31 values"));
        assert!(refusal(ParameterRange::categorical("eta", ["a", "b", "a"])).contains("twice"));
        assert!(refusal(ParameterRange::categorical("eta", ["x".repeat(257)])).contains("256"));
        assert!(ParameterRange::categorical("booster", ["gbtree", "dart"]).is_ok());
        assert!(ParameterRange::categorical("", ["gbtree"]).is_err());
    }
}
