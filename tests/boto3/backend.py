"""What refit-local itself can be asked, beside AWS: hazards and its clock. No signature is needed for it."""

import json
import urllib.error
import urllib.request
from contextlib import contextmanager


def ask(endpoint_url, method, path, body=None, headers=None):
    """One request; returns the status and the text of the answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(endpoint_url + path, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextmanager
def hazard(endpoint_url, effect, **selected):
    """Something goes wrong within the block: `effect` on the `service` and `operation` that are named, so many `times`."""
    status, text = ask(endpoint_url, "POST", "/_refit/hazards", {"effect": effect, **selected})
    assert status == 200, text
    try:
        yield
    finally:
        assert ask(endpoint_url, "DELETE", "/_refit/hazards")[0] == 200
