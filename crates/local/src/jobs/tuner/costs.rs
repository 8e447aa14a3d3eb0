//! Objective values on a scale on which a Gaussian process describes them well.

/// How a task's costs are brought to mean 0 and deviation 1, the bad ones pressed together: `ln(1 + (cost - least) / spread)`.
///
/// A metric of XGBoost falls steeply from hopeless hyperparameters to fair ones and then differs little, and the little is
/// what counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    least: f64,
    spread: f64,
    mean: f64,
    deviation: f64,
}

impl Scale {
    /// The scale of a task of its own.
    pub(super) fn of(costs: &[f64]) -> Self {
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let spread = positive(median(costs) - least);
        Self { least, spread, mean: 0.0, deviation: 1.0 }.centred(costs, None)
    }

    /// The scale of a task with too few costs to tell it, taken from others'.
    pub(super) fn like(others: &[Self], costs: &[f64]) -> Self {
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let spread = positive(mean(others.iter().map(|other| other.spread)));
        let deviation = positive(mean(others.iter().map(|other| other.deviation)));
        Self { least, spread, mean: 0.0, deviation: 1.0 }.centred(costs, Some(deviation))
    }

    pub(super) fn apply(&self, cost: f64) -> f64 {
        (self.pressed(cost) - self.mean) / self.deviation
    }

    fn pressed(&self, cost: f64) -> f64 {
        ((cost - self.least) / self.spread).max(0.0).ln_1p()
    }

    fn centred(mut self, costs: &[f64], deviation: Option<f64>) -> Self {
        let centre = mean(costs.iter().map(|cost| self.pressed(*cost)));
        let square = mean(costs.iter().map(|cost| (self.pressed(*cost) - centre).powi(2)));
        self.mean = centre;
        self.deviation = deviation.unwrap_or_else(|| positive(square.sqrt()));
        self
    }
}

fn positive(value: f64) -> f64 {
    if value > 0.0 && value.is_finite() { value } else { 1.0 }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
