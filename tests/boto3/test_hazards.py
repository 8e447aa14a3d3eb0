"""What goes wrong on demand, asked for by a test that is not in the server's process. The Rust tests in tests/hazards.rs go
through every effect; here it is how they are asked for, and STS."""

import pytest
from backend import ask, hazard
from botocore.config import Config
from checks import refused


def test_a_hazard_happens_as_often_as_was_said(endpoint_url, sts):
    with hazard(endpoint_url, "Throttle", service="sts", operation="GetCallerIdentity", times=2):
        for _ in range(2):
            refusal = refused("Throttling", sts.get_caller_identity)
            assert (refusal.status, refusal.message) == (400, "Rate exceeded")
        assert sts.get_caller_identity()["Account"]
        assert ask(endpoint_url, "GET", "/_refit/hazards") == (200, '{"hazards":[]}')


def test_a_hazard_can_have_any_code(endpoint_url, account, s3, bucket):
    conflict = {"Error": {"code": "ConditionalRequestConflict", "status": 409, "message": "Again."}}
    with hazard(endpoint_url, conflict, service="s3", operation="PutObject"):
        refusal = refused("ConditionalRequestConflict", s3.put_object, Bucket=bucket, Key="key", Body=b"1")
        assert (refusal.status, refusal.message) == (409, "Again.")
        assert "KeyCount" in s3.list_objects_v2(Bucket=bucket), "another operation is as ever"
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    with hazard(endpoint_url, {"ServerError": {"status": 500}}, service="sts", operation="Get*"):
        assert refused("InternalFailure", account.sts.get_caller_identity).status == 500


def test_retries_outlive_a_hazard(endpoint_url, account):
    patient = account.client("sagemaker", Config(retries={"mode": "standard", "total_max_attempts": 3}))
    for effect in ["Throttle", {"ServerError": {"status": 503}}, "CutBefore", "CutAfter"]:
        with hazard(endpoint_url, effect, service="sagemaker", operation="ListModels", times=2):
            assert patient.list_models()["Models"] is not None
            assert ask(endpoint_url, "GET", "/_refit/hazards") == (200, '{"hazards":[]}')


@pytest.mark.parametrize(
    "wanted, reason",
    [
        ({"effect": "Explode"}, "Explode"),
        ({"effect": "Throttle", "operatoin": "ListModels"}, "operatoin"),
        ({"effect": "Throttle", "service": "sqs"}, "sqs"),
        ({"effect": "Throttle", "service": "sagemaker", "operation": "ListModles"}, "ListModles is no operation"),
        ({"effect": "EmptyPage", "service": "s3", "operation": "ListObjectsV2"}, "another service's"),
        ({"effect": {"ServerError": {"status": 200}}}, "from 500 to 599"),
        ({"effect": "Throttle", "operation": "ListModels"}, "needs its service"),
    ],
)
def test_a_hazard_that_cannot_be_is_refused(endpoint_url, wanted, reason):
    status, text = ask(endpoint_url, "POST", "/_refit/hazards", wanted)
    assert status == 400 and reason in text, text
    assert ask(endpoint_url, "GET", "/_refit/hazards") == (200, '{"hazards":[]}')


def test_what_is_not_there_is_said(endpoint_url):
    status, text = ask(endpoint_url, "GET", "/_refit/bombs")
    assert status == 404 and "/_refit/hazards" in text
    assert ask(endpoint_url, "PUT", "/_refit/hazards", {})[0] == 405
    assert ask(endpoint_url, "POST", "/_refit/clock", {"advance": 1})[0] == 400
    assert ask(endpoint_url, "GET", "/_refit/clock")[0] == 200
