"""That this folder has a success and a refusal of every operation that refit-local has.

Which operations there are is asked of the server, for every name that botocore knows.
"""

import socket

import pytest
from answers import outcomes
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

# The SAML and web identity operations of STS are sent without a signature.
# 400 is botocore's name for an answer without one: the request was for a service that is not S3, such as s3express.
ABSENT = {"UnknownOperationException", "NotImplemented", "InvalidAction", "MissingAuthenticationToken", "400"}
# Operations that nothing but a wrong signature, which is tested for each service, makes AWS refuse.
NEVER_REFUSED = {("sts", "GetCallerIdentity"), ("s3", "ListBuckets")}


def dummy(shape):
    """The least that botocore takes for a shape."""
    if shape.type_name == "structure":
        of_a_union = list(shape.members)[:1] if shape.is_tagged_union else []
        return {name: dummy(shape.members[name]) for name in [*shape.required_members, *of_a_union]}
    if shape.type_name == "list":
        return [dummy(shape.member)] * max(shape.metadata.get("min", 0), 1)
    if shape.type_name == "string":
        return shape.metadata["enum"][0] if "enum" in shape.metadata else "nothing".ljust(shape.metadata.get("min", 0), "0")
    return {"map": {}, "boolean": True, "blob": b"", "timestamp": 0}.get(shape.type_name, 1)


def operations_of_sagemaker(account):
    """The names that the control plane does not refuse as unknown."""
    at_once = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    session, credentials = URLLib3Session(socket_options=at_once), Credentials(account.access_key, account.secret_key)
    for name in account.sagemaker.meta.service_model.operation_names:
        headers = {"X-Amz-Target": f"SageMaker.{name}", "Content-Type": "application/x-amz-json-1.1"}
        request = AWSRequest("POST", account.endpoint_url, headers, b"{}")
        SigV4Auth(credentials, "sagemaker", "us-east-1").add_auth(request)
        if b"UnknownOperationException" not in session.send(request.prepare()).content:
            yield "sagemaker", name


def operations_of(account, client):
    """The same by botocore's own call, for services that do not name the operation in a header."""
    service = client.meta.service_model
    methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
    for name in service.operation_names:
        shape = service.operation_model(name).input_shape
        try:
            getattr(client, methods[name])(**(dummy(shape) if shape else {}))
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                continue
        yield service.service_name, name


def test_every_operation_is_accepted_and_refused_somewhere_here(request, account):
    if request.config.option.keyword or len(request.config.args) > 1 or not request.session.whole:
        pytest.skip("only a run of the whole folder has seen every operation")
    seen = {operation: set(codes) for operation, codes in outcomes.items()}
    clients = [account.client(name, Config(inject_host_prefix=False)) for name in ("s3", "sts", "sagemaker-runtime")]
    there = [*operations_of_sagemaker(account), *(each for client in clients for each in operations_of(account, client))]
    # Far fewer would mean that the names were not asked for rightly.
    assert len(there) > 60
    lacking = [f"{operation} is nowhere accepted" for operation in there if "accepted" not in seen.get(operation, ())]
    for operation in there:
        if not seen.get(operation, set()) - {"accepted"} and operation not in NEVER_REFUSED:
            lacking.append(f"{operation} is nowhere refused")
    assert not lacking, "\n".join(lacking)
