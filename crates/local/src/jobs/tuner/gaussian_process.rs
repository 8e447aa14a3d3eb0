//! Regression by a Gaussian process over points of the unit cube.
//!
//! The covariance is Matérn 5/2 with a length for each coordinate (Rasmussen and Williams 2006, 4.2.1). Points belong to
//! tasks, such as a tuning job and its parents on other data: tasks are correlated, and each has a level of its own.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// What is known: points with their values.
#[derive(Debug, Clone, Default)]
pub(super) struct Observations {
    pub(super) points: Vec<Vec<f64>>,
    /// The task each point belongs to.
    pub(super) tasks: Vec<usize>,
    pub(super) values: Vec<f64>,
}

/// The hyperparameters of the process.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Covariance {
    /// How far apart along each coordinate values still resemble each other.
    pub(super) lengths: Vec<f64>,
    pub(super) variance: f64,
    pub(super) noise: f64,
    /// Between tasks, 0 to 1.
    pub(super) correlation: f64,
}

/// A process that has seen observations.
#[derive(Debug)]
pub(super) struct Posterior<'a> {
    seen: &'a Observations,
    covariance: Covariance,
    cholesky: Cholesky<f64, Dyn>,
    weights: DVector<f64>,
}

/// Which coordinates are categories, by the distance of two values of one.
pub(super) type Categories = [bool];

/// The variance of a task's own level.
const LEVEL: f64 = 1.0;

/// Keeps the matrix invertible where points coincide.
const JITTER: f64 = 1e-8;

impl Observations {
    pub(super) fn push(&mut self, point: Vec<f64>, task: usize, value: f64) {
        self.points.push(point);
        self.tasks.push(task);
        self.values.push(value);
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    pub(super) fn has_several_tasks(&self) -> bool {
        self.tasks.iter().any(|task| *task != 0)
    }

    /// How far each pair of points, the later one first, is apart along each coordinate: squared.
    pub(super) fn squares(&self, categories: &Categories) -> Vec<Vec<f64>> {
        let pairs = (0..self.len()).flat_map(|row| (0..row).map(move |column| (row, column)));
        pairs.map(|(row, column)| squares(&self.points[row], &self.points[column], categories)).collect()
    }
}

impl Covariance {
    fn of(&self, squares: &[f64], same_task: bool, level: f64) -> f64 {
        let square: f64 = squares.iter().zip(&self.lengths).map(|(square, length)| square / (length * length)).sum();
        let root = (5.0 * square).sqrt();
        let alike = self.variance * (1.0 + root + 5.0 / 3.0 * square) * (-root).exp();
        if same_task { alike + level } else { alike * self.correlation }
    }

    fn matrix(&self, seen: &Observations, squares: &[Vec<f64>]) -> DMatrix<f64> {
        let level = level(seen);
        let mut matrix =
            DMatrix::from_diagonal_element(seen.len(), seen.len(), self.variance + level + self.noise + JITTER);
        let mut squares = squares.iter();
        for row in 0..seen.len() {
            for (column, square) in (0..row).zip(&mut squares) {
                let covariance = self.of(square, seen.tasks[row] == seen.tasks[column], level);
                matrix[(row, column)] = covariance;
                matrix[(column, row)] = covariance;
            }
        }
        matrix
    }

    /// The logarithm of the observations' likelihood, but for a constant; `None` if the numbers do not allow it.
    pub(super) fn log_likelihood(&self, seen: &Observations, squares: &[Vec<f64>]) -> Option<f64> {
        let cholesky = Cholesky::new(self.matrix(seen, squares))?;
        let values = DVector::from_column_slice(&seen.values);
        let whitened = cholesky.l_dirty().solve_lower_triangular(&values)?;
        let log_determinant: f64 = cholesky.l_dirty().diagonal().iter().map(|pivot| pivot.ln()).sum();
        Some(-0.5 * whitened.norm_squared() - log_determinant)
    }
}

impl<'a> Posterior<'a> {
    /// The process of `covariance` after `seen`, whose points lie `squares` apart.
    pub(super) fn new(seen: &'a Observations, squares: &[Vec<f64>], covariance: Covariance) -> Option<Self> {
        let cholesky = Cholesky::new(covariance.matrix(seen, squares))?;
        let weights = cholesky.solve(&DVector::from_column_slice(&seen.values));
        Some(Self { seen, covariance, cholesky, weights })
    }

    /// The mean and the variance of task 0 at a point.
    pub(super) fn predict(&self, point: &[f64], categories: &Categories) -> (f64, f64) {
        let level = level(self.seen);
        let covariances = self
            .seen
            .points
            .iter()
            .zip(&self.seen.tasks)
            .map(|(seen, task)| self.covariance.of(&squares(point, seen, categories), *task == 0, level));
        let covariances = DVector::from_iterator(self.seen.len(), covariances);
        let mean = covariances.dot(&self.weights);
        let explained = self
            .cholesky
            .l_dirty()
            .solve_lower_triangular(&covariances)
            .map_or(0.0, |whitened| whitened.norm_squared());
        (mean, (self.covariance.variance + level - explained).max(0.0))
    }
}

/// One task alone has been centred; between several each has its own level.
fn level(seen: &Observations) -> f64 {
    if seen.has_several_tasks() { LEVEL } else { 0.0 }
}

/// Two values of a category are as far apart as the ends of a range.
fn squares(one: &[f64], other: &[f64], categories: &Categories) -> Vec<f64> {
    let pairs = one.iter().zip(other).zip(categories);
    pairs
        .map(|((one, other), is_category)| {
            let distance = one - other;
            if *is_category { f64::from(u8::from(distance != 0.0)) } else { distance * distance }
        })
        .collect()
}
