"""S3 clients that share no code with each other, as their users set them up: the AWS CLI, s3fs below pandas, MinIO's client, and obstore,
which is Rust's object_store.

Expectations are what was put in, and what S3 documents.
"""

import os

import pytest
from checks import fresh
from server import account, accounts, in_environment, pytest_addoption  # noqa: F401


@pytest.fixture(scope="module")
def bucket(account):  # noqa: F811
    """A new, empty bucket of the default account."""
    name = fresh("bucket")
    account.s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def large():
    """More than two parts of any client's default."""
    return os.urandom(1 << 16) * 320
