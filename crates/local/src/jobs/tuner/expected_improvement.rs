//! Where to look next: the point with the greatest expected improvement, averaged over the hyperparameters of the process
//! that the observations allow.

use std::f64::consts::{PI, SQRT_2};

use rand::Rng;
use rand::rngs::StdRng;

use super::gaussian_process::{Categories, Covariance, Observations, Posterior};
use super::search_space::SearchSpace;
use super::slice_sampler::sweep;

/// Of so many draws of the hyperparameters the first are forgotten, and the rest averaged over.
const SWEEPS: usize = 24;
const FORGOTTEN: usize = 12;
const EVERY: usize = 2;

/// Points to begin with: anywhere, and around the best that is known.
const ANYWHERE: usize = 1000;
const AROUND: usize = 300;

/// So many of them are followed uphill, in so many steps.
const CLIMBERS: usize = 8;
const STEPS: usize = 80;

/// Trials that run side by side are at least so far apart, where there is room: two alike teach what one does.
const APART: f64 = 0.02;

/// The least noise: rounding of the metric.
const LEAST_NOISE: f64 = 1e-6;

/// The point to try next. The last `running` observations have no value yet.
pub(super) fn next_point(space: &SearchSpace, seen: &Observations, running: &[Vec<f64>], rng: &mut StdRng) -> Vec<f64> {
    let categories = space.categories();
    let squares = seen.squares(&categories);
    let covariances = covariances(seen, &squares, space.dimensions(), rng);
    let believed: Vec<(Observations, Covariance)> = covariances
        .into_iter()
        .filter_map(|covariance| Some((believe(seen, &squares, running, &covariance, &categories)?, covariance)))
        .collect();
    let views: Vec<View<'_>> =
        believed.iter().filter_map(|(seen, covariance)| View::new(seen, covariance.clone(), &categories)).collect();
    let improvement = |point: &[f64]| match running.iter().all(|other| distance(point, other) >= APART) {
        true => log_mean_exp(views.iter().map(|view| view.log_improvement(point, &categories))),
        false => f64::NEG_INFINITY,
    };
    let mut candidates = candidates(space, seen, rng);
    candidates.truncate(ANYWHERE + AROUND);
    let mut rated: Vec<(f64, Vec<f64>)> = candidates.into_iter().map(|point| (improvement(&point), point)).collect();
    rated.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    rated.truncate(CLIMBERS);
    let climbed = rated.into_iter().map(|(rate, point)| climb(space, point, rate, &improvement, rng));
    climbed.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, point)| point).unwrap_or_default()
}

/// The process as one draw of its hyperparameters sees it.
struct View<'a> {
    posterior: Posterior<'a>,
    /// The best mean at a known point.
    incumbent: f64,
}

impl<'a> View<'a> {
    fn new(seen: &'a Observations, covariance: Covariance, categories: &Categories) -> Option<Self> {
        let posterior = Posterior::new(seen, &seen.squares(categories), covariance)?;
        let means = seen.points.iter().map(|point| posterior.predict(point, categories).0);
        let incumbent = means.fold(f64::INFINITY, f64::min);
        Some(Self { posterior, incumbent })
    }

    fn log_improvement(&self, point: &[f64], categories: &Categories) -> f64 {
        let (mean, variance) = self.posterior.predict(point, categories);
        let deviation = variance.max(1e-12).sqrt();
        deviation.ln() + log_standard_improvement((self.incumbent - mean) / deviation)
    }
}

/// What is known with the running points added at the values the process expects: their places look no longer new.
fn believe(
    seen: &Observations,
    squares: &[Vec<f64>],
    running: &[Vec<f64>],
    covariance: &Covariance,
    categories: &Categories,
) -> Option<Observations> {
    let mut believed = seen.clone();
    if !running.is_empty() {
        let posterior = Posterior::new(seen, squares, covariance.clone())?;
        for point in running {
            believed.push(point.clone(), 0, posterior.predict(point, categories).0);
        }
    }
    Some(believed)
}

/// Draws of the process's hyperparameters, by their posterior.
fn covariances(seen: &Observations, squares: &[Vec<f64>], dimensions: usize, rng: &mut StdRng) -> Vec<Covariance> {
    let tasks = seen.has_several_tasks();
    let mut at = vec![0.0; dimensions + 2 + usize::from(tasks)];
    let log_density = |at: &[f64]| {
        let prior: f64 = at.iter().map(|draw| -0.5 * draw * draw).sum();
        let likelihood = covariance(at, dimensions).log_likelihood(seen, squares);
        likelihood
            .filter(|likelihood| likelihood.is_finite())
            .map_or(f64::NEG_INFINITY, |likelihood| prior + likelihood)
    };
    let mut drawn = Vec::new();
    for index in 0..SWEEPS {
        sweep(&mut at, rng, log_density);
        if index >= FORGOTTEN && index % EVERY == 0 {
            drawn.push(covariance(&at, dimensions));
        }
    }
    drawn
}

/// The hyperparameters at a point whose coordinates are standard normal before anything is seen.
fn covariance(at: &[f64], dimensions: usize) -> Covariance {
    let log_normal = |draw: f64, median: f64, deviation: f64| median * (draw * deviation).exp();
    Covariance {
        lengths: at[..dimensions].iter().map(|draw| log_normal(*draw, 0.8, 0.9)).collect(),
        variance: log_normal(at[dimensions], 1.0, 0.7),
        noise: log_normal(at[dimensions + 1], 1e-3, 1.5).max(LEAST_NOISE),
        // Tasks resemble each other, or nobody would start from a parent: 0.88 at the median.
        correlation: at.get(dimensions + 2).map_or(1.0, |draw| 1.0 / (1.0 + (-2.0 - draw).exp())),
    }
}

fn candidates(space: &SearchSpace, seen: &Observations, rng: &mut StdRng) -> Vec<Vec<f64>> {
    let mut best: Vec<usize> = (0..seen.len()).collect();
    best.sort_by(|one, other| seen.values[*one].total_cmp(&seen.values[*other]));
    best.truncate(5);
    let mut points: Vec<Vec<f64>> = (0..ANYWHERE).map(|_| space.random(rng)).collect();
    for index in 0..AROUND {
        let from = &seen.points[best[index % best.len()]];
        let step = [0.2, 0.1, 0.05, 0.02][rng.random_range(0..4)];
        points.push(space.near(from, step, rng));
    }
    points
}

/// Follows the improvement uphill by steps that shrink when they lead nowhere.
fn climb(
    space: &SearchSpace,
    mut point: Vec<f64>,
    mut rate: f64,
    improvement: &impl Fn(&[f64]) -> f64,
    rng: &mut StdRng,
) -> (f64, Vec<f64>) {
    let mut step = 0.1;
    for _ in 0..STEPS {
        let tried = space.near(&point, step, rng);
        let found = improvement(&tried);
        if found > rate {
            (rate, point) = (found, tried);
        } else {
            step = (step * 0.95).max(1e-3);
        }
    }
    (rate, point)
}

/// `ln(φ(z) + z Φ(z))`, also where the sum is too small for a number (Ament et al. 2023, Unexpected Improvements).
fn log_standard_improvement(z: f64) -> f64 {
    let log_density = -0.5 * z * z - 0.5 * (2.0 * PI).ln();
    if z > -25.0 {
        return (log_density.exp() + 0.5 * z * libm::erfc(-z / SQRT_2)).max(f64::MIN_POSITIVE).ln();
    }
    log_density - 2.0 * z.abs().ln()
}

fn distance(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
}

fn log_mean_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let greatest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if !greatest.is_finite() {
        return f64::NEG_INFINITY;
    }
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + (value - greatest).exp(), count + 1.0));
    greatest + (sum / f64::max(count, 1.0)).ln()
}
