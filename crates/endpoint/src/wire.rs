//! Between this crate's nouns and the shapes of SageMaker, its runtime and S3. Nothing here waits.

use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_sagemaker::operation::create_endpoint::builders::CreateEndpointInputBuilder;
use aws_sdk_sagemaker::operation::create_endpoint_config::builders::CreateEndpointConfigInputBuilder;
use aws_sdk_sagemaker::operation::create_model::builders::CreateModelInputBuilder;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint::builders::DescribeEndpointInputBuilder;
use aws_sdk_sagemaker::operation::update_endpoint::builders::UpdateEndpointInputBuilder;
use aws_sdk_sagemaker::types;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::builders::InvokeEndpointInputBuilder;
use aws_sdk_sagemakerruntime::primitives::Blob;
use chrono::{DateTime, Utc};
use refit_aws::RequestError;

use crate::content::model_name;
use crate::history::Histories;
use crate::spec::ModelCache;
use crate::{Endpoint, EndpointConfigName, EndpointName, EndpointSpec, EndpointStatus, TargetModel};

const CSV: &str = "text/csv";

pub(crate) fn create_model(spec: &EndpointSpec) -> CreateModelInputBuilder {
    let cache = match spec.cache() {
        ModelCache::Enabled => types::ModelCacheSetting::Enabled,
        ModelCache::Disabled => types::ModelCacheSetting::Disabled,
    };
    let container = types::ContainerDefinition::builder()
        .image(spec.image().as_str())
        .mode(types::ContainerMode::MultiModel)
        .model_data_url(spec.models().to_string())
        .multi_model_config(types::MultiModelConfig::builder().model_cache_setting(cache).build())
        .build();
    CreateModelInputBuilder::default()
        .model_name(model_name(spec))
        .execution_role_arn(spec.role().as_str())
        .primary_container(container)
}

/// How many instances an endpoint has after an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capacity {
    /// As many as the new configuration says.
    AsConfigured,
    /// As many as it has, which autoscaling or a person may have changed.
    Retained,
}

pub(crate) fn create_endpoint_config(
    spec: &EndpointSpec,
    name: &EndpointConfigName,
) -> CreateEndpointConfigInputBuilder {
    let variant = types::ProductionVariant::builder()
        .variant_name(spec.variant())
        .model_name(model_name(spec))
        .initial_variant_weight(1.0)
        // The count was checked to fit when the spec was made.
        .initial_instance_count(i32::try_from(spec.instance_count()).unwrap_or(i32::MAX))
        .instance_type(types::ProductionVariantInstanceType::from(spec.instance_type()))
        .build();
    CreateEndpointConfigInputBuilder::default().endpoint_config_name(name.as_str()).production_variants(variant)
}

pub(crate) fn create_endpoint(name: &EndpointName, config: &EndpointConfigName) -> CreateEndpointInputBuilder {
    CreateEndpointInputBuilder::default().endpoint_name(name.as_str()).endpoint_config_name(config.as_str())
}

pub(crate) fn update_endpoint(
    name: &EndpointName,
    config: &EndpointConfigName,
    capacity: Capacity,
) -> UpdateEndpointInputBuilder {
    let update =
        UpdateEndpointInputBuilder::default().endpoint_name(name.as_str()).endpoint_config_name(config.as_str());
    match capacity {
        Capacity::AsConfigured => update,
        Capacity::Retained => update.retain_all_variant_properties(true),
    }
}

pub(crate) fn describe_endpoint(name: &EndpointName) -> DescribeEndpointInputBuilder {
    DescribeEndpointInputBuilder::default().endpoint_name(name.as_str())
}

pub(crate) fn invoke(endpoint: &EndpointName, target_model: &TargetModel, csv: &str) -> InvokeEndpointInputBuilder {
    InvokeEndpointInputBuilder::default()
        .endpoint_name(endpoint.as_str())
        .target_model(target_model.as_str())
        .content_type(CSV)
        .accept(CSV)
        .body(Blob::new(csv))
}

pub(crate) fn endpoint(name: &EndpointName, answer: &DescribeEndpointOutput) -> Result<Endpoint, RequestError> {
    let lacks = |what: String| RequestError::from_answer("DescribeEndpoint", what);
    let status = answer.endpoint_status().ok_or_else(|| lacks("the answer lacks EndpointStatus".to_owned()))?;
    Ok(Endpoint {
        name: name.clone(),
        status: status_from_wire(status)
            .ok_or_else(|| lacks(format!("EndpointStatus {:?} is not known to this version", status.as_str())))?,
        config: answer.endpoint_config_name().and_then(|config| config.parse().ok()),
        failure_reason: answer.failure_reason().map(str::to_owned),
        last_modified: answer
            .last_modified_time()
            .and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos())),
    })
}

/// A configuration's name and the time it was created.
pub(crate) fn listed_config(config: &types::EndpointConfigSummary) -> Option<(EndpointConfigName, DateTime<Utc>)> {
    let created = config.creation_time()?;
    Some((
        config.endpoint_config_name()?.parse().ok()?,
        DateTime::from_timestamp(created.secs(), created.subsec_nanos())?,
    ))
}

/// Adds one page of a listing to what the pages before it held.
pub(crate) fn add_versions(histories: &mut Histories, page: &ListObjectVersionsOutput) {
    for version in page.versions() {
        let (Some(key), Some(id)) = (version.key(), version.version_id()) else {
            continue;
        };
        let history = histories.entry(key.to_owned()).or_default();
        // S3 lists the versions of a key from the newest to the oldest.
        history.versions.push(id.to_owned());
        if version.is_latest() == Some(true) {
            history.newest = Some(id.to_owned());
        }
    }
    for deletion in page.delete_markers() {
        let (Some(key), Some(id)) = (deletion.key(), deletion.version_id()) else {
            continue;
        };
        let history = histories.entry(key.to_owned()).or_default();
        history.deletions += 1;
        if deletion.is_latest() == Some(true) {
            history.newest = Some(id.to_owned());
        }
    }
}

fn status_from_wire(status: &types::EndpointStatus) -> Option<EndpointStatus> {
    Some(match status {
        types::EndpointStatus::Creating => EndpointStatus::Creating,
        types::EndpointStatus::InService => EndpointStatus::InService,
        types::EndpointStatus::Updating => EndpointStatus::Updating,
        types::EndpointStatus::SystemUpdating => EndpointStatus::SystemUpdating,
        types::EndpointStatus::RollingBack => EndpointStatus::RollingBack,
        types::EndpointStatus::OutOfService => EndpointStatus::OutOfService,
        types::EndpointStatus::Failed => EndpointStatus::Failed,
        types::EndpointStatus::UpdateRollbackFailed => EndpointStatus::UpdateRollbackFailed,
        types::EndpointStatus::Deleting => EndpointStatus::Deleting,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::error::Error;
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};
    use aws_sdk_sagemaker::config::interceptors::BeforeTransmitInterceptorContextRef;
    use aws_sdk_sagemaker::config::{BehaviorVersion, ConfigBag, Intercept, Region, RuntimeComponents};
    use serde_json::{Value, json};

    use super::*;
    use crate::spec::tests::spec;

    /// Keeps what each request says, and stops it before it is signed.
    #[derive(Debug, Clone, Default)]
    struct Sent(Arc<Mutex<Request>>);

    #[derive(Debug, Default)]
    struct Request {
        path: String,
        headers: BTreeMap<String, String>,
        body: Vec<u8>,
    }

    impl Intercept for Sent {
        fn name(&self) -> &'static str {
            "Sent"
        }

        fn read_after_serialization(
            &self,
            context: &BeforeTransmitInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            _: &mut ConfigBag,
        ) -> Result<(), Box<dyn Error + Send + Sync>> {
            let request = context.request();
            *self.0.lock().unwrap() = Request {
                path: request.uri().to_owned(),
                headers: request
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                    .collect(),
                body: request.body().bytes().unwrap().to_vec(),
            };
            Err("kept, not sent".into())
        }
    }

    impl Sent {
        fn sagemaker(&self) -> aws_sdk_sagemaker::Client {
            let config = aws_sdk_sagemaker::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .interceptor(self.clone());
            aws_sdk_sagemaker::Client::from_conf(config.build())
        }

        fn runtime(&self) -> aws_sdk_sagemakerruntime::Client {
            let config = aws_sdk_sagemakerruntime::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .interceptor(self.clone());
            aws_sdk_sagemakerruntime::Client::from_conf(config.build())
        }

        /// The body of a request that did not go out.
        fn body<T: Debug, E: Debug>(&self, answer: Result<T, E>) -> Value {
            answer.unwrap_err();
            serde_json::from_slice(&self.0.lock().unwrap().body).unwrap()
        }
    }

    // The golden requests are what boto3 1.44.5 sent for the SageMaker Python SDK 2.257.7's MultiDataModel.
    fn golden(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[tokio::test]
    async fn a_multi_model_is_created_as_boto3_does() {
        let (sent, spec) = (Sent::default(), spec("mme-ep"));
        let mut ours = sent.body(create_model(&spec).send_with(&sent.sagemaker()).await);
        let mut theirs = golden(include_str!("golden/create_model.json"));
        // The name is ours, the cache setting is one that the SDK leaves out, and the environment one it leaves empty.
        theirs["ModelName"] = json!(model_name(&spec));
        let container = ours["PrimaryContainer"].as_object_mut().unwrap();
        assert_eq!(container.remove("MultiModelConfig"), Some(json!({ "ModelCacheSetting": "Enabled" })));
        theirs["PrimaryContainer"].as_object_mut().unwrap().remove("Environment");
        assert_eq!(ours, theirs);
    }

    #[tokio::test]
    async fn an_endpoint_and_its_config_are_created_as_boto3_does() {
        let (sent, spec) = (Sent::default(), spec("mme-ep"));
        let name = "mme-ep".parse().unwrap();
        let ours = sent.body(create_endpoint_config(&spec, &name).send_with(&sent.sagemaker()).await);
        let mut theirs = golden(include_str!("golden/create_endpoint_config.json"));
        theirs["ProductionVariants"][0]["ModelName"] = json!(model_name(&spec));
        // botocore writes the weight as the integer it was given, which is the same number.
        theirs["ProductionVariants"][0]["InitialVariantWeight"] = json!(1.0);
        assert_eq!(ours, theirs);

        let ours = sent.body(create_endpoint(spec.name(), &name).send_with(&sent.sagemaker()).await);
        let mut theirs = golden(include_str!("golden/create_endpoint.json"));
        theirs.as_object_mut().unwrap().remove("Tags");
        assert_eq!(ours, theirs);
        // The two operations take the same two names; of UpdateEndpoint there is no capture.
        let update = update_endpoint(spec.name(), &name, Capacity::AsConfigured);
        assert_eq!(sent.body(update.send_with(&sent.sagemaker()).await), theirs);
        let update = update_endpoint(spec.name(), &name, Capacity::Retained);
        theirs["RetainAllVariantProperties"] = json!(true);
        assert_eq!(sent.body(update.send_with(&sent.sagemaker()).await), theirs);
        let ours = sent.body(describe_endpoint(spec.name()).send_with(&sent.sagemaker()).await);
        assert_eq!(ours, golden(include_str!("golden/describe_endpoint.json")));
    }

    #[tokio::test]
    async fn a_model_is_invoked_as_boto3_does() {
        let sent = Sent::default();
        let request = invoke(&"mme-ep".parse().unwrap(), &"team/a.tar.gz".parse().unwrap(), "1,2,3");
        request.send_with(&sent.runtime()).await.unwrap_err();
        let theirs = golden(include_str!("golden/invoke_endpoint.json"));
        let ours = sent.0.lock().unwrap();
        assert_eq!(ours.path, theirs["path"].as_str().unwrap());
        assert_eq!(ours.body, theirs["body"].as_str().unwrap().as_bytes());
        for (name, value) in theirs["headers"].as_object().unwrap() {
            assert_eq!(ours.headers.get(&name.to_lowercase()).map(String::as_str), value.as_str(), "{name}");
        }
    }

    #[test]
    fn versions_and_deletions_of_all_pages_come_together() {
        let version = |key, id, latest| ObjectVersion::builder().key(key).version_id(id).is_latest(latest).build();
        let deletion = |key, id, latest| DeleteMarkerEntry::builder().key(key).version_id(id).is_latest(latest).build();
        let first = ListObjectVersionsOutput::builder()
            .versions(version("a", "a3", true))
            .versions(version("a", "a2", false))
            .delete_markers(deletion("b", "d1", true))
            .build();
        let second = ListObjectVersionsOutput::builder()
            .versions(version("a", "a1", false))
            .versions(version("b", "b1", false))
            .build();
        let mut histories = Histories::new();
        add_versions(&mut histories, &first);
        add_versions(&mut histories, &second);
        assert_eq!(histories["a"].versions, ["a3", "a2", "a1"]);
        assert_eq!(histories["a"].newest.as_deref(), Some("a3"));
        assert_eq!((histories["b"].deletions, histories["b"].newest.as_deref()), (1, Some("d1")));
        assert_eq!(histories["b"].versions, ["b1"]);
    }
}
