//! Multi-model endpoints: what is deployed, what is served, and when one becomes the other.

use std::ops::ControlFlow;

use aws_sdk_sagemaker::types::{ContainerDefinition, ContainerMode};
use aws_types::SdkConfig;
use flate2::Compression;
use flate2::write::GzEncoder;
use refit_aws::{ArtifactStore, AwsError, S3Uri, Sha256Digest};
use refit_endpoint::{
    Deployment, EndpointAction, EndpointClient, EndpointError, EndpointSpec, ModelAction, TargetModel,
};
use refit_xgboost::{DMatrix, Format, Training};

use super::{fresh, fresh_bucket};

pub(super) const IMAGE: &str = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2";
const ROLE: &str = "arn:aws:iam::123456789012:role/SageMakerRole";
const PACKAGES: &str = "arn:aws:sagemaker:us-east-1:123456789012:model-package";

/// One row on either side of the models' split.
const ROWS: &str = "0\n3\n";

/// The `model.tar.gz` of a model with one split, which predicts `low` for x = 0 and 1 and `high` for x = 2 and 3.
pub(super) fn artifact(low: f32, high: f32) -> Vec<u8> {
    let mut rows = DMatrix::dense(&[0.0, 1.0, 2.0, 3.0], 1).unwrap();
    rows.set_labels(&[low, low, high, high]).unwrap();
    // With a step of 1 and nothing regularised, a leaf is the mean of its labels.
    let params = [("objective", "reg:squarederror"), ("max_depth", "1"), ("eta", "1"), ("lambda", "0")];
    let trained = Training::new(params, 1).run(&rows, &[], |_| ControlFlow::Continue(())).unwrap();
    let model = trained.booster.save(Format::Deprecated).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(model.len() as u64);
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    archive.append_data(&mut header, "xgboost-model", model.as_slice()).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

/// An endpoint that does not exist yet, and the bucket it will serve from.
pub struct Stage {
    /// The bucket it serves from.
    pub store: ArtifactStore,
    /// The client of the endpoint.
    pub client: EndpointClient,
    config: SdkConfig,
}

impl Stage {
    /// With a new bucket and the name of an endpoint that is not there.
    pub async fn new(config: &SdkConfig) -> Self {
        let store = ArtifactStore::new(config, fresh_bucket("refit-endpoint"));
        store.ensure_bucket().await.unwrap();
        let client = EndpointClient::new(config, spec(&store));
        Self { store, client, config: config.clone() }
    }

    /// Stores an artifact as a training job does, and says how to deploy it.
    pub async fn trained(&self, target_model: &str, version: u32, low: f32, high: f32) -> Deployment {
        let bytes = artifact(low, high);
        let digest = Sha256Digest::of(&bytes);
        let name = target_model.trim_end_matches(".tar.gz");
        let stored = self.store.put(&format!("output/{name}-{version}/output/model.tar.gz"), bytes).await.unwrap();
        let package = format!("{PACKAGES}/{name}/{version}");
        Deployment::new(target_model.parse().unwrap(), stored.uri, digest).with_model_package(package).unwrap()
    }

    /// Deploys.
    pub async fn apply(&self, deployments: &[Deployment]) {
        let plan = self.client.plan(deployments).await.unwrap();
        self.client.apply(&plan).await.unwrap();
    }

    /// What the model predicts for a row on either side of its split.
    pub async fn invoke(&self, target_model: &str) -> Vec<f64> {
        self.client.invoke(&model(target_model), ROWS).await.unwrap()
    }

    /// The name of the endpoint config that serves.
    pub async fn serving(&self) -> String {
        self.client.describe().await.unwrap().unwrap().config.unwrap().to_string()
    }
}

fn spec(store: &ArtifactStore) -> EndpointSpec {
    let name = fresh("flights").parse().unwrap();
    let models = store.uri("models/").unwrap();
    EndpointSpec::new(name, IMAGE.parse().unwrap(), ROLE.parse().unwrap(), models, "ml.m5.large").unwrap()
}

fn model(target_model: &str) -> TargetModel {
    target_model.parse().unwrap()
}

/// Two models are deployed, listed and invoked; applying the same again does nothing.
pub async fn models_are_deployed_and_invoked(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    assert_eq!(stage.client.describe().await.unwrap(), None);
    let wanted =
        [stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await, stage.trained("ny/jfk.tar.gz", 1, 30.0, 40.0).await];
    let plan = stage.client.plan(&wanted).await.unwrap();
    assert_eq!(*plan.action(), EndpointAction::Create);
    assert!(plan.changes().iter().all(|change| change.action == ModelAction::Add));
    let endpoint = stage.client.apply(&plan).await.unwrap();
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);
    assert_eq!(stage.invoke("ny/jfk.tar.gz").await, [30.0, 40.0]);
    assert_eq!(stage.client.invoke(&model("ewr.tar.gz"), "3").await.unwrap(), [20.0]);

    let listed = stage.client.list().await.unwrap();
    let facts: Vec<_> = listed.iter().map(|model| (model.target_model.as_str(), model.sha256)).collect();
    assert_eq!(facts, [("ewr.tar.gz", Some(wanted[0].sha256())), ("ny/jfk.tar.gz", Some(wanted[1].sha256()))]);
    assert_eq!(listed[0].model_package_arn.as_deref(), wanted[0].model_package_arn());

    let again = stage.client.plan(&wanted).await.unwrap();
    assert!(again.is_empty(), "{again}");
    assert_eq!(stage.client.apply(&again).await.unwrap(), endpoint);
    // The first plan, applied once more, finds everything done.
    assert_eq!(stage.client.apply(&plan).await.unwrap(), endpoint);
    assert_eq!(stage.client.list().await.unwrap(), listed);
}

/// Instances serve what they have loaded, until a refresh.
pub async fn a_replaced_model_is_served_after_the_refresh(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    let (ewr, jfk) =
        (stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await, stage.trained("jfk.tar.gz", 1, 30.0, 40.0).await);
    stage.apply(&[ewr.clone(), jfk.clone()]).await;
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);

    let newer = stage.trained("ewr.tar.gz", 2, 50.0, 60.0).await;
    let plan = stage.client.plan(&[newer.clone(), jfk.clone()]).await.unwrap();
    assert!(plan.needs_refresh());
    assert!(matches!(&plan.changes()[0].action, ModelAction::Replace { sha256, .. } if *sha256 == Some(ewr.sha256())));
    assert_eq!(plan.changes()[1].action, ModelAction::Keep);

    // Overwritten by hand: the loaded bytes are served on.
    let key = stage.client.spec().uri_of(&model("ewr.tar.gz")).unwrap();
    stage.store.put(key.key(), artifact(70.0, 80.0)).await.unwrap();
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);

    // The plan did not see that: it is not carried out over somebody else's work.
    let before = stage.serving().await;
    let outdated = stage.client.apply(&plan).await.unwrap_err();
    assert!(matches!(&outdated, EndpointError::PlanOutdated { target_model } if target_model.as_str() == "ewr.tar.gz"));
    assert_eq!(stage.serving().await, before);

    stage.apply(&[newer.clone(), jfk.clone()]).await;
    assert_ne!(stage.serving().await, before);
    assert_eq!(stage.invoke("ewr.tar.gz").await, [50.0, 60.0]);
    assert_eq!(stage.invoke("jfk.tar.gz").await, [30.0, 40.0]);
    assert!(stage.client.plan(&[newer, jfk]).await.unwrap().is_empty());
}

/// A run that died between the copy and the refresh left bytes that nobody serves; the next one sees it.
pub async fn an_interrupted_apply_is_finished_by_the_next(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    let first = stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await;
    stage.apply(std::slice::from_ref(&first)).await;
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);

    let second = stage.trained("ewr.tar.gz", 2, 50.0, 60.0).await;
    let key = stage.client.spec().uri_of(&model("ewr.tar.gz")).unwrap();
    let package = second.model_package_arn().unwrap().to_owned();
    let metadata = [("model-package-arn".to_owned(), package)].into();
    stage.store.copy(second.artifact(), None, key.key(), &metadata).await.unwrap();

    let plan = stage.client.plan(std::slice::from_ref(&second)).await.unwrap();
    assert_eq!(plan.changes()[0].action, ModelAction::Keep);
    assert!(plan.needs_refresh(), "{plan}");
    stage.client.apply(&plan).await.unwrap();
    assert_eq!(stage.invoke("ewr.tar.gz").await, [50.0, 60.0]);
    assert!(stage.client.plan(&[second]).await.unwrap().is_empty());
}

/// A rollback goes one model back, a second one further, and says which packages they were.
pub async fn a_rollback_brings_the_older_model_back(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    let mut deployments = Vec::new();
    for (version, low, high) in [(1, 10.0, 20.0), (2, 30.0, 40.0), (3, 50.0, 60.0)] {
        deployments.push(stage.trained("ewr.tar.gz", version, low, high).await);
        stage.apply(&deployments[deployments.len() - 1..]).await;
    }
    assert_eq!(stage.invoke("ewr.tar.gz").await, [50.0, 60.0]);

    // The second call repeats the first, as after an interruption, and goes no further back.
    let (ewr, leaving) = (model("ewr.tar.gz"), |version: usize| Some(deployments[version - 1].sha256()));
    for _ in 0..2 {
        let rollback = stage.client.rollback(&ewr, leaving(3)).await.unwrap();
        assert_eq!(rollback.restored.model_package_arn.as_deref(), deployments[1].model_package_arn());
        assert_eq!(rollback.restored.sha256, Some(deployments[1].sha256()));
        assert_eq!(rollback.left.unwrap().model_package_arn.as_deref(), deployments[2].model_package_arn());
        assert_eq!(stage.invoke("ewr.tar.gz").await, [30.0, 40.0]);
    }
    assert!(stage.client.plan(&deployments[1..2]).await.unwrap().is_empty());

    let rollback = stage.client.rollback(&ewr, leaving(2)).await.unwrap();
    assert_eq!(rollback.restored.model_package_arn.as_deref(), deployments[0].model_package_arn());
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);
    let error = stage.client.rollback(&ewr, leaving(1)).await.unwrap_err();
    assert!(matches!(error, EndpointError::NothingEarlier { .. }), "{error}");
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);
}

/// A model that is added is served without a refresh, and a name that is taken is refused.
pub async fn adding_a_model_refreshes_nothing(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    let ewr = stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await;
    stage.apply(std::slice::from_ref(&ewr)).await;
    let serving = stage.serving().await;

    let jfk = stage.trained("jfk.tar.gz", 1, 30.0, 40.0).await;
    let added = stage.client.add(&jfk).await.unwrap();
    assert_eq!(added.target_model, model("jfk.tar.gz"));
    assert_eq!(stage.invoke("jfk.tar.gz").await, [30.0, 40.0]);
    assert_eq!(stage.client.add(&jfk).await.unwrap().version_id, added.version_id);

    let lga = stage.trained("lga.tar.gz", 1, 50.0, 60.0).await;
    let plan = stage.client.plan(&[ewr, jfk, lga]).await.unwrap();
    assert_eq!(*plan.action(), EndpointAction::Keep);
    stage.client.apply(&plan).await.unwrap();
    assert_eq!(stage.invoke("lga.tar.gz").await, [50.0, 60.0]);
    assert_eq!(stage.serving().await, serving);

    let other = stage.trained("jfk.tar.gz", 2, 70.0, 80.0).await;
    let error = stage.client.add(&other).await.unwrap_err();
    assert!(matches!(error, EndpointError::TargetTaken { .. }), "{error}");
}

/// A removed model is not listed, answers where it was loaded, and is gone after the refresh; a rollback brings it back.
pub async fn a_removed_model_answers_until_the_refresh(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    let (ewr, jfk) =
        (stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await, stage.trained("jfk.tar.gz", 1, 30.0, 40.0).await);
    stage.apply(&[ewr.clone(), jfk]).await;
    assert_eq!(stage.invoke("jfk.tar.gz").await, [30.0, 40.0]);

    stage.client.remove(&model("jfk.tar.gz")).await.unwrap();
    assert_eq!(stage.client.list().await.unwrap().len(), 1);
    assert_eq!(stage.invoke("jfk.tar.gz").await, [30.0, 40.0]);
    let error = stage.client.remove(&model("jfk.tar.gz")).await.unwrap_err();
    assert!(matches!(error, EndpointError::NoSuchModel { .. }), "{error}");

    let plan = stage.client.plan(&[ewr]).await.unwrap();
    assert!(plan.needs_refresh(), "{plan}");
    stage.client.apply(&plan).await.unwrap();
    let error = stage.client.invoke(&model("jfk.tar.gz"), ROWS).await.unwrap_err();
    assert!(matches!(error, EndpointError::NoSuchModel { .. }), "{error}");

    let rollback = stage.client.rollback(&model("jfk.tar.gz"), None).await.unwrap();
    assert_eq!(rollback.left, None);
    assert_eq!(stage.invoke("jfk.tar.gz").await, [30.0, 40.0]);
}

/// A forced refresh loads everything anew, once for each reason, and is no reason for another.
pub async fn a_refresh_is_done_once_for_a_reason(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    let ewr = stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await;
    stage.apply(std::slice::from_ref(&ewr)).await;
    let mut configs = vec![stage.serving().await];
    for reason in ["run 7", "run 8"] {
        stage.client.refresh(reason).await.unwrap();
        configs.push(stage.serving().await);
        let again = stage.client.refresh(reason).await.unwrap();
        assert_eq!(again.config.unwrap().as_str(), configs[configs.len() - 1]);
        assert!(stage.client.plan(std::slice::from_ref(&ewr)).await.unwrap().is_empty());
    }
    configs.dedup();
    assert_eq!(configs.len(), 3, "{configs:?}");
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);
}

/// After a refresh there are two configurations of the endpoint: the one that serves and the one before it.
pub async fn superseded_configs_are_deleted_but_for_the_last(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    let mut served = Vec::new();
    for version in 1..=4 {
        let deployment = stage.trained("ewr.tar.gz", version, version as f32, 20.0).await;
        stage.apply(&[deployment]).await;
        served.push(stage.serving().await);
    }
    let answer = aws_sdk_sagemaker::Client::new(&stage.config)
        .list_endpoint_configs()
        .name_contains(stage.client.spec().name().as_str())
        .send()
        .await
        .unwrap();
    let mut left: Vec<_> =
        answer.endpoint_configs().iter().map(|config| config.endpoint_config_name().unwrap().to_owned()).collect();
    left.sort();
    let mut expected = served[2..].to_vec();
    expected.sort();
    assert_eq!(left, expected);
}

/// SageMaker goes back by itself when the new instances cannot start: `InService` is not enough.
pub async fn a_refresh_that_sagemaker_undoes_is_an_error(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    stage.apply(&[stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await]).await;
    let before = stage.serving().await;

    // The SageMaker model under the configuration's name is exchanged for one whose bucket does not exist.
    let sagemaker = aws_sdk_sagemaker::Client::new(&stage.config);
    let served = sagemaker.describe_endpoint_config().endpoint_config_name(&before).send().await.unwrap();
    let name = served.production_variants()[0].model_name().unwrap().to_owned();
    let container = ContainerDefinition::builder()
        .image(IMAGE)
        .mode(ContainerMode::MultiModel)
        .model_data_url(format!("s3://{}/models/", fresh_bucket("refit-nowhere")));
    sagemaker.delete_model().model_name(&name).send().await.unwrap();
    let broken =
        sagemaker.create_model().model_name(&name).execution_role_arn(ROLE).primary_container(container.build());
    broken.send().await.unwrap();

    let error = stage.client.refresh("run 7").await.unwrap_err();
    let EndpointError::RolledBack { requested, serving, reason, .. } = &error else { panic!("{error}") };
    assert_ne!(requested.as_str(), before);
    assert_eq!(serving.as_ref().map(|config| config.as_str()), Some(before.as_str()));
    assert!(reason.contains("refit-nowhere"), "{reason}");
    assert_eq!(stage.invoke("ewr.tar.gz").await, [10.0, 20.0]);

    // Once the cause is gone, the same refresh works.
    sagemaker.delete_model().model_name(&name).send().await.unwrap();
    let endpoint = stage.client.refresh("run 7").await.unwrap();
    assert_eq!(endpoint.config.as_ref(), Some(requested));
}

/// Two processes that apply one plan at the same time end with the newest bytes and nothing left to do.
pub async fn callers_at_the_same_time_agree(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    for (version, low, high) in [(1, 10.0, 20.0), (2, 30.0, 40.0), (3, 50.0, 60.0)] {
        let wanted = [stage.trained("ewr.tar.gz", version, low, high).await];
        let plan = stage.client.plan(&wanted).await.unwrap();
        let (first, second) = tokio::join!(stage.client.apply(&plan), stage.client.apply(&plan));
        first.unwrap();
        second.unwrap();
        let left = stage.client.plan(&wanted).await.unwrap();
        assert!(left.is_empty(), "{left}");
        assert_eq!(stage.invoke("ewr.tar.gz").await, [f64::from(low), f64::from(high)]);
    }
}

/// Bytes that changed after they were evaluated are not deployed.
pub async fn the_bytes_deployed_are_the_bytes_evaluated(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    let evaluated = stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await;
    stage.store.put(evaluated.artifact().key(), artifact(30.0, 40.0)).await.unwrap();
    let plan = stage.client.plan(std::slice::from_ref(&evaluated)).await.unwrap();
    let error = stage.client.apply(&plan).await.unwrap_err();
    assert!(
        matches!(&error, EndpointError::ArtifactChanged { expected, .. } if *expected == evaluated.sha256()),
        "{error}"
    );
    assert_eq!(stage.client.list().await.unwrap(), []);
    assert_eq!(stage.client.describe().await.unwrap(), None);
}

/// What cannot be served is an error of its own.
pub async fn what_cannot_be_served_is_named(config: &SdkConfig) {
    let stage = Stage::new(config).await;
    let ewr = model("ewr.tar.gz");
    let error = stage.client.invoke(&ewr, ROWS).await.unwrap_err();
    assert!(matches!(error, EndpointError::NoSuchEndpoint { .. }), "{error}");
    let error = stage.client.refresh("now").await.unwrap_err();
    assert!(matches!(error, EndpointError::NoSuchEndpoint { .. }), "{error}");

    stage.apply(&[stage.trained("ewr.tar.gz", 1, 10.0, 20.0).await]).await;
    let error = stage.client.invoke(&model("lga.tar.gz"), ROWS).await.unwrap_err();
    assert!(matches!(&error, EndpointError::NoSuchModel { target_model, .. } if *target_model == model("lga.tar.gz")));
    let error = stage.client.invoke(&ewr, "one\n").await.unwrap_err();
    assert!(matches!(error, EndpointError::ModelFailed { .. }), "{error}");
    let error = stage.client.invoke(&ewr, "").await.unwrap_err();
    assert!(matches!(error, EndpointError::InvalidRows { .. }), "{error}");

    let missing: S3Uri = stage.store.uri("output/nothing/model.tar.gz").unwrap();
    let plan = stage.client.plan(&[Deployment::new(ewr, missing, Sha256Digest::of(b""))]).await.unwrap();
    let error = stage.client.apply(&plan).await.unwrap_err();
    assert!(matches!(error, EndpointError::Aws(AwsError::NoSuchObject { .. })), "{error}");

    let bucket = fresh_bucket("refit-unversioned");
    let s3 = aws_sdk_s3::config::Builder::from(&stage.config).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(s3).create_bucket().bucket(bucket.as_str()).send().await.unwrap();
    let unversioned = EndpointClient::new(&stage.config, spec(&ArtifactStore::new(&stage.config, bucket)));
    let error = unversioned.plan(&[]).await.unwrap_err();
    assert!(matches!(error, EndpointError::Aws(AwsError::VersioningOff { .. })), "{error}");
}
