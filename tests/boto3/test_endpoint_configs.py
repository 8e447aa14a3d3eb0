"""CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig."""

import pytest
from checks import fresh, refused
from hosting import Hosting, variant


@pytest.fixture
def hosting(account, bucket):
    return Hosting(account, bucket)


@pytest.fixture
def model(hosting):
    return hosting.multi("models/")


def test_a_config_is_described_as_it_was_created(hosting, model, account):
    name = fresh("Config")
    variants = [variant(model, "a", count=2, weight=0.25), variant(model, "b", VolumeSizeInGB=10)]
    arn = hosting.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=variants, Tags=[{"Key": "team", "Value": "flights"}]
    )["EndpointConfigArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:{account.id}:endpoint-config/{name.lower()}"
    described = hosting.sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert described["ProductionVariants"] == variants
    # Optional structures are left out: the SageMaker Python SDK takes an empty one for a setting.
    for optional in ("DataCaptureConfig", "AsyncInferenceConfig", "ExplainerConfig", "ShadowProductionVariants", "VpcConfig"):
        assert optional not in described
    assert hosting.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "flights"}]


def test_a_weight_that_is_not_given_is_one(hosting, model):
    without = variant(model)
    del without["InitialVariantWeight"]
    config = hosting.sagemaker.describe_endpoint_config(EndpointConfigName=hosting.config(without))
    assert config["ProductionVariants"][0]["InitialVariantWeight"] == 1.0


def test_a_name_is_taken_once(hosting, model):
    name = hosting.config(model)
    create = hosting.sagemaker.create_endpoint_config
    message = refused("ValidationException", create, EndpointConfigName=name, ProductionVariants=[variant(model)]).message
    assert message.startswith("Cannot create already existing endpoint configuration"), message


def test_what_is_not_there_is_named(hosting):
    sagemaker = hosting.sagemaker
    for call in (sagemaker.describe_endpoint_config, sagemaker.delete_endpoint_config):
        message = refused("ValidationException", call, EndpointConfigName="nobody").message
        assert message.startswith("Could not find endpoint configuration"), message
    create = sagemaker.create_endpoint_config
    refusal = refused("ValidationException", create, EndpointConfigName=fresh("c"), ProductionVariants=[variant("nobody")])
    assert refusal.message.startswith("Could not find model"), refusal.message


def test_what_an_endpoint_would_not_honour_is_refused_by_name(hosting, model):
    serverless = {"VariantName": "a", "ModelName": model, "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}
    no_model = variant(model)
    del no_model["ModelName"]
    no_type = variant(model)
    del no_type["InstanceType"]
    no_count = variant(model)
    del no_count["InitialInstanceCount"]
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://bucket/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    scaling = {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}
    plain = [variant(model)]
    for named, request in [
        ("serverless", {"ProductionVariants": [serverless]}),
        ("inference components", {"ProductionVariants": [no_model]}),
        ("InstanceType must be specified", {"ProductionVariants": [no_type]}),
        ("InitialInstanceCount must be specified", {"ProductionVariants": [no_count]}),
        ("must be unique", {"ProductionVariants": plain * 2}),
        ("managed instance scaling", {"ProductionVariants": [variant(model, ManagedInstanceScaling=scaling)]}),
        ("AsyncInferenceConfig", {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://bucket/out"}}}),
        ("data capture", {"DataCaptureConfig": capture}),
        ("ShadowProductionVariants", {"ShadowProductionVariants": [variant(model, "shadow")]}),
    ]:
        request = {"EndpointConfigName": fresh("config"), "ProductionVariants": plain, **request}
        message = refused("ValidationException", hosting.sagemaker.create_endpoint_config, **request).message
        assert named in message, message


def test_data_capture_that_is_off_is_kept(hosting, model):
    off = {
        "EnableCapture": False,
        "InitialSamplingPercentage": 0,
        "DestinationS3Uri": "s3://bucket/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    config = hosting.config(model, DataCaptureConfig=off)
    assert hosting.sagemaker.describe_endpoint_config(EndpointConfigName=config)["DataCaptureConfig"] == off


def test_the_service_models_limits(hosting, model):
    for named, request in [
        ("'endpointConfigName'", {"EndpointConfigName": "-a"}),
        ("'productionVariants'", {"ProductionVariants": [variant(model, f"v{number}") for number in range(11)]}),
        ("instanceType'", {"ProductionVariants": [{**variant(model), "InstanceType": "m5.large"}]}),
        ("volumeSizeInGB'", {"ProductionVariants": [variant(model, VolumeSizeInGB=513)]}),
    ]:
        request = {"EndpointConfigName": fresh("config"), "ProductionVariants": [variant(model)], **request}
        message = refused("ValidationException", hosting.sagemaker.create_endpoint_config, **request).message
        assert "validation error" in message and named in message, message


def test_lists_are_filtered_sorted_and_paged(hosting, model):
    part = fresh("listed")
    names = [f"{part}-{letter}" for letter in "bca"]
    for name in names:
        hosting.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant(model)])

    def listed(**request):
        pages = hosting.sagemaker.get_paginator("list_endpoint_configs").paginate(NameContains=part, **request)
        return [config["EndpointConfigName"] for page in pages for config in page["EndpointConfigs"]]

    assert listed(SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 1}) == sorted(names)
    assert listed() == names[::-1], "newest first, if nothing is said"


def test_a_deleted_config_is_gone(hosting, model):
    name = hosting.config(model)
    hosting.sagemaker.delete_endpoint_config(EndpointConfigName=name)
    refused("ValidationException", hosting.sagemaker.describe_endpoint_config, EndpointConfigName=name)
    assert hosting.sagemaker.list_endpoint_configs(NameContains=name)["EndpointConfigs"] == []
