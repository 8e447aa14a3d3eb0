use std::f64::consts::PI;

use super::super::ranges::{Scaling, Trial};
use super::*;

const SEEDS: std::ops::Range<u64> = 1..13;

/// A test function of named numbers, all in 0..1.
struct Function {
    dimensions: usize,
    /// Above the known minimum.
    regret: fn(&[f64]) -> f64,
}

/// Branin on its usual square; minimum 0.397887 (Dixon and Szegö 1978).
const BRANIN: Function = Function {
    dimensions: 2,
    regret: |unit| {
        let (x, y) = (unit[0] * 15.0 - 5.0, unit[1] * 15.0);
        let bend = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
        bend * bend + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0 - 0.397_887
    },
};

/// Hartmann in 6 dimensions; minimum -3.32237 (Dixon and Szegö 1978).
const HARTMANN: Function = Function {
    dimensions: 6,
    regret: |unit| {
        const HEIGHT: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
        const WIDTH: [[f64; 6]; 4] = [
            [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
            [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
            [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
            [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
        ];
        const PLACE: [[f64; 6]; 4] = [
            [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
            [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
            [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
            [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
        ];
        let hill = |i: usize| {
            let distance: f64 = (0..6).map(|j| WIDTH[i][j] * (unit[j] - PLACE[i][j]).powi(2)).sum();
            HEIGHT[i] * (-distance).exp()
        };
        3.32237 - (0..4).map(hill).sum::<f64>()
    },
};

impl Function {
    fn ranges(&self) -> Vec<ParameterRange> {
        (0..self.dimensions).map(|index| continuous(&format!("x{index}"), 0.0, 1.0)).collect()
    }

    fn value(&self, parameters: &BTreeMap<String, String>) -> f64 {
        let unit: Vec<f64> = parameters.values().map(|value| value.parse().unwrap()).collect();
        (self.regret)(&unit)
    }

    fn trials(&self, strategy: Strategy, seed: u64, prior: Prior, count: usize) -> Vec<Trial> {
        let mut tuner = Tuner::new(self.ranges(), Direction::Minimize, strategy, seed, prior);
        (0..count)
            .map(|_| {
                let parameters = tuner.suggest().unwrap();
                let value = self.value(&parameters);
                tuner.report(&parameters, Some(value));
                Trial { parameters, value }
            })
            .collect()
    }
}

fn continuous(name: &str, min: f64, max: f64) -> ParameterRange {
    ParameterRange::Continuous { name: name.to_owned(), min, max, scaling: Scaling::Linear }
}

fn best(trials: &[Trial]) -> f64 {
    trials.iter().map(|trial| trial.value).fold(f64::INFINITY, f64::min)
}

fn mean_over_seeds(of_seed: impl Fn(u64) -> f64) -> f64 {
    SEEDS.map(&of_seed).sum::<f64>() / SEEDS.count() as f64
}

#[test]
fn thirty_bayesian_trials_beat_thirty_random_ones() {
    for (function, factor) in [(BRANIN, 0.5), (HARTMANN, 0.5)] {
        let found = |strategy| mean_over_seeds(|seed| best(&function.trials(strategy, seed, Prior::None, 30)));
        let (bayesian, random) = (found(Strategy::Bayesian), found(Strategy::Random));
        assert!(bayesian < factor * random, "{} dimensions: {bayesian}, at random {random}", function.dimensions);
    }
}

#[test]
fn a_warm_search_beats_a_cold_one_of_as_many_trials() {
    let cold = mean_over_seeds(|seed| best(&HARTMANN.trials(Strategy::Bayesian, seed, Prior::None, 10)));
    let warm = mean_over_seeds(|seed| {
        let parent = HARTMANN.trials(Strategy::Bayesian, seed + 100, Prior::None, 20);
        best(&HARTMANN.trials(Strategy::Bayesian, seed, Prior::SameData(parent), 10))
    });
    assert!(warm < 0.7 * cold, "warm {warm}, cold {cold}");
}

#[test]
fn values_of_other_data_help_although_they_are_off() {
    // The parents saw the same landscape a long way lower, so nothing here can be as good as what they tell.
    let lowered = |seed| {
        let mut parent = HARTMANN.trials(Strategy::Bayesian, seed + 100, Prior::None, 20);
        parent.iter_mut().for_each(|trial| trial.value -= 20.0);
        parent
    };
    let cold = mean_over_seeds(|seed| best(&HARTMANN.trials(Strategy::Bayesian, seed, Prior::None, 10)));
    let warm = mean_over_seeds(|seed| {
        best(&HARTMANN.trials(Strategy::Bayesian, seed, Prior::OtherData(vec![lowered(seed)]), 10))
    });
    assert!(warm < 0.7 * cold, "warm {warm}, cold {cold}");
}

#[test]
fn the_best_trial_of_other_data_is_repeated_first() {
    let trial = |x: &str, value| Trial { parameters: BTreeMap::from([("x".to_owned(), x.to_owned())]), value };
    let prior = vec![trial("0.25", 3.0), trial("0.5", 9.0), trial("0.75", 1.0), trial("7", 99.0)];
    let mut tuner = Tuner::new(
        vec![continuous("x", 0.0, 1.0)],
        Direction::Maximize,
        Strategy::Bayesian,
        1,
        Prior::OtherData(vec![prior]),
    );
    assert_eq!(tuner.others[0].len(), 3, "what is outside the range is left out");
    assert_eq!(tuner.suggest().unwrap()["x"], "0.5");
    assert_ne!(tuner.suggest().unwrap()["x"], "0.5");
}

#[test]
fn enough_priors_leave_out_the_random_start() {
    // A bowl whose parents say clearly where its ground is.
    let value = |x: f64| (x - 0.3).powi(2);
    let prior: Vec<Trial> = (0..=10)
        .map(|step| f64::from(step) / 10.0)
        .map(|x| Trial { parameters: BTreeMap::from([("x".to_owned(), x.to_string())]), value: value(x) })
        .collect();
    for seed in SEEDS {
        let mut tuner = Tuner::new(
            vec![continuous("x", 0.0, 1.0)],
            Direction::Minimize,
            Strategy::Bayesian,
            seed,
            Prior::SameData(prior.clone()),
        );
        let x: f64 = tuner.suggest().unwrap()["x"].parse().unwrap();
        assert!((x - 0.3).abs() < 0.1, "seed {seed}: first suggestion {x}");
    }
}

#[test]
fn maximising_goes_the_other_way() {
    let mut tuner =
        Tuner::new(vec![continuous("x", 0.0, 1.0)], Direction::Maximize, Strategy::Bayesian, 5, Prior::None);
    let mut best: f64 = f64::NEG_INFINITY;
    for _ in 0..15 {
        let parameters = tuner.suggest().unwrap();
        let x: f64 = parameters["x"].parse().unwrap();
        let value = -(x - 0.8).powi(2);
        best = best.max(value);
        tuner.report(&parameters, Some(value));
    }
    assert!(best > -1e-3, "{best}");
}

#[test]
fn the_same_seed_searches_alike_and_another_one_does_not() {
    let run = |strategy, seed| HARTMANN.trials(strategy, seed, Prior::None, 12);
    for strategy in [Strategy::Bayesian, Strategy::Random] {
        assert_eq!(run(strategy, 7), run(strategy, 7));
        assert_ne!(run(strategy, 7), run(strategy, 8));
    }
}

#[test]
fn trials_that_run_side_by_side_differ_and_stay_apart() {
    let prior = BRANIN.trials(Strategy::Bayesian, 3, Prior::None, 20);
    let mut tuner = Tuner::new(BRANIN.ranges(), Direction::Minimize, Strategy::Bayesian, 4, Prior::SameData(prior));
    let points: Vec<Vec<f64>> =
        (0..6).map(|_| tuner.suggest().unwrap().values().map(|value| value.parse().unwrap()).collect()).collect();
    for (index, point) in points.iter().enumerate() {
        for earlier in &points[..index] {
            let distance = point.iter().zip(earlier).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(distance > 0.01, "{point:?} and {earlier:?}");
        }
    }
}

#[test]
fn every_combination_comes_once_and_then_none() {
    let ranges = vec![
        ParameterRange::Integer { name: "depth".to_owned(), min: 1, max: 4, scaling: Scaling::Auto },
        ParameterRange::Categorical { name: "method".to_owned(), values: ["a", "b", "c"].map(str::to_owned).to_vec() },
    ];
    for strategy in [Strategy::Bayesian, Strategy::Random, Strategy::Grid] {
        let mut tuner = Tuner::new(ranges.clone(), Direction::Minimize, strategy, 1, Prior::None);
        let mut seen = BTreeSet::new();
        while let Some(parameters) = tuner.suggest() {
            let value = parameters["depth"].parse().ok();
            tuner.report(&parameters, value);
            assert!(seen.insert(parameters), "twice");
        }
        assert_eq!(seen.len(), 12, "{strategy:?}");
    }
}

#[test]
fn a_good_category_is_preferred() {
    let ranges = vec![
        ParameterRange::Categorical {
            name: "method".to_owned(),
            values: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        },
        continuous("x", 0.0, 1.0),
    ];
    let chosen = mean_over_seeds(|seed| {
        let mut tuner = Tuner::new(ranges.clone(), Direction::Minimize, Strategy::Bayesian, seed, Prior::None);
        let mut chosen = 0;
        for _ in 0..30 {
            let parameters = tuner.suggest().unwrap();
            let x: f64 = parameters["x"].parse().unwrap();
            let good = parameters["method"] == "c";
            chosen += u32::from(good);
            tuner.report(&parameters, Some((x - 0.4).powi(2) + if good { 0.0 } else { 1.0 }));
        }
        f64::from(chosen)
    });
    assert!(chosen > 15.0, "the good one of four was chosen {chosen} times in 30");
}

#[test]
fn a_failed_trial_teaches_nothing_and_is_not_repeated() {
    let mut tuner = Tuner::new(
        vec![ParameterRange::Integer { name: "x".to_owned(), min: 0, max: 1, scaling: Scaling::Linear }],
        Direction::Minimize,
        Strategy::Bayesian,
        1,
        Prior::None,
    );
    let first = tuner.suggest().unwrap();
    tuner.report(&first, None);
    assert_ne!(tuner.suggest().unwrap(), first);
    assert!(tuner.own.is_empty());
    assert_eq!(tuner.suggest(), None);
}

#[test]
fn the_last_combination_of_many_is_found() {
    let ranges =
        vec![ParameterRange::Integer { name: "x".to_owned(), min: 1, max: 400, scaling: Scaling::Logarithmic }];
    let mut tuner = Tuner::new(ranges, Direction::Minimize, Strategy::Random, 1, Prior::None);
    for x in (1..=400).filter(|x| *x != 377) {
        tuner.report(&BTreeMap::from([("x".to_owned(), x.to_string())]), Some(1.0));
    }
    assert_eq!(tuner.suggest().unwrap()["x"], "377");
    assert_eq!(tuner.suggest(), None);
}
