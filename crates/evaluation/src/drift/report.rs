//! How far columns have drifted, and from where on that matters.

use serde::{Deserialize, Serialize};

/// How far a distribution has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriftLevel {
    /// Much the same.
    #[default]
    Stable,
    /// Worth a look.
    Moderate,
    /// Another distribution than the model learnt from.
    Major,
}

/// From where on a drift is moderate and major.
///
/// The PSI cut-offs are those that credit scoring has settled on (Siddiqi, *Credit Risk Scorecards*, 2006). They suit
/// some thousand rows: of a few hundred, chance alone can pass the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DriftLimits {
    /// Population stability index from which on a drift is moderate. Default: 0.1.
    pub moderate_psi: f64,
    /// Population stability index from which on it is major. Default: 0.25.
    pub major_psi: f64,
    /// Change of the share of missing values from which on a drift is at least moderate. Default: 0.05.
    pub missing_rate_change: f64,
}

impl Default for DriftLimits {
    fn default() -> Self {
        Self { moderate_psi: 0.1, major_psi: 0.25, missing_rate_change: 0.05 }
    }
}

impl DriftLimits {
    pub(super) fn level(&self, psi: Option<f64>, missing_rate_change: f64) -> DriftLevel {
        match psi {
            Some(psi) if psi >= self.major_psi => DriftLevel::Major,
            Some(psi) if psi >= self.moderate_psi => DriftLevel::Moderate,
            _ if missing_rate_change >= self.missing_rate_change => DriftLevel::Moderate,
            _ => DriftLevel::Stable,
        }
    }
}

/// How far one column is from the training rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ColumnDrift {
    /// The column.
    pub column: String,
    /// Rows compared.
    pub rows: u64,
    /// What it comes to.
    pub level: DriftLevel,
    /// Population stability index over tenths of the training rows, missing values being a range of their own, with
    /// 0.0001 for an empty range; of predicted classes over the classes. None where either side has no rows.
    pub psi: Option<f64>,
    /// Kolmogorov-Smirnov statistic: the largest distance between both distributions, at the training quantiles, so to
    /// about 0.01. None where either side has no values, and of predicted classes, which have no order.
    pub ks: Option<f64>,
    /// The share of missing values.
    pub missing_rate: f64,
    /// The share of missing values in training.
    pub missing_rate_in_training: f64,
    /// The least value.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
    /// The least value in training.
    pub min_in_training: Option<f64>,
    /// The greatest value in training.
    pub max_in_training: Option<f64>,
    /// The share of values below the least of training; the trees have learnt nothing there.
    pub below_training: f64,
    /// The share of values above the greatest of training.
    pub above_training: f64,
}

/// All columns that were compared, the farthest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct DriftReport {
    /// Features, the label, and predictions under the name `prediction`: of several classes, the likeliest one.
    pub columns: Vec<ColumnDrift>,
    /// Where moderate and major begin.
    pub limits: DriftLimits,
}

impl DriftReport {
    /// A report of these columns.
    pub fn new(mut columns: Vec<ColumnDrift>, limits: DriftLimits) -> Self {
        let psi = |column: &ColumnDrift| column.psi.unwrap_or(0.0);
        columns.sort_by(|one, other| other.level.cmp(&one.level).then(psi(other).total_cmp(&psi(one))));
        Self { columns, limits }
    }

    /// The farthest that any column has drifted.
    pub fn level(&self) -> DriftLevel {
        self.columns.iter().map(|column| column.level).max().unwrap_or_default()
    }

    /// The columns of a level, the farthest first.
    pub fn at(&self, level: DriftLevel) -> impl Iterator<Item = &ColumnDrift> {
        self.columns.iter().filter(move |column| column.level == level)
    }
}
