"""CloudWatch Logs, which keeps no log here and is asked all the same: Estimator.fit of the SageMaker Python SDK goes on after this code only."""

import pytest
from checks import refused


@pytest.fixture(scope="module")
def logs(account):
    return account.client("logs")


def test_there_is_no_log_group_yet(logs):
    group = "/aws/sagemaker/TrainingJobs"
    refused("ResourceNotFoundException", logs.describe_log_streams, logGroupName=group, logStreamNamePrefix="job/")
    refused("ResourceNotFoundException", logs.get_log_events, logGroupName=group, logStreamName="job/algo-1-1")


def test_another_operation_is_refused_by_name(logs):
    refusal = refused("UnknownOperationException", logs.create_log_group, logGroupName="group")
    assert "CreateLogGroup" in refusal.message


def test_the_signature_is_checked(account):
    stranger = account.client("logs", aws_secret_access_key="wrong")
    refused("InvalidSignatureException", stranger.describe_log_streams, logGroupName="group")
