"""What every test needs: fresh names, refusals, and waiting."""

import time
import uuid
from typing import NamedTuple

from botocore.exceptions import ClientError


class Refusal(NamedTuple):
    code: str
    message: str
    status: int
    response: dict


def fresh(prefix):
    """A name that nothing has yet, at most 17 characters longer than the prefix."""
    return f"{prefix}-{uuid.uuid4().hex[:16]}"


def refused(code, call, **arguments):
    """Calls, and expects AWS's error of this code; returns the refusal for what else is to be said of it."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        details, metadata = error.response["Error"], error.response["ResponseMetadata"]
        refusal = Refusal(details["Code"], details.get("Message", ""), metadata["HTTPStatusCode"], error.response)
        assert refusal.code == code, f"expected {code}, got {refusal.code}: {refusal.message}"
        return refusal
    raise AssertionError(f"expected {code}, but the call went through: {answer}")


def waited(describe, until, seconds=120):
    """Calls `describe` until `until(described)` holds, and returns what was described then."""
    deadline = time.monotonic() + seconds
    while not until(described := describe()):
        assert time.monotonic() < deadline, f"not after {seconds} seconds: {described}"
        time.sleep(0.05)
    return described
