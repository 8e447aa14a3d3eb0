//! Two accounts: one trains and registers, the other serves what was approved, as far as the first one's policies let it.

use aws_types::SdkConfig;
use refit_aws::{AccountId, ArtifactStore, AwsError, Sha256Digest, caller_account};
use refit_endpoint::{Deployment, EndpointClient, EndpointError, EndpointSpec};
use refit_registry::{GroupPolicy, GroupRef, ModelPackage, ModelPackageSpec, RegistryClient, RegistryError};
use serde_json::json;

use super::endpoint::{IMAGE, artifact};
use super::{fresh, fresh_bucket};

/// The account that trains, with a registered model.
struct Training<'a> {
    config: &'a SdkConfig,
    registry: RegistryClient,
    store: ArtifactStore,
    /// By its ARN, as other accounts name it.
    group: GroupRef,
    package: ModelPackage,
}

impl<'a> Training<'a> {
    async fn new(config: &'a SdkConfig) -> Self {
        let (registry, store) =
            (RegistryClient::new(config), ArtifactStore::new(config, fresh_bucket("refit-training")));
        store.ensure_bucket().await.unwrap();
        let arn = registry.ensure_group(&fresh("Delays").parse().unwrap()).await.unwrap();
        let group = GroupRef::from(arn);
        let package = registry.register(&spec(&store, &group, "ewr-1", 10.0, 20.0).await).await.unwrap();
        Self { config, registry, store, group, package }
    }

    async fn put_group_policy(&self, policy: impl FnOnce(GroupPolicy) -> GroupPolicy) {
        let GroupRef::Arn(group) = &self.group else { panic!("{}", self.group) };
        self.registry.put_group_policy(&policy(GroupPolicy::new(group.clone()))).await.unwrap();
    }

    /// Lets another account read the artifacts.
    async fn share_bucket(&self, account: &AccountId) {
        let bucket = self.store.bucket();
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": format!("arn:aws:s3:::{bucket}/output/*"),
        }] });
        let settings = aws_sdk_s3::config::Builder::from(self.config).force_path_style(true).build();
        let s3 = aws_sdk_s3::Client::from_conf(settings);
        s3.put_bucket_policy().bucket(bucket.as_str()).policy(policy.to_string()).send().await.unwrap();
    }
}

/// Stores an artifact in the account of `store`, and says how to register it.
async fn spec(store: &ArtifactStore, group: &GroupRef, training_job: &str, low: f32, high: f32) -> ModelPackageSpec {
    let bytes = artifact(low, high);
    let digest = Sha256Digest::of(&bytes);
    let stored = store.put(&format!("output/{training_job}/output/model.tar.gz"), bytes).await.unwrap();
    ModelPackageSpec::new(group.clone(), stored.uri, digest, training_job, IMAGE.parse().unwrap()).unwrap()
}

fn is_denied(error: &RegistryError) -> bool {
    matches!(error, RegistryError::AccessDenied { .. })
}

/// The production account finds, reads and serves an approved package of the training account by its ARN: not before the
/// group's policy lets it, and not before the bucket's policy does.
pub async fn what_one_account_approves_another_serves(training: &SdkConfig, production: &SdkConfig) {
    let trained = Training::new(training).await;
    let (account, registry) = (caller_account(production).await.unwrap(), RegistryClient::new(production));
    assert!(is_denied(&registry.latest_approved(&trained.group).await.unwrap_err()));
    assert!(is_denied(&registry.describe(&trained.package.arn).await.unwrap_err()));
    assert!(is_denied(&registry.approve(&trained.package.arn, "from outside").await.unwrap_err()));

    trained.put_group_policy(|policy| policy.with_consumer(account.clone())).await;
    assert_eq!(registry.latest_approved(&trained.group).await.unwrap(), None);
    trained.registry.approve(&trained.package.arn, "looked at the report").await.unwrap();
    let package = registry.latest_approved(&trained.group).await.unwrap().unwrap();
    assert_eq!(package.arn, trained.package.arn);

    let store = ArtifactStore::new(production, fresh_bucket("refit-production"));
    store.ensure_bucket().await.unwrap();
    let role = format!("arn:aws:iam::{account}:role/SageMakerRole").parse().unwrap();
    let models = store.uri("models/").unwrap();
    let spec = EndpointSpec::new(fresh("delays").parse().unwrap(), IMAGE.parse().unwrap(), role, models, "ml.m5.large");
    let endpoint = EndpointClient::new(production, spec.unwrap());
    let digest = package.artifact_sha256().unwrap();
    let deployment = Deployment::new("ewr.tar.gz".parse().unwrap(), package.artifact.clone().unwrap(), digest)
        .with_model_package(package.arn.as_str())
        .unwrap();
    let plan = endpoint.plan(&[deployment]).await.unwrap();
    let refused = endpoint.apply(&plan).await.unwrap_err();
    assert!(matches!(&refused, EndpointError::Aws(AwsError::AccessDenied { .. })), "{refused}");

    trained.share_bucket(&account).await;
    endpoint.apply(&plan).await.unwrap();
    let target = "ewr.tar.gz".parse().unwrap();
    assert_eq!(endpoint.invoke(&target, "0\n3\n").await.unwrap(), [10.0, 20.0]);
    // What production decides, training sees.
    let rejected = registry.reject(&package.arn, "it serves badly").await.unwrap();
    assert_eq!(trained.registry.describe(&package.arn).await.unwrap(), Some(rejected));
}

/// An account that produces for another's group registers there, once, and no account does that reads only.
pub async fn an_account_registers_in_the_group_of_another(training: &SdkConfig, other: &SdkConfig) {
    let trained = Training::new(training).await;
    let (account, registry) = (caller_account(other).await.unwrap(), RegistryClient::new(other));
    let store = ArtifactStore::new(other, fresh_bucket("refit-producer"));
    store.ensure_bucket().await.unwrap();
    let spec = spec(&store, &trained.group, "jfk-1", 30.0, 40.0).await;
    trained.put_group_policy(|policy| policy.with_consumer(account.clone())).await;
    assert!(is_denied(&registry.register(&spec).await.unwrap_err()));

    trained.put_group_policy(|policy| policy.with_producer(account.clone())).await;
    let package = registry.register(&spec).await.unwrap();
    assert_eq!(registry.register(&spec).await.unwrap(), package);
    assert_eq!(package.version, trained.package.version + 1);
    let listed = trained.registry.list(&trained.group).await.unwrap();
    assert_eq!(listed.iter().map(|package| package.version).collect::<Vec<_>>(), [2, 1]);
}
