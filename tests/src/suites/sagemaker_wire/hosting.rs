//! Endpoints: what they answer, what they go on serving, and how they are updated.

use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::types::{
    ContainerDefinition, ContainerMode, EndpointStatus, ProductionVariant, ProductionVariantInstanceType,
};
use aws_sdk_sagemakerruntime::error::SdkError;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::{InvokeEndpointError, InvokeEndpointOutput};
use aws_sdk_sagemakerruntime::primitives::Blob;
use refit_xgboost::DMatrix;

use super::fixture::{
    COLUMNS, IMAGE, ROLE, Wire, artifact, code, features, features_csv, found, oracle, refusal, rows,
};
use super::registry::specification;

/// A multi-model endpoint answers what libxgboost predicts, keeps what it loaded whatever becomes of the object, and
/// serves the new bytes after an update to another config.
pub async fn a_multi_model_endpoint_serves_what_it_loaded(wire: &Wire) {
    let (old, new) = (oracle(8), oracle(40));
    wire.put("models/EWR.tar.gz", artifact(&old)).await;
    multi_model(wire, "mme", "models/").await;
    config(wire, "mme-1", "mme").await;
    endpoint(wire, "mme", "mme-1").await;
    let answered = || async { scores(&invoke(wire, "mme", Some("EWR.tar.gz"), &body()).await.unwrap()) };
    assert_eq!(answered().await, predicted(&old));
    assert_ne!(predicted(&old), predicted(&new));

    wire.put("models/EWR.tar.gz", artifact(&new)).await;
    assert_eq!(answered().await, predicted(&old), "an instance keeps the bytes it loaded");
    wire.s3.delete_object().bucket(&wire.bucket).key("models/EWR.tar.gz").send().await.unwrap();
    assert_eq!(answered().await, predicted(&old));

    wire.put("models/EWR.tar.gz", artifact(&new)).await;
    config(wire, "mme-2", "mme").await;
    update(wire, "mme", "mme-2").await;
    let described = settled(wire, "mme").await;
    assert_eq!(described.endpoint_config_name.as_deref(), Some("mme-2"));
    assert_eq!(answered().await, predicted(&new));
    // A model added later needs no update.
    wire.put("models/team/JFK.tar.gz", artifact(&old)).await;
    let other = invoke(wire, "mme", Some("team/JFK.tar.gz"), &body()).await.unwrap();
    assert_eq!(scores(&other), predicted(&old));
}

/// The shape of an answer: one line, one number a row, and the variant that gave it.
pub async fn answers_have_the_containers_shape(wire: &Wire) {
    let booster = oracle(5);
    wire.put("shapes/a.tar.gz", artifact(&booster)).await;
    multi_model(wire, "shapes", "shapes/").await;
    config(wire, "shapes", "shapes").await;
    endpoint(wire, "shapes", "shapes").await;
    let answer = invoke(wire, "shapes", Some("a.tar.gz"), "0.5;\n;0.25\n").await.unwrap();
    assert_eq!(answer.content_type.as_deref(), Some("text/csv"));
    assert_eq!(answer.invoked_production_variant.as_deref(), Some("AllTraffic"));
    let matrix = DMatrix::dense(&[0.5, f32::NAN, f32::NAN, 0.25], COLUMNS).unwrap();
    assert_eq!(scores(&answer), booster.predict(&matrix).unwrap());
    assert!(!text(&answer).contains('\n'));
}

/// What is wrong with an invocation is told apart as the runtime does.
pub async fn bad_invocations_are_refused(wire: &Wire) {
    wire.put("bad/good.tar.gz", artifact(&oracle(2))).await;
    wire.put("bad/damaged.tar.gz", b"no archive".to_vec()).await;
    multi_model(wire, "bad", "bad/").await;
    config(wire, "bad", "bad").await;
    endpoint(wire, "bad", "bad").await;
    let refused = |target: Option<&'static str>, body: &'static str| async move {
        invoke(wire, "bad", target, body).await.unwrap_err().into_service_error()
    };
    assert!(
        invoke(wire, "nobody", Some("good.tar.gz"), "1,2")
            .await
            .unwrap_err()
            .into_service_error()
            .is_validation_error()
    );
    assert!(refused(None, "1,2").await.is_validation_error());
    assert!(refused(Some("missing.tar.gz"), "1,2").await.is_validation_error());
    let too_wide = refused(Some("good.tar.gz"), "1,2,3").await;
    let InvokeEndpointError::ModelError(error) = too_wide else { panic!("{too_wide:?}") };
    assert_eq!(error.original_status_code, Some(400));
    assert!(error.original_message.unwrap().contains("Number of columns does not match number of features"));
    let damaged = refused(Some("damaged.tar.gz"), "1,2").await;
    let InvokeEndpointError::ModelError(error) = damaged else { panic!("{damaged:?}") };
    assert_eq!(error.original_status_code, Some(500));
    let invoke = wire.runtime.invoke_endpoint().endpoint_name("bad").target_model("good.tar.gz");
    let other = invoke.content_type("image/png").body(Blob::new("0:1")).send().await.unwrap_err().into_service_error();
    let InvokeEndpointError::ModelError(error) = other else { panic!("{other:?}") };
    assert_eq!(error.original_status_code, Some(400));
    assert!(error.original_message.unwrap().starts_with("image/png is not an accepted ContentType"));
    assert!(error.log_stream_arn.unwrap().ends_with("log-group:/aws/sagemaker/Endpoints/bad"));
}

/// An update that cannot be brought up leaves the old config in service and says why; the next may succeed.
pub async fn a_failed_update_rolls_back(wire: &Wire) {
    let booster = oracle(3);
    wire.put("rolled/a.tar.gz", artifact(&booster)).await;
    multi_model(wire, "rolled", "rolled/").await;
    config(wire, "rolled-1", "rolled").await;
    endpoint(wire, "rolled", "rolled-1").await;
    let container = ContainerDefinition::builder()
        .image(IMAGE)
        .mode(ContainerMode::MultiModel)
        .model_data_url("s3://there-is-no-such-bucket/models/")
        .build();
    model(wire, "nowhere", container).await;
    config(wire, "rolled-2", "nowhere").await;
    update(wire, "rolled", "rolled-2").await;
    let described = settled(wire, "rolled").await;
    assert_eq!(described.endpoint_status, Some(EndpointStatus::InService));
    assert_eq!(described.endpoint_config_name.as_deref(), Some("rolled-1"));
    assert!(described.failure_reason.unwrap().contains("there-is-no-such-bucket"));
    assert_eq!(scores(&invoke(wire, "rolled", Some("a.tar.gz"), &body()).await.unwrap()), predicted(&booster));

    config(wire, "rolled-3", "rolled").await;
    update(wire, "rolled", "rolled-3").await;
    let described = settled(wire, "rolled").await;
    assert_eq!((described.endpoint_config_name.as_deref(), described.failure_reason), (Some("rolled-3"), None));
    let same = wire.sagemaker.update_endpoint().endpoint_name("rolled").endpoint_config_name("rolled-3").send().await;
    assert_eq!(code(same), "ValidationException");
}

/// A model package is deployed by its ARN; its artifact must be there.
pub async fn a_model_package_is_hosted(wire: &Wire) {
    wire.sagemaker.create_model_package_group().model_package_group_name("hosted").send().await.unwrap();
    let create = wire.sagemaker.create_model_package().model_package_group_name("hosted");
    let arn = create.inference_specification(specification(wire)).send().await.unwrap().model_package_arn.unwrap();
    model(wire, "packaged", ContainerDefinition::builder().model_package_name(arn).build()).await;
    config(wire, "packaged", "packaged").await;
    let create = || wire.sagemaker.create_endpoint().endpoint_config_name("packaged");
    create().endpoint_name("packaged-early").send().await.unwrap();
    let failed = settled(wire, "packaged-early").await;
    assert_eq!(failed.endpoint_status, Some(EndpointStatus::Failed));
    assert!(failed.failure_reason.unwrap().contains("artifacts/packaged.tar.gz"));
    let booster = oracle(6);
    wire.put("artifacts/packaged.tar.gz", artifact(&booster)).await;
    create().endpoint_name("packaged").send().await.unwrap();
    assert_eq!(settled(wire, "packaged").await.endpoint_status, Some(EndpointStatus::InService));
    assert_eq!(scores(&invoke(wire, "packaged", None, &body()).await.unwrap()), predicted(&booster));
    let targeted = invoke(wire, "packaged", Some("a.tar.gz"), &body()).await.unwrap_err().into_service_error();
    assert!(targeted.is_validation_error());
}

/// Names are unique, missing things are named, what is deleted is gone.
pub async fn hosting_resources_come_and_go(wire: &Wire) {
    multi_model(wire, "going", "models/").await;
    let container = ContainerDefinition::builder().image(IMAGE).model_data_url(wire.uri("a.tar.gz")).build();
    let twice = wire.sagemaker.create_model().model_name("going").primary_container(container).execution_role_arn(ROLE);
    assert!(refusal(twice.send().await).contains("already existing model"));
    let variant = variant("nobody");
    let orphan = wire.sagemaker.create_endpoint_config().endpoint_config_name("orphan").production_variants(variant);
    assert!(refusal(orphan.send().await).contains("Could not find model"));
    config(wire, "going", "going").await;
    endpoint(wire, "going", "going").await;
    let missing = wire.sagemaker.create_endpoint().endpoint_name("lost").endpoint_config_name("nobody").send().await;
    assert!(refusal(missing).contains("Could not find endpoint configuration"));
    let listed = wire.sagemaker.list_endpoints().name_contains("going").send().await.unwrap().endpoints.unwrap();
    assert_eq!(listed.len(), 1);
    let described = wire.sagemaker.describe_endpoint_config().endpoint_config_name("going").send().await.unwrap();
    assert!(described.data_capture_config.is_none());

    wire.sagemaker.delete_endpoint().endpoint_name("going").send().await.unwrap();
    let gone = wire.sagemaker.describe_endpoint().endpoint_name("going").send().await;
    assert!(refusal(gone).contains("Could not find endpoint"));
    assert!(
        invoke(wire, "going", Some("a.tar.gz"), "1,2").await.unwrap_err().into_service_error().is_validation_error()
    );
    wire.sagemaker.delete_endpoint_config().endpoint_config_name("going").send().await.unwrap();
    wire.sagemaker.delete_model().model_name("going").send().await.unwrap();
    assert_eq!(code(wire.sagemaker.delete_model().model_name("going").send().await), "ValidationException");
}

/// First half of a restart: an endpoint in service, with a model loaded.
pub async fn an_endpoint_before_a_restart(wire: &Wire) {
    wire.put("again/a.tar.gz", artifact(&oracle(3))).await;
    multi_model(wire, "again", "again/").await;
    config(wire, "again", "again").await;
    endpoint(wire, "again", "again").await;
    assert_eq!(scores(&invoke(wire, "again", Some("a.tar.gz"), &body()).await.unwrap()), predicted(&oracle(3)));
    wire.put("again/a.tar.gz", artifact(&oracle(30))).await;
}

/// Second half: in service at once, and cold, so that it loads what is in S3 now.
pub async fn an_endpoint_after_a_restart(wire: &Wire) {
    assert_eq!(settled(wire, "again").await.endpoint_status, Some(EndpointStatus::InService));
    assert_eq!(scores(&invoke(wire, "again", Some("a.tar.gz"), &body()).await.unwrap()), predicted(&oracle(30)));
}

pub(super) async fn multi_model(wire: &Wire, name: &str, prefix: &str) {
    let container = ContainerDefinition::builder()
        .image(IMAGE)
        .mode(ContainerMode::MultiModel)
        .model_data_url(wire.uri(prefix))
        .build();
    model(wire, name, container).await;
}

async fn model(wire: &Wire, name: &str, container: ContainerDefinition) {
    let create = wire.sagemaker.create_model().model_name(name).primary_container(container);
    create.execution_role_arn(ROLE).send().await.unwrap();
}

pub(super) fn variant(model: &str) -> ProductionVariant {
    ProductionVariant::builder()
        .variant_name("AllTraffic")
        .model_name(model)
        .initial_instance_count(1)
        .instance_type(ProductionVariantInstanceType::MlM5Large)
        .build()
}

pub(super) async fn config(wire: &Wire, name: &str, model: &str) {
    let create = wire.sagemaker.create_endpoint_config().endpoint_config_name(name);
    create.production_variants(variant(model)).send().await.unwrap();
}

pub(super) async fn endpoint(wire: &Wire, name: &str, config: &str) {
    wire.sagemaker.create_endpoint().endpoint_name(name).endpoint_config_name(config).send().await.unwrap();
    assert_eq!(settled(wire, name).await.endpoint_status, Some(EndpointStatus::InService));
}

pub(super) async fn update(wire: &Wire, name: &str, config: &str) {
    wire.sagemaker.update_endpoint().endpoint_name(name).endpoint_config_name(config).send().await.unwrap();
}

/// Polls until no deployment runs.
pub(super) async fn settled(wire: &Wire, name: &str) -> DescribeEndpointOutput {
    found(&format!("endpoint {name} settled"), async || {
        let endpoint = wire.sagemaker.describe_endpoint().endpoint_name(name).send().await.unwrap();
        is_settled(&endpoint).then_some(endpoint)
    })
    .await
}

pub(super) fn is_settled(endpoint: &DescribeEndpointOutput) -> bool {
    !matches!(
        endpoint.endpoint_status,
        Some(EndpointStatus::Creating | EndpointStatus::Updating | EndpointStatus::RollingBack)
    )
}

pub(super) async fn invoke(
    wire: &Wire,
    endpoint: &str,
    target: Option<&str>,
    body: &str,
) -> Result<InvokeEndpointOutput, SdkError<InvokeEndpointError>> {
    wire.runtime
        .invoke_endpoint()
        .endpoint_name(endpoint)
        .set_target_model(target.map(str::to_owned))
        .content_type("text/csv")
        .accept("text/csv")
        .body(Blob::new(body))
        .send()
        .await
}

pub(super) fn body() -> String {
    features_csv(&rows(400, 450))
}

pub(super) fn predicted(booster: &refit_xgboost::Booster) -> Vec<f32> {
    booster.predict(&DMatrix::dense(&features(&rows(400, 450)), COLUMNS).unwrap()).unwrap()
}

fn text(answer: &InvokeEndpointOutput) -> String {
    String::from_utf8(answer.body.as_ref().unwrap().as_ref().to_vec()).unwrap()
}

pub(super) fn scores(answer: &InvokeEndpointOutput) -> Vec<f32> {
    text(answer).trim_end().split([',', '\n']).map(|score| score.parse().unwrap()).collect()
}
