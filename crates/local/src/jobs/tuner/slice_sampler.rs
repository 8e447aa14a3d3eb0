//! Draws from a distribution of which only the logarithm of a density is known (Neal 2003, Slice Sampling, figures 3 and 5).

use rand::Rng;

/// How wide the first bracket around the current value is.
const WIDTH: f64 = 1.5;

/// How often the bracket may be widened on each side, and then narrowed.
const WIDENINGS: usize = 3;
const NARROWINGS: usize = 20;

/// Moves each coordinate once, in order.
pub(super) fn sweep(at: &mut [f64], rng: &mut impl Rng, log_density: impl Fn(&[f64]) -> f64) {
    let mut density = log_density(at);
    for coordinate in 0..at.len() {
        density = step(at, coordinate, density, rng, &log_density);
    }
}

fn step(
    at: &mut [f64],
    coordinate: usize,
    density: f64,
    rng: &mut impl Rng,
    log_density: &impl Fn(&[f64]) -> f64,
) -> f64 {
    let start = at[coordinate];
    let floor = density + rng.random::<f64>().max(f64::MIN_POSITIVE).ln();
    let mut at_value = |value: f64| {
        at[coordinate] = value;
        log_density(at)
    };
    let mut low = start - WIDTH * rng.random::<f64>();
    let mut high = low + WIDTH;
    for _ in 0..WIDENINGS {
        if at_value(low) <= floor {
            break;
        }
        low -= WIDTH;
    }
    for _ in 0..WIDENINGS {
        if at_value(high) <= floor {
            break;
        }
        high += WIDTH;
    }
    for _ in 0..NARROWINGS {
        let value = low + (high - low) * rng.random::<f64>();
        let found = at_value(value);
        if found > floor {
            return found;
        }
        if value < start { low = value } else { high = value }
    }
    at[coordinate] = start;
    density
}
