use std::time::Duration;

use crate::TuningError;

/// The most training jobs any account may have in one tuning job: the raised quota of random search.
const JOBS: u32 = 10_000;

/// The most training jobs any account may run at a time in one tuning job: the raised quota.
const PARALLEL: u32 = 100;

/// How much a tuning job may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceLimits {
    max_jobs: u32,
    max_parallel: u32,
    max_runtime: Option<Duration>,
}

impl ResourceLimits {
    /// At most `max_jobs` training jobs, `max_parallel` of them at a time.
    ///
    /// Errors: none of them, more at a time than in all, or more than AWS grants to anyone.
    pub fn new(max_jobs: u32, max_parallel: u32) -> Result<Self, TuningError> {
        let reason = if !(1..=JOBS).contains(&max_jobs) {
            format!("{max_jobs} training jobs: SageMaker takes 1 to {JOBS}")
        } else if !(1..=PARALLEL).contains(&max_parallel) {
            format!("{max_parallel} training jobs at a time: SageMaker takes 1 to {PARALLEL}")
        } else if max_parallel > max_jobs {
            format!("{max_parallel} training jobs at a time are more than the {max_jobs} in all; lower the first")
        } else {
            return Ok(Self { max_jobs, max_parallel, max_runtime: None });
        };
        Err(TuningError::InvalidSetting { field: "resource limits", reason })
    }

    /// Testing: one training job. A tuning job like this is never the parent of another one.
    pub fn testing() -> Self {
        Self { max_jobs: 1, max_parallel: 1, max_runtime: None }
    }

    /// Ends the tuning job after this time: 2 minutes to half a year, in whole seconds.
    pub fn with_max_runtime(self, runtime: Duration) -> Result<Self, TuningError> {
        match (120..=15_768_000).contains(&runtime.as_secs()) {
            true => Ok(Self { max_runtime: Some(runtime), ..self }),
            false => Err(TuningError::InvalidSetting {
                field: "resource limits",
                reason: format!("a runtime of {} s: SageMaker takes 120 to 15768000 s", runtime.as_secs()),
            }),
        }
    }

    /// How many training jobs there are at most.
    pub fn max_jobs(&self) -> u32 {
        self.max_jobs
    }

    /// How many of them run at a time.
    pub fn max_parallel(&self) -> u32 {
        self.max_parallel
    }

    /// After which time the tuning job ends.
    pub fn max_runtime(&self) -> Option<Duration> {
        self.max_runtime
    }

    /// Whether this is testing mode: one training job.
    pub fn is_testing(&self) -> bool {
        self.max_jobs == 1
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::ResourceLimits;

    // The limits are those of `ResourceLimits` in botocore 1.44.5 and of the developer guide's page of quotas.
    #[test]
    fn limits_are_those_of_sagemaker() {
        assert!(ResourceLimits::new(4, 4).is_ok());
        for (jobs, parallel, word) in
            [(0, 1, "1 to 10000"), (4, 0, "1 to 100"), (4, 5, "more than the 4"), (200, 101, "1 to 100")]
        {
            let error = ResourceLimits::new(jobs, parallel).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let limits = ResourceLimits::testing();
        assert!(limits.is_testing() && !ResourceLimits::new(2, 1).unwrap().is_testing());
        assert!(limits.with_max_runtime(Duration::from_secs(119)).is_err());
        assert!(limits.with_max_runtime(Duration::from_secs(120)).is_ok());
        assert!(limits.with_max_runtime(Duration::from_secs(15_768_001)).is_err());
    }
}
