//! Between this crate's nouns and SageMaker's shapes. Nothing here waits.

use aws_sdk_sagemaker::operation::create_model_package::builders::CreateModelPackageInputBuilder;
use aws_sdk_sagemaker::operation::create_model_package_group::builders::CreateModelPackageGroupInputBuilder;
use aws_sdk_sagemaker::operation::describe_model_package::DescribeModelPackageOutput;
use aws_sdk_sagemaker::operation::describe_model_package::builders::DescribeModelPackageInputBuilder;
use aws_sdk_sagemaker::operation::list_model_packages::builders::ListModelPackagesInputBuilder;
use aws_sdk_sagemaker::operation::update_model_package::builders::UpdateModelPackageInputBuilder;
use aws_sdk_sagemaker::{primitives, types};
use chrono::{DateTime, Utc};
use refit_aws::{RequestError, S3Uri};

use crate::{
    ApprovalStatus, GroupRef, ModelPackage, ModelPackageArn, ModelPackageGroupName, ModelPackageSpec,
    ModelPackageStatus, ModelPackageSummary,
};

/// The most that one page of a list may hold.
const PAGE: i32 = 100;

const CSV: &str = "text/csv";
const JSON: &str = "application/json";

pub(crate) fn create_group(name: &ModelPackageGroupName) -> CreateModelPackageGroupInputBuilder {
    CreateModelPackageGroupInputBuilder::default().model_package_group_name(name.as_str())
}

pub(crate) fn create_package(spec: &ModelPackageSpec) -> CreateModelPackageInputBuilder {
    let container = types::ModelPackageContainerDefinition::builder()
        .image(spec.image().as_str())
        .model_data_url(spec.artifact().to_string())
        .build();
    let inference = types::InferenceSpecification::builder()
        .containers(container)
        .supported_content_types(CSV)
        .supported_response_mime_types(CSV)
        .build();
    CreateModelPackageInputBuilder::default()
        .model_package_group_name(spec.group().as_str())
        .model_package_description(spec.marked_description())
        .inference_specification(inference)
        .model_approval_status(types::ModelApprovalStatus::PendingManualApproval)
        .set_model_metrics(spec.model_quality().map(model_metrics))
        .set_customer_metadata_properties(Some(spec.metadata().clone().into_iter().collect()))
        .client_token(spec.registration().to_string())
}

fn model_metrics(statistics: &S3Uri) -> types::ModelMetrics {
    let source = types::MetricsSource::builder().content_type(JSON).s3_uri(statistics.to_string()).build();
    let quality = types::ModelQuality::builder().statistics(source).build();
    types::ModelMetrics::builder().model_quality(quality).build()
}

/// Without an approval the status stays what it is.
pub(crate) fn decide(
    arn: &ModelPackageArn,
    approval: Option<ApprovalStatus>,
    why: &str,
) -> UpdateModelPackageInputBuilder {
    UpdateModelPackageInputBuilder::default()
        .model_package_arn(arn.as_str())
        .set_model_approval_status(approval.map(approval_to_wire))
        .approval_description(why)
}

pub(crate) fn describe(arn: &ModelPackageArn) -> DescribeModelPackageInputBuilder {
    DescribeModelPackageInputBuilder::default().model_package_name(arn.as_str())
}

/// Newest first: SageMaker's own default is oldest first, and packages that are in no group.
pub(crate) fn list(
    group: &GroupRef,
    approval: Option<ApprovalStatus>,
    next_token: Option<String>,
) -> ListModelPackagesInputBuilder {
    ListModelPackagesInputBuilder::default()
        .model_package_group_name(group.as_str())
        .model_package_type(types::ModelPackageType::Versioned)
        .set_model_approval_status(approval.map(approval_to_wire))
        .sort_by(types::ModelPackageSortBy::CreationTime)
        .sort_order(types::SortOrder::Descending)
        .max_results(PAGE)
        .set_next_token(next_token)
}

pub(crate) fn summary(package: &types::ModelPackageSummary) -> Result<ModelPackageSummary, RequestError> {
    let answer = Answer("ListModelPackages");
    let arn = answer.arn(package.model_package_arn())?;
    Ok(ModelPackageSummary {
        version: arn.version(),
        arn,
        status: answer.status(package.model_package_status())?,
        approval: answer.approval(package.model_approval_status())?,
        description: package.model_package_description().map(str::to_owned),
        created: answer.time(package.creation_time())?,
    })
}

pub(crate) fn package(package: &DescribeModelPackageOutput) -> Result<ModelPackage, RequestError> {
    let answer = Answer("DescribeModelPackage");
    let arn = answer.arn(package.model_package_arn())?;
    let container = package.inference_specification().and_then(|inference| inference.containers().first());
    let quality = package.model_metrics().and_then(|metrics| metrics.model_quality()?.statistics()?.s3_uri());
    Ok(ModelPackage {
        version: arn.version(),
        arn,
        status: answer.status(package.model_package_status())?,
        approval: answer.approval(package.model_approval_status())?,
        approval_description: package.approval_description().map(str::to_owned),
        description: package.model_package_description().map(str::to_owned),
        artifact: container.and_then(|container| container.model_data_url()?.parse().ok()),
        image: container.and_then(|container| container.image()?.parse().ok()),
        model_quality: quality.and_then(|uri| uri.parse().ok()),
        metadata: package.customer_metadata_properties().cloned().unwrap_or_default().into_iter().collect(),
        created: answer.time(package.creation_time())?,
    })
}

fn approval_to_wire(approval: ApprovalStatus) -> types::ModelApprovalStatus {
    match approval {
        ApprovalStatus::PendingManualApproval => types::ModelApprovalStatus::PendingManualApproval,
        ApprovalStatus::Approved => types::ModelApprovalStatus::Approved,
        ApprovalStatus::Rejected => types::ModelApprovalStatus::Rejected,
    }
}

/// Reads the fields of one operation's answer.
struct Answer(&'static str);

impl Answer {
    fn arn(&self, arn: Option<&str>) -> Result<ModelPackageArn, RequestError> {
        let arn = arn.ok_or_else(|| self.lacks("ModelPackageArn"))?;
        arn.parse().map_err(|error| RequestError::from_answer(self.0, format!("{error}")))
    }

    fn status(&self, status: Option<&types::ModelPackageStatus>) -> Result<ModelPackageStatus, RequestError> {
        match status.ok_or_else(|| self.lacks("ModelPackageStatus"))? {
            types::ModelPackageStatus::Pending => Ok(ModelPackageStatus::Pending),
            types::ModelPackageStatus::InProgress => Ok(ModelPackageStatus::InProgress),
            types::ModelPackageStatus::Completed => Ok(ModelPackageStatus::Completed),
            types::ModelPackageStatus::Failed => Ok(ModelPackageStatus::Failed),
            types::ModelPackageStatus::Deleting => Ok(ModelPackageStatus::Deleting),
            other => Err(self.unknown("ModelPackageStatus", other.as_str())),
        }
    }

    /// A package without an approval status has not been decided on.
    fn approval(&self, approval: Option<&types::ModelApprovalStatus>) -> Result<ApprovalStatus, RequestError> {
        match approval {
            None | Some(types::ModelApprovalStatus::PendingManualApproval) => Ok(ApprovalStatus::PendingManualApproval),
            Some(types::ModelApprovalStatus::Approved) => Ok(ApprovalStatus::Approved),
            Some(types::ModelApprovalStatus::Rejected) => Ok(ApprovalStatus::Rejected),
            Some(other) => Err(self.unknown("ModelApprovalStatus", other.as_str())),
        }
    }

    fn time(&self, time: Option<&primitives::DateTime>) -> Result<DateTime<Utc>, RequestError> {
        time.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()))
            .ok_or_else(|| self.lacks("CreationTime"))
    }

    fn lacks(&self, field: &str) -> RequestError {
        RequestError::from_answer(self.0, format!("the answer lacks {field}"))
    }

    fn unknown(&self, field: &str, value: &str) -> RequestError {
        RequestError::from_answer(self.0, format!("{field} {value:?} is not known to this version of refit-registry"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::error::Error;
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use aws_sdk_sagemaker::Client;
    use aws_sdk_sagemaker::config::interceptors::BeforeTransmitInterceptorContextRef;
    use aws_sdk_sagemaker::config::{BehaviorVersion, Config, ConfigBag, Intercept, Region, RuntimeComponents};
    use serde_json::{Value, json};

    use super::{create_group, create_package, decide, describe, list};
    use crate::spec::tests::spec;
    use crate::{ApprovalStatus, ModelPackageArn};

    /// Keeps the body of each request, and stops it before it is signed.
    #[derive(Debug, Clone, Default)]
    struct Sent(Arc<Mutex<Vec<u8>>>);

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
            *self.0.lock().unwrap() = context.request().body().bytes().unwrap().to_vec();
            Err("kept, not sent".into())
        }
    }

    impl Sent {
        fn client(&self) -> Client {
            let config = Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .interceptor(self.clone());
            Client::from_conf(config.build())
        }

        /// The body of a request that did not go out.
        fn body<T: Debug, E: Debug>(&self, answer: Result<T, E>) -> Value {
            answer.unwrap_err();
            serde_json::from_slice(&self.0.lock().unwrap()).unwrap()
        }
    }

    // The golden requests are what boto3 1.44.5 sent for the SageMaker Python SDK 2.257.7.
    fn golden(name: &str) -> Value {
        let text = match name {
            "CreateModelPackageGroup" => include_str!("golden/create_model_package_group.json"),
            "CreateModelPackage" => include_str!("golden/create_model_package.json"),
            "CreateModelPackage with metrics" => include_str!("golden/create_model_package_with_metrics.json"),
            "UpdateModelPackage" => include_str!("golden/update_model_package.json"),
            _ => include_str!("golden/describe_model_package.json"),
        };
        serde_json::from_str(text).unwrap()
    }

    fn arn() -> ModelPackageArn {
        "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn-grp/1".parse().unwrap()
    }

    #[tokio::test]
    async fn a_group_is_created_as_boto3_does() {
        let sent = Sent::default();
        let answer = create_group(&"churn-grp".parse().unwrap()).send_with(&sent.client()).await;
        assert_eq!(sent.body(answer), golden("CreateModelPackageGroup"));
    }

    #[tokio::test]
    async fn a_package_is_described_and_decided_on_as_boto3_does() {
        let sent = Sent::default();
        let answer = describe(&arn()).send_with(&sent.client()).await;
        assert_eq!(sent.body(answer), golden("DescribeModelPackage"));
        let answer = decide(&arn(), Some(ApprovalStatus::Approved), "looks good").send_with(&sent.client()).await;
        assert_eq!(sent.body(answer), golden("UpdateModelPackage"));
        // Without a decision, the reason alone.
        let mut theirs = golden("UpdateModelPackage");
        theirs.as_object_mut().unwrap().remove("ModelApprovalStatus");
        let answer = decide(&arn(), None, "looks good").send_with(&sent.client()).await;
        assert_eq!(sent.body(answer), theirs);
    }

    #[tokio::test]
    async fn a_package_is_registered_as_boto3_does() {
        let spec = spec("job-1").with_description("d").unwrap().with_metadata("k", "v").unwrap();
        let sent = Sent::default();
        let mut ours = sent.body(create_package(&spec).send_with(&sent.client()).await);
        let mut theirs = golden("CreateModelPackage");

        // What is ours: the registration's mark and token, and two facts in the metadata.
        let token = spec.registration().to_string();
        assert_eq!(ours["ClientToken"], token);
        assert_eq!(ours["ModelPackageDescription"], format!("d [registration {token}]"));
        let metadata: BTreeMap<String, String> =
            serde_json::from_value(ours["CustomerMetadataProperties"].take()).unwrap();
        assert_eq!(
            metadata.into_iter().collect::<Vec<_>>(),
            [
                // The digest of "abc" is the example of FIPS 180-4.
                ("artifact-sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                ("k", "v"),
                ("training-job", "job-1"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
        for field in ["ClientToken", "ModelPackageDescription", "CustomerMetadataProperties"] {
            ours.as_object_mut().unwrap().remove(field);
            theirs.as_object_mut().unwrap().remove(field);
        }
        // What the Python SDK adds: empty or default values, and a choice of instances that we leave to the endpoint.
        let added = theirs.as_object_mut().unwrap();
        added.remove("CertifyForMarketplace");
        added.remove("SkipModelValidation");
        let inference = added["InferenceSpecification"].as_object_mut().unwrap();
        inference.remove("SupportedRealtimeInferenceInstanceTypes");
        inference.remove("SupportedTransformInstanceTypes");
        inference["Containers"][0].as_object_mut().unwrap().remove("Environment");
        assert_eq!(ours, theirs);
    }

    // The SDK's `ModelMetrics(model_statistics=MetricsSource(...))`, by boto3 1.43.117.
    #[tokio::test]
    async fn statistics_are_linked_as_boto3_does() {
        let statistics = "s3://sagemaker-us-east-1-123456789012/evaluation/a/statistics.json";
        let spec = spec("job-1").with_model_quality(statistics.parse().unwrap());
        let sent = Sent::default();
        let ours = sent.body(create_package(&spec).send_with(&sent.client()).await);
        let mut theirs = golden("CreateModelPackage with metrics");
        // What the SDK leaves empty.
        for empty in ["Bias", "Explainability"] {
            assert_eq!(theirs["ModelMetrics"].as_object_mut().unwrap().remove(empty), Some(json!({})));
        }
        assert_eq!(ours["ModelMetrics"], theirs["ModelMetrics"]);
    }

    // The defaults this must override are in botocore's documentation of ListModelPackages.
    #[tokio::test]
    async fn a_list_asks_for_versions_newest_first() {
        let sent = Sent::default();
        let request = list(&"churn-grp".parse().unwrap(), Some(ApprovalStatus::Approved), Some("next".to_owned()));
        let answer = request.send_with(&sent.client()).await;
        assert_eq!(
            sent.body(answer),
            json!({
                "MaxResults": 100,
                "ModelApprovalStatus": "Approved",
                "ModelPackageGroupName": "churn-grp",
                "ModelPackageType": "Versioned",
                "NextToken": "next",
                "SortBy": "CreationTime",
                "SortOrder": "Descending",
            })
        );
    }
}
