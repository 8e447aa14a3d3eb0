//! What becomes of an endpoint while its states take time, its memory is short, and things go wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::types::{
    BlueGreenUpdatePolicy, CapacitySize, CapacitySizeType, DeploymentConfig, EndpointStatus, ProductionVariant,
    RollingUpdatePolicy, TrafficRoutingConfig, TrafficRoutingConfigType,
};
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use refit_booster::Booster;
use refit_local::{Effect, Hazard, LocalAws, Service};

use super::fixture::{Wire, artifact, found, oracle};
use super::hosting::{
    body, config, endpoint, invoke, is_settled, multi_model, predicted, scores, settled, update, variant,
};

/// Rounds of the models that share an instance's memory.
const ROUNDS: u32 = 50;
/// Bytes for two of them, and not for three: each has 50 trees of 15 nodes, of 24 bytes each.
pub const TWO_MODELS: u64 = 50_000;

/// Every request is answered, and by one of the two models alone, while the endpoint changes its configs in every way.
pub async fn updates_drop_and_mix_no_request(wire: &Wire, _: &LocalAws) {
    let models = [oracle(4), oracle(9)];
    for (prefix, model) in ["even/", "odd/"].into_iter().zip(&models) {
        wire.put(&format!("{prefix}a.tar.gz"), artifact(model)).await;
        multi_model(wire, prefix.trim_end_matches('/'), prefix).await;
    }
    let (even, odd) = (predicted(&models[0]), predicted(&models[1]));
    let twice = |model: &str| -> ProductionVariant {
        let mut variant = variant(model);
        variant.initial_instance_count = Some(2);
        variant
    };
    for (number, name) in ["even", "odd", "even", "odd", "even"].into_iter().enumerate() {
        let create = wire.sagemaker.create_endpoint_config().endpoint_config_name(format!("steady-{number}"));
        create.production_variants(twice(name)).send().await.unwrap();
    }
    endpoint(wire, "steady", "steady-0").await;
    let done = AtomicBool::new(false);
    let updates = async {
        let half = || CapacitySize::builder().r#type(CapacitySizeType::CapacityPercent).value(50).build();
        let policies = [None, Some(blue_green(TrafficRoutingConfigType::Canary, half())), Some(rolling(half())), None];
        for (number, policy) in (1..).zip(policies) {
            let name = format!("steady-{number}");
            let request = wire.sagemaker.update_endpoint().endpoint_name("steady").endpoint_config_name(&name);
            request.set_deployment_config(policy).send().await.unwrap();
            assert_eq!(settled(wire, "steady").await.endpoint_config_name, Some(name));
        }
        done.store(true, Ordering::Relaxed);
    };
    let requests = || async {
        let mut answers = 0;
        while answers < 3 || !done.load(Ordering::Relaxed) {
            let answered = scores(&invoke(wire, "steady", Some("a.tar.gz"), &body()).await.unwrap());
            assert!(answered == even || answered == odd, "an answer of neither model");
            answers += 1;
        }
    };
    tokio::join!(updates, requests(), requests());
    assert_eq!(scores(&invoke(wire, "steady", Some("a.tar.gz"), &body()).await.unwrap()), even);
}

/// Creating, Updating and Deleting last as long as the pace says, on the backend's clock.
pub async fn states_take_the_time_of_the_pace(wire: &Wire, local: &LocalAws) {
    wire.put("slow/a.tar.gz", artifact(&oracle(3))).await;
    multi_model(wire, "slow", "slow/").await;
    config(wire, "slow-1", "slow").await;
    config(wire, "slow-2", "slow").await;
    let create = wire.sagemaker.create_endpoint().endpoint_name("slow").endpoint_config_name("slow-1");
    create.send().await.unwrap();
    let now = || async { described(wire, "slow").await.unwrap().endpoint_status.unwrap() };
    assert_eq!(now().await, EndpointStatus::Creating);
    assert!(
        invoke(wire, "slow", Some("a.tar.gz"), &body()).await.unwrap_err().into_service_error().is_validation_error()
    );
    assert_eq!(settled_in_time(wire, local, "slow").await.endpoint_status, Some(EndpointStatus::InService));

    update(wire, "slow", "slow-2").await;
    let updating = described(wire, "slow").await.unwrap();
    assert_eq!(updating.endpoint_status, Some(EndpointStatus::Updating));
    assert_eq!(updating.endpoint_config_name.as_deref(), Some("slow-1"));
    assert_eq!(updating.pending_deployment_summary.unwrap().endpoint_config_name.as_deref(), Some("slow-2"));
    invoke(wire, "slow", Some("a.tar.gz"), &body()).await.unwrap();
    assert_eq!(settled_in_time(wire, local, "slow").await.endpoint_config_name.as_deref(), Some("slow-2"));

    wire.sagemaker.delete_endpoint().endpoint_name("slow").send().await.unwrap();
    assert_eq!(now().await, EndpointStatus::Deleting);
    assert!(
        invoke(wire, "slow", Some("a.tar.gz"), &body()).await.unwrap_err().into_service_error().is_validation_error()
    );
    found("an endpoint that is gone", async || {
        hour(local);
        described(wire, "slow").await.is_none().then_some(())
    })
    .await;
}

/// A rolled back update is seen as RollingBack, and ends InService with the old config and no reason.
pub async fn an_update_is_rolled_back_without_a_word(wire: &Wire, local: &LocalAws) {
    for (prefix, rounds) in [("old/", 3), ("new/", 7)] {
        wire.put(&format!("{prefix}a.tar.gz"), artifact(&oracle(rounds))).await;
        multi_model(wire, prefix.trim_end_matches('/'), prefix).await;
        config(wire, prefix.trim_end_matches('/'), prefix.trim_end_matches('/')).await;
    }
    endpoint(wire, "back", "old").await;
    local.hazards().set(Hazard::new(Effect::RollBack).on(Service::Sagemaker, "UpdateEndpoint").times(1)).unwrap();
    update(wire, "back", "new").await;
    let is_rolling_back =
        |endpoint: &DescribeEndpointOutput| endpoint.endpoint_status == Some(EndpointStatus::RollingBack);
    found("an endpoint that is rolling back", async || described(wire, "back").await.filter(is_rolling_back)).await;
    let answer = invoke(wire, "back", Some("a.tar.gz"), &body()).await.unwrap();
    assert_eq!(scores(&answer), predicted(&oracle(3)), "the traffic is back on the old fleet");
    let after = settled_in_time(wire, local, "back").await;
    assert_eq!(after.endpoint_status, Some(EndpointStatus::InService));
    assert_eq!((after.endpoint_config_name.as_deref(), after.failure_reason), (Some("old"), None));
    assert!(after.pending_deployment_summary.is_none());
    update(wire, "back", "new").await;
    assert_eq!(settled(wire, "back").await.endpoint_config_name.as_deref(), Some("new"));
}

/// A third model unloads the one of the first two that was not used; it comes back from the instance's storage as it
/// was, not from S3. A model larger than the memory is the container's 507.
pub async fn the_least_recently_used_model_makes_room(wire: &Wire, _: &LocalAws) {
    let models = [oracle(ROUNDS), oracle(ROUNDS + 1), oracle(ROUNDS + 2)];
    let sizes =
        models.each_ref().map(|model| Booster::from_artifact(&artifact(model)).unwrap().size_in_memory() as u64);
    assert!(sizes[0] + sizes[1] <= TWO_MODELS && sizes.iter().sum::<u64>() > TWO_MODELS, "{sizes:?}");
    for (name, model) in ["a", "b", "c"].into_iter().zip(&models) {
        wire.put(&format!("room/{name}"), artifact(model)).await;
    }
    wire.put("room/big", artifact(&oracle(4 * ROUNDS))).await;
    multi_model(wire, "room", "room/").await;
    config(wire, "room", "room").await;
    endpoint(wire, "room", "room").await;
    let answered =
        |name: &'static str| async move { scores(&invoke(wire, "room", Some(name), &body()).await.unwrap()) };
    for name in ["a", "b", "a", "c"] {
        answered(name).await;
    }
    // Now a and c are in memory. Both were replaced in S3, and so was b.
    for name in ["a", "b", "c"] {
        wire.put(&format!("room/{name}"), artifact(&oracle(1))).await;
    }
    assert_eq!(answered("a").await, predicted(&models[0]));
    assert_eq!(answered("c").await, predicted(&models[2]));
    assert_eq!(answered("b").await, predicted(&models[1]), "downloaded once, and kept on the instance's storage");
    assert_eq!(answered("a").await, predicted(&models[0]));
    let refused = invoke(wire, "room", Some("big"), &body()).await.unwrap_err().into_service_error();
    let InvokeEndpointError::ModelError(error) = refused else { panic!("{refused:?}") };
    assert_eq!(error.original_status_code, Some(507));
    assert!(error.original_message.unwrap().contains("big"));
}

/// First half of a restart: an update whose traffic moves for an hour.
pub async fn an_update_before_a_restart(wire: &Wire) {
    wire.put("hour/a.tar.gz", artifact(&oracle(3))).await;
    multi_model(wire, "hour", "hour/").await;
    config(wire, "hour-1", "hour").await;
    config(wire, "hour-2", "hour").await;
    endpoint(wire, "hour", "hour-1").await;
    let size = CapacitySize::builder().r#type(CapacitySizeType::CapacityPercent).value(10).build();
    let mut policy = blue_green(TrafficRoutingConfigType::Canary, size);
    let routing =
        policy.blue_green_update_policy.as_mut().and_then(|policy| policy.traffic_routing_configuration.as_mut());
    routing.unwrap().wait_interval_in_seconds = Some(3);
    let request = wire.sagemaker.update_endpoint().endpoint_name("hour").endpoint_config_name("hour-2");
    request.deployment_config(policy).send().await.unwrap();
}

/// Second half: the old fleet serves, and the update goes on to its end.
pub async fn an_update_after_a_restart(wire: &Wire) {
    invoke(wire, "hour", Some("a.tar.gz"), &body()).await.unwrap();
    let after = settled(wire, "hour").await;
    assert_eq!(after.endpoint_status, Some(EndpointStatus::InService));
    assert_eq!(after.endpoint_config_name.as_deref(), Some("hour-2"));
    assert!(after.pending_deployment_summary.is_none());
}

/// Lets time pass until no deployment runs: one may begin to wait only after the clock was moved once.
async fn settled_in_time(wire: &Wire, local: &LocalAws, name: &str) -> DescribeEndpointOutput {
    found(&format!("endpoint {name} settled"), async || {
        hour(local);
        described(wire, name).await.filter(is_settled)
    })
    .await
}

fn hour(local: &LocalAws) {
    local.advance_clock(Duration::from_secs(3600));
}

async fn described(wire: &Wire, name: &str) -> Option<DescribeEndpointOutput> {
    wire.sagemaker.describe_endpoint().endpoint_name(name).send().await.ok()
}

fn blue_green(kind: TrafficRoutingConfigType, size: CapacitySize) -> DeploymentConfig {
    let routing = TrafficRoutingConfig::builder().r#type(kind).wait_interval_in_seconds(0).canary_size(size).build();
    let policy = BlueGreenUpdatePolicy::builder().traffic_routing_configuration(routing).build();
    DeploymentConfig::builder().blue_green_update_policy(policy).build()
}

fn rolling(size: CapacitySize) -> DeploymentConfig {
    let policy = RollingUpdatePolicy::builder().maximum_batch_size(size).wait_interval_in_seconds(0).build();
    DeploymentConfig::builder().rolling_update_policy(policy).build()
}
