"""That the check of the answers finds what botocore reads past. The shapes are SageMaker's own."""

import pytest
from answers import flaws

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"
GOOD = {
    "EndpointName": "e", "EndpointArn": ARN, "EndpointStatus": "InService", "CreationTime": 1.5, "LastModifiedTime": 2,
}  # fmt: skip


def found(sagemaker, answer):
    shape = sagemaker.meta.service_model.operation_model("DescribeEndpoint").output_shape
    return list(flaws(shape, answer, "DescribeEndpoint"))


def test_a_good_answer_has_no_flaw(sagemaker):
    assert found(sagemaker, GOOD) == []


@pytest.mark.parametrize(
    "members, path",
    [
        ({"FailureReason": None}, "DescribeEndpoint.FailureReason: null"),
        ({"DataCaptureConfig": {}}, "DescribeEndpoint.DataCaptureConfig: an empty structure"),
        ({"Colour": "red"}, "DescribeEndpoint.Colour: not in the model"),
        ({"EndpointStatus": "Fine"}, "DescribeEndpoint.EndpointStatus: 'Fine' is none of"),
        ({"CreationTime": "2026-01-01"}, "DescribeEndpoint.CreationTime: '2026-01-01' is no timestamp"),
        ({"EndpointName": "-"}, "DescribeEndpoint.EndpointName: '-' does not fit"),
        ({"ProductionVariants": [{}]}, "DescribeEndpoint.ProductionVariants[0]: an empty structure"),
        ({"ProductionVariants": [{"VariantName": 1}]}, "DescribeEndpoint.ProductionVariants[0].VariantName: 1 is no"),
    ],
)
def test_a_flaw_is_named_with_its_path(sagemaker, members, path):
    assert any(flaw.startswith(path) for flaw in found(sagemaker, {**GOOD, **members}))


def test_a_required_member_is_missed(sagemaker):
    answer = {name: value for name, value in GOOD.items() if name != "EndpointArn"}
    assert found(sagemaker, answer) == ["DescribeEndpoint.EndpointArn: required, and not there"]
