"""The server under test, for every suite of other people's clients."""

import pytest
from account import Account


def pytest_addoption(parser):
    parser.addoption("--endpoint-url", required=True, help="where refit-local listens")
    parser.addoption("--account", action="append", required=True, help="ID:ACCESS_KEY:SECRET, as refit-local was given it")


@pytest.fixture(scope="session")
def accounts(request):
    """Every account of the server, the default one first."""
    url = request.config.getoption("--endpoint-url")
    return [Account(url, *text.split(":", 2)) for text in request.config.getoption("--account")]


@pytest.fixture(scope="session")
def account(accounts):
    """The default account."""
    return accounts[0]


@pytest.fixture(scope="session")
def in_environment(account):
    """The server and the default account in the environment, where AWS's tools look for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", account.endpoint_url)
        patch.setenv("AWS_ACCESS_KEY_ID", account.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", account.secret_key)
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield account
