//! What a report says beside the figures: where the model comes from, and what came before it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::{Decision, EvaluationRow};

/// Where an evaluated model comes from, and what came before it.
///
/// What is not known is left as [`ReportContext::new`] makes it; the report leaves it out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReportContext {
    /// The model's name.
    pub model: String,
    /// The training job that made it.
    pub training_job: String,
    /// When it was evaluated.
    pub evaluated_at: DateTime<Utc>,
    /// Whether the run only tests the loop.
    pub testing: bool,
    /// What the label is, such as `arr_delay`; "label" where it is not given.
    pub label: String,
    /// The label's unit, such as `minutes`.
    pub unit: Option<String>,
    /// What the classes are called, from 0 on, where the label is one of several; its number where one has no name.
    pub class_names: Vec<String>,
    /// The artifact's SHA-256, in hex.
    pub artifact_digest: Option<String>,
    /// The dataset it was trained and evaluated on.
    pub dataset: Option<DatasetLineage>,
    /// The tuning job it won.
    pub tuning: Option<TuningSummary>,
    /// The model that serves, where it was looked for.
    pub champion: Option<ChampionStanding>,
    /// Whose training rows drift is measured from, such as `the champion's`; "training" where it is not given.
    pub drift_from: Option<String>,
    /// What the approval rule says, where there is one.
    pub decision: Option<Decision>,
    /// Earlier evaluations of this model, in any order. This one may be among them.
    pub history: Vec<EvaluationRow>,
}

impl ReportContext {
    /// A context of nothing but a model, its training job and the time.
    pub fn new(model: impl Into<String>, training_job: impl Into<String>, evaluated_at: DateTime<Utc>) -> Self {
        Self {
            model: model.into(),
            training_job: training_job.into(),
            evaluated_at,
            testing: false,
            label: "label".to_owned(),
            unit: None,
            class_names: Vec::new(),
            artifact_digest: None,
            dataset: None,
            tuning: None,
            champion: None,
            drift_from: None,
            decision: None,
            history: Vec::new(),
        }
    }
}

/// Whether a model serves, and whether it could be compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChampionStanding {
    /// None serves, and none is approved.
    None,
    /// It predicted the same rows: the figures are in the evaluation.
    Compared(ChampionLineage),
    /// It could not predict the same rows, or not be had.
    NotCompared {
        /// The champion.
        #[serde(flatten)]
        champion: ChampionLineage,
        /// Why.
        reason: String,
    },
}

/// The model that the evaluated one would replace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChampionLineage {
    /// Its model package.
    pub package: String,
    /// Whether an endpoint serves it; otherwise it is the newest that is approved.
    pub serves: bool,
    /// The training job that made it, where that is known.
    pub training_job: Option<String>,
    /// Its artifact's SHA-256, in hex, where that is known.
    pub artifact_digest: Option<String>,
}

impl ChampionStanding {
    /// The champion, where there is one.
    pub fn champion(&self) -> Option<&ChampionLineage> {
        match self {
            Self::None => None,
            Self::Compared(champion) | Self::NotCompared { champion, .. } => Some(champion),
        }
    }
}

/// The dataset behind a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct DatasetLineage {
    /// The manifest's digest, in hex.
    pub digest: String,
    /// The SQL that extracted it.
    pub query: String,
    /// The first day and the day after the last.
    pub window: Option<(NaiveDate, NaiveDate)>,
}

/// Whether an objective metric is to fall or to rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Direction {
    /// Lower is better, as for RMSE.
    #[default]
    Minimize,
    /// Higher is better.
    Maximize,
}

/// The tuning job behind a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TuningSummary {
    /// The tuning job.
    pub name: String,
    /// The tuning job it warm started from.
    pub parent: Option<String>,
    /// The metric it optimised, such as `validation:rmse`.
    pub objective_metric: String,
    /// Where that metric should go.
    pub direction: Direction,
    /// Its training jobs, in the order they began.
    pub trials: Vec<Trial>,
}

impl TuningSummary {
    /// The trial with the best objective value.
    pub fn best(&self) -> Option<&Trial> {
        self.trials
            .iter()
            .filter(|trial| trial.value().is_some())
            .min_by(|one, other| self.loss(one).total_cmp(&self.loss(other)))
    }

    /// Lower is better, in either direction; a trial without a value comes last.
    pub(super) fn loss(&self, trial: &Trial) -> f64 {
        match (trial.value(), self.direction) {
            (None, _) => f64::INFINITY,
            (Some(value), Direction::Minimize) => value,
            (Some(value), Direction::Maximize) => -value,
        }
    }
}

/// One training job of a tuning job.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Trial {
    /// The training job.
    pub name: String,
    /// How it ended, in SageMaker's words, such as `Completed`.
    pub status: String,
    /// Its final objective value, if it came to one.
    pub objective_value: Option<f64>,
    /// Its hyperparameters.
    pub hyperparameters: BTreeMap<String, String>,
}

impl Trial {
    /// The objective value where it is a number.
    pub(super) fn value(&self) -> Option<f64> {
        self.objective_value.filter(|value| value.is_finite())
    }
}
