"""CreateEndpoint, DescribeEndpoint, UpdateEndpoint, UpdateEndpointWeightsAndCapacities, ListEndpoints, DeleteEndpoint."""

import time

import pytest
from botocore.exceptions import ClientError
from checks import fresh, refused, waited
from hosting import Hosting, variant
from stumps import stump

QUICK = {"DeploymentConfig": {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}}}
HALF = {"Type": "CAPACITY_PERCENT", "Value": 50}


@pytest.fixture
def hosting(account, bucket):
    return Hosting(account, bucket)


@pytest.fixture
def old(hosting):
    """A model that predicts 1 for everything."""
    return hosting.single(stump(1.0, 1.0))


@pytest.fixture
def new(hosting):
    """A model that predicts 2 for everything."""
    return hosting.single(stump(2.0, 2.0))


def test_an_endpoint_is_described_as_it_was_created(hosting, old, account):
    name, config = fresh("Endpoint"), hosting.config(variant(old, count=2, weight=0.5))
    arn = hosting.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, Tags=[])["EndpointArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:{account.id}:endpoint/{name.lower()}"
    hosting.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1})
    described = hosting.sagemaker.describe_endpoint(EndpointName=name)
    assert (described["EndpointConfigName"], described["EndpointArn"]) == (config, arn)
    [shown] = described["ProductionVariants"]
    assert (shown["VariantName"], shown["CurrentInstanceCount"], shown["DesiredInstanceCount"]) == ("AllTraffic", 2, 2)
    assert (shown["CurrentWeight"], shown["DesiredWeight"]) == (0.5, 0.5)
    assert shown["DeployedImages"][0]["SpecifiedImage"].endswith("sagemaker-xgboost:1.7-1")
    for optional in ("FailureReason", "PendingDeploymentSummary", "LastDeploymentConfig", "DataCaptureConfig", "ExplainerConfig"):
        assert optional not in described
    assert described["CreationTime"] <= described["LastModifiedTime"]


def test_a_name_is_taken_once_and_a_config_must_be_there(hosting, old):
    config = hosting.config(old)
    name = hosting.endpoint(config)
    create = hosting.sagemaker.create_endpoint
    message = refused("ValidationException", create, EndpointName=name, EndpointConfigName=config).message
    assert message.startswith("Cannot create already existing endpoint"), message
    message = refused("ValidationException", create, EndpointName=fresh("e"), EndpointConfigName="nobody").message
    assert message.startswith("Could not find endpoint configuration"), message


def test_there_is_a_quota_of_instances(hosting, old):
    create, config = hosting.sagemaker.create_endpoint, hosting.config(variant(old, count=1_000_000))
    message = refused("ResourceLimitExceeded", create, EndpointName=fresh("e"), EndpointConfigName=config).message
    assert "service limit" in message, message
    many = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 101}]
    change = hosting.sagemaker.update_endpoint_weights_and_capacities
    refused("ResourceLimitExceeded", change, EndpointName=hosting.serving(old), DesiredWeightsAndCapacities=many)


def test_an_artifact_that_is_not_there_fails_the_endpoint(hosting):
    model = hosting.single(stump(1.0, 1.0))
    hosting.s3.delete_object(Bucket=hosting.bucket, Key=f"{model}/model.tar.gz")
    name, config = fresh("endpoint"), hosting.config(model)
    hosting.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    failed = hosting.settled(name)
    assert failed["EndpointStatus"] == "Failed"
    assert f"{model}/model.tar.gz" in failed["FailureReason"]
    update = hosting.sagemaker.update_endpoint
    refused("ValidationException", update, EndpointName=name, EndpointConfigName=hosting.config(model))
    refused("ValidationError", hosting.invoke, endpoint=name, body="0,0")
    hosting.sagemaker.delete_endpoint(EndpointName=name)


def test_an_artifact_that_is_no_model_fails_the_health_check(hosting):
    name = fresh("endpoint")
    hosting.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=hosting.config(hosting.single(b"no model")))
    failed = hosting.settled(name)
    assert failed["EndpointStatus"] == "Failed" and "ping health check" in failed["FailureReason"]


def test_an_update_moves_to_the_new_config(hosting, old, new):
    name = hosting.serving(old)
    assert hosting.invoke(name, "0,0") == "1.0\n"
    config = hosting.config(new)
    described = hosting.update(name, config)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", config)
    assert "PendingDeploymentSummary" not in described and "FailureReason" not in described
    assert hosting.invoke(name, "0,0") == "2.0\n"
    message = refused("ValidationException", hosting.update, endpoint=name, config=config).message
    assert "already uses" in message, message


def test_a_failed_update_ends_in_service_on_the_old_config(hosting, old, new):
    config = hosting.config(old)
    name = hosting.endpoint(config)
    hosting.s3.delete_object(Bucket=hosting.bucket, Key=f"{new}/model.tar.gz")
    described = hosting.update(name, hosting.config(new))
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", config)
    assert f"{new}/model.tar.gz" in described["FailureReason"]
    assert "PendingDeploymentSummary" not in described
    assert hosting.invoke(name, "0,0") == "1.0\n"
    hosting.put(f"{new}/model.tar.gz", stump(3.0, 3.0))
    described = hosting.update(name, hosting.config(new))
    assert "FailureReason" not in described
    assert hosting.invoke(name, "0,0") == "3.0\n"


def test_models_and_configs_may_go_once_they_are_deployed(hosting, old, new):
    config = hosting.config(old)
    name = hosting.endpoint(config)
    hosting.sagemaker.delete_model(ModelName=old)
    hosting.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    assert hosting.invoke(name, "0,0") == "1.0\n"
    described = hosting.update(name, hosting.config(new))
    assert described["EndpointStatus"] == "InService" and "FailureReason" not in described
    assert hosting.invoke(name, "0,0") == "2.0\n"


@pytest.mark.parametrize(
    "policy",
    [
        {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 10, "CanarySize": HALF}, "TerminationWaitInSeconds": 1}},
        {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "LINEAR", "WaitIntervalInSeconds": 10, "LinearStepSize": HALF}}},
        {"RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1}, "WaitIntervalInSeconds": 10}},
    ],
    ids=["canary", "linear", "rolling"],
)  # fmt: skip
def test_traffic_moves_step_by_step(hosting, old, new, policy):
    before, after, other = (hosting.config(variant(model, count=2)) for model in (old, new, old))
    name = hosting.endpoint(before)
    hosting.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=after, DeploymentConfig=policy)

    def pending():
        return hosting.sagemaker.describe_endpoint(EndpointName=name)

    baking = waited(
        pending,
        lambda described: described["EndpointStatus"] == "InService"
        or "Baking" in str(described.get("PendingDeploymentSummary", {}).get("ProductionVariants")),
    )
    assert (baking["EndpointStatus"], baking["EndpointConfigName"]) == ("Updating", before)
    for call, request in [
        (hosting.sagemaker.update_endpoint, {"EndpointName": name, "EndpointConfigName": other}),
        (hosting.sagemaker.delete_endpoint, {"EndpointName": name}),
    ]:
        message = refused("ValidationException", call, **request).message
        assert message.startswith("Cannot update in-progress endpoint"), message
    summary = baking["PendingDeploymentSummary"]
    assert summary["EndpointConfigName"] == after
    [shown] = summary["ProductionVariants"]
    assert (shown["VariantStatus"][0]["Status"], shown["DesiredWeight"], shown["DesiredInstanceCount"]) == ("Baking", 1.0, 2)
    assert shown["CurrentWeight"] == 0.5, "half of the traffic goes to each fleet"
    answers = {hosting.invoke(name, "0,0") for _ in range(20)}
    assert answers <= {"1.0\n", "2.0\n"} and "2.0\n" in answers
    described = hosting.settled(name)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", after)
    assert described["LastDeploymentConfig"] == policy
    assert {hosting.invoke(name, "0,0") for _ in range(10)} == {"2.0\n"}


def test_a_deployment_config_is_used_again_when_it_is_retained(hosting, old, new):
    first, second, third = hosting.config(old), hosting.config(new), hosting.config(old)
    name = hosting.endpoint(first)
    described = hosting.update(name, second, **QUICK)
    assert described["LastDeploymentConfig"] == QUICK["DeploymentConfig"]
    described = hosting.update(name, third, RetainDeploymentConfig=True)
    assert described["LastDeploymentConfig"] == QUICK["DeploymentConfig"]
    assert "LastDeploymentConfig" not in hosting.update(name, second)


def test_a_deployment_config_that_makes_no_sense_is_refused(hosting, old):
    name, config = hosting.serving(old), hosting.config(old)
    routing = {"Type": "CANARY", "WaitIntervalInSeconds": 0}
    for named, policy in [
        ("CanarySize", {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}),
        ("CanarySize", {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {**routing, "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 51}}}}),
        ("LinearStepSize", {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {**routing, "CanarySize": HALF, "LinearStepSize": HALF}}}),
        ("Only one of", {**QUICK["DeploymentConfig"], "RollingUpdatePolicy": {"MaximumBatchSize": HALF, "WaitIntervalInSeconds": 0}}),
        ("waitIntervalInSeconds'", {"RollingUpdatePolicy": {"MaximumBatchSize": HALF, "WaitIntervalInSeconds": 3601}}),
    ]:  # fmt: skip
        request = {"EndpointName": name, "EndpointConfigName": config, "DeploymentConfig": policy}
        message = refused("ValidationException", hosting.sagemaker.update_endpoint, **request).message
        assert named in message, message
    assert hosting.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"


def test_alarms_are_taken(hosting, old, new):
    config = hosting.config(new)
    alarms = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}, **QUICK["DeploymentConfig"]}
    assert hosting.update(hosting.serving(old), config, DeploymentConfig=alarms)["EndpointConfigName"] == config


def test_weights_and_capacities(hosting, old, new):
    name = hosting.serving(variant(old, "a", weight=1.0), variant(new, "b", weight=0.0))
    assert {hosting.invoke(name, "0,0") for _ in range(20)} == {"1.0\n"}, "a variant of weight 0 gets nothing"
    assert hosting.invoke(name, "0,0", TargetVariant="b") == "2.0\n"
    changes = [
        {"VariantName": "a", "DesiredWeight": 0.0},
        {"VariantName": "b", "DesiredWeight": 3.0, "DesiredInstanceCount": 2},
    ]
    change = hosting.sagemaker.update_endpoint_weights_and_capacities
    change(EndpointName=name, DesiredWeightsAndCapacities=changes)
    described = hosting.settled(name)
    shown = {each["VariantName"]: each for each in described["ProductionVariants"]}
    assert (shown["a"]["CurrentWeight"], shown["a"]["CurrentInstanceCount"]) == (0.0, 1)
    assert (shown["b"]["CurrentWeight"], shown["b"]["DesiredWeight"]) == (3.0, 3.0)
    assert (shown["b"]["CurrentInstanceCount"], shown["b"]["DesiredInstanceCount"]) == (2, 2)
    assert {hosting.invoke(name, "0,0") for _ in range(20)} == {"2.0\n"}
    wrong = [{"VariantName": "nobody", "DesiredWeight": 1.0}]
    message = refused("ValidationException", change, EndpointName=name, DesiredWeightsAndCapacities=wrong).message
    assert "nobody" in message
    refused("ValidationException", change, EndpointName="nobody", DesiredWeightsAndCapacities=changes)


def test_an_update_resets_or_retains_what_was_changed(hosting, old, new):
    name = hosting.serving(variant(old, count=1, weight=1.0))
    change = hosting.sagemaker.update_endpoint_weights_and_capacities
    changed = {"VariantName": "AllTraffic", "DesiredWeight": 5.0, "DesiredInstanceCount": 3}
    change(EndpointName=name, DesiredWeightsAndCapacities=[changed])
    hosting.settled(name)

    def after(**settings):
        [shown] = hosting.update(name, hosting.config(new), **settings)["ProductionVariants"]
        return shown["CurrentInstanceCount"], shown["CurrentWeight"]

    assert after(RetainAllVariantProperties=True) == (3, 5.0)
    excluded = [{"VariantPropertyType": "DesiredInstanceCount"}]
    assert after(RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=excluded) == (1, 5.0)
    assert after() == (1, 1.0)


def test_a_deleted_endpoint_is_gone(hosting, old):
    name = hosting.serving(old)
    hosting.sagemaker.delete_endpoint(EndpointName=name)
    hosting.sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig={"Delay": 1})
    message = refused("ValidationException", hosting.sagemaker.describe_endpoint, EndpointName=name).message
    assert message.startswith("Could not find endpoint"), message
    refused("ValidationException", hosting.sagemaker.delete_endpoint, EndpointName=name)
    refused("ValidationError", hosting.invoke, endpoint=name, body="0,0")


def test_lists_are_filtered_sorted_and_paged(hosting, old):
    part, config = fresh("listed"), hosting.config(old)
    names = [f"{part}-{letter}" for letter in "bca"]
    for name in names:
        hosting.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        hosting.settled(name)
        time.sleep(0.01)

    def listed(**request):
        pages = hosting.sagemaker.get_paginator("list_endpoints").paginate(NameContains=part, **request)
        return [endpoint["EndpointName"] for page in pages for endpoint in page["Endpoints"]]

    assert listed(SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}) == sorted(names)
    assert listed() == names[::-1], "newest first, if nothing is said"
    assert listed(StatusEquals="Failed") == [] and len(listed(StatusEquals="InService")) == 3


def test_no_request_is_dropped_while_configs_change(hosting, old, new):
    name = hosting.serving(old)
    hosting.sagemaker.update_endpoint(
        EndpointName=name,
        EndpointConfigName=hosting.config(new),
        DeploymentConfig={"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 1, "CanarySize": HALF}}},
    )  # fmt: skip
    answers = []
    try:
        while hosting.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] != "InService":
            answers += [hosting.invoke(name, "0,0") for _ in range(10)]
    except ClientError as error:
        raise AssertionError(f"dropped after {len(answers)} answers") from error
    assert set(answers) <= {"1.0\n", "2.0\n"}, "in any order: half of the traffic went to each fleet for a while"
    assert hosting.invoke(name, "0,0") == "2.0\n"
