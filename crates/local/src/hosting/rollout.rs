//! How traffic moves from an old fleet to a new one: a DeploymentConfig, read and checked.

use serde::{Deserialize, Serialize};

use crate::api::ApiError;
use crate::sagemaker::members::{Members, Object};

/// The steps of a deployment. Waits are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rollout {
    pub(super) steps: Vec<Step>,
    /// Whether old instances go as new ones come, rather than all at the end.
    pub(super) rolling: bool,
    /// How long the old fleet stays after the last step.
    pub(super) termination_wait: u64,
    /// How long everything may take.
    pub(super) timeout: Option<u64>,
}

/// A share of the traffic on the new fleet, and how long it is watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) share: f64,
    pub(super) baking: u64,
}

impl Default for Rollout {
    /// All at once, and the old fleet goes at once.
    fn default() -> Self {
        Self { steps: vec![Step { share: 1.0, baking: 0 }], rolling: false, termination_wait: 0, timeout: None }
    }
}

impl Rollout {
    /// The rollout of a DeploymentConfig onto so many instances. Alarms of an AutoRollbackConfiguration need nothing:
    /// there is no CloudWatch here, so they go off when the hazard `RollBack` says so.
    pub(super) fn of(config: Option<&Object>, instances: u64) -> Result<Self, ApiError> {
        let Some(config) = config else { return Ok(Self::default()) };
        match (config.object("BlueGreenUpdatePolicy"), config.object("RollingUpdatePolicy")) {
            (None, None) => Ok(Self::default()),
            (Some(policy), None) => Self::blue_green(policy, instances)?.checked(),
            (None, Some(policy)) => Self::rolling(policy, instances)?.checked(),
            (Some(_), Some(_)) => Err(ApiError::validation(
                "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified in DeploymentConfig.",
            )),
        }
    }

    fn blue_green(policy: &Object, instances: u64) -> Result<Self, ApiError> {
        let empty = Object::new();
        let routing = policy.object("TrafficRoutingConfiguration").unwrap_or(&empty);
        let wait = routing.whole("WaitIntervalInSeconds").unwrap_or_default();
        let kind = routing.required("Type");
        for (member, of) in [("CanarySize", "CANARY"), ("LinearStepSize", "LINEAR")] {
            match (routing.object(member), kind == of) {
                (Some(_), false) => {
                    return Err(ApiError::validation(format!(
                        "{member} can only be specified for traffic routing type {of}."
                    )));
                }
                (None, true) => {
                    return Err(ApiError::validation(format!(
                        "{member} must be specified for traffic routing type {of}."
                    )));
                }
                _ => {}
            }
        }
        let shares = match (routing.object("CanarySize"), routing.object("LinearStepSize")) {
            (Some(size), _) => vec![share("CanarySize", size, instances, 0.0, 0.5)?, 1.0],
            (_, Some(size)) => stairs(share("LinearStepSize", size, instances, 0.1, 0.5)?),
            _ => vec![1.0],
        };
        let last = shares.len() - 1;
        let step = |(at, share)| Step { share, baking: if at < last { wait } else { 0 } };
        Ok(Self {
            steps: shares.into_iter().enumerate().map(step).collect(),
            rolling: false,
            termination_wait: policy.whole("TerminationWaitInSeconds").unwrap_or_default(),
            timeout: policy.whole("MaximumExecutionTimeoutInSeconds"),
        })
    }

    fn rolling(policy: &Object, instances: u64) -> Result<Self, ApiError> {
        let empty = Object::new();
        let batch =
            share("MaximumBatchSize", policy.object("MaximumBatchSize").unwrap_or(&empty), instances, 0.05, 0.5)?;
        if let Some(size) = policy.object("RollbackMaximumBatchSize") {
            share("RollbackMaximumBatchSize", size, instances, 0.0, 1.0)?;
        }
        let baking = policy.whole("WaitIntervalInSeconds").unwrap_or_default();
        Ok(Self {
            steps: stairs(batch).into_iter().map(|share| Step { share, baking }).collect(),
            rolling: true,
            termination_wait: 0,
            timeout: policy.whole("MaximumExecutionTimeoutInSeconds"),
        })
    }

    fn checked(self) -> Result<Self, ApiError> {
        let waits = self.steps.iter().map(|step| step.baking).sum::<u64>() + self.termination_wait;
        match self.timeout {
            Some(timeout) if timeout <= waits => Err(ApiError::validation(format!(
                "MaximumExecutionTimeoutInSeconds {timeout} must be greater than the {waits} seconds that the deployment waits."
            ))),
            _ => Ok(self),
        }
    }
}

/// A CapacitySize as a part of the whole, which must be within bounds. One instance of few is always allowed.
#[allow(clippy::cast_precision_loss, reason = "counts of instances are small")]
fn share(member: &str, size: &Object, instances: u64, least: f64, most: f64) -> Result<f64, ApiError> {
    let value = size.whole("Value").unwrap_or_default() as f64;
    let one = 1.0 / instances.max(1) as f64;
    let is_count = size.text("Type") == Some("INSTANCE_COUNT");
    let share = if is_count { value * one } else { value / 100.0 };
    let is_single = is_count && value <= 1.0;
    if (share < least || share > most) && !is_single {
        let (least, most) = (least * 100.0, most * 100.0);
        return Err(ApiError::validation(format!(
            "{member} must be {least} to {most} percent of the fleet's capacity."
        )));
    }
    Ok(share.min(1.0))
}

/// Equal steps up to 1.
fn stairs(step: f64) -> Vec<f64> {
    let mut shares: Vec<f64> =
        (1_u32..).map(|count| f64::from(count) * step).take_while(|share| *share < 1.0 - 1e-9).collect();
    shares.push(1.0);
    shares
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(config: Value, instances: u64) -> Result<Rollout, String> {
        Rollout::of(config.as_object(), instances).map_err(|error| error.message)
    }

    fn shares(rollout: &Rollout) -> Vec<(f64, u64)> {
        rollout.steps.iter().map(|step| ((step.share * 1000.0).round() / 1000.0, step.baking)).collect()
    }

    fn blue_green(routing: Value) -> Value {
        json!({ "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 60,
            "MaximumExecutionTimeoutInSeconds": 900 } })
    }

    // The rules are those of "Deployment guardrails" in the SageMaker developer guide and of the API reference.
    #[test]
    fn traffic_moves_as_the_policy_says() {
        let all = blue_green(json!({ "Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0 }));
        assert_eq!(shares(&of(all, 3).unwrap()), [(1.0, 0)]);
        let size = json!({ "Type": "CAPACITY_PERCENT", "Value": 30 });
        let canary = blue_green(json!({ "Type": "CANARY", "WaitIntervalInSeconds": 120, "CanarySize": size }));
        let canary = of(canary, 3).unwrap();
        assert_eq!(
            (shares(&canary), canary.termination_wait, canary.timeout),
            (vec![(0.3, 120), (1.0, 0)], 60, Some(900))
        );
        let size = json!({ "Type": "INSTANCE_COUNT", "Value": 1 });
        let linear = blue_green(json!({ "Type": "LINEAR", "WaitIntervalInSeconds": 10, "LinearStepSize": size }));
        assert_eq!(shares(&of(linear, 3).unwrap()), [(0.333, 10), (0.667, 10), (1.0, 0)]);
        let rolling = json!({ "RollingUpdatePolicy": { "MaximumBatchSize": size, "WaitIntervalInSeconds": 5 } });
        let rolling = of(rolling, 2).unwrap();
        assert_eq!((shares(&rolling), rolling.rolling), (vec![(0.5, 5), (1.0, 5)], true));
        assert_eq!(of(json!({ "AutoRollbackConfiguration": { "Alarms": [] } }), 1).unwrap(), Rollout::default());
    }

    #[test]
    fn a_policy_that_makes_no_sense_is_refused() {
        let percent = |value| json!({ "Type": "CAPACITY_PERCENT", "Value": value });
        let canary = |size| blue_green(json!({ "Type": "CANARY", "WaitIntervalInSeconds": 1, "CanarySize": size }));
        let linear = |size| blue_green(json!({ "Type": "LINEAR", "WaitIntervalInSeconds": 1, "LinearStepSize": size }));
        let slow = json!({ "Type": "CANARY", "WaitIntervalInSeconds": 840, "CanarySize": percent(10) });
        let both = json!({ "BlueGreenUpdatePolicy": {}, "RollingUpdatePolicy": {} });
        for (config, named) in [
            (canary(percent(51)), "CanarySize must be 0 to 50 percent"),
            (linear(percent(5)), "LinearStepSize must be 10 to 50 percent"),
            (blue_green(json!({ "Type": "CANARY", "WaitIntervalInSeconds": 1 })), "CanarySize must be specified"),
            (blue_green(json!({ "Type": "ALL_AT_ONCE", "LinearStepSize": percent(10) })), "only be specified for"),
            (blue_green(slow), "greater than the 900 seconds"),
            (json!({ "RollingUpdatePolicy": { "MaximumBatchSize": percent(60) } }), "MaximumBatchSize must be 5 to 50"),
            (both, "Only one of"),
        ] {
            let refused = of(config, 4).unwrap_err();
            assert!(refused.contains(named), "{refused}");
        }
    }
}
