//! Everything random of a run, from its seed.

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use std::hash::{DefaultHasher, Hash, Hasher};

pub(super) type Random = StdRng;

/// A generator of its own for each purpose.
pub(super) fn seeded(seed: u64, purpose: &str) -> Random {
    let mut hasher = DefaultHasher::new();
    (seed, purpose).hash(&mut hasher);
    StdRng::seed_from_u64(hasher.finish())
}

/// The bytes of an object, known by a number and a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) seed: u64,
    pub(super) size: usize,
}

impl Content {
    /// Mostly some kB; now and then nothing, or enough for the writing of the file to take a while.
    pub(super) fn some(random: &mut Random) -> Self {
        let size = match random.random_range(0..20) {
            0 => 0,
            1 => random.random_range(200_000..900_000),
            _ => random.random_range(1..20_000),
        };
        Self { seed: random.random(), size }
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        let mut bytes = vec![0; self.size];
        StdRng::seed_from_u64(self.seed).fill_bytes(&mut bytes);
        bytes
    }
}
