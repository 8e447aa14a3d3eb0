"""Every constraint of every operation's input, one broken at a time: expectations come from botocore's service model alone."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from broken_inputs import broken_inputs
from test_service_model import extract

OPERATIONS = extract().OPERATIONS["sagemaker"].split()


@pytest.fixture(scope="module")
def unchecked(account):
    """A client that sends what it is given."""
    return account.client("sagemaker", config=Config(parameter_validation=False))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_broken_constraint_is_refused_by_name(unchecked, operation):
    method = {name: method for method, name in unchecked.meta.method_to_api_mapping.items()}[operation]
    wrong = []
    for broken in broken_inputs(unchecked.meta.service_model.operation_model(operation)):
        try:
            getattr(unchecked, method)(**broken.input)
            wrong.append(f"{broken.path} {broken.rule}: taken")
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            expected = "SerializationException" if broken.rule == "type" else "ValidationException"
            if code != expected or f"at '{broken.path}'" not in message:
                wrong.append(f"{broken.path} {broken.rule}: {code}: {message[:300]}")
    assert not wrong, f"{len(wrong)} of the constraints:\n" + "\n".join(wrong[:20])
