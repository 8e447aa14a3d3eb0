"""botocore's retries, in each of its modes, against the faults that AWS has.

The hazards are refit-local's own; how often and after which errors botocore tries again is its documentation's: three attempts of mode
standard and adaptive after throttles, 500, 503 and cut connections.
"""

import json
import urllib.request
from contextlib import contextmanager

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from checks import fresh


@contextmanager
def hazard(account, **hazard):
    """Sets a hazard, and clears what is left of it."""
    url = f"{account.endpoint_url}/_refit/hazards"
    body = json.dumps(hazard).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST"))
    yield
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE"))


@pytest.fixture(scope="module", params=["standard", "adaptive"])
def patient(request, account):
    """Clients that try three times."""
    retries = Config(retries={"mode": request.param, "total_max_attempts": 3})
    return {name: account.client(name, retries) for name in ("sagemaker", "s3")}


EFFECTS = [
    {"effect": "Throttle"},
    {"effect": {"ServerError": {"status": 503}}},
    {"effect": {"ServerError": {"status": 500}}},
    {"effect": "CutBefore"},
]


@pytest.mark.parametrize("effect", EFFECTS, ids=str)
def test_two_faults_are_survived(account, patient, effect):
    with hazard(account, **effect, service="sagemaker", operation="ListModels", times=2):
        answer = patient["sagemaker"].list_models()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    with hazard(account, **effect, service="s3", operation="ListBuckets", times=2):
        answer = patient["s3"].list_buckets()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


def test_a_third_fault_is_told(account, patient):
    with hazard(account, effect="Throttle", service="sagemaker", operation="ListModels", times=3):
        with pytest.raises(ClientError) as refusal:
            patient["sagemaker"].list_models()
    assert refusal.value.response["Error"]["Code"] == "ThrottlingException"
    assert refusal.value.response["ResponseMetadata"]["RetryAttempts"] == 2


def test_a_package_is_created_once_though_the_answer_was_lost(account, patient):
    """boto3 sends a ClientToken of its own, the same with every attempt."""
    sagemaker, group = patient["sagemaker"], fresh("retried")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    specification = {
        "Containers": [{"Image": image, "ModelDataUrl": f"s3://{group}/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    with hazard(account, effect="CutAfter", service="sagemaker", operation="CreateModelPackage", times=1):
        created = sagemaker.create_model_package(ModelPackageGroupName=group, InferenceSpecification=specification)
    assert created["ResponseMetadata"]["RetryAttempts"] == 1
    packages = sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    assert [package["ModelPackageArn"] for package in packages] == [created["ModelPackageArn"]]
