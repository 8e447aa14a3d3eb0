"""What the SageMaker Python SDK sent to another server, sent to this one byte for byte but for fresh names and new signatures.

captured.json holds the requests of SDK 2.257.7 with botocore 1.44.5, in their order: a tuner is fitted, warm started and stopped; a multi-model
endpoint is deployed, filled, called and deleted; a model is registered, approved and deployed.
"""

import json
import random
from pathlib import Path

from answers import check
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from botocore.parsers import create_parser
from checks import waited

# Which of them AWS refuses, by their place counted from 1, and why. All others it accepts.
REFUSED = {
    4: "404",  # HeadBucket, before the bucket is made
    16: "ValidationException",  # DescribeTrainingJob of a job that only the other server has
    **dict.fromkeys([17, 18, 19], "ValidationException"),  # a tuning job that has ended is not stopped; the SDK looks for this code
    **dict.fromkeys([35, 36, 37], "ModelError"),  # the artifacts are AAAA and LOCAL, which no container loads
    **dict.fromkeys([42, 43, 44], "UnknownOperationException"),  # ListMonitoringSchedules: refit-local has no model monitor
}


def fresh_names(text):
    """Other names of the same lengths, so that the requests keep their lengths."""
    letters = random.choices("abcdefghijklmnopqrstuvwxyz", k=5)
    digits = "".join(random.choices("0123456789", k=12))
    word = "".join(letters)
    for name, other in [
        ("sagemaker-us-east-1-123456789012", f"sagemaker-us-east-1-{digits}"),
        ("churn", word), ("mme-", f"{word[:3]}-"), ("/mme/", f"/{word[:3]}/"), ("mp-ep", word[::-1]),
        ("xgb-2026", f"{word[2:]}-2026"), ("eb24d9ec", digits[:8]),
    ]:  # fmt: skip
        assert name in text
        text = text.replace(name, other)
    return text


def sent(account, session, request):
    """The HTTP answer to a captured request, signed anew."""
    body = request["body"]
    body = json.dumps(body) if isinstance(body, dict) else body or ""
    signed = AWSRequest(request["method"], account.endpoint_url + request["path"], request["headers"], body.encode())
    is_s3 = request["service"] == "s3"
    name = "sagemaker" if request["service"] == "sagemaker-runtime" else request["service"]
    credentials = Credentials(account.access_key, account.secret_key)
    (S3SigV4Auth if is_s3 else SigV4Auth)(credentials, name, "us-east-1").add_auth(signed)
    return session.send(signed.prepare())


def code_of(model, answer):
    """None if the request was accepted; what botocore reads in the answer either way."""
    response = {"headers": answer.headers, "status_code": answer.status_code, "body": answer.content}
    parsed = create_parser(model.service_model.protocol).parse(response, model.output_shape)
    return parsed["Error"]["Code"] if answer.status_code >= 300 else None


def test_every_captured_request_is_answered_as_by_aws(account):
    requests = json.loads(fresh_names((Path(__file__).parent / "captured.json").read_text()))
    assert len(requests) == 57
    session, jobs, endpoints = URLLib3Session(), [], []
    for number, request in enumerate(requests, start=1):
        operation, body = request["operation"], request["body"]
        # What the SDK does by polling before it goes on.
        if operation == "CreateHyperParameterTuningJob" or operation.startswith("Stop"):
            ended(account, jobs)
        if operation == "InvokeEndpoint":
            in_service(account, endpoints)
        model = getattr(account, CLIENTS[request["service"]]).meta.service_model.operation_model(operation)
        answer = sent(account, session, request)
        where = f"request {number}, {operation} of {request['step']}"
        assert code_of(model, answer) == REFUSED.get(number), f"{where}: {answer.content}"
        check(model, answer)
        if operation == "CreateHyperParameterTuningJob":
            jobs.append(body["HyperParameterTuningJobName"])
        if operation == "CreateEndpoint":
            endpoints.append(body["EndpointName"])


CLIENTS = {"s3": "s3", "sts": "sts", "sagemaker": "sagemaker", "sagemaker-runtime": "runtime"}


def ended(account, jobs):
    for name in jobs:
        waited(
            lambda: account.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name),
            lambda job: job["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping"),
        )


def in_service(account, endpoints):
    for name in endpoints:
        waited(
            lambda: account.sagemaker.describe_endpoint(EndpointName=name),
            lambda endpoint: endpoint["EndpointStatus"] == "InService",
        )
