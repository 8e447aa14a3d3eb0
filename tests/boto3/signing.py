"""Knocking at each service, with other keys and by other clocks."""

import datetime
from unittest import mock

import botocore.auth
from checks import fresh


def knock(account, service, **keys):
    """One call of a service, as a client with these keys; what the runtime and S3 are asked for is not there."""
    client = account.client(service, **keys)
    return {
        "s3": lambda: client.list_objects_v2(Bucket=fresh("bucket")),
        "sts": lambda: client.get_caller_identity(),
        "sagemaker": lambda: client.list_models(),
        "sagemaker-runtime": lambda: client.invoke_endpoint(EndpointName="none", Body=b"1"),
    }[service]


def signed_at(shift):
    """Lets botocore sign as of another time, within the block."""
    moved = datetime.datetime.now(datetime.timezone.utc) + shift
    return mock.patch.object(botocore.auth, "get_current_datetime", lambda: moved)
