"""MultiDataModel: models are added, listed, called by name, and refreshed by an update of the endpoint."""

import data
import numpy as np
import pytest
from botocore.exceptions import ClientError
from checks import fresh
from sagemaker.deserializers import CSVDeserializer
from sagemaker.multidatamodel import MultiDataModel
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer

ROWS = range(600, 620)


@pytest.fixture(scope="module")
def artifacts(estimator, inputs):
    """Two models that do not agree."""
    found = []
    for depth in (2, 5):
        fitted = estimator(max_depth=depth)
        fitted.fit(inputs, job_name=fresh("model"), logs=False)
        found.append(fitted.model_data)
    return found


@pytest.fixture(scope="module")
def expected(session, artifacts):
    first, second = (data.predictions(data.booster(session, artifact), ROWS) for artifact in artifacts)
    assert not np.allclose(first, second, rtol=1e-3)
    return first, second


@pytest.fixture(scope="module")
def deployed(session, bucket, role, image, artifacts):
    model = MultiDataModel(
        name=fresh("mdm"), model_data_prefix=f"s3://{bucket}/{fresh('models')}/", image_uri=image, role=role,
        predictor_cls=Predictor, sagemaker_session=session,
    )  # fmt: skip
    predictor = model.deploy(1, "ml.m5.large", serializer=CSVSerializer(), deserializer=CSVDeserializer())
    return model, predictor


def predicted(predictor, target):
    return data.answered(predictor.predict(data.csv(ROWS, labelled=False), target_model=target))


def test_models_are_added_from_s3_and_from_a_file(deployed, artifacts, expected, session, tmp_path):
    model, predictor = deployed
    assert list(model.list_models()) == []
    first, second = artifacts
    assert model.add_model(first, "team/first.tar.gz") == f"{model.model_data_prefix}team/first.tar.gz"
    bucket, _, key = second.removeprefix("s3://").partition("/")
    local = tmp_path / "second.tar.gz"
    session.boto_session.client("s3").download_file(bucket, key, str(local))
    assert model.add_model(str(local)) == f"{model.model_data_prefix}second.tar.gz"
    assert sorted(model.list_models()) == ["second.tar.gz", "team/first.tar.gz"]
    assert np.allclose(predicted(predictor, "team/first.tar.gz"), expected[0], rtol=1e-6)
    assert np.allclose(predicted(predictor, "second.tar.gz"), expected[1], rtol=1e-6)


def test_a_model_that_is_not_there_is_refused(deployed):
    with pytest.raises(ClientError) as refusal:
        predicted(deployed[1], "nobody.tar.gz")
    assert refusal.value.response["Error"]["Code"] == "ValidationError"


def test_an_overwritten_model_is_served_after_the_update_of_the_endpoint(deployed, artifacts, expected, session):
    model, predictor = deployed
    model.add_model(artifacts[0], "changing.tar.gz")
    assert np.allclose(predicted(predictor, "changing.tar.gz"), expected[0], rtol=1e-6)
    model.add_model(artifacts[1], "changing.tar.gz")
    assert np.allclose(predicted(predictor, "changing.tar.gz"), expected[0], rtol=1e-6), "a loaded model is served on"
    before = session.describe_endpoint(predictor.endpoint_name)["EndpointConfigName"]
    predictor.update_endpoint(initial_instance_count=2, instance_type="ml.m5.large")
    after = session.describe_endpoint(predictor.endpoint_name)
    assert after["EndpointStatus"] == "InService" and after["EndpointConfigName"] != before
    assert after["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert np.allclose(predicted(predictor, "changing.tar.gz"), expected[1], rtol=1e-6)


def test_what_was_deployed_is_deleted(deployed, session):
    model, predictor = deployed
    config = session.describe_endpoint(predictor.endpoint_name)["EndpointConfigName"]
    predictor.delete_model()
    predictor.delete_endpoint()
    for describe, name in [
        (session.sagemaker_client.describe_endpoint, {"EndpointName": predictor.endpoint_name}),
        (session.sagemaker_client.describe_endpoint_config, {"EndpointConfigName": config}),
        (session.sagemaker_client.describe_model, {"ModelName": model.name}),
    ]:
        with pytest.raises(ClientError, match="Could not find") as refusal:
            describe(**name)
        assert refusal.value.response["Error"]["Code"] == "ValidationException"
