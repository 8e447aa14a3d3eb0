use std::time::Duration;

use aws_sdk_sagemaker::config::http::HttpResponse;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::types::ProductionVariant;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_types::SdkConfig;
use chrono::{DateTime, Utc};
use refit_aws::{AccountId, ArtifactStore, Poll, RequestError};

use crate::content::base;
use crate::history::Histories;
use crate::wire::Capacity;
use crate::{Endpoint, EndpointConfigName, EndpointError, EndpointSpec, TargetModel, wire};

/// One multi-model endpoint and the models it serves.
#[derive(Debug, Clone)]
pub struct EndpointClient {
    pub(crate) spec: EndpointSpec,
    pub(crate) store: ArtifactStore,
    pub(crate) poll: Poll,
    pub(crate) loading: Poll,
    sagemaker: aws_sdk_sagemaker::Client,
    runtime: aws_sdk_sagemakerruntime::Client,
    s3: aws_sdk_s3::Client,
    bucket_owner: Option<AccountId>,
}

impl EndpointClient {
    /// A client for this endpoint, in the region, with the credentials and at the endpoint URL of this configuration.
    /// Nothing is requested.
    pub fn new(config: &SdkConfig, spec: EndpointSpec) -> Self {
        // Servers other than AWS need buckets in the path; `ArtifactStore` does the same.
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some()).build();
        Self {
            store: ArtifactStore::new(config, spec.bucket().clone()),
            spec,
            poll: Poll::default(),
            loading: Poll::default()
                .with_ceiling(Duration::from_secs(5))
                // What SageMaker gives a container to load a model.
                .with_timeout(Duration::from_secs(360)),
            sagemaker: aws_sdk_sagemaker::Client::new(config),
            runtime: aws_sdk_sagemakerruntime::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            bucket_owner: None,
        }
    }

    /// How often, and how long, to ask for an endpoint that is being created or updated.
    pub fn with_poll(self, poll: Poll) -> Self {
        Self { poll, ..self }
    }

    /// How often, and how long, to try a model that is still loading. The default gives up after 6 minutes.
    pub fn with_loading(self, loading: Poll) -> Self {
        Self { loading, ..self }
    }

    /// Has every request to the bucket refused unless it belongs to this account.
    pub fn with_expected_owner(self, owner: AccountId) -> Self {
        Self { store: self.store.with_expected_owner(owner.clone()), bucket_owner: Some(owner), ..self }
    }

    /// The endpoint as it is to be.
    pub fn spec(&self) -> &EndpointSpec {
        &self.spec
    }

    /// The endpoint as it is. `None` if there is none of this name.
    pub async fn describe(&self) -> Result<Option<Endpoint>, EndpointError> {
        match wire::describe_endpoint(self.spec.name()).send_with(&self.sagemaker).await {
            Ok(answer) => Ok(Some(wire::endpoint(self.spec.name(), &answer)?)),
            Err(error) => match RequestError::from_sdk("DescribeEndpoint", error) {
                error if is_missing(&error) => Ok(None),
                error => Err(error.into()),
            },
        }
    }
}

/// Single requests, each with its errors sorted.
impl EndpointClient {
    /// Every version of every key that begins with `prefix`.
    pub(crate) async fn histories(&self, prefix: &str) -> Result<Histories, EndpointError> {
        let mut histories = Histories::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            let page = self
                .s3
                .list_object_versions()
                .bucket(self.spec.bucket().as_str())
                .prefix(prefix)
                .set_key_marker(key_marker)
                .set_version_id_marker(version_marker)
                .set_expected_bucket_owner(self.bucket_owner.as_ref().map(ToString::to_string))
                .send()
                .await
                .map_err(|error| RequestError::from_sdk("ListObjectVersions", error))?;
            wire::add_versions(&mut histories, &page);
            if page.is_truncated() != Some(true) {
                return Ok(histories);
            }
            (key_marker, version_marker) = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    /// Creates the SageMaker model unless it is there. Its name says what it is, so one of this name is the same.
    pub(crate) async fn ensure_model(&self) -> Result<(), RequestError> {
        created("CreateModel", wire::create_model(&self.spec).send_with(&self.sagemaker).await)
    }

    /// Creates the configuration unless it is there. Its name says what it serves, so one of this name is the same.
    pub(crate) async fn ensure_config(&self, name: &EndpointConfigName) -> Result<(), RequestError> {
        let request = wire::create_endpoint_config(&self.spec, name);
        created("CreateEndpointConfig", request.send_with(&self.sagemaker).await)
    }

    /// Creates the endpoint unless it is there, with whatever configuration.
    pub(crate) async fn ensure_endpoint(&self, config: &EndpointConfigName) -> Result<(), RequestError> {
        let request = wire::create_endpoint(self.spec.name(), config);
        created("CreateEndpoint", request.send_with(&self.sagemaker).await)
    }

    pub(crate) async fn update_endpoint(
        &self,
        config: &EndpointConfigName,
        capacity: Capacity,
    ) -> Result<(), RequestError> {
        let request = wire::update_endpoint(self.spec.name(), config, capacity);
        let answer = request.send_with(&self.sagemaker).await;
        answer.map(|_| ()).map_err(|error| RequestError::from_sdk("UpdateEndpoint", error))
    }

    /// The configurations whose names hold the beginning of this endpoint's, with the time each was created.
    pub(crate) async fn configs(&self) -> Result<Vec<(EndpointConfigName, DateTime<Utc>)>, RequestError> {
        let mut pages = self
            .sagemaker
            .list_endpoint_configs()
            .name_contains(base(self.spec.name()))
            .max_results(100)
            .into_paginator()
            .send();
        let mut configs = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| RequestError::from_sdk("ListEndpointConfigs", error))?;
            configs.extend(page.endpoint_configs().iter().filter_map(wire::listed_config));
        }
        Ok(configs)
    }

    /// The SageMaker models that a configuration serves.
    pub(crate) async fn models_of(&self, config: &EndpointConfigName) -> Result<Vec<String>, RequestError> {
        let answer = self.describe_config(config).await?;
        let variants = answer.production_variants().iter();
        Ok(variants.filter_map(|variant| variant.model_name().map(str::to_owned)).collect())
    }

    /// What an update away from this configuration does with the instances: it keeps as many as there are, unless the spec
    /// asks for another count than the configuration did.
    pub(crate) async fn capacity_after(&self, serving: &EndpointConfigName) -> Result<Capacity, RequestError> {
        let answer = match self.describe_config(serving).await {
            Err(error) if is_missing(&error) => return Ok(Capacity::AsConfigured),
            answer => answer?,
        };
        let ours = |variant: &&ProductionVariant| variant.variant_name() == Some(self.spec.variant());
        let count = answer.production_variants().iter().find(ours).and_then(ProductionVariant::initial_instance_count);
        let same = count.is_some_and(|count| u32::try_from(count) == Ok(self.spec.instance_count()));
        Ok(if same { Capacity::Retained } else { Capacity::AsConfigured })
    }

    async fn describe_config(&self, config: &EndpointConfigName) -> Result<DescribeEndpointConfigOutput, RequestError> {
        let request = self.sagemaker.describe_endpoint_config().endpoint_config_name(config.as_str());
        request.send().await.map_err(|error| RequestError::from_sdk("DescribeEndpointConfig", error))
    }

    pub(crate) async fn delete_config(&self, config: &EndpointConfigName) -> Result<(), RequestError> {
        let request = self.sagemaker.delete_endpoint_config().endpoint_config_name(config.as_str());
        request.send().await.map(|_| ()).map_err(|error| RequestError::from_sdk("DeleteEndpointConfig", error))
    }

    pub(crate) async fn invoke_once(&self, target_model: &TargetModel, csv: &str) -> Result<Vec<u8>, EndpointError> {
        let request = wire::invoke(self.spec.name(), target_model, csv);
        match request.send_with(&self.runtime).await {
            Ok(answer) => Ok(answer.body.map(|body| body.into_inner()).unwrap_or_default()),
            Err(error) => Err(self.invoke_error(target_model, error)),
        }
    }

    fn invoke_error(
        &self,
        target_model: &TargetModel,
        error: SdkError<InvokeEndpointError, HttpResponse>,
    ) -> EndpointError {
        let failed = match error.as_service_error() {
            Some(InvokeEndpointError::ModelError(failed)) => Some(failed.clone()),
            _ => None,
        };
        let error = RequestError::from_sdk("InvokeEndpoint", error);
        let (endpoint, target_model) = (self.spec.name().clone(), target_model.clone());
        let words = error.message().unwrap_or_default();
        match failed {
            Some(failed) => EndpointError::ModelFailed {
                target_model,
                status: failed.original_status_code(),
                message: failed.original_message().unwrap_or(words).to_owned(),
                source: Box::new(error),
            },
            None if error.code() == Some("ValidationError") && words.contains("download model data") => {
                EndpointError::NoSuchModel { endpoint, target_model }
            }
            None if error.code() == Some("ValidationError") && words.contains("not found") => {
                EndpointError::NoSuchEndpoint { endpoint }
            }
            None => error.into(),
        }
    }
}

/// Takes "it exists already" for success.
fn created<T, E>(operation: &'static str, answer: Result<T, SdkError<E, HttpResponse>>) -> Result<(), RequestError>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match answer {
        Ok(_) => Ok(()),
        Err(error) => match RequestError::from_sdk(operation, error) {
            error if error.message().is_some_and(|words| words.contains("already exist")) => Ok(()),
            error => Err(error),
        },
    }
}

/// SageMaker answers `ValidationException` for what does not exist, and says so in its words only.
pub(crate) fn is_missing(error: &RequestError) -> bool {
    error.code() == Some("ResourceNotFound")
        || error.code() == Some("ValidationException")
            && error.message().is_some_and(|words| words.contains("Could not find"))
}

#[cfg(test)]
mod tests {
    use aws_types::SdkConfig;

    use super::EndpointClient;
    use crate::spec::tests::spec;

    /// What a caller spawns must be `Send`; this does not compile otherwise.
    #[test]
    fn every_future_can_be_spawned() {
        fn is_send(_: impl Send) {}
        let config = SdkConfig::builder().behavior_version(aws_sdk_s3::config::BehaviorVersion::latest()).build();
        let client = EndpointClient::new(&config, spec("flights"));
        let model = "ewr.tar.gz".parse().unwrap();
        is_send(async {
            let plan = client.plan(&[]).await?;
            client.apply(&plan).await?;
            client.list().await?;
            client.remove(&model).await?;
            client.refresh("why").await?;
            client.rollback(&model, None).await?;
            client.invoke(&model, "1").await
        });
    }
}
