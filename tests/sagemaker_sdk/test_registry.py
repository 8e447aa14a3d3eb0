"""Model.register and ModelPackage: registered, approved, deployed."""

import data
import numpy as np
import pytest
from checks import fresh
from sagemaker.model import Model, ModelPackage
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer

ROWS = range(600, 620)


@pytest.fixture(scope="module")
def artifact(estimator, inputs):
    fitted = estimator(num_round=10)
    fitted.fit(inputs, job_name=fresh("registered"), logs=False)
    return fitted.model_data


@pytest.fixture(scope="module")
def group():
    return fresh("group")


def registered(session, role, image, artifact, group):
    model = Model(image, model_data=artifact, role=role, sagemaker_session=session)
    return model.register(
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
        model_package_group_name=group,
        customer_metadata_properties={"rmse": "0.1"},
        description="of the tests",
    )


@pytest.fixture(scope="module")
def package(session, role, image, artifact, group):
    return registered(session, role, image, artifact, group)


def described(session, package):
    return session.sagemaker_client.describe_model_package(ModelPackageName=package.model_package_arn)


def test_register_makes_the_group_and_its_versions(session, role, image, artifact, group, package):
    assert package.model_package_arn == f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{group}/1"
    second = registered(session, role, image, artifact, group)
    assert second.model_package_arn.endswith(f"{group}/2")
    found = described(session, package)
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert found["CustomerMetadataProperties"] == {"rmse": "0.1"}
    assert found["ModelPackageDescription"] == "of the tests"
    container = found["InferenceSpecification"]["Containers"][0]
    assert (container["Image"], container["ModelDataUrl"]) == (image, artifact)


def test_a_package_is_approved(session, package):
    package.update_approval_status("Rejected", "not yet")
    assert described(session, package)["ApprovalDescription"] == "not yet"
    package.update_approval_status("Approved", "looks good")
    found = described(session, package)
    assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == ("Approved", "looks good")
    assert found["CustomerMetadataProperties"] == {"rmse": "0.1"}, "an update changes only what it names"


def test_customer_metadata_is_updated(session, package):
    package.update_customer_metadata({"approver": "tests"})
    assert described(session, package)["CustomerMetadataProperties"] == {"rmse": "0.1", "approver": "tests"}
    package.remove_customer_metadata_properties(["approver"])
    assert described(session, package)["CustomerMetadataProperties"] == {"rmse": "0.1"}


def test_a_package_is_deployed(session, role, artifact, package):
    model = ModelPackage(role, model_package_arn=package.model_package_arn, sagemaker_session=session, predictor_cls=Predictor)
    predictor = model.deploy(1, "ml.m5.large", serializer=CSVSerializer(), endpoint_name=fresh("package"))
    answer = data.answered(predictor.predict(data.csv(ROWS, labelled=False)))
    assert np.allclose(answer, data.predictions(data.booster(session, artifact), ROWS), rtol=1e-6)
    predictor.delete_model()
    predictor.delete_endpoint()
