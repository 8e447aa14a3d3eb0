//! The model registry.

use std::collections::HashMap;

use aws_sdk_sagemaker::error::SdkError;
use aws_sdk_sagemaker::operation::create_model_package::{CreateModelPackageError, CreateModelPackageOutput};
use aws_sdk_sagemaker::types::{
    InferenceSpecification, ModelApprovalStatus, ModelPackageContainerDefinition, ModelPackageSortBy, Tag,
};

use serde_json::json;

use super::fixture::{IMAGE, Wire, code, refusal};

/// Groups are unique, found by name and ARN, tagged, and go only when empty.
pub async fn model_package_groups(wire: &Wire) {
    let tag = Tag::builder().key("team").value("delay").build();
    let create = wire.sagemaker.create_model_package_group().model_package_group_name("Flights");
    let arn = create.clone().tags(tag).send().await.unwrap().model_package_group_arn.unwrap();
    assert!(arn.ends_with(":123456789012:model-package-group/flights"), "{arn}");
    assert!(refusal(create.send().await).contains("already exists"));
    for name in ["Flights", &arn] {
        let group = wire.sagemaker.describe_model_package_group().model_package_group_name(name).send().await.unwrap();
        assert_eq!(group.model_package_group_name.as_deref(), Some("Flights"));
    }
    let tags = wire.sagemaker.list_tags().resource_arn(&arn).send().await.unwrap().tags.unwrap();
    assert_eq!((tags[0].key.as_deref(), tags[0].value.as_deref()), (Some("team"), Some("delay")));

    let policy = wire.sagemaker.get_model_package_group_policy().model_package_group_name("Flights");
    assert_eq!(code(policy.clone().send().await), "ValidationException");
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::210987654321:root" },
            "Action": "sagemaker:DescribeModelPackageGroup",
            "Resource": arn.to_lowercase(),
        }],
    })
    .to_string();
    let put = wire.sagemaker.put_model_package_group_policy().model_package_group_name("Flights");
    put.resource_policy(&document).send().await.unwrap();
    assert_eq!(policy.send().await.unwrap().resource_policy.as_deref(), Some(document.as_str()));

    register(wire, "Flights", "group", "1").await.unwrap();
    let delete = wire.sagemaker.delete_model_package_group().model_package_group_name("Flights");
    assert_eq!(code(delete.clone().send().await), "ConflictException");
    let version = arn.replace("model-package-group", "model-package") + "/1";
    wire.sagemaker.delete_model_package().model_package_name(version).send().await.unwrap();
    delete.send().await.unwrap();
    let gone = wire.sagemaker.describe_model_package_group().model_package_group_name("Flights").send().await;
    assert!(refusal(gone).contains("does not exist"));
}

/// Versions count up and are never given twice; the same token registers once.
pub async fn versions_and_client_tokens(wire: &Wire) {
    group(wire, "versions").await;
    let first = register(wire, "versions", "token-1", "a").await.unwrap().model_package_arn.unwrap();
    assert!(first.ends_with(":model-package/versions/1"), "{first}");
    let again = register(wire, "versions", "token-1", "a").await.unwrap();
    assert_eq!(again.model_package_arn.as_deref(), Some(first.as_str()));
    assert_eq!(code(register(wire, "versions", "token-1", "b").await), "ConflictException");
    let second = register(wire, "versions", "token-2", "b").await.unwrap().model_package_arn.unwrap();
    wire.sagemaker.delete_model_package().model_package_name(&second).send().await.unwrap();
    let third = register(wire, "versions", "token-3", "c").await.unwrap().model_package_arn.unwrap();
    assert!(third.ends_with("/3"), "{third}");
    assert_eq!(code(register(wire, "nobody", "token-4", "d").await), "ValidationException");
}

/// A package waits for approval; an update changes what it names and keeps the rest.
pub async fn approval(wire: &Wire) {
    group(wire, "approvals").await;
    let arn = register(wire, "approvals", "approve-1", "a").await.unwrap().model_package_arn.unwrap();
    let describe = wire.sagemaker.describe_model_package().model_package_name(&arn);
    let package = describe.clone().send().await.unwrap();
    assert_eq!(package.model_approval_status, Some(ModelApprovalStatus::PendingManualApproval));
    assert_eq!(package.model_package_status.unwrap().as_str(), "Completed");
    assert_eq!((package.model_package_version, package.last_modified_time), (Some(1), None));

    let update = || wire.sagemaker.update_model_package().model_package_arn(&arn);
    update().model_approval_status(ModelApprovalStatus::Approved).approval_description("good").send().await.unwrap();
    let more = update().customer_metadata_properties("rmse", "1.5").customer_metadata_properties_to_remove("note");
    more.send().await.unwrap();
    let package = describe.send().await.unwrap();
    assert_eq!(package.model_approval_status, Some(ModelApprovalStatus::Approved));
    assert_eq!(package.approval_description.as_deref(), Some("good"));
    let properties = HashMap::from([("sha256".to_owned(), "a".to_owned()), ("rmse".to_owned(), "1.5".to_owned())]);
    assert_eq!(package.customer_metadata_properties, Some(properties));
    assert!(package.inference_specification.is_some() && package.last_modified_time.is_some());
}

/// AWS's defaults: unversioned unless a group is named, oldest first; filters and pages as asked.
pub async fn listing_packages(wire: &Wire) {
    group(wire, "listed").await;
    for number in 1..=5 {
        let arn = register(wire, "listed", &format!("list-{number}"), "a").await.unwrap().model_package_arn.unwrap();
        let status = if number % 2 == 0 { ModelApprovalStatus::Approved } else { ModelApprovalStatus::Rejected };
        wire.sagemaker
            .update_model_package()
            .model_package_arn(arn)
            .model_approval_status(status)
            .send()
            .await
            .unwrap();
    }
    let list = || wire.sagemaker.list_model_packages();
    let unversioned = list().send().await.unwrap().model_package_summary_list.unwrap();
    assert!(unversioned.iter().all(|package| package.model_package_version.is_none()));
    let versions =
        |request: aws_sdk_sagemaker::operation::list_model_packages::builders::ListModelPackagesFluentBuilder| async {
            let pages = request.model_package_group_name("listed").max_results(2).into_paginator().send();
            let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
            let packages = pages.into_iter().flat_map(|page| page.model_package_summary_list.unwrap());
            packages.map(|package| package.model_package_version.unwrap()).collect::<Vec<_>>()
        };
    assert_eq!(versions(list()).await, [1, 2, 3, 4, 5]);
    let newest_first = list().sort_by(ModelPackageSortBy::CreationTime).sort_order("Descending".into());
    assert_eq!(versions(newest_first.clone()).await, [5, 4, 3, 2, 1]);
    assert_eq!(versions(newest_first.model_approval_status(ModelApprovalStatus::Approved)).await, [4, 2]);
    assert_eq!(code(list().model_package_group_name("nobody").send().await), "ValidationException");
}

async fn group(wire: &Wire, name: &str) {
    wire.sagemaker.create_model_package_group().model_package_group_name(name).send().await.unwrap();
}

async fn register(
    wire: &Wire,
    group: &str,
    token: &str,
    sha256: &str,
) -> Result<CreateModelPackageOutput, SdkError<CreateModelPackageError>> {
    wire.sagemaker
        .create_model_package()
        .model_package_group_name(group)
        .client_token(token)
        .inference_specification(specification(wire))
        .customer_metadata_properties("sha256", sha256)
        .customer_metadata_properties("note", "first")
        .send()
        .await
}

pub(super) fn specification(wire: &Wire) -> InferenceSpecification {
    let container = ModelPackageContainerDefinition::builder()
        .image(IMAGE)
        .model_data_url(wire.uri("artifacts/packaged.tar.gz"))
        .build();
    InferenceSpecification::builder()
        .containers(container)
        .supported_content_types("text/csv")
        .supported_response_mime_types("text/csv")
        .build()
}
