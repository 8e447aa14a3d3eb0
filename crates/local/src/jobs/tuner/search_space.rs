//! Hyperparameters as points of the unit cube, where a search can treat all of them alike.

use std::collections::BTreeMap;

use rand::Rng;

use super::super::ranges::{ParameterRange, Scaling};

/// The ranges of a tuning job. A point has a coordinate for each range that leaves a choice; those of integers and
/// categories lie in the middle of the part that stands for the value.
pub(super) struct SearchSpace {
    ranges: Vec<ParameterRange>,
}

/// From where on Auto is logarithmic: the range's end over its start.
const AUTO_LOGARITHMIC: f64 = 100.0;

impl SearchSpace {
    pub(super) fn new(ranges: Vec<ParameterRange>) -> Self {
        Self { ranges }
    }

    pub(super) fn dimensions(&self) -> usize {
        self.choices().count()
    }

    /// Which coordinates are categories.
    pub(super) fn categories(&self) -> Vec<bool> {
        self.choices().map(|range| matches!(range, ParameterRange::Categorical { .. })).collect()
    }

    /// How many combinations there are; `None` if they are not countable.
    pub(super) fn combinations(&self) -> Option<u64> {
        self.ranges.iter().try_fold(1_u64, |product, range| Some(product.saturating_mul(count(range)?)))
    }

    /// The combination of a number below [`SearchSpace::combinations`]; the last range changes fastest.
    pub(super) fn combination(&self, mut number: u64) -> BTreeMap<String, String> {
        let mut parameters = BTreeMap::new();
        for range in self.ranges.iter().rev() {
            let count = count(range).unwrap_or(1);
            let index = number % count;
            number /= count;
            let value = match range {
                ParameterRange::Continuous { min, .. } => min.to_string(),
                ParameterRange::Integer { min, .. } => min.saturating_add_unsigned(index).to_string(),
                ParameterRange::Categorical { values, .. } => values[index as usize % values.len()].clone(),
            };
            parameters.insert(name(range).to_owned(), value);
        }
        parameters
    }

    /// A point anywhere.
    pub(super) fn random(&self, rng: &mut impl Rng) -> Vec<f64> {
        self.choices().map(|range| snap(range, rng.random())).collect()
    }

    /// The point of the hyperparameters that a point stands for.
    pub(super) fn snapped(&self, point: &[f64]) -> Vec<f64> {
        self.choices().zip(point).map(|(range, at)| snap(range, *at)).collect()
    }

    /// A point near another one: some coordinates moved by about `step`, a category exchanged.
    pub(super) fn near(&self, point: &[f64], step: f64, rng: &mut impl Rng) -> Vec<f64> {
        let moved = rng.random_range(0..point.len().max(1));
        let coordinates = self.choices().zip(point).enumerate();
        coordinates
            .map(
                |(index, (range, at))| {
                    if index == moved || rng.random_bool(0.3) { moved_by(range, *at, step, rng) } else { *at }
                },
            )
            .collect()
    }

    /// The hyperparameters at a point. Numbers are written so that they read back as the same number.
    pub(super) fn parameters(&self, point: &[f64]) -> BTreeMap<String, String> {
        let mut coordinates = point.iter().copied();
        let value = |range: &ParameterRange| {
            let coordinate = if has_choice(range) { coordinates.next().unwrap_or(0.5) } else { 0.5 };
            match range {
                ParameterRange::Continuous { min, max, scaling, .. } => {
                    continuous(*min, *max, *scaling).value(coordinate).clamp(*min, *max).to_string()
                }
                ParameterRange::Integer { min, max, scaling, .. } => {
                    whole(*min, *max, *scaling, coordinate).to_string()
                }
                ParameterRange::Categorical { values, .. } => {
                    values.get(category(values.len(), coordinate)).cloned().unwrap_or_default()
                }
            }
        };
        let values: Vec<String> = self.ranges.iter().map(value).collect();
        self.ranges.iter().map(name).map(str::to_owned).zip(values).collect()
    }

    /// The point of hyperparameters; `None` if one is missing or outside its range.
    pub(super) fn point(&self, parameters: &BTreeMap<String, String>) -> Option<Vec<f64>> {
        let mut point = Vec::with_capacity(self.dimensions());
        for range in &self.ranges {
            let text = parameters.get(name(range))?;
            let coordinate = match range {
                ParameterRange::Continuous { min, max, scaling, .. } => {
                    let value = text.trim().parse::<f64>().ok().filter(|value| (*min..=*max).contains(value))?;
                    continuous(*min, *max, *scaling).coordinate(value)
                }
                ParameterRange::Integer { min, max, scaling, .. } => {
                    let value = text.trim().parse::<i64>().ok().filter(|value| (*min..=*max).contains(value))?;
                    at_whole(*min, *max, *scaling, value)
                }
                ParameterRange::Categorical { values, .. } => {
                    at_category(values.len(), values.iter().position(|value| value == text)?)
                }
            };
            point.extend(has_choice(range).then_some(coordinate));
        }
        Some(point)
    }

    fn choices(&self) -> impl Iterator<Item = &ParameterRange> {
        self.ranges.iter().filter(|range| has_choice(range))
    }
}

fn name(range: &ParameterRange) -> &str {
    match range {
        ParameterRange::Continuous { name, .. }
        | ParameterRange::Integer { name, .. }
        | ParameterRange::Categorical { name, .. } => name,
    }
}

fn has_choice(range: &ParameterRange) -> bool {
    count(range) != Some(1)
}

/// How many values a range has, if they can be counted.
fn count(range: &ParameterRange) -> Option<u64> {
    match range {
        ParameterRange::Continuous { min, max, .. } => (min >= max).then_some(1),
        ParameterRange::Integer { min, max, .. } => Some(max.abs_diff(*min).saturating_add(1)),
        ParameterRange::Categorical { values, .. } => Some(values.len().max(1) as u64),
    }
}

/// The coordinate of the value that a coordinate stands for.
fn snap(range: &ParameterRange, coordinate: f64) -> f64 {
    match range {
        ParameterRange::Continuous { .. } => coordinate,
        ParameterRange::Integer { min, max, scaling, .. } => {
            at_whole(*min, *max, *scaling, whole(*min, *max, *scaling, coordinate))
        }
        ParameterRange::Categorical { values, .. } => at_category(values.len(), category(values.len(), coordinate)),
    }
}

fn moved_by(range: &ParameterRange, at: f64, step: f64, rng: &mut impl Rng) -> f64 {
    // Laplace's distribution: mostly small steps, now and then a great one.
    let distance = -step * rng.random::<f64>().max(f64::MIN_POSITIVE).ln();
    let signed = if rng.random() { distance } else { -distance };
    match range {
        ParameterRange::Continuous { .. } => (at + signed).clamp(0.0, 1.0),
        ParameterRange::Integer { min, max, scaling, .. } => {
            let from = whole(*min, *max, *scaling, at);
            let to = whole(*min, *max, *scaling, (at + signed).clamp(0.0, 1.0));
            let one = if signed > 0.0 { 1 } else { -1 };
            let to = if to == from { from.saturating_add(one).clamp(*min, *max) } else { to };
            at_whole(*min, *max, *scaling, to)
        }
        ParameterRange::Categorical { .. } => snap(range, rng.random()),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "clamped to the range")]
fn whole(min: i64, max: i64, scaling: Scaling, coordinate: f64) -> i64 {
    (integer(min, max, scaling).value(coordinate).round() as i64).clamp(min, max)
}

#[allow(clippy::cast_precision_loss, reason = "a place in a search needs no 53 bits")]
fn at_whole(min: i64, max: i64, scaling: Scaling, value: i64) -> f64 {
    integer(min, max, scaling).coordinate(value as f64)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "at most 30 values"
)]
fn category(count: usize, coordinate: f64) -> usize {
    ((coordinate * count as f64) as usize).min(count.saturating_sub(1))
}

#[allow(clippy::cast_precision_loss, reason = "at most 30 values")]
fn at_category(count: usize, index: usize) -> f64 {
    (index as f64 + 0.5) / count.max(1) as f64
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

    fn value(&self, coordinate: f64) -> f64 {
        self.scale.revert(self.start + coordinate * (self.end - self.start))
    }

    fn coordinate(&self, value: f64) -> f64 {
        if self.end <= self.start {
            return 0.5;
        }
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
        assert_eq!((space.dimensions(), space.combinations()), (3, None));
        assert_eq!(space.categories(), [false, false, true]);
        let parameters = space.parameters(&[0.123_456_789, 0.4, 0.9]);
        assert_eq!(
            (parameters["method"].as_str(), parameters["fixed"].as_str(), parameters["depth"].as_str()),
            ("c", "2", "4")
        );
        let point = space.point(&parameters).unwrap();
        assert!((point[0] - 0.123_456_789).abs() < 1e-12);
        assert!((point[2] - 5.0 / 6.0).abs() < 1e-12, "the middle of the third of three parts");
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
        let space = SearchSpace::new(vec![depth, method]);
        assert_eq!(space.combinations(), Some(6));
        let all: std::collections::BTreeSet<_> = (0..6).map(|number| space.combination(number)).collect();
        assert_eq!(all.len(), 6);
        let (first, last) = (space.combination(0), space.combination(5));
        assert_eq!(
            (first["d"].as_str(), first["m"].as_str(), last["d"].as_str(), last["m"].as_str()),
            ("1", "a", "3", "b")
        );
    }
}
