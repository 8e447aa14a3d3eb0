//! Carrying out what becomes of an endpoint: its first fleet, the next one, or the same with other capacities.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::api::{ApiError, Caller};
use crate::pace::Transition;
use crate::sagemaker::members::Members;
use crate::sagemaker::resources::{Kind, Resource};

use super::container::Serves;
use super::deployment::Deployment;
use super::endpoint::{Change, Kept};
use super::fleet::Fleet;
use super::instance::LoadError;
use super::rollout::{Rollout, Step};
use super::traffic::Traffic;
use super::{EndpointKey, Hosting};

/// The status of an endpoint that goes back to its old fleet.
pub(super) const ROLLING_BACK: &str = "RollingBack";

/// Starts what is under way for the endpoint, on a thread of its own.
pub(super) fn begin(hosting: &Arc<Hosting>, caller: &Caller, endpoint: &str) -> Result<(), ApiError> {
    let work = Arc::new(Work {
        hosting: Arc::clone(hosting),
        caller: caller.clone(),
        endpoint: endpoint.to_owned(),
        key: EndpointKey::new(caller, endpoint),
    });
    let carried_out = Arc::clone(&work);
    let started = Hosting::start_thread(format!("change {endpoint}"), move || {
        if let Err(error) = carried_out.carry_out() {
            tracing::error!(endpoint = carried_out.endpoint, message = error.message, "a change could not be stored");
        }
    });
    started.or_else(|error| work.give_up(Some(&format!("No thread could be started for the deployment: {error}."))))
}

/// A change of one endpoint.
struct Work {
    hosting: Arc<Hosting>,
    caller: Caller,
    endpoint: String,
    key: EndpointKey,
}

/// Why a change came to nothing.
enum Setback {
    /// Its FailureReason.
    Failed(String),
    /// Something undid it that gives no reason.
    RolledBack,
    /// The backend stops; the next one goes on with it.
    Stopped,
}

impl Work {
    fn carry_out(&self) -> Result<(), ApiError> {
        let Some(found) = self.hosting.resources.find(&self.caller, Kind::Endpoint, &self.endpoint)? else {
            return Ok(());
        };
        let Kept { deployed, change: Some(change) } = found.kept()? else { return self.end_rolling_back() };
        let result = match (&deployed, &change.rollout) {
            (Some(deployed), Some(rollout)) => self.replace(deployed, &change.to, rollout),
            (Some(deployed), None) => self.resize(deployed, &change),
            (None, _) => self.create(&change.to),
        };
        match result {
            Ok(fleet) => self.settle(change.to, fleet),
            Err(Setback::Stopped) => Ok(()),
            Err(Setback::Failed(reason)) => self.give_up(Some(&reason)),
            Err(Setback::RolledBack) => self.give_up(None),
        }
    }

    fn create(&self, to: &Deployment) -> Result<Arc<Fleet>, Setback> {
        self.linger(Transition::Creating)?;
        self.fleet(to, None)
    }

    fn resize(&self, deployed: &Deployment, change: &Change) -> Result<Arc<Fleet>, Setback> {
        self.linger(Transition::Updating)?;
        let before = self.serving(deployed)?;
        self.fleet(&change.to, Some(&before))
    }

    /// Brings up a new fleet and moves the traffic to it, step by step.
    fn replace(&self, deployed: &Deployment, to: &Deployment, rollout: &Rollout) -> Result<Arc<Fleet>, Setback> {
        let deadline = rollout.timeout.map(|timeout| self.hosting.conditions.clock.now() + seconds(timeout));
        let old = self.serving(deployed)?;
        self.report(to, 0.0, "Creating")?;
        self.linger(Transition::Updating)?;
        let new = self.fleet(to, None)?;
        self.move_over(&old, &new, to, rollout, deadline).inspect_err(|_| {
            self.hosting.direct(&self.key, Some(Traffic::to(Arc::clone(&old))));
        })?;
        Ok(new)
    }

    fn move_over(
        &self,
        old: &Arc<Fleet>,
        new: &Arc<Fleet>,
        to: &Deployment,
        rollout: &Rollout,
        deadline: Option<DateTime<Utc>>,
    ) -> Result<(), Setback> {
        for step in &rollout.steps {
            self.move_traffic(old, new, step, rollout.rolling);
            self.report(to, step.share, if step.baking > 0 { "Baking" } else { "ActivatingTraffic" })?;
            self.wait(step.baking)?;
            if deadline.is_some_and(|deadline| self.hosting.conditions.clock.now() > deadline) {
                let reason = "The deployment did not end within MaximumExecutionTimeoutInSeconds.";
                return Err(Setback::Failed(reason.to_owned()));
            }
        }
        if self.hosting.conditions.hazards.rolls_back() {
            return Err(Setback::RolledBack);
        }
        self.wait(rollout.termination_wait)
    }

    fn move_traffic(&self, old: &Arc<Fleet>, new: &Arc<Fleet>, step: &Step, rolling: bool) {
        let traffic = if step.share >= 1.0 {
            Traffic::to(Arc::clone(new))
        } else if rolling {
            Traffic::shifted(Arc::new(old.part(1.0 - step.share)), Arc::new(new.part(step.share)), step.share)
        } else {
            Traffic::shifted(Arc::clone(old), Arc::clone(new), step.share)
        };
        self.hosting.direct(&self.key, Some(traffic));
    }

    /// A fleet whose instances are up.
    fn fleet(&self, to: &Deployment, before: Option<&Fleet>) -> Result<Arc<Fleet>, Setback> {
        let fleet = Fleet::new(&self.hosting.machine, &self.caller.account, to, before).map_err(failed)?;
        fleet.start(before).map_err(|(variant, error)| Setback::Failed(failure_reason(to, &variant, &error)))?;
        Ok(Arc::new(fleet))
    }

    /// The fleet that serves `deployed` now.
    fn serving(&self, deployed: &Deployment) -> Result<Arc<Fleet>, Setback> {
        match self.hosting.traffic(&self.key) {
            Some(traffic) => Ok(Arc::clone(traffic.serving())),
            None => self.fleet(deployed, None),
        }
    }

    /// Shows how far a replacement has come.
    fn report(&self, to: &Deployment, share: f64, status: &str) -> Result<(), Setback> {
        let now = self.hosting.resources.now();
        let come = to.share(share, |instances| if share > 0.0 { instances } else { 0 });
        self.change(|resource| {
            let summary = resource.shown.get_mut("PendingDeploymentSummary");
            if let Some(summary) = summary.and_then(serde_json::Value::as_object_mut) {
                summary.insert("ProductionVariants".into(), come.changing(to, status, now));
            }
            Ok(())
        })
        .map_err(|error| failed(error.message))
    }

    /// Says that the endpoint is in service, once it is: whoever reads that is served by the new fleet.
    fn settle(&self, deployed: Deployment, fleet: Arc<Fleet>) -> Result<(), ApiError> {
        let before = self.hosting.direct(&self.key, Some(Traffic::to(fleet)));
        let config = deployed.config.clone();
        let stored = self.change(|resource| {
            let shown = &mut resource.shown;
            shown.insert("EndpointConfigName".into(), deployed.config.as_str().into());
            shown.remove("FailureReason");
            self.in_service(resource, &deployed);
            resource.keep(&Kept { deployed: Some(deployed), change: None })
        });
        match stored {
            Ok(()) => tracing::info!(endpoint = self.endpoint, config, "endpoint in service"),
            Err(_) => drop(self.hosting.direct(&self.key, before)),
        }
        stored
    }

    /// Goes back to the old fleet, or leaves the endpoint Failed when there is none.
    fn give_up(&self, reason: Option<&str>) -> Result<(), ApiError> {
        tracing::warn!(endpoint = self.endpoint, reason, "the change of the endpoint failed");
        self.change(|resource| {
            let Kept { deployed, .. } = resource.kept()?;
            let status = if deployed.is_some() { ROLLING_BACK } else { "Failed" };
            resource.shown.insert("EndpointStatus".into(), status.into());
            resource.shown.insert("LastModifiedTime".into(), self.hosting.resources.now().into());
            if let Some(reason) = reason {
                resource.shown.insert("FailureReason".into(), reason.into());
            }
            resource.keep(&Kept { deployed, change: None })
        })?;
        self.end_rolling_back()
    }

    /// Ends a rollback, if one is under way.
    fn end_rolling_back(&self) -> Result<(), ApiError> {
        let found = self.hosting.resources.find(&self.caller, Kind::Endpoint, &self.endpoint)?;
        if found.is_none_or(|endpoint| endpoint.shown.text("EndpointStatus") != Some(ROLLING_BACK)) {
            return Ok(());
        }
        self.hosting.conditions.linger(Transition::RollingBack, || self.hosting.is_stopped());
        if self.hosting.is_stopped() {
            return Ok(());
        }
        self.change(|resource| {
            if let Kept { deployed: Some(deployed), .. } = resource.kept()? {
                self.in_service(resource, &deployed);
            }
            Ok(())
        })
    }

    fn in_service(&self, resource: &mut Resource, deployed: &Deployment) {
        let now = self.hosting.resources.now();
        let shown = &mut resource.shown;
        shown.insert("EndpointStatus".into(), "InService".into());
        shown.insert("ProductionVariants".into(), deployed.shown(now));
        shown.insert("LastModifiedTime".into(), now.into());
        shown.remove("PendingDeploymentSummary");
    }

    fn change(&self, change: impl FnOnce(&mut Resource) -> Result<(), ApiError>) -> Result<(), ApiError> {
        self.hosting.resources.change(&self.caller, Kind::Endpoint, &self.endpoint, change).map(|_| ())
    }

    fn linger(&self, transition: Transition) -> Result<(), Setback> {
        self.hosting.conditions.linger(transition, || self.hosting.is_stopped());
        self.go_on()
    }

    fn wait(&self, seconds: u64) -> Result<(), Setback> {
        self.hosting.conditions.clock.wait(Duration::from_secs(seconds), || self.hosting.is_stopped());
        self.go_on()
    }

    fn go_on(&self) -> Result<(), Setback> {
        if self.hosting.is_stopped() { Err(Setback::Stopped) } else { Ok(()) }
    }
}

fn failed(reason: impl Display) -> Setback {
    Setback::Failed(reason.to_string())
}

fn seconds(seconds: u64) -> TimeDelta {
    TimeDelta::try_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)).unwrap_or(TimeDelta::MAX)
}

/// AWS's FailureReason for a variant that could not be brought up.
fn failure_reason(to: &Deployment, variant: &str, error: &LoadError) -> String {
    let multi = to.variant(variant).is_some_and(|spec| matches!(spec.container.serves, Serves::Multi { .. }));
    match error {
        LoadError::Download { artifact, reason } if multi => format!(
            "Failed to list the models of production variant {variant} below \"{artifact}\" ({reason}). Please ensure that \
             the bucket exists and belongs to this account."
        ),
        LoadError::Download { artifact, reason } => format!(
            "Failed to download model data for production variant {variant} from URL: \"{artifact}\" ({reason}). Please \
             ensure that there is an object located at the URL and that the role passed to CreateModel has permissions \
             to download the object."
        ),
        LoadError::Artifact { artifact, reason } => format!(
            "The primary container for production variant {variant} did not pass the ping health check: \"{artifact}\" \
             could not be loaded: {reason}"
        ),
        LoadError::Memory { artifact, bytes, budget } => format!(
            "The primary container for production variant {variant} did not pass the ping health check: \"{artifact}\" \
             needs {bytes} bytes of memory, and the instance has {budget}."
        ),
    }
}
