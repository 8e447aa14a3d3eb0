"""The SageMaker Python SDK v2, unchanged, against refit-local.

What comes of a step is checked against Python's XGBoost on the artifact, against what the test itself put in, and against what AWS documents.
"""

from pathlib import Path

import boto3
import data
import pytest
import sagemaker
from answers import check
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from server import account, accounts, in_environment, pytest_addoption  # noqa: F401


@pytest.fixture(scope="session")
def session(in_environment):  # noqa: F811
    boto_session = boto3.Session()
    # The SDK asks STS at AWS's own address, whatever AWS_ENDPOINT_URL says.
    to_local = in_environment.endpoint_url
    boto_session.events.register("before-sign.sts", lambda request, **_: setattr(request, "url", to_local))
    boto_session.events.register("after-call", lambda http_response, model, **_: check(model, http_response) and None)
    with pytest.MonkeyPatch.context() as patch:
        # Or the SDK would tell Amazon of these tests.
        patch.setenv("SAGEMAKER_USER_CONFIG_OVERRIDE", str(Path(__file__).parent / "config.yaml"))
        patch.setenv("SAGEMAKER_ADMIN_CONFIG_OVERRIDE", "/dev/null")
        yield sagemaker.Session(boto_session=boto_session)


@pytest.fixture(scope="session")
def bucket(session):
    return session.default_bucket()


@pytest.fixture(scope="session")
def role():
    return "arn:aws:iam::123456789012:role/SageMakerRole"


@pytest.fixture(scope="session")
def image():
    """An image whose models today's XGBoost can read."""
    return sagemaker.image_uris.retrieve("xgboost", "us-east-1", "3.0-5")


@pytest.fixture(scope="session")
def inputs(session, bucket):
    """The channels train and validation."""
    upload = session.upload_string_as_file_body
    upload(data.csv(data.TRAIN), bucket, "data/train/train.csv")
    upload(data.csv(data.VALIDATION), bucket, "data/validation/validation.csv")
    return {
        name: TrainingInput(f"s3://{bucket}/data/{name}/", content_type="text/csv") for name in ("train", "validation")
    }


@pytest.fixture(scope="session")
def estimator(session, bucket, role, image):
    """Makes an estimator that has not been fitted, with these hyperparameters beside the usual ones."""

    def of(**hyperparameters):
        return Estimator(
            image,
            role,
            instance_count=1,
            instance_type="ml.m5.xlarge",
            output_path=f"s3://{bucket}/output",
            hyperparameters={"objective": "reg:squarederror", "eval_metric": "rmse", "num_round": 20, **hyperparameters},
            sagemaker_session=session,
        )

    return of
