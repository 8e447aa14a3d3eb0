//! AWS's rules for the parents of a warm start, from the developer guide's page on warm start tuning jobs.

use std::collections::BTreeMap;

use crate::warm_start::{PARENTS, Refusal, WarmStart, WarmStartPlan};
use crate::{Hyperparameter, RangeValues, TuningError, TuningJob, TuningJobName, TuningJobSpec};

/// The most changes of static hyperparameters between a job and a parent.
const CHANGES: usize = 10;

/// The most training jobs of a job and its parents. The guide's page on warm start says 500, its page of quotas 750.
const JOBS: u32 = 500;

/// Picks parents one by one, so that no more jobs are described than needed.
#[derive(Debug)]
pub(crate) struct Planner<'a> {
    spec: &'a TuningJobSpec,
    hyperparameters: BTreeMap<String, Hyperparameter>,
    wanted: usize,
    jobs: u32,
    parents: Vec<TuningJobName>,
    refused: Vec<(TuningJobName, Refusal)>,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(spec: &'a TuningJobSpec, parents: usize) -> Self {
        Self {
            spec,
            hyperparameters: spec.all_hyperparameters(),
            wanted: parents.min(PARENTS),
            jobs: spec.limits.max_jobs(),
            parents: Vec::new(),
            refused: Vec::new(),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.parents.len() >= self.wanted
    }

    pub(crate) fn consider(&mut self, name: TuningJobName, job: Option<&TuningJob>) {
        // A run that is repeated finds its own job in the history.
        if name.as_str().eq_ignore_ascii_case(self.spec.name.as_str()) || self.parents.contains(&name) {
            return;
        }
        match job.ok_or(Refusal::Missing).and_then(|job| self.accept(job)) {
            Ok(jobs) => {
                self.jobs = jobs;
                self.parents.push(name);
            }
            Err(refusal) => self.refused.push((name, refusal)),
        }
    }

    pub(crate) fn finish(self) -> Result<WarmStartPlan, TuningError> {
        let warm_start = match self.parents.is_empty() {
            true => None,
            false => Some(WarmStart::transfer_learning(self.parents)?),
        };
        Ok(WarmStartPlan { warm_start, refused: self.refused })
    }

    /// The number of training jobs with this parent, or why it cannot be one.
    fn accept(&self, job: &TuningJob) -> Result<u32, Refusal> {
        if !job.status.is_terminal() {
            return Err(Refusal::NotTerminal { status: job.status.to_string() });
        }
        self.same_metric(job)?;
        self.same_hyperparameters(job)?;
        let changes = changes(&job.hyperparameters, &self.hyperparameters);
        if changes > CHANGES {
            return Err(Refusal::TooManyChanges { changes, limit: CHANGES });
        }
        match self.jobs + job.training_jobs.total() {
            jobs if jobs > JOBS => Err(Refusal::TooManyJobs { jobs, limit: JOBS }),
            jobs => Ok(jobs),
        }
    }

    fn same_metric(&self, job: &TuningJob) -> Result<(), Refusal> {
        let ours = &self.spec.metric;
        match &job.metric {
            Some(theirs) if theirs == ours => Ok(()),
            theirs => Err(Refusal::OtherMetric {
                theirs: theirs.as_ref().map_or("no metric".to_owned(), |m| format!("{m} ({})", m.direction())),
                ours: format!("{ours} ({})", ours.direction()),
            }),
        }
    }

    /// AWS asks for the same count and types; as a hyperparameter may not change its name, that is the same names.
    fn same_hyperparameters(&self, job: &TuningJob) -> Result<(), Refusal> {
        let (theirs, ours) = (&job.hyperparameters, &self.hyperparameters);
        let missing_in = |from: &BTreeMap<String, _>, there: &BTreeMap<String, _>| -> Vec<String> {
            from.keys().filter(|name| !there.contains_key(*name)).cloned().collect()
        };
        let (added, lacking) = (missing_in(ours, theirs), missing_in(theirs, ours));
        if !added.is_empty() || !lacking.is_empty() {
            return Err(Refusal::OtherHyperparameters { added, lacking });
        }
        for (name, our) in ours {
            if let (Some(Hyperparameter::Searched(their)), Hyperparameter::Searched(our)) = (theirs.get(name), our)
                && their.type_name() != our.type_name()
            {
                return Err(Refusal::OtherType {
                    name: name.clone(),
                    theirs: their.type_name(),
                    ours: our.type_name(),
                });
            }
        }
        Ok(())
    }
}

/// The changes from searched to static and of static values, as the guide's examples count them: a static value that
/// changes is 2, and so is a choice of two words that becomes static. A number that becomes static is 1.
fn changes(theirs: &BTreeMap<String, Hyperparameter>, ours: &BTreeMap<String, Hyperparameter>) -> usize {
    let change = |(name, our): (&String, &Hyperparameter)| match (theirs.get(name), our) {
        (Some(Hyperparameter::Static(their)), Hyperparameter::Static(our)) if their != our => 2,
        (Some(Hyperparameter::Searched(RangeValues::Categorical { values })), Hyperparameter::Static(_)) => {
            values.len()
        }
        (Some(Hyperparameter::Searched(_)), Hyperparameter::Static(_)) => 1,
        _ => 0,
    };
    ours.iter().map(change).sum()
}
