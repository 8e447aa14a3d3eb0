use crate::TuningError;
use crate::parameter_range::{ParameterRange, RangeValues, ScalingType};

/// The most hyperparameters one tuning job may search.
const SEARCHED: usize = 30;

/// The hyperparameters a tuning job searches: 1 to 30, each once. The default is [`ParameterRanges::article`].
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterRanges(Vec<ParameterRange>);

impl ParameterRanges {
    /// These ranges.
    pub fn new(ranges: impl IntoIterator<Item = ParameterRange>) -> Result<Self, TuningError> {
        let ranges: Vec<ParameterRange> = ranges.into_iter().collect();
        let invalid = |reason| Err(TuningError::InvalidSetting { field: "parameter ranges", reason });
        let twice =
            ranges.iter().enumerate().find(|(at, range)| ranges[..*at].iter().any(|r| r.name() == range.name()));
        match twice {
            Some((_, range)) => invalid(format!("{} has two ranges, give it one", range.name())),
            None if ranges.is_empty() => invalid("there are none, and a tuning job must search something".to_owned()),
            None if ranges.len() > SEARCHED => {
                invalid(format!("there are {}, SageMaker searches at most {SEARCHED}", ranges.len()))
            }
            None => Ok(Self(ranges)),
        }
    }

    /// The eleven ranges of the article *CI/CD for Multi-Model Endpoints in AWS*.
    ///
    /// | hyperparameter | range | scaling |
    /// |---|---|---|
    /// | `eta` | 0.1 to 0.5 | Logarithmic |
    /// | `max_depth` | 0 to 10, whole | Auto |
    /// | `num_round` | 1 to 4000, whole | Auto |
    /// | `subsample` | 0.5 to 1 | Logarithmic |
    /// | `colsample_bylevel` | 0.1 to 1 | Logarithmic |
    /// | `colsample_bytree` | 0.5 to 1 | Logarithmic |
    /// | `alpha` | 0 to 1000 | Auto |
    /// | `lambda` | 0 to 100 | Auto |
    /// | `max_delta_step` | 0 to 10, whole | Auto |
    /// | `min_child_weight` | 0 to 10 | Auto |
    /// | `gamma` | 0 to 5 | Auto |
    pub fn article() -> Self {
        use ScalingType::{Auto, Logarithmic};
        let continuous =
            |name, min, max, scaling| ParameterRange::accepted(name, RangeValues::Continuous { min, max, scaling });
        let integer = |name, min, max| ParameterRange::accepted(name, RangeValues::Integer { min, max, scaling: Auto });
        Self(vec![
            continuous("eta", 0.1, 0.5, Logarithmic),
            integer("max_depth", 0, 10),
            integer("num_round", 1, 4000),
            continuous("subsample", 0.5, 1.0, Logarithmic),
            continuous("colsample_bylevel", 0.1, 1.0, Logarithmic),
            continuous("colsample_bytree", 0.5, 1.0, Logarithmic),
            continuous("alpha", 0.0, 1000.0, Auto),
            continuous("lambda", 0.0, 100.0, Auto),
            integer("max_delta_step", 0, 10),
            continuous("min_child_weight", 0.0, 10.0, Auto),
            continuous("gamma", 0.0, 5.0, Auto),
        ])
    }

    /// These ranges with another one, in the place of the one of the same name if there is one.
    pub fn with(self, range: ParameterRange) -> Result<Self, TuningError> {
        let mut ranges = self.0;
        match ranges.iter_mut().find(|there| there.name() == range.name()) {
            Some(there) => *there = range,
            None => ranges.push(range),
        }
        Self::new(ranges)
    }

    /// These ranges without that of one hyperparameter.
    pub fn without(self, name: &str) -> Result<Self, TuningError> {
        Self::new(self.0.into_iter().filter(|range| range.name() != name))
    }

    /// The ranges.
    pub fn iter(&self) -> std::slice::Iter<'_, ParameterRange> {
        self.0.iter()
    }
}

impl Default for ParameterRanges {
    fn default() -> Self {
        Self::article()
    }
}

impl<'a> IntoIterator for &'a ParameterRanges {
    type Item = &'a ParameterRange;
    type IntoIter = std::slice::Iter<'a, ParameterRange>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::ParameterRanges;
    use crate::parameter_range::{ParameterRange, RangeValues, ScalingType};

    #[test]
    fn the_articles_ranges_pass_the_checks_of_any_range() {
        let article = ParameterRanges::article();
        assert_eq!(article.iter().count(), 11);
        for range in &article {
            let name = range.name();
            let checked = match range.values() {
                RangeValues::Continuous { min, max, scaling } => ParameterRange::continuous(name, *min, *max, *scaling),
                RangeValues::Integer { min, max, scaling } => ParameterRange::integer(name, *min, *max, *scaling),
                RangeValues::Categorical { values } => ParameterRange::categorical(name, values.clone()),
            };
            assert_eq!(checked.unwrap(), *range);
        }
        assert_eq!(ParameterRanges::new(article.iter().cloned()).unwrap(), article);
    }

    #[test]
    fn a_hyperparameter_has_one_range() {
        let eta = |max| ParameterRange::continuous("eta", 0.01, max, ScalingType::Auto).unwrap();
        assert!(ParameterRanges::new([eta(0.2), eta(0.3)]).unwrap_err().to_string().contains("eta has two ranges"));
        assert!(ParameterRanges::new([]).is_err());
        let replaced = ParameterRanges::article().with(eta(0.3)).unwrap();
        assert_eq!(replaced.iter().count(), 11);
        assert!(replaced.iter().any(|range| *range == eta(0.3)));
        assert!(replaced.without("eta").unwrap().iter().all(|range| range.name() != "eta"));
    }

    // 30 is the limit of searched hyperparameters in the developer guide's page of limits.
    #[test]
    fn at_most_30_are_searched() {
        let ranges =
            |count: i64| (0..count).map(|i| ParameterRange::integer(format!("p{i}"), 0, 1, ScalingType::Auto).unwrap());
        assert!(ParameterRanges::new(ranges(30)).is_ok());
        assert!(ParameterRanges::new(ranges(31)).unwrap_err().to_string().contains("at most 30"));
    }
}
