"""CreateModel, DescribeModel, ListModels, DeleteModel."""

import pytest
from checks import fresh, refused
from hosting import IMAGE, ROLE, Hosting
from stumps import stump


@pytest.fixture
def hosting(account, bucket):
    return Hosting(account, bucket)


def create(sagemaker, name=None, **request):
    container = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
    request = {"PrimaryContainer": container, "ExecutionRoleArn": ROLE, **request}
    return sagemaker.create_model(ModelName=name or fresh("model"), **request)


def test_a_model_is_described_as_it_was_created(sagemaker, account):
    name = fresh("Model")
    container = {
        "Image": IMAGE,
        "Mode": "MultiModel",
        "ModelDataUrl": "s3://bucket/models/",
        "MultiModelConfig": {"ModelCacheSetting": "Disabled"},
        "Environment": {"SAGEMAKER_CONTAINER_LOG_LEVEL": "20"},
    }
    arn = create(sagemaker, name, PrimaryContainer=container, Tags=[{"Key": "team", "Value": "flights"}])["ModelArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:{account.id}:model/{name.lower()}"
    described = sagemaker.describe_model(ModelName=name)
    assert described["PrimaryContainer"] == container
    assert (described["ModelName"], described["ModelArn"], described["ExecutionRoleArn"]) == (name, arn, ROLE)
    assert described["EnableNetworkIsolation"] is False
    for optional in ("Containers", "VpcConfig", "InferenceExecutionConfig", "DeploymentRecommendation"):
        assert optional not in described
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "flights"}]


def test_a_name_is_taken_once(sagemaker):
    name = fresh("model")
    create(sagemaker, name)
    message = refused("ValidationException", create, sagemaker=sagemaker, name=name).message
    assert message.startswith("Cannot create already existing model"), message
    sagemaker.delete_model(ModelName=name)
    create(sagemaker, name)


def test_what_is_not_there_is_named(sagemaker):
    for call in (sagemaker.describe_model, sagemaker.delete_model):
        assert refused("ValidationException", call, ModelName="nobody").message.startswith("Could not find model")


def test_the_service_models_limits(sagemaker):
    container = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
    for named, request in [
        ("'modelName'", {"name": "a" * 64}),
        ("'modelName'", {"name": "-a"}),
        ("'executionRoleArn'", {"ExecutionRoleArn": "arn:aws:iam::1:role/short-id-account"}),
        ("'primaryContainer.mode'", {"PrimaryContainer": {**container, "Mode": "Many"}}),
        ("modelCacheSetting'", {"PrimaryContainer": {**container, "MultiModelConfig": {"ModelCacheSetting": "On"}}}),
        ("'primaryContainer.modelDataUrl'", {"PrimaryContainer": {**container, "ModelDataUrl": "file:///model"}}),
    ]:
        message = refused("ValidationException", create, sagemaker=sagemaker, **request).message
        assert "validation error" in message and named in message, message


def test_what_cannot_be_served_is_refused_by_name(sagemaker):
    container = {"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}
    for named, request in [
        ("PrimaryContainer", {"Containers": [container]}),
        ("inference pipelines", {"PrimaryContainer": None, "Containers": [container, container]}),
        ("needs a PrimaryContainer", {"PrimaryContainer": None}),
        ("sagemaker-scikit-learn", {"PrimaryContainer": {**container, "Image": "1.dkr.ecr/sagemaker-scikit-learn:1.2-1"}}),
        ("SAGEMAKER_PROGRAM", {"PrimaryContainer": {**container, "Environment": {"SAGEMAKER_PROGRAM": "inference.py"}}}),
        ("SAGEMAKER_INFERENCE_OUTPUT", {"PrimaryContainer": {**container, "Environment": {"SAGEMAKER_INFERENCE_OUTPUT": "raw_score"}}}),
        ("ModelDataUrl", {"PrimaryContainer": {"Image": IMAGE}}),
        ("ModelPackage", {"PrimaryContainer": {"ModelPackageName": "nobody"}}),
    ]:
        request = {key: value for key, value in {"PrimaryContainer": container, **request}.items() if value}
        request = {"ModelName": fresh("model"), "ExecutionRoleArn": ROLE, **request}
        message = refused("ValidationException", sagemaker.create_model, **request).message
        assert named.lower() in message.lower(), message


def test_a_model_package_is_a_model(hosting):
    sagemaker = hosting.sagemaker
    group = fresh("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    hosting.put("packaged/model.tar.gz", stump(1.5, 2.5))
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{hosting.bucket}/packaged/model.tar.gz"}
    specification = {
        "Containers": [container],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    package = sagemaker.create_model_package(ModelPackageGroupName=group, InferenceSpecification=specification)
    name = fresh("model")
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=ROLE, Containers=[{"ModelPackageName": package["ModelPackageArn"]}]
    )
    assert hosting.invoke(hosting.serving(name), "0,0") == "1.5\n"


def test_lists_are_filtered_sorted_and_paged(sagemaker):
    part = fresh("listed")
    names = [f"{part}-{letter}" for letter in "bca"]
    for name in names:
        create(sagemaker, name)

    def listed(**request):
        pages = sagemaker.get_paginator("list_models").paginate(NameContains=part, **request)
        return [model["ModelName"] for page in pages for model in page["Models"]]

    assert listed(SortBy="Name", SortOrder="Ascending") == sorted(names)
    assert listed(SortBy="Name", SortOrder="Descending", PaginationConfig={"PageSize": 2}) == sorted(names, reverse=True)
    assert listed(SortBy="CreationTime", SortOrder="Ascending") == names
    assert listed() == names[::-1], "newest first, if nothing is said"
    created = sagemaker.describe_model(ModelName=names[1])["CreationTime"]
    assert names[0] not in listed(CreationTimeAfter=created)
    refused("ValidationException", sagemaker.list_models, NextToken="made-up")


def test_accounts_do_not_see_each_others_models(sagemaker, other_account):
    name = fresh("model")
    create(sagemaker, name)
    refused("ValidationException", other_account.sagemaker.describe_model, ModelName=name)
    assert other_account.sagemaker.list_models(NameContains=name)["Models"] == []
