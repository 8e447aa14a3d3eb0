//! What goes wrong on demand.

pub(crate) mod answer;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::LocalError;
use crate::{runtime, s3, sagemaker, sts};

/// A service of the backend, under boto3's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// S3.
    #[serde(rename = "s3")]
    S3,
    /// SageMaker's control plane.
    #[serde(rename = "sagemaker")]
    Sagemaker,
    /// The SageMaker runtime.
    #[serde(rename = "sagemaker-runtime")]
    SagemakerRuntime,
    /// The Security Token Service.
    #[serde(rename = "sts")]
    Sts,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// It is throttled, in the service's words: `ThrottlingException`, `SlowDown`.
    Throttle,
    /// The service fails with this status, 500 or 503, in its own words.
    ServerError {
        /// The HTTP status.
        status: u16,
    },
    /// It is answered with this error.
    Error {
        /// AWS's name for it.
        code: String,
        /// The HTTP status.
        status: u16,
        /// What it says.
        #[serde(default)]
        message: String,
        /// What else the error has, such as `OriginalStatusCode` of `ModelError`; not on S3 and STS.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        members: Map<String, Value>,
    },
    /// The connection is cut before the request had an effect.
    CutBefore,
    /// The connection is cut after the request had its effect, instead of an answer.
    CutAfter,
    /// The answer comes this much later.
    Slow {
        /// How much later.
        milliseconds: u64,
    },
    /// A Describe, List or Search of SageMaker answers as of before the last change.
    Stale,
    /// A List of SageMaker answers with an empty page and a `NextToken`.
    EmptyPage,
    /// An update of an endpoint is rolled back without a reason: the endpoint ends InService with its old config.
    RollBack,
}

/// Something that goes wrong: an [`Effect`] on the requests it is for, a number of times, for a time, or until it is cleared.
///
/// Without [`Hazard::on`] it is for every request. Its JSON, which the program takes, is the same:
/// `{"effect": "Throttle", "service": "sagemaker", "operation": "Describe*", "times": 2}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hazard {
    effect: Effect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<Service>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u64>,
}

impl Effect {
    /// Whether it is one of an answer on its way, and not of something deeper.
    pub(crate) fn is_of_the_answer(&self) -> bool {
        !matches!(self, Self::Stale | Self::EmptyPage | Self::RollBack)
    }
}

impl Hazard {
    /// This effect on every request, until it is cleared.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self { effect, service: None, operation: None, times: None, milliseconds: None }
    }

    /// An answer of the service with this error.
    #[must_use]
    pub fn error(code: impl Into<String>, status: u16, message: impl Into<String>) -> Self {
        Self::new(Effect::Error { code: code.into(), status, message: message.into(), members: Map::new() })
    }

    /// An answer of a model's container with this status, such as its 507 for want of memory, as the runtime passes it on.
    #[must_use]
    pub fn model_error(original_status: u16, message: &str) -> Self {
        let fault = if original_status < 500 { "client" } else { "server" };
        Self::new(Effect::Error {
            code: "ModelError".to_owned(),
            status: 424,
            message: format!("Received {fault} error ({original_status}) from primary with message \"{message}\"."),
            members: Map::from_iter([
                ("OriginalStatusCode".to_owned(), original_status.into()),
                ("OriginalMessage".to_owned(), message.into()),
            ]),
        })
    }

    /// An answer that comes this much later.
    #[must_use]
    pub fn slow(by: Duration) -> Self {
        Self::new(Effect::Slow { milliseconds: u64::try_from(by.as_millis()).unwrap_or(u64::MAX) })
    }

    /// Only on this operation, such as `CreateModel`, or on those of a name's beginning, such as `Describe*`.
    #[must_use]
    pub fn on(mut self, service: Service, operation: impl Into<String>) -> Self {
        self.service = Some(service);
        self.operation = Some(operation.into());
        self
    }

    /// Only this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only for this long.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.milliseconds = Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        self
    }

    fn check(&self) -> Result<(), LocalError> {
        let place = match self.effect {
            Effect::Stale | Effect::EmptyPage | Effect::RollBack => Some(Service::Sagemaker),
            _ => None,
        };
        let reason = match (&self.operation, self.service) {
            (_, Some(service)) if place.is_some_and(|place| place != service) => {
                "this effect is another service's".to_owned()
            }
            (Some(operation), Some(service)) if !service.operations().iter().any(|known| matches(operation, known)) => {
                format!("{operation} is no operation of the service")
            }
            (Some(_), None) => "an operation needs its service".to_owned(),
            _ => match self.effect {
                Effect::ServerError { status } if !(500..=599).contains(&status) => {
                    "the status is from 500 to 599".to_owned()
                }
                Effect::Error { status, .. } if !(400..=599).contains(&status) => {
                    "the status is from 400 to 599".to_owned()
                }
                _ => return Ok(()),
            },
        };
        Err(LocalError::Hazard { given: serde_json::to_string(self).unwrap_or_default(), reason })
    }

    fn is_for(&self, service: Service, operation: &str) -> bool {
        self.service.is_none_or(|wanted| wanted == service)
            && self.operation.as_ref().is_none_or(|wanted| matches(wanted, operation))
    }
}

impl Service {
    fn operations(self) -> Vec<String> {
        match self {
            Self::S3 => s3::operations(),
            Self::Sagemaker => sagemaker::operations().map(str::to_owned).collect(),
            Self::SagemakerRuntime => vec![runtime::INVOKE_ENDPOINT.to_owned()],
            Self::Sts => sts::ACTIONS.map(str::to_owned).to_vec(),
        }
    }
}

/// Whether a name, or a beginning of one that ends in a star, is the operation's.
fn matches(wanted: &str, operation: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(beginning) => operation.starts_with(beginning),
        None => operation == wanted,
    }
}

/// The hazards that are set, in the order they were set. Every handle sees the same ones.
///
/// A request meets the first that is for it, and no other: two hazards on one operation happen one after the other.
#[derive(Debug, Clone, Default)]
pub struct Hazards(Arc<Inner>);

#[derive(Debug)]
struct Placed {
    hazard: Hazard,
    since: Instant,
}

#[derive(Debug, Default)]
struct Inner {
    /// Spares most requests the lock.
    any: AtomicBool,
    set: Mutex<Vec<Placed>>,
}

impl Hazards {
    /// Lets a hazard happen from now on.
    ///
    /// # Errors
    /// [`LocalError::Hazard`] when it could never happen: its operation is none, its effect is not one of its service's, or
    /// its status is no error's.
    pub fn set(&self, hazard: Hazard) -> Result<(), LocalError> {
        hazard.check()?;
        let mut set = self.lock();
        set.push(Placed { hazard, since: Instant::now() });
        self.tidy(&mut set);
        Ok(())
    }

    /// Those that are still to happen, with the times that are left.
    #[must_use]
    pub fn list(&self) -> Vec<Hazard> {
        let mut set = self.lock();
        self.tidy(&mut set);
        set.iter().map(|placed| placed.hazard.clone()).collect()
    }

    /// Lets nothing more go wrong.
    pub fn clear(&self) {
        let mut set = self.lock();
        set.clear();
        self.tidy(&mut set);
    }

    /// What a request meets, if `wanted` says that it is an effect for the place that asks. Counts as one time.
    pub(crate) fn strike(&self, service: Service, operation: &str, wanted: impl Fn(&Effect) -> bool) -> Option<Effect> {
        if !self.0.any.load(Ordering::Relaxed) {
            return None;
        }
        let mut set = self.lock();
        self.tidy(&mut set);
        let mut hazards = set.iter_mut().map(|placed| &mut placed.hazard);
        let hazard = hazards.find(|hazard| hazard.is_for(service, operation) && wanted(&hazard.effect))?;
        hazard.times = hazard.times.map(|times| times.saturating_sub(1));
        let effect = hazard.effect.clone();
        self.tidy(&mut set);
        Some(effect)
    }

    /// Whether one with such an effect is still to happen.
    pub(crate) fn holds(&self, wanted: impl Fn(&Effect) -> bool) -> bool {
        self.0.any.load(Ordering::Relaxed) && self.list().iter().any(|hazard| wanted(&hazard.effect))
    }

    /// Whether the update of an endpoint that is under way is to be rolled back.
    pub(crate) fn rolls_back(&self) -> bool {
        self.strike(Service::Sagemaker, "UpdateEndpoint", |effect| *effect == Effect::RollBack).is_some()
    }

    /// Forgets what has happened as often, or is as old, as was wanted.
    fn tidy(&self, set: &mut Vec<Placed>) {
        let is_over = |Placed { hazard, since }: &Placed| {
            let age = since.elapsed();
            hazard.times == Some(0) || hazard.milliseconds.is_some_and(|most| age >= Duration::from_millis(most))
        };
        set.retain(|placed| !is_over(placed));
        self.0.any.store(!set.is_empty(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Placed>> {
        self.0.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
