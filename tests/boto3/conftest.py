"""boto3 against a running refit-local.

`cargo test -p refit-tests --test boto3` starts one with two accounts and runs this folder; `PYTEST_ADDOPTS="-k registry"` before it runs a part.
By hand, with any refit-local of two accounts or more:

    dev/python -m pytest tests/boto3 --endpoint-url http://127.0.0.1:9000 \\
        --account 123456789012:refit-local:refit-local --account 210987654321:other:other

Every test makes what it needs under fresh names, so that a server can be used again and no test depends on another.
"""

import pytest
from checks import fresh
from server import account, accounts, pytest_addoption  # noqa: F401


@pytest.fixture(scope="session")
def other_account(accounts):
    """An account that sees of the default one what policies grant."""
    return accounts[1]


@pytest.fixture(scope="session")
def endpoint_url(account):
    """Where refit-local listens."""
    return account.endpoint_url


@pytest.fixture(scope="session")
def s3(account):
    return account.s3


@pytest.fixture(scope="session")
def sagemaker(account):
    return account.sagemaker


@pytest.fixture(scope="session")
def runtime(account):
    return account.runtime


@pytest.fixture(scope="session")
def sts(account):
    return account.sts


@pytest.fixture
def bucket(s3):
    """A new, empty bucket of the default account."""
    name = fresh("bucket")
    s3.create_bucket(Bucket=name)
    return name


def pytest_collection_modifyitems(session, items):
    """What looks back on all tests comes last."""
    items.sort(key=lambda item: item.path.name == "test_every_operation.py")
    session.whole = {path.name for path in session.path.glob("test_*.py")} == {item.path.name for item in items}
