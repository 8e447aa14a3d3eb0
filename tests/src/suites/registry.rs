//! The model registry: registering once, deciding, and finding what may be deployed.

use aws_types::SdkConfig;
use refit_aws::{S3Uri, Sha256Digest};
use refit_registry::{
    ApprovalStatus, GroupPolicy, GroupRef, ModelPackageArn, ModelPackageGroupName, ModelPackageSpec, RegistryClient,
    RegistryError,
};

use super::fresh;

const IMAGE: &str = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2";

fn spec(group: &GroupRef, training_job: &str) -> ModelPackageSpec {
    ModelPackageSpec::new(
        group.clone(),
        format!("s3://refit-artifacts/output/{training_job}/output/model.tar.gz").parse().unwrap(),
        Sha256Digest::of(training_job.as_bytes()),
        training_job,
        IMAGE.parse().unwrap(),
    )
    .unwrap()
    .with_model_quality(statistics(training_job))
    .with_metadata("rmse", "17.4")
    .unwrap()
}

fn statistics(training_job: &str) -> S3Uri {
    format!("s3://refit-artifacts/evaluation/{training_job}/statistics.json").parse().unwrap()
}

async fn group(registry: &RegistryClient) -> GroupRef {
    let name: ModelPackageGroupName = fresh("arrival-delay").parse().unwrap();
    registry.ensure_group(&name).await.unwrap();
    name.into()
}

async fn versions(registry: &RegistryClient, group: &GroupRef) -> Vec<u32> {
    registry.list(group).await.unwrap().iter().map(|package| package.version).collect()
}

/// A group is created once, whatever the number of callers.
pub async fn a_group_is_created_once(config: &SdkConfig) {
    let registry = RegistryClient::new(config);
    let name: ModelPackageGroupName = fresh("arrival-delay").parse().unwrap();
    let (first, second) = tokio::join!(registry.ensure_group(&name), registry.ensure_group(&name));
    let arn = first.unwrap();
    assert_eq!(arn, second.unwrap());
    assert_eq!(arn, registry.ensure_group(&name).await.unwrap());
    assert_eq!(arn.name(), name.as_str());
    assert_eq!(versions(&registry, &name.into()).await, [0_u32; 0]);
}

/// The same artifact of the same training job is one version, even for callers at the same time; another job is another.
pub async fn a_model_is_registered_once(config: &SdkConfig) {
    let registry = RegistryClient::new(config);
    let group = group(&registry).await;
    let one = spec(&group, "ewr-1");
    assert_eq!(registry.find(&one).await.unwrap(), None);
    let (first, second, third) =
        tokio::join!(registry.register(&one), registry.register(&one), registry.register(&one));
    let package = first.unwrap();
    assert_eq!(package.arn, second.unwrap().arn);
    assert_eq!(package.arn, third.unwrap().arn);
    assert_eq!(package.approval, ApprovalStatus::PendingManualApproval);
    assert_eq!(package.artifact.as_ref(), Some(one.artifact()));
    assert_eq!(package.image.as_ref().map(|image| image.as_str()), Some(IMAGE));
    assert_eq!(package.artifact_sha256(), Some(Sha256Digest::of(b"ewr-1")));
    assert_eq!(package.training_job(), Some("ewr-1"));
    assert_eq!(package.model_quality, Some(statistics("ewr-1")));
    assert_eq!(package.metadata["rmse"], "17.4");
    assert_eq!(registry.find(&one).await.unwrap(), Some(package.clone()));

    // Another wording of the same registration, after a decision: still the same version, with the decision kept.
    registry.approve(&package.arn, "good").await.unwrap();
    let reworded = spec(&group, "ewr-1").with_description("the same, said better").unwrap();
    let again = registry.register(&reworded).await.unwrap();
    assert_eq!((again.arn, again.approval), (package.arn, ApprovalStatus::Approved));

    assert_eq!(registry.register(&spec(&group, "ewr-2")).await.unwrap().version, 2);
    assert_eq!(versions(&registry, &group).await, [2, 1]);
}

/// A decision keeps its reason, can be reversed, and leaves the metadata alone.
pub async fn a_decision_keeps_its_reason(config: &SdkConfig) {
    let registry = RegistryClient::new(config);
    let group = group(&registry).await;
    let package = registry.register(&spec(&group, "ewr-1")).await.unwrap();
    let open = registry.leave_pending(&package.arn, "undecided, more rows would tell").await.unwrap();
    assert_eq!(open.approval, ApprovalStatus::PendingManualApproval);
    assert_eq!(open.approval_description.as_deref(), Some("undecided, more rows would tell"));
    let rejected = registry.reject(&package.arn, "RMSE 3 % above the champion's").await.unwrap();
    assert_eq!(rejected.approval, ApprovalStatus::Rejected);
    assert_eq!(rejected.approval_description.as_deref(), Some("RMSE 3 % above the champion's"));
    let approved = registry.approve(&package.arn, "the champion was wrong").await.unwrap();
    assert_eq!(approved.approval, ApprovalStatus::Approved);
    assert_eq!(approved.approval_description.as_deref(), Some("the champion was wrong"));
    let late = registry.leave_pending(&package.arn, "too late").await.unwrap();
    assert_eq!(late.approval, ApprovalStatus::Approved, "a decision stands");
    let approved = registry.approve(&package.arn, "the champion was wrong").await.unwrap();
    assert_eq!(approved.metadata, package.metadata);
    assert_eq!(registry.describe(&package.arn).await.unwrap(), Some(approved));
    assert!(matches!(registry.approve(&package.arn, "").await, Err(RegistryError::Invalid(_))));
}

/// Pending and rejected versions are passed over, and a late approval of an old version changes nothing.
pub async fn the_latest_approved_is_the_newest_registered(config: &SdkConfig) {
    let registry = RegistryClient::new(config);
    let group = group(&registry).await;
    let latest = async || registry.latest_approved(&group).await.unwrap().map(|package| package.version);
    let mut arns: Vec<ModelPackageArn> = Vec::new();
    for job in ["ewr-1", "ewr-2", "ewr-3", "ewr-4"] {
        arns.push(registry.register(&spec(&group, job)).await.unwrap().arn);
    }
    assert_eq!(latest().await, None);
    registry.approve(&arns[0], "first").await.unwrap();
    registry.approve(&arns[2], "third").await.unwrap();
    registry.reject(&arns[3], "fourth").await.unwrap();
    assert_eq!(latest().await, Some(3));
    registry.approve(&arns[1], "late").await.unwrap();
    assert_eq!(latest().await, Some(3));
    registry.reject(&arns[2], "on second thoughts").await.unwrap();
    assert_eq!(latest().await, Some(2));
}

/// A list goes on over all pages, of which SageMaker fills one with at most 100 packages.
pub async fn a_list_reads_every_page(config: &SdkConfig) {
    let registry = RegistryClient::new(config);
    let group = group(&registry).await;
    for job in 1..=101 {
        registry.register(&spec(&group, &format!("ewr-{job}"))).await.unwrap();
    }
    assert_eq!(versions(&registry, &group).await, (1..=101).rev().collect::<Vec<_>>());
    // The oldest is on the last page, for the registration that is looked for as well as for the approved one.
    let oldest = registry.register(&spec(&group, "ewr-1")).await.unwrap();
    assert_eq!(oldest.version, 1);
    registry.approve(&oldest.arn, "still the best").await.unwrap();
    assert_eq!(registry.latest_approved(&group).await.unwrap().unwrap().version, 1);
}

/// What is not there is said by name.
pub async fn what_is_missing_is_named(config: &SdkConfig) {
    let registry = RegistryClient::new(config);
    let nowhere: GroupRef = fresh("nowhere").parse().unwrap();
    let error = registry.register(&spec(&nowhere, "ewr-1")).await.unwrap_err();
    assert!(matches!(&error, RegistryError::NoSuchGroup { group, .. } if *group == nowhere), "{error}");

    let group = group(&registry).await;
    let package = registry.register(&spec(&group, "ewr-1")).await.unwrap();
    let absent: ModelPackageArn = package.arn.as_str().replace("/1", "/7").parse().unwrap();
    assert_eq!(registry.describe(&absent).await.unwrap(), None);
    let error = registry.approve(&absent, "good").await.unwrap_err();
    assert!(matches!(&error, RegistryError::NoSuchPackage { arn } if *arn == absent), "{error}");
}

/// A group's policy is what was put, and none before.
pub async fn a_group_has_the_policy_that_was_put(config: &SdkConfig) {
    let registry = RegistryClient::new(config);
    let name: ModelPackageGroupName = fresh("arrival-delay").parse().unwrap();
    let arn = registry.ensure_group(&name).await.unwrap();
    assert_eq!(registry.group_policy(&name).await.unwrap(), None);
    let policy = GroupPolicy::new(arn).with_consumer("210987654321".parse().unwrap());
    registry.put_group_policy(&policy).await.unwrap();
    let kept: serde_json::Value = serde_json::from_str(&registry.group_policy(&name).await.unwrap().unwrap()).unwrap();
    assert_eq!(kept, policy.to_json());
    let nowhere: ModelPackageGroupName = fresh("nowhere").parse().unwrap();
    assert!(matches!(registry.group_policy(&nowhere).await, Err(RegistryError::NoSuchGroup { .. })));
}
