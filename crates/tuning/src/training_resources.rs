use std::time::Duration;

use crate::{InstanceType, TuningError};

/// What each training job runs on, and for how long at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingResources {
    instance_type: InstanceType,
    instance_count: u32,
    volume_gb: u32,
    max_runtime: Duration,
}

impl TrainingResources {
    /// One instance of this type with a volume of 30 GB, for at most a day.
    pub fn new(instance_type: InstanceType) -> Self {
        Self { instance_type, instance_count: 1, volume_gb: 30, max_runtime: Duration::from_secs(24 * 60 * 60) }
    }

    /// Trains on this many instances.
    pub fn with_instance_count(self, instance_count: u32) -> Result<Self, TuningError> {
        match (1..=i32::MAX as u32).contains(&instance_count) {
            true => Ok(Self { instance_count, ..self }),
            false => Err(invalid("an instance count of 0 or above 2147483647".to_owned())),
        }
    }

    /// Gives each instance a volume of this size.
    pub fn with_volume_gb(self, volume_gb: u32) -> Result<Self, TuningError> {
        match (1..=16_384).contains(&volume_gb) {
            true => Ok(Self { volume_gb, ..self }),
            false => Err(invalid(format!("a volume of {volume_gb} GB: a volume has 1 to 16384 GB"))),
        }
    }

    /// Ends each training job after this time: 1 second to 28 days, in whole seconds.
    pub fn with_max_runtime(self, max_runtime: Duration) -> Result<Self, TuningError> {
        match (1..=28 * 24 * 60 * 60).contains(&max_runtime.as_secs()) {
            true => Ok(Self { max_runtime, ..self }),
            false => Err(invalid(format!("a runtime of {} s: SageMaker takes 1 s to 28 days", max_runtime.as_secs()))),
        }
    }

    /// The type of the instances.
    pub fn instance_type(&self) -> &InstanceType {
        &self.instance_type
    }

    /// How many instances a training job has.
    pub fn instance_count(&self) -> u32 {
        self.instance_count
    }

    /// The size of each instance's volume.
    pub fn volume_gb(&self) -> u32 {
        self.volume_gb
    }

    /// After which time a training job ends.
    pub fn max_runtime(&self) -> Duration {
        self.max_runtime
    }
}

fn invalid(reason: String) -> TuningError {
    TuningError::InvalidSetting { field: "training resources", reason }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::TrainingResources;

    #[test]
    fn resources_are_checked() {
        let resources = TrainingResources::new("ml.m5.xlarge".parse().unwrap());
        assert!(resources.clone().with_instance_count(0).is_err());
        assert!(resources.clone().with_volume_gb(0).is_err());
        assert!(resources.clone().with_volume_gb(16_385).is_err());
        assert!(resources.clone().with_max_runtime(Duration::ZERO).is_err());
        let two = resources.with_instance_count(2).unwrap();
        assert_eq!((two.instance_count(), two.volume_gb()), (2, 30));
    }
}
