use std::time::Duration;

use refit_aws::{Poll, RequestError, Waiting};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use crate::client::is_missing;
use crate::content::{Content, model_name};
use crate::progress::{Progress, is_moving, judge};
use crate::superseded::superseded;
use crate::wire::Capacity;
use crate::{Endpoint, EndpointClient, EndpointConfigName, EndpointError, EndpointStatus};

/// How long a name that was just created may stay unknown to SageMaker.
const VISIBLE_WITHIN: Duration = Duration::from_secs(20);

/// How long an accepted update may stay invisible in the endpoint's description.
const BEGUN_WITHIN: Duration = Duration::from_secs(60);

impl EndpointClient {
    /// Makes every instance load its models anew, and returns when the whole endpoint serves what lies in S3 now.
    ///
    /// The reason, such as a run's id, is part of the new configuration's name: for the same models and the same reason
    /// the endpoint is refreshed once, however often this is called.
    ///
    /// Errors: [`EndpointError::NoSuchEndpoint`], [`EndpointError::RolledBack`], [`EndpointError::Unusable`],
    /// [`EndpointError::Timeout`].
    pub async fn refresh(&self, reason: &str) -> Result<Endpoint, EndpointError> {
        loop {
            let content = self.content().await?;
            let requested = content.config_name(self.spec.name(), Some(reason))?;
            if let Some(endpoint) = self.serve(&requested, |config| *config == requested).await? {
                return Ok(endpoint);
            }
        }
    }

    /// Waits until SageMaker has finished what it is doing with the endpoint, and checks that it serves.
    ///
    /// Errors: [`EndpointError::NoSuchEndpoint`], [`EndpointError::Unusable`], [`EndpointError::Timeout`].
    pub async fn wait(&self) -> Result<Endpoint, EndpointError> {
        let mut waiting = self.poll.start(format!("endpoint {} in service", self.spec.name()));
        loop {
            let endpoint = self.existing().await?;
            match endpoint.status {
                status if is_moving(status) => waiting.pause().await?,
                EndpointStatus::InService => return Ok(endpoint),
                _ => return Err(unusable(endpoint)),
            }
        }
    }

    /// Creates the endpoint, or updates it unless it serves what lies in S3 now.
    pub(crate) async fn converge(&self) -> Result<Endpoint, EndpointError> {
        loop {
            let content = self.content().await?;
            let requested = content.config_name(self.spec.name(), None)?;
            if self.describe().await?.is_none() {
                self.create(&requested).await?;
            }
            let is_served = |config: &EndpointConfigName| content.is_served_by(self.spec.name(), config);
            if let Some(endpoint) = self.serve(&requested, is_served).await? {
                return Ok(endpoint);
            }
        }
    }

    pub(crate) async fn content(&self) -> Result<Content, EndpointError> {
        Ok(Content::of(&self.spec, &self.histories(self.spec.models().key()).await?))
    }

    /// The endpoint, which must exist.
    pub(crate) async fn existing(&self) -> Result<Endpoint, EndpointError> {
        let missing = || EndpointError::NoSuchEndpoint { endpoint: self.spec.name().clone() };
        self.describe().await?.ok_or_else(missing)
    }

    async fn create(&self, config: &EndpointConfigName) -> Result<(), EndpointError> {
        self.ensure_model_and_config(config).await?;
        let mut unseen = Unseen::start();
        while let Err(error) = self.ensure_endpoint(config).await {
            unseen.wait_out(error).await?;
        }
        info!(endpoint = %self.spec.name(), %config, "creating the endpoint");
        Ok(())
    }

    /// Brings the endpoint to the requested configuration unless it serves one that will do. `None` if somebody else has
    /// brought it to another one meanwhile, so that the caller has to look again.
    async fn serve(
        &self,
        requested: &EndpointConfigName,
        will_do: impl Fn(&EndpointConfigName) -> bool,
    ) -> Result<Option<Endpoint>, EndpointError> {
        // Whoever began an update before us, perhaps we ourselves, is waited for.
        let before = self.wait().await?;
        if before.config.as_ref().is_some_and(will_do) {
            debug!(endpoint = %before.name, "the endpoint serves this already");
            return Ok(Some(before));
        }
        self.ensure_model_and_config(requested).await?;
        if !self.begin_update(requested, before.config.as_ref()).await? {
            return Ok(None);
        }
        info!(endpoint = %before.name, config = %requested, "refreshing the endpoint");
        let after = self.watch(&before, requested).await?;
        if after.is_some() {
            info!(endpoint = %before.name, config = %requested, "the endpoint serves the new configuration");
            self.delete_superseded(requested, before.config.as_ref()).await;
        }
        Ok(after)
    }

    async fn ensure_model_and_config(&self, config: &EndpointConfigName) -> Result<(), EndpointError> {
        self.ensure_model().await?;
        let mut unseen = Unseen::start();
        while let Err(error) = self.ensure_config(config).await {
            unseen.wait_out(error).await?;
        }
        Ok(())
    }

    /// Has SageMaker begin the update. An update that somebody else began meanwhile is waited for; if it was to the same
    /// configuration, there is nothing left to begin. False if it was to another one, which may be newer than what is requested here.
    ///
    /// The endpoint keeps the instances that it has: a refresh is no reason to undo what autoscaling did.
    async fn begin_update(
        &self,
        requested: &EndpointConfigName,
        serving: Option<&EndpointConfigName>,
    ) -> Result<bool, EndpointError> {
        let capacity = match serving {
            Some(serving) => self.capacity_after(serving).await?,
            None => Capacity::AsConfigured,
        };
        let mut unseen = Unseen::start();
        let mut waiting = self.poll.start(format!("another update of endpoint {} to end", self.spec.name()));
        while let Err(error) = self.update_endpoint(requested, capacity).await {
            if error.code() != Some("ValidationException") {
                return Err(error.into());
            }
            if is_missing(&error) {
                unseen.wait_out(error).await?;
                // Somebody else's refresh may have deleted it as an old one.
                self.ensure_model_and_config(requested).await?;
                continue;
            }
            let now = self.wait().await?.config;
            if now.as_ref() == Some(requested) {
                break;
            }
            if !is_updating(&error) {
                return Err(error.into());
            }
            if now.as_ref() != serving {
                return Ok(false);
            }
            waiting.pause().await?;
        }
        Ok(true)
    }

    /// Waits for the outcome of an update that SageMaker has accepted. `None` if another one has followed it.
    async fn watch(
        &self,
        before: &Endpoint,
        requested: &EndpointConfigName,
    ) -> Result<Option<Endpoint>, EndpointError> {
        let (begun, mut has_moved) = (Instant::now(), false);
        let mut waiting = self.poll.start(format!("endpoint {} to serve {requested}", before.name));
        loop {
            let now = self.existing().await?;
            match judge(before, &now, requested, has_moved) {
                Progress::Done => return Ok(Some(now)),
                Progress::Superseded => return Ok(None),
                Progress::RolledBack => return Err(rolled_back(now, requested)),
                Progress::NotBegun if begun.elapsed() > BEGUN_WITHIN => return Err(rolled_back(now, requested)),
                Progress::Unusable => return Err(unusable(now)),
                Progress::Moving => has_moved = true,
                Progress::NotBegun => {}
            }
            waiting.pause().await?;
        }
    }

    /// Deletes the configurations that nobody needs any more. What cannot be deleted now is deleted after the next
    /// refresh, so this does not fail.
    async fn delete_superseded(&self, serving: &EndpointConfigName, before: Option<&EndpointConfigName>) {
        let listed = match self.configs().await {
            Ok(listed) => listed,
            Err(error) => return warn!(%error, "cannot list superseded endpoint configs"),
        };
        for config in superseded(self.spec.name(), &listed, serving, before) {
            if let Err(error) = self.delete_if_ours(config).await {
                warn!(%config, %error, "cannot delete a superseded endpoint config");
            }
        }
    }

    /// The name is not proof enough for a deletion: the configuration must also serve a model that we named.
    async fn delete_if_ours(&self, config: &EndpointConfigName) -> Result<(), RequestError> {
        let stem = model_stem(&model_name(&self.spec));
        if self.models_of(config).await?.iter().all(|model| model_stem(model) == stem) {
            self.delete_config(config).await?;
            debug!(%config, "deleted a superseded endpoint config");
        }
        Ok(())
    }
}

/// Patience with a name that was just created and that SageMaker does not see yet.
struct Unseen(Waiting);

impl Unseen {
    fn start() -> Self {
        let poll = Poll::default().with_ceiling(Duration::from_secs(2)).with_timeout(VISIBLE_WITHIN);
        Self(poll.start("a new name to become visible"))
    }

    /// Sleeps if the request was refused because of such a name and there is time left, else gives the refusal back.
    async fn wait_out(&mut self, refusal: RequestError) -> Result<(), RequestError> {
        match is_missing(&refusal) {
            true => self.0.pause().await.map_err(|_| refusal),
            false => Err(refusal),
        }
    }
}

/// A model's name without its digest.
fn model_stem(name: &str) -> String {
    name.rsplit_once('-').map(|(stem, _)| stem.to_owned()).unwrap_or_default()
}

fn is_updating(error: &RequestError) -> bool {
    error.code() == Some("ValidationException")
        && error.message().is_some_and(|words| words.contains("in-progress") || words.contains("in progress"))
}

fn rolled_back(now: Endpoint, requested: &EndpointConfigName) -> EndpointError {
    EndpointError::RolledBack {
        endpoint: now.name,
        requested: requested.clone(),
        serving: now.config,
        reason: now.failure_reason.unwrap_or_else(|| "SageMaker gives no reason".to_owned()),
    }
}

fn unusable(endpoint: Endpoint) -> EndpointError {
    EndpointError::Unusable {
        endpoint: endpoint.name,
        status: endpoint.status,
        reason: endpoint.failure_reason.unwrap_or_else(|| "SageMaker gives no reason".to_owned()),
    }
}
