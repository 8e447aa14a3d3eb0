//! From which tuning jobs a new one may learn. Pure: nothing here asks AWS.
//!
//! The history says which jobs are [`eligible`]: those of the same model, layer, objective and metric with more than one
//! training job, the latest first. AWS has rules of its own for parents; [`plan`] holds each eligible job against them
//! and says why it refuses one, so that a job that cannot be a parent makes room for the next.

use std::collections::BTreeSet;

use crate::planner::Planner;
use crate::{Hyperparameter, Lineage, TuningError, TuningHistoryRow, TuningJob, TuningJobName, TuningJobSpec};

/// The most parents SageMaker takes.
pub const PARENTS: usize = 5;

/// How much SageMaker takes over from the parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarmStartType {
    /// The data, the ranges and the version of the image may differ from the parents'. The article's choice.
    TransferLearning,
    /// The data and the image must be the parents'.
    IdenticalDataAndAlgorithm,
}

impl WarmStartType {
    /// SageMaker's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TransferLearning => "TransferLearning",
            Self::IdenticalDataAndAlgorithm => "IdenticalDataAndAlgorithm",
        }
    }
}

/// The tuning jobs a new one learns from: 1 to 5, each once.
///
/// It is not recursive: a parent's own parents are not asked. Name them too to learn from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarmStart {
    kind: WarmStartType,
    parents: Vec<TuningJobName>,
}

impl WarmStart {
    /// Learns from these tuning jobs.
    pub fn new(kind: WarmStartType, parents: impl IntoIterator<Item = TuningJobName>) -> Result<Self, TuningError> {
        let parents: Vec<TuningJobName> = parents.into_iter().collect();
        let distinct: BTreeSet<String> = parents.iter().map(|parent| parent.as_str().to_lowercase()).collect();
        let reason = if parents.is_empty() || parents.len() > PARENTS {
            format!("{} parents: SageMaker takes 1 to {PARENTS}", parents.len())
        } else if distinct.len() < parents.len() {
            "a parent is named twice; name it once".to_owned()
        } else {
            return Ok(Self { kind, parents });
        };
        Err(TuningError::InvalidSetting { field: "warm start", reason })
    }

    /// Learns from these tuning jobs, whose data, ranges and image version may differ.
    pub fn transfer_learning(parents: impl IntoIterator<Item = TuningJobName>) -> Result<Self, TuningError> {
        Self::new(WarmStartType::TransferLearning, parents)
    }

    /// How much is taken over.
    pub fn kind(&self) -> WarmStartType {
        self.kind
    }

    /// The tuning jobs.
    pub fn parents(&self) -> &[TuningJobName] {
        &self.parents
    }
}

/// A warm start, and the eligible jobs that cannot be part of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WarmStartPlan {
    /// The warm start; `None` if no job can be a parent.
    pub warm_start: Option<WarmStart>,
    /// The jobs that cannot be parents and why, the latest first.
    pub refused: Vec<(TuningJobName, Refusal)>,
}

/// Why a tuning job cannot be the parent of a new one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is in the history but not in this account and region.
    #[error("it does not exist in this account and region")]
    Missing,
    /// It still runs, or is being deleted.
    #[error("its status is {status}, and a parent must be Completed, Stopped or Failed")]
    NotTerminal {
        /// Its status.
        status: String,
    },
    /// It optimised another metric, or in the other direction.
    #[error("it optimised {theirs}, the new job optimises {ours}")]
    OtherMetric {
        /// Its metric.
        theirs: String,
        /// The new job's metric.
        ours: String,
    },
    /// It has hyperparameters the new job has not, or the other way round.
    #[error("the new job adds {added:?} and lacks {lacking:?}, and both must have the same hyperparameters")]
    OtherHyperparameters {
        /// What the new job has and it has not.
        added: Vec<String>,
        /// What it has and the new job has not.
        lacking: Vec<String>,
    },
    /// A searched hyperparameter has another type in it.
    #[error("{name} was {theirs} and is {ours}, and the type of a hyperparameter must stay")]
    OtherType {
        /// The hyperparameter.
        name: String,
        /// Its type in the parent.
        theirs: &'static str,
        /// Its type in the new job.
        ours: &'static str,
    },
    /// Too many hyperparameters became static, or changed their static value.
    #[error("{changes} changes of static hyperparameters are more than {limit}")]
    TooManyChanges {
        /// The changes, as SageMaker counts them.
        changes: usize,
        /// The limit.
        limit: usize,
    },
    /// Its training jobs and the new one's are together more than a tuning job may have.
    #[error("with its training jobs there would be {jobs}, more than {limit}")]
    TooManyJobs {
        /// The training jobs of the new job and all its parents.
        jobs: u32,
        /// The limit.
        limit: u32,
    },
}

/// The tuning jobs a new one may learn from by its history, the latest first.
///
/// Those are the jobs of the same lineage with more than one training job: a job with one was a test.
pub fn eligible(history: &[TuningHistoryRow], lineage: &Lineage) -> Vec<TuningJobName> {
    let mut rows: Vec<&TuningHistoryRow> =
        history.iter().filter(|row| row.is_of(lineage) && row.trainingjobcount > 1).collect();
    // The sort keeps rows of one second in their order, so after the turn the later one is first.
    rows.sort_by_key(|row| row.datetime);
    let mut seen = BTreeSet::new();
    rows.iter().rev().map(|row| row.tuningjob.clone()).filter(|name| seen.insert(name.clone())).collect()
}

/// Takes as parents the first `parents` of these tuning jobs that AWS would take. A job that does not exist is `None`.
pub fn plan<'a>(
    spec: &TuningJobSpec,
    jobs: impl IntoIterator<Item = (TuningJobName, Option<&'a TuningJob>)>,
    parents: usize,
) -> Result<WarmStartPlan, TuningError> {
    let mut planner = Planner::new(spec, parents);
    for (name, job) in jobs {
        if planner.is_full() {
            break;
        }
        planner.consider(name, job);
    }
    planner.finish()
}

impl TuningJobSpec {
    /// Every hyperparameter of the job, searched and static.
    pub(crate) fn all_hyperparameters(&self) -> std::collections::BTreeMap<String, Hyperparameter> {
        let fixed =
            self.hyperparameters.iter().map(|(name, value)| (name.clone(), Hyperparameter::Static(value.clone())));
        let searched =
            self.ranges.iter().map(|range| (range.name().to_owned(), Hyperparameter::Searched(range.values().clone())));
        fixed.chain(searched).collect()
    }
}
