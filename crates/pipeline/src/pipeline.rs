use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use aws_types::SdkConfig;
use futures::{StreamExt, stream};
use refit_aws::{ArtifactStore, HistoryLog, ImageUri, S3Uri, xgboost_image};
use refit_endpoint::{EndpointClient, EndpointSpec};
use refit_registry::RegistryClient;
use refit_tuning::{TuningClient, TuningHistoryRow};
use tokio::sync::RwLock;
use tracing::error;

use crate::contracts::Contracts;
use crate::{EndpointSettings, ModelName, ModelSpec, Outcome, Outcomes, PipelineError, Settings, layout};

/// The retraining loop of one account: `prepare`, `retrain`, `refresh`, `rollback`, each usable alone.
#[derive(Debug)]
pub struct Pipeline {
    pub(crate) settings: Settings,
    pub(crate) image: ImageUri,
    pub(crate) store: ArtifactStore,
    pub(crate) tuning: TuningClient,
    pub(crate) tuning_history: HistoryLog<TuningHistoryRow>,
    pub(crate) registry: RegistryClient,
    pub(crate) endpoint: EndpointClient,
    pub(crate) contracts: Contracts,
    /// Each extraction under way holds it for reading.
    pub(crate) extracting: Arc<RwLock<()>>,
}

impl Pipeline {
    /// A pipeline with these settings in the account and region of this `SdkConfig`. No request is made.
    ///
    /// # Errors
    ///
    /// [`PipelineError::NoRegion`], an unknown region or image version, and [`PipelineError::EvaluationSettings`].
    pub fn new(config: &SdkConfig, settings: Settings) -> Result<Self, PipelineError> {
        let unusable = |source| PipelineError::EvaluationSettings { source: Box::new(source) };
        settings.evaluation.check(&settings.tuning.objective).map_err(unusable)?;
        let region = config.region().ok_or(PipelineError::NoRegion)?;
        let image = xgboost_image(region.as_ref(), &settings.image_version)
            .map_err(PipelineError::aws("finding the XGBoost image"))?;
        let store = ArtifactStore::new(config, settings.bucket.clone());
        let local = settings.base_dir.join(layout::TUNING_HISTORY);
        let tuning_history = HistoryLog::new(store.clone(), layout::TUNING_HISTORY, local)
            .map_err(PipelineError::aws("naming the tuning history"))?;
        let endpoint = endpoint_spec(&settings, &store, image.clone())?;
        Ok(Self {
            image,
            tuning: TuningClient::new(config),
            tuning_history,
            registry: RegistryClient::new(config).with_poll(settings.poll.clone()),
            endpoint: EndpointClient::new(config, endpoint).with_poll(settings.poll.clone()),
            store,
            settings,
            contracts: Contracts::default(),
            extracting: Arc::default(),
        })
    }

    /// What every step begins with: each model has a name and a group of its own, and the bucket is there and keeps versions.
    pub(crate) async fn begin(&self, models: &[ModelSpec]) -> Result<(), PipelineError> {
        check_models(models)?;
        self.store.ensure_bucket().await.map_err(PipelineError::aws("preparing the bucket"))
    }

    /// Does one step for every model, a few at a time; one model's failure stops no other.
    pub(crate) async fn for_each<'a, T, F>(
        &self,
        models: &'a [ModelSpec],
        step: impl Fn(&'a ModelSpec) -> F,
    ) -> Outcomes<T>
    where
        F: Future<Output = Result<T, PipelineError>>,
    {
        let outcomes = stream::iter(models)
            .map(|model| {
                let work = step(model);
                async move {
                    let result = work.await;
                    if let Err(error) = &result {
                        error!(model = %model.name, error = error as &dyn std::error::Error, "failed");
                    }
                    Outcome { model: model.name.clone(), result }
                }
            })
            .buffered(self.settings.parallel_models.get());
        Outcomes::new(outcomes.collect().await)
    }

    /// A key of the pipeline's bucket.
    pub(crate) fn uri(&self, key: &str) -> Result<S3Uri, PipelineError> {
        self.store.uri(key).map_err(PipelineError::aws(format!("naming {key}")))
    }

    /// Waits until what calls of [`prepare`](Self::prepare) that were dropped have begun is ended and tidied up: their queries, their
    /// sessions, their files and uploads. A program that stops early lets it, before its runtime ends.
    pub async fn settled(&self) {
        drop(self.extracting.write().await);
    }
}

/// Runs what computes on a thread of its own, away from what waits.
pub(crate) async fn blocking<T: Send + 'static>(
    model: &ModelName,
    step: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PipelineError> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
        .await
        .map_err(|_| PipelineError::Stopped { model: model.clone(), step })
}

fn endpoint_spec(settings: &Settings, store: &ArtifactStore, image: ImageUri) -> Result<EndpointSpec, PipelineError> {
    let models = store.uri(layout::MODELS).map_err(PipelineError::aws("naming the endpoint's prefix"))?;
    let EndpointSettings { name, instance_type, instance_count } = settings.endpoint.clone();
    EndpointSpec::new(name, image, settings.role.clone(), models, instance_type)
        .and_then(|spec| spec.with_instance_count(instance_count))
        .map_err(PipelineError::endpoint("described"))
}

/// SageMaker tells no names apart by their case.
fn check_models(models: &[ModelSpec]) -> Result<(), PipelineError> {
    if models.is_empty() {
        return Err(PipelineError::NoModels);
    }
    let (mut names, mut groups) = (BTreeSet::new(), BTreeMap::new());
    for model in models {
        if !names.insert(model.name.as_str().to_lowercase()) {
            return Err(PipelineError::DuplicateModel { model: model.name.clone() });
        }
        let group = model.group.as_str().to_lowercase();
        if let Some(one) = groups.insert(group.clone(), &model.name) {
            return Err(PipelineError::SharedGroup { one: one.clone(), other: model.name.clone(), group });
        }
    }
    Ok(())
}
