//! Hyperparameters as points of the unit cube, where a search can treat all of them alike.

use std::collections::BTreeMap;

use super::ranges::{ParameterRange, Scaling};

/// The ranges of a tuning job.
pub(super) struct SearchSpace {
    ranges: Vec<ParameterRange>,
}

/// From where on Auto is logarithmic: the range's end over its start.
const AUTO_LOGARITHMIC: f64 = 100.0;

impl SearchSpace {
    pub(super) fn new(ranges: Vec<ParameterRange>) -> Self {
        Self { ranges }
    }

    /// How many coordinates a point has: one for a number, one for each of several categories (the greatest is chosen),
    /// none where there is no choice.
    pub(super) fn dimensions(&self) -> usize {
        self.ranges.iter().map(dimensions).sum()
    }

    /// How many combinations there are; `None` if they are not countable.
    pub(super) fn combinations(&self) -> Option<u64> {
        self.ranges.iter().try_fold(1_u64, |product, range| {
            let choices = match range {
                _ if dimensions(range) == 0 => 1,
                ParameterRange::Continuous { .. } => return None,
                ParameterRange::Integer { min, max, .. } => max.abs_diff(*min).saturating_add(1),
                ParameterRange::Categorical { values, .. } => values.len() as u64,
            };
            Some(product.saturating_mul(choices))
        })
    }

    /// The hyperparameters at a point. Numbers are written so that they read back as the same number.
    pub(super) fn parameters(&self, point: &[f64]) -> BTreeMap<String, String> {
        let mut rest = point;
        let mut parameters = BTreeMap::new();
        for range in &self.ranges {
            let (coordinates, after) = rest.split_at(dimensions(range).min(rest.len()));
            rest = after;
            let value = match range {
                ParameterRange::Continuous { min, max, scaling, .. } => {
                    continuous(*min, *max, *scaling).value(coordinates).clamp(*min, *max).to_string()
                }
                ParameterRange::Integer { min, max, scaling, .. } => {
                    #[allow(clippy::cast_possible_truncation, reason = "clamped to the range")]
                    let value = integer(*min, *max, *scaling).value(coordinates).round() as i64;
                    value.clamp(*min, *max).to_string()
                }
                ParameterRange::Categorical { values, .. } => {
                    let greatest =
                        (0..coordinates.len()).rev().max_by(|a, b| coordinates[*a].total_cmp(&coordinates[*b]));
                    values.get(greatest.unwrap_or(0)).cloned().unwrap_or_default()
                }
            };
            parameters.insert(name(range).to_owned(), value);
        }
        parameters
    }

    /// The point of hyperparameters; `None` if one is missing or outside its range.
    pub(super) fn point(&self, parameters: &BTreeMap<String, String>) -> Option<Vec<f64>> {
        let mut point = Vec::with_capacity(self.dimensions());
        for range in &self.ranges {
            let text = parameters.get(name(range))?;
            match range {
                ParameterRange::Continuous { min, max, scaling, .. } => {
                    let value = text.trim().parse::<f64>().ok().filter(|value| (*min..=*max).contains(value))?;
                    point.extend((dimensions(range) > 0).then(|| continuous(*min, *max, *scaling).coordinate(value)));
                }
                ParameterRange::Integer { min, max, scaling, .. } => {
                    let value = text.trim().parse::<i64>().ok().filter(|value| (*min..=*max).contains(value))?;
                    #[allow(clippy::cast_precision_loss, reason = "a place in a search needs no 53 bits")]
                    let value = value as f64;
                    point.extend((dimensions(range) > 0).then(|| integer(*min, *max, *scaling).coordinate(value)));
                }
                ParameterRange::Categorical { values, .. } => {
                    let chosen = values.iter().position(|value| value == text)?;
                    point.extend((0..dimensions(range)).map(|index| f64::from(u8::from(index == chosen))));
                }
            }
        }
        Some(point)
    }
}

fn name(range: &ParameterRange) -> &str {
    match range {
        ParameterRange::Continuous { name, .. }
        | ParameterRange::Integer { name, .. }
        | ParameterRange::Categorical { name, .. } => name,
    }
}

fn dimensions(range: &ParameterRange) -> usize {
    match range {
        ParameterRange::Continuous { min, max, .. } => usize::from(min < max),
        ParameterRange::Integer { min, max, .. } => usize::from(min < max),
        ParameterRange::Categorical { values, .. } if values.len() < 2 => 0,
        ParameterRange::Categorical { values, .. } => values.len(),
    }
}

/// A stretch of numbers, even after a transformation.
struct Axis {
    start: f64,
    end: f64,
    scale: Scale,
}

#[derive(Clone, Copy)]
enum Scale {
    Linear,
    Logarithmic,
    ReverseLogarithmic,
}

fn continuous(min: f64, max: f64, scaling: Scaling) -> Axis {
    Axis::new(min, max, scale(min, max, scaling))
}

/// Half a unit more at both ends, so that rounding gives every integer an equal part.
#[allow(clippy::cast_precision_loss, reason = "a place in a search needs no 53 bits")]
fn integer(min: i64, max: i64, scaling: Scaling) -> Axis {
    let (min, max) = (min as f64, max as f64);
    Axis::new(min - 0.5, max + 0.5, scale(min, max, scaling))
}

fn scale(min: f64, max: f64, scaling: Scaling) -> Scale {
    match scaling {
        Scaling::Logarithmic if min > 0.0 => Scale::Logarithmic,
        Scaling::Auto if min > 0.0 && max / min >= AUTO_LOGARITHMIC => Scale::Logarithmic,
        Scaling::ReverseLogarithmic if max < 1.0 => Scale::ReverseLogarithmic,
        _ => Scale::Linear,
    }
}

impl Axis {
    fn new(min: f64, max: f64, scale: Scale) -> Self {
        Self { start: scale.apply(min), end: scale.apply(max), scale }
    }

    fn value(&self, coordinates: &[f64]) -> f64 {
        let coordinate = coordinates.first().copied().unwrap_or(0.5);
        self.scale.revert(self.start + coordinate * (self.end - self.start))
    }

    fn coordinate(&self, value: f64) -> f64 {
        ((self.scale.apply(value) - self.start) / (self.end - self.start)).clamp(0.0, 1.0)
    }
}

impl Scale {
    fn apply(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.ln(),
            Self::ReverseLogarithmic => -(1.0 - value).ln(),
        }
    }

    fn revert(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.exp(),
            Self::ReverseLogarithmic => 1.0 - (-value).exp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn continuous(min: f64, max: f64, scaling: Scaling) -> SearchSpace {
        SearchSpace::new(vec![ParameterRange::Continuous { name: "x".to_owned(), min, max, scaling }])
    }

    fn integer(min: i64, max: i64, scaling: Scaling) -> SearchSpace {
        SearchSpace::new(vec![ParameterRange::Integer { name: "x".to_owned(), min, max, scaling }])
    }

    fn at(space: &SearchSpace, coordinate: f64) -> f64 {
        space.parameters(&[coordinate])["x"].parse().unwrap()
    }

    // The middle of a range: arithmetic mean, geometric mean, and 1 - geometric mean of the distances to 1.
    #[test]
    fn scalings_bend_the_range() {
        assert_eq!(at(&continuous(0.1, 10.0, Scaling::Linear), 0.5), 5.05);
        assert!((at(&continuous(0.1, 10.0, Scaling::Logarithmic), 0.5) - 1.0).abs() < 1e-12);
        assert!((at(&continuous(0.0, 0.99, Scaling::ReverseLogarithmic), 0.5) - 0.9).abs() < 1e-12);
        assert!((at(&continuous(0.1, 10.0, Scaling::Auto), 0.5) - 1.0).abs() < 1e-12, "two orders of magnitude");
        assert!((at(&continuous(0.1, 0.5, Scaling::Auto), 0.5) - 0.3).abs() < 1e-12, "less than one");
        assert_eq!(at(&continuous(0.0, 1000.0, Scaling::Auto), 0.5), 500.0, "from zero");
    }

    #[test]
    fn ends_are_exact() {
        for scaling in [Scaling::Linear, Scaling::Logarithmic, Scaling::ReverseLogarithmic] {
            let space = continuous(0.1, 0.7, scaling);
            assert!((0.1..0.100_001).contains(&at(&space, 0.0)) && (0.699_999..=0.7).contains(&at(&space, 1.0)));
        }
        assert_eq!(
            (at(&integer(1, 4000, Scaling::Auto), 0.0), at(&integer(1, 4000, Scaling::Auto), 1.0)),
            (1.0, 4000.0)
        );
    }

    #[test]
    fn every_integer_has_an_equal_part() {
        let space = integer(0, 3, Scaling::Linear);
        let mut counts = [0; 4];
        for step in 0..400 {
            counts[at(&space, f64::from(step) / 400.0 + 0.001) as usize] += 1;
        }
        assert_eq!(counts, [100; 4]);
    }

    #[test]
    fn a_point_reads_back_from_its_hyperparameters() {
        let space = SearchSpace::new(vec![
            ParameterRange::Continuous { name: "eta".to_owned(), min: 1e-7, max: 0.5, scaling: Scaling::Logarithmic },
            ParameterRange::Integer { name: "depth".to_owned(), min: 0, max: 10, scaling: Scaling::Auto },
            ParameterRange::Categorical {
                name: "method".to_owned(),
                values: ["a", "b", "c"].map(str::to_owned).to_vec(),
            },
            ParameterRange::Continuous { name: "fixed".to_owned(), min: 2.0, max: 2.0, scaling: Scaling::Auto },
        ]);
        assert_eq!((space.dimensions(), space.combinations()), (5, None));
        let parameters = space.parameters(&[0.123_456_789, 0.4, 0.2, 0.1, 0.9]);
        assert_eq!(
            (parameters["method"].as_str(), parameters["fixed"].as_str(), parameters["depth"].as_str()),
            ("c", "2", "4")
        );
        let point = space.point(&parameters).unwrap();
        assert!((point[0] - 0.123_456_789).abs() < 1e-12);
        assert_eq!(point[2..], [0.0, 0.0, 1.0]);
        assert_eq!(space.parameters(&point), parameters, "doubles round-trip");
    }

    #[test]
    fn what_is_outside_has_no_point() {
        let space = continuous(0.1, 0.5, Scaling::Linear);
        let at = |text: &str| space.point(&BTreeMap::from([("x".to_owned(), text.to_owned())]));
        assert!(at("0.1").is_some() && at("0.5").is_some());
        assert!(at("0.51").is_none() && at("nan").is_none() && at("x").is_none());
        assert!(space.point(&BTreeMap::new()).is_none());
    }

    #[test]
    fn combinations_are_counted_where_they_can_be() {
        let depth = ParameterRange::Integer { name: "d".to_owned(), min: 1, max: 3, scaling: Scaling::Auto };
        let method =
            ParameterRange::Categorical { name: "m".to_owned(), values: ["a", "b"].map(str::to_owned).to_vec() };
        assert_eq!(SearchSpace::new(vec![depth, method]).combinations(), Some(6));
    }
}
