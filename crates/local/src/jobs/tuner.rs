//! Chooses the hyperparameters of a tuning job's next training job.
//!
//! The Bayesian search is a Gaussian process whose hyperparameters are drawn from their posterior, with expected
//! improvement averaged over the draws and maximised over the values that a training can really have. Trials of parents are
//! further observations: on the same data of the same task, on other data of tasks of their own.

mod costs;
mod expected_improvement;
mod gaussian_process;
mod search_space;
mod slice_sampler;

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::{IteratorRandom, SliceRandom};
use rand::{Rng, SeedableRng};

use self::costs::Scale;
use self::gaussian_process::Observations;
use self::search_space::SearchSpace;
use super::ranges::{Direction, ParameterRange, Prior, Strategy};

/// A search in progress. The same seed and the same order of calls give the same hyperparameters.
pub(crate) struct Tuner {
    space: SearchSpace,
    direction: Direction,
    strategy: Strategy,
    rng: StdRng,
    /// Points to begin with, the next one last.
    start: Vec<Vec<f64>>,
    /// What this job's own trials gave, and its parents' on the same data.
    own: Vec<Known>,
    /// What the trials of each parent on other data gave.
    others: Vec<Vec<Known>>,
    /// Suggested and not yet reported.
    running: Vec<BTreeMap<String, String>>,
    tried: BTreeSet<BTreeMap<String, String>>,
}

/// A point and what it costs: the objective, negated if it is to be great.
#[derive(Clone)]
struct Known {
    point: Vec<f64>,
    cost: f64,
}

/// So many trials are spread over the space before the process is asked.
const START_UP: usize = 5;

/// Observations that the process takes; more make it slow.
const MOST_SEEN: usize = 160;

/// A task of its own scale needs so many costs.
const OWN_SCALE: usize = 4;

/// How often to ask for a combination that was not tried yet before all are looked through.
const ATTEMPTS: usize = 20;

/// Spaces of so many combinations are looked through.
const FEW: u64 = 20_000;

impl Tuner {
    /// A search over `ranges`, which knows the trials of parents; those outside the ranges are left out.
    pub(crate) fn new(
        ranges: Vec<ParameterRange>,
        direction: Direction,
        strategy: Strategy,
        seed: u64,
        prior: Prior,
    ) -> Self {
        let mut tuner = Self {
            space: SearchSpace::new(ranges),
            direction,
            strategy,
            rng: StdRng::seed_from_u64(seed),
            start: Vec::new(),
            own: Vec::new(),
            others: Vec::new(),
            running: Vec::new(),
            tried: BTreeSet::new(),
        };
        if strategy == Strategy::Bayesian {
            tuner.learn(prior);
            tuner.start = tuner.first_points();
        }
        tuner
    }

    /// The hyperparameters to try next: never the same twice. `None` when every combination was tried.
    pub(crate) fn suggest(&mut self) -> Option<BTreeMap<String, String>> {
        if self.space.combinations().is_some_and(|all| self.tried.len() as u64 >= all) {
            return None;
        }
        let parameters = match self.strategy {
            Strategy::Grid => self.first_untried(),
            Strategy::Random => self.untried(Self::anywhere),
            Strategy::Bayesian => self.untried(Self::next_point),
        }?;
        self.tried.insert(parameters.clone());
        self.running.push(parameters.clone());
        Some(parameters)
    }

    /// Tells what a suggestion came to; no value if its training failed.
    pub(crate) fn report(&mut self, parameters: &BTreeMap<String, String>, value: Option<f64>) {
        // After a restart the trials before it are told without having been suggested.
        self.tried.insert(parameters.clone());
        self.running.retain(|running| running != parameters);
        if let Some(known) = value.and_then(|value| self.known(parameters, value)) {
            self.own.push(known);
        }
    }

    fn learn(&mut self, prior: Prior) {
        let known = |trials: &[super::ranges::Trial]| -> Vec<Known> {
            trials.iter().filter_map(|trial| self.known(&trial.parameters, trial.value)).collect()
        };
        match prior {
            Prior::None => {}
            Prior::SameData(trials) => self.own = known(&trials),
            Prior::OtherData(parents) => {
                self.others = parents.iter().map(|trials| known(trials)).filter(|known| !known.is_empty()).collect();
            }
        }
    }

    fn known(&self, parameters: &BTreeMap<String, String>, value: f64) -> Option<Known> {
        let cost = match self.direction {
            Direction::Minimize => value,
            Direction::Maximize => -value,
        };
        let point = self.space.point(parameters)?;
        cost.is_finite().then_some(Known { point, cost })
    }

    /// Where to begin: where the parents on other data were best, else spread over the space (a Latin hypercube).
    fn first_points(&mut self) -> Vec<Vec<f64>> {
        if self.own.len() >= START_UP {
            return Vec::new();
        }
        let best =
            |known: &Vec<Known>| known.iter().min_by(|a, b| a.cost.total_cmp(&b.cost)).map(|best| best.point.clone());
        if let Some(latest) = self.others.first().and_then(best) {
            return vec![latest];
        }
        latin_hypercube(&self.space, START_UP, &mut self.rng)
    }

    fn untried(&mut self, draw: fn(&mut Self) -> Vec<f64>) -> Option<BTreeMap<String, String>> {
        for attempt in 0..ATTEMPTS {
            // Where the process insists on what was tried, chance decides.
            let point = if attempt == 0 { draw(self) } else { self.anywhere() };
            let parameters = self.space.parameters(&point);
            if !self.tried.contains(&parameters) {
                return Some(parameters);
            }
        }
        let all = self.space.combinations().filter(|all| *all <= FEW)?;
        let untried = (0..all).map(|number| self.space.combination(number)).filter(|it| !self.tried.contains(it));
        untried.choose(&mut self.rng)
    }

    fn first_untried(&self) -> Option<BTreeMap<String, String>> {
        let all = self.space.combinations()?;
        (0..all).map(|number| self.space.combination(number)).find(|it| !self.tried.contains(it))
    }

    fn anywhere(&mut self) -> Vec<f64> {
        self.space.random(&mut self.rng)
    }

    fn next_point(&mut self) -> Vec<f64> {
        if let Some(point) = self.start.pop() {
            return point;
        }
        let seen = self.observations();
        if seen.len() < 2 {
            return self.anywhere();
        }
        let running: Vec<_> = self.running.iter().filter_map(|running| self.space.point(running)).collect();
        expected_improvement::next_point(&self.space, &seen, &running, &mut self.rng)
    }

    /// What the process is told: this task's costs and those of others, each on a scale of its own.
    fn observations(&self) -> Observations {
        let costs = |known: &[Known]| known.iter().map(|known| known.cost).collect::<Vec<_>>();
        let others: Vec<Scale> = self.others.iter().map(|known| Scale::of(&costs(known))).collect();
        let own = costs(&self.own);
        let scale =
            if own.len() >= OWN_SCALE || others.is_empty() { Scale::of(&own) } else { Scale::like(&others, &own) };
        let mut seen = Observations::default();
        for known in best_of(&self.own, MOST_SEEN) {
            seen.push(known.point.clone(), 0, scale.apply(known.cost));
        }
        let room = MOST_SEEN.saturating_sub(seen.len()) / self.others.len().max(1);
        for ((task, known), scale) in (1..).zip(&self.others).zip(&others) {
            for known in best_of(known, room) {
                seen.push(known.point.clone(), task, scale.apply(known.cost));
            }
        }
        seen
    }
}

fn best_of(known: &[Known], count: usize) -> Vec<&Known> {
    let mut best: Vec<&Known> = known.iter().collect();
    best.sort_by(|one, other| one.cost.total_cmp(&other.cost));
    best.truncate(count);
    best
}

/// Points of which each coordinate comes once from each of `count` equal parts: of several such sets the one whose points
/// keep furthest apart.
fn latin_hypercube(space: &SearchSpace, count: usize, rng: &mut StdRng) -> Vec<Vec<f64>> {
    const SETS: usize = 30;
    let sets = (0..SETS).map(|_| hypercube(space.dimensions(), count, rng)).collect::<Vec<_>>();
    let apart = |points: &Vec<Vec<f64>>| {
        let pairs =
            points.iter().enumerate().flat_map(|(index, one)| points[..index].iter().map(move |other| (one, other)));
        let distance = |(one, other): (&Vec<f64>, &Vec<f64>)| one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum();
        pairs.map(distance).fold(f64::INFINITY, f64::min)
    };
    let best = sets.into_iter().max_by(|one, other| apart(one).total_cmp(&apart(other)));
    best.unwrap_or_default().iter().map(|point| space.snapped(point)).collect()
}

#[allow(clippy::cast_precision_loss, reason = "a few points")]
fn hypercube(dimensions: usize, count: usize, rng: &mut StdRng) -> Vec<Vec<f64>> {
    let mut points = vec![Vec::with_capacity(dimensions); count];
    let mut parts: Vec<usize> = (0..count).collect();
    for _ in 0..dimensions {
        parts.shuffle(rng);
        for (point, part) in points.iter_mut().zip(&parts) {
            point.push((*part as f64 + rng.random::<f64>()) / count as f64);
        }
    }
    points
}

#[cfg(test)]
mod tests;
