"""What botocore does on its own: pages, waits, retries, and checks of the request before it is sent."""

import threading

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError, WaiterError
from checks import fresh, refused

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
AT_ONCE = {"Delay": 1, "MaxAttempts": 60}


@pytest.fixture(scope="module")
def prefix(sagemaker):
    """What the names of eleven new model package groups begin with."""
    prefix = fresh("paged")
    for number in range(11):
        sagemaker.create_model_package_group(ModelPackageGroupName=f"{prefix}-{number:02}")
    return prefix


@pytest.mark.parametrize("size", [1, 4, 100])
def test_pages_of_any_size_have_the_same_content(sagemaker, prefix, size):
    pages = sagemaker.get_paginator("list_model_package_groups").paginate(
        NameContains=prefix, SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": size}
    )
    lists = [page["ModelPackageGroupSummaryList"] for page in pages]
    assert all(len(page) <= size for page in lists)
    names = [each["ModelPackageGroupName"] for page in lists for each in page]
    assert names == [f"{prefix}-{number:02}" for number in range(11)]


def test_a_listing_goes_on_from_where_it_stopped(sagemaker, prefix):
    paginator = sagemaker.get_paginator("list_model_package_groups")
    settings = {"NameContains": prefix, "SortBy": "Name", "SortOrder": "Ascending"}
    first = paginator.paginate(**settings, PaginationConfig={"MaxItems": 5, "PageSize": 3}).build_full_result()
    names = [each["ModelPackageGroupName"] for each in first["ModelPackageGroupSummaryList"]]
    token = first["NextToken"]
    rest = paginator.paginate(**settings, PaginationConfig={"StartingToken": token}).build_full_result()
    names += [each["ModelPackageGroupName"] for each in rest["ModelPackageGroupSummaryList"]]
    assert names == [f"{prefix}-{number:02}" for number in range(11)]


def test_every_paginator_of_an_operation_that_is_there_comes_to_an_end(sagemaker, prefix):
    operations = {name for name in sagemaker.meta.method_to_api_mapping if name.startswith("list_") and sagemaker.can_paginate(name)}
    required = {
        "list_tags": {"ResourceArn": f"arn:aws:sagemaker:us-east-1:123456789012:model-package-group/{prefix}-00"},
    }
    walked = []
    for name in sorted(operations):
        shape = sagemaker.meta.service_model.operation_model(sagemaker.meta.method_to_api_mapping[name]).input_shape
        if shape.required_members and name not in required:
            continue
        try:
            pages = list(sagemaker.get_paginator(name).paginate(**required.get(name, {}), PaginationConfig={"PageSize": 50}))
        except ClientError as error:
            assert error.response["Error"]["Code"] == "UnknownOperationException", error
            continue
        assert "NextToken" not in pages[-1]
        walked.append(name)
    assert {"list_models", "list_endpoints", "list_endpoint_configs", "list_training_jobs", "list_model_packages", "list_tags"} <= set(walked)


@pytest.fixture(scope="module")
def endpoint(account, sagemaker):
    """A multi-model endpoint without a model; its name is its model's and its configuration's too."""
    name = fresh("waited")
    account.s3.create_bucket(Bucket=name)
    container = {"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": f"s3://{name}/models/"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return name


def test_the_waiters_of_endpoints_return(sagemaker, endpoint):
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=AT_ONCE)
    assert sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "InService"
    sagemaker.delete_endpoint(EndpointName=endpoint)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=endpoint, WaiterConfig=AT_ONCE)
    refused("ValidationException", sagemaker.describe_endpoint, EndpointName=endpoint)
    with pytest.raises(WaiterError, match="ValidationException"):
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=AT_ONCE)


def training_request(name, bucket):
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/train/"}}
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "HyperParameters": {"num_round": "2", "objective": "reg:squarederror"},
        "InputDataConfig": [{"ChannelName": "train", "ContentType": "text/csv", "DataSource": source}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/output"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


def test_the_waiter_of_training_jobs_tells_success_from_failure(sagemaker, s3, bucket):
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    failing, trained = fresh("failing"), fresh("trained")
    sagemaker.create_training_job(**training_request(failing, bucket))
    with pytest.raises(WaiterError, match="terminal failure"):
        waiter.wait(TrainingJobName=failing, WaiterConfig=AT_ONCE)
    s3.put_object(Bucket=bucket, Key="train/data.csv", Body="\n".join(f"{row % 3},{row}" for row in range(50)))
    sagemaker.create_training_job(**training_request(trained, bucket))
    waiter.wait(TrainingJobName=trained, WaiterConfig=AT_ONCE)
    assert sagemaker.describe_training_job(TrainingJobName=trained)["TrainingJobStatus"] == "Completed"


def test_the_waiters_of_buckets_and_objects_return(s3, bucket):
    s3.get_waiter("bucket_exists").wait(Bucket=bucket, WaiterConfig=AT_ONCE)
    threading.Timer(0.5, lambda: s3.put_object(Bucket=bucket, Key="late", Body=b"1")).start()
    s3.get_waiter("object_exists").wait(Bucket=bucket, Key="late", WaiterConfig=AT_ONCE)
    s3.delete_object(Bucket=bucket, Key="late")
    s3.get_waiter("object_not_exists").wait(Bucket=bucket, Key="late", WaiterConfig=AT_ONCE)
    s3.delete_bucket(Bucket=bucket)
    s3.get_waiter("bucket_not_exists").wait(Bucket=bucket, WaiterConfig=AT_ONCE)


def test_what_botocore_does_not_check_the_server_does(account):
    checked, unchecked = account.sagemaker, account.client("sagemaker", Config(parameter_validation=False))
    with pytest.raises(ParamValidationError, match="Missing required parameter"):
        checked.create_endpoint(EndpointName="e")
    message = refused("ValidationException", unchecked.create_endpoint, EndpointName="e").message
    assert "'endpointConfigName' failed to satisfy constraint: Member must not be null" in message
    # botocore checks neither the greatest length nor a pattern nor an enumeration.
    message = refused("ValidationException", checked.create_endpoint, EndpointName="e" * 64, EndpointConfigName="-").message
    assert message.startswith("3 validation errors detected: ")
    assert "'endpointName' failed to satisfy constraint: Member must have length less than or equal to 63" in message
    assert "'endpointConfigName' failed to satisfy constraint: Member must satisfy regular expression pattern" in message
    message = refused("ValidationException", checked.list_models, SortBy="Colour").message
    assert "Member must satisfy enum value set: [" in message
    refused("SerializationException", unchecked.list_models, MaxResults="many")


def test_what_botocore_checks_never_reaches_the_server(account):
    with pytest.raises(ParamValidationError, match="Unknown parameter"):
        account.sagemaker.list_models(Colour="red")
    with pytest.raises(ParamValidationError, match="Invalid type"):
        account.sagemaker.list_models(MaxResults="many")
