"""Estimator: fit, deploy, predict; and a training job that fails."""

import data
import numpy as np
import pytest
from botocore.exceptions import ClientError
from checks import fresh
from sagemaker.estimator import Estimator
from sagemaker.exceptions import UnexpectedStatusException
from sagemaker.inputs import TrainingInput
from sagemaker.serializers import CSVSerializer


@pytest.fixture(scope="module")
def fitted(estimator, inputs):
    fitted = estimator(max_depth=4)
    fitted.fit(inputs, job_name=fresh("fitted"))
    return fitted


def test_fit_leaves_the_artifact_where_sagemaker_does(fitted, bucket):
    assert fitted.model_data == f"s3://{bucket}/output/{fitted.latest_training_job.name}/output/model.tar.gz"


def test_the_metric_is_what_xgboost_says_of_the_artifact(fitted, session):
    described = session.describe_training_job(fitted.latest_training_job.name)
    metrics = {each["MetricName"]: each["Value"] for each in described["FinalMetricDataList"]}
    booster = data.booster(session, fitted.model_data)
    assert metrics["validation:rmse"] == pytest.approx(data.rmse(booster, data.VALIDATION), rel=1e-4)
    assert metrics["train:rmse"] == pytest.approx(data.rmse(booster, data.TRAIN), rel=1e-4)


def test_attach_finds_the_same_job(fitted, session):
    attached = Estimator.attach(fitted.latest_training_job.name, sagemaker_session=session)
    assert attached.model_data == fitted.model_data
    assert attached.hyperparameters()["num_round"] == "20"


def test_a_deployed_estimator_predicts_as_xgboost(fitted, session):
    predictor = fitted.deploy(1, "ml.m5.large", serializer=CSVSerializer(), endpoint_name=fresh("estimator"))
    answer = data.answered(predictor.predict(data.csv(data.VALIDATION, labelled=False)))
    expected = data.predictions(data.booster(session, fitted.model_data), data.VALIDATION)
    assert np.allclose(answer, expected, rtol=1e-6)
    predictor.delete_model()
    predictor.delete_endpoint()
    with pytest.raises(ClientError, match="Could not find endpoint"):
        session.describe_endpoint(predictor.endpoint_name)


def test_a_job_that_fails_says_why(estimator, bucket):
    nothing = TrainingInput(f"s3://{bucket}/nothing/", content_type="text/csv")
    with pytest.raises(UnexpectedStatusException, match="(?s)Failed.*nothing") as failure:
        estimator().fit({"train": nothing}, job_name=fresh("failed"), logs=False)
    assert failure.value.actual_status == "Failed"
