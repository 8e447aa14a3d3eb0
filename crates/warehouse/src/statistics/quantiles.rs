//! Quantiles of a column in one pass and bounded memory.
//!
//! The KLL sketch of Karnin, Lang and Liberty (*Optimal Quantile Approximation in Streams*, 2016). Crates that keep quantiles
//! either draw their coins from the operating system, so that the same rows give another manifest, or interpolate between
//! values, so that a column of whole numbers gets halves. This one tosses a coin of its own, and hands out values that occur.

/// How many values the widest level keeps. The rank of a quantile is right to half a percent of the rows, with a probability of
/// 99%: 0.24% for the levels, by the fit of Apache DataSketches for this sketch (2.296 / k^0.9021), and 0.42% for the sampling
/// below them, which begins at some 200,000 rows (2.576 standard deviations of a share, of one value in each of as many groups).
/// Up to this many rows every value is kept.
const K: usize = 2048;

/// How many levels there are. With more rows, one value of each group is drawn for the lowest, as in the paper: sorting all of
/// them would take longer than writing them.
const LEVELS: usize = 6;

/// How much narrower each level is than the one above it.
const NARROWING: f64 = 2.0 / 3.0;

/// The least that a level keeps.
const NARROWEST: usize = 8;

/// A sample of a column: a value at level `h` stands for `2^h` values.
pub(super) struct Quantiles {
    /// Values as numbers that sort as they do, which takes half the time.
    levels: Vec<Vec<i64>>,
    /// How many values each level keeps.
    rooms: Vec<usize>,
    kept: usize,
    coin: u64,
    group: Group,
}

/// The values of which one goes into the lowest level.
#[derive(Default)]
struct Group {
    /// There are `2^power` of them.
    power: u32,
    /// Which one goes.
    drawn: usize,
    /// How many values are passed over before it comes.
    ahead: usize,
}

impl Quantiles {
    pub(super) fn new() -> Self {
        // The same coin for every column: the error's bound asks only that it does not know the rows.
        let coin = 0x9e37_79b9_7f4a_7c15;
        Self { levels: vec![Vec::new()], rooms: rooms(1), kept: 0, coin, group: Group::default() }
    }

    /// Takes finite values, a block at a time.
    pub(super) fn extend(&mut self, values: &[f64]) {
        let before = self.levels[0].len();
        match self.group.power {
            0 => self.levels[0].extend(values.iter().map(|value| key(*value))),
            _ => self.draw(values),
        }
        self.kept += self.levels[0].len() - before;
        while self.kept > self.rooms.iter().sum() {
            self.compact();
        }
    }

    /// The least values that at least as many of the rows as the probability says are not above; nothing where there were no
    /// values. The first and the last are for the caller to replace by the least and the greatest, which it knows exactly.
    pub(super) fn at(&self, probabilities: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut weighed: Vec<(i64, u64)> = Vec::with_capacity(self.kept);
        for (level, values) in self.levels.iter().enumerate() {
            let weight = 1 << (level + self.group.power as usize);
            weighed.extend(values.iter().map(|value| (*value, weight)));
        }
        weighed.sort_unstable();
        let all: u64 = weighed.iter().map(|(_, weight)| weight).sum();
        let (mut next, mut below) = (0, 0);
        let mut found = Vec::new();
        for probability in probabilities {
            let rank = (probability * all as f64).ceil().max(1.0);
            while next < weighed.len() && ((below + weighed[next].1) as f64) < rank {
                below += weighed[next].1;
                next += 1;
            }
            found.extend(weighed.get(next.min(weighed.len().saturating_sub(1))).map(|(key, _)| value(*key)));
        }
        found
    }

    /// Halves the lowest level that is full: every other of its values goes up and stands for both.
    fn compact(&mut self) {
        // With more kept than there is room for, some level has more than its share.
        let full = self.levels.iter().zip(&self.rooms).position(|(level, room)| level.len() >= *room);
        let level = full.unwrap_or(0);
        if level + 1 == self.levels.len() {
            self.levels.push(Vec::new());
            self.rooms = rooms(self.levels.len());
        }
        self.halve(level);
        if self.levels.len() > LEVELS {
            self.widen();
        }
    }

    /// Sends every other value of a level up, to stand for both. Of an odd number the last stays.
    fn halve(&mut self, level: usize) {
        let offset = usize::from(self.toss());
        let (low, high) = self.levels.split_at_mut(level + 1);
        let (values, above) = (&mut low[level], &mut high[0]);
        match level {
            0 => values.sort_unstable(),
            // What came up is in order piece by piece, and this sort merges pieces.
            _ => values.sort(),
        }
        let pairs = values.len() / 2;
        above.extend(values[..pairs * 2].iter().skip(offset).step_by(2));
        values.drain(..pairs * 2);
        self.kept -= pairs;
    }

    /// Gives the lowest level up: from now on one value is drawn of a group twice as large.
    fn widen(&mut self) {
        self.halve(0);
        for last in self.levels.remove(0) {
            match self.toss() {
                true => self.levels[0].push(last),
                false => self.kept -= 1,
            }
        }
        self.rooms = rooms(self.levels.len());
        self.group.power += 1;
        self.group.drawn = self.one_of_a_group();
        self.group.ahead = self.group.drawn;
    }

    /// Keeps the drawn value of each group.
    fn draw(&mut self, values: &[f64]) {
        while let Some(value) = values.get(self.group.ahead) {
            self.levels[0].push(key(*value));
            let behind = (1 << self.group.power) - self.group.drawn;
            self.group.drawn = self.one_of_a_group();
            self.group.ahead += behind + self.group.drawn;
        }
        self.group.ahead -= values.len();
    }

    fn one_of_a_group(&mut self) -> usize {
        (self.random() >> (64 - self.group.power)) as usize
    }

    fn toss(&mut self) -> bool {
        self.random() >> 63 == 1
    }

    /// Marsaglia's xorshift.
    fn random(&mut self) -> u64 {
        self.coin ^= self.coin << 13;
        self.coin ^= self.coin >> 7;
        self.coin ^= self.coin << 17;
        self.coin
    }
}

/// The bits of a double, turned so that numbers are in the order of `f64::total_cmp`.
fn key(value: f64) -> i64 {
    turned(value.to_bits().cast_signed())
}

fn value(key: i64) -> f64 {
    f64::from_bits(turned(key).cast_unsigned())
}

/// Of a negative number every bit but the sign is the other; turning twice is turning back.
fn turned(bits: i64) -> i64 {
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

/// How many values each of so many levels keeps: the highest the most.
fn rooms(levels: usize) -> Vec<usize> {
    let room = |below_the_highest: usize| {
        let narrowed = K as f64 * NARROWING.powi(below_the_highest as i32);
        (narrowed.ceil() as usize).max(NARROWEST)
    };
    (0..levels).rev().map(room).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn percent() -> impl Iterator<Item = f64> {
        (0..=100).map(|percent| f64::from(percent) / 100.0)
    }

    /// Expected values from the definition, over all values in order; numpy calls it `inverted_cdf`.
    fn exact(values: &[f64], probability: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let rank = (probability * values.len() as f64).ceil() as usize;
        sorted[rank.clamp(1, values.len()) - 1]
    }

    #[test]
    fn no_values_have_no_quantiles() {
        assert_eq!(Quantiles::new().at(percent()), [0.0; 0]);
    }

    #[test]
    fn ranks_are_right_to_the_stated_error_and_memory_is_bounded() {
        let rows = 2_000_000_u64;
        let orders: [Box<dyn Fn(u64) -> u64>; 4] = [
            Box::new(|i| i),
            Box::new(move |i| rows - 1 - i),
            // A permutation, since the factor has no divisor in common with the rows.
            Box::new(move |i| i * 271_829 % rows),
            Box::new(move |i| if i % 2 == 0 { i / 2 } else { rows - 1 - i / 2 }),
        ];
        for (number, order) in orders.iter().enumerate() {
            let mut sketch = Quantiles::new();
            let values: Vec<f64> = (0..rows).map(|i| order(i) as f64).collect();
            values.chunks(1 + 100 * number).for_each(|values| sketch.extend(values));
            assert!(sketch.kept <= 3 * K + 300, "{}", sketch.kept);
            for (probability, found) in percent().zip(sketch.at(percent())) {
                let error = (found / rows as f64 - probability).abs();
                assert!(error < 0.005, "order {number}: {found} at {probability}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_small_column_is_exact(values in prop::collection::vec(-1e6..1e6, 1..K)) {
            let mut sketch = Quantiles::new();
            sketch.extend(&values);
            for (probability, found) in percent().zip(sketch.at(percent())) {
                prop_assert_eq!(found, exact(&values, probability));
            }
        }
    }
}
