"""What is wrong with an answer, by botocore's model of the service.

botocore itself reads past members that it does not know, and past the absence of those that are required.
"""

import json
import re
from collections import defaultdict
from typing import Any, NamedTuple


class Answer(NamedTuple):
    operation: str
    body: Any


# How each operation was answered since the session began, by (service, operation): "accepted", or the code of a refusal.
outcomes = defaultdict(set)


def note(model, http_response, parsed):
    accepted = http_response.status_code < 300
    outcomes[model.service_model.service_name, model.name].add("accepted" if accepted else parsed["Error"]["Code"])


def check(model, http_response):
    """A successful JSON answer as it came, None for any other; an AssertionError lists what the model does not allow."""
    is_json = model.service_model.protocol == "json"
    if not is_json or http_response.status_code >= 300 or model.has_streaming_output:
        return None
    body = json.loads(http_response.content or b"{}")
    found = list(flaws(model.output_shape, body, model.name)) if model.output_shape else [str(body)] if body else []
    assert not found, "an answer that the service model does not allow:\n  " + "\n  ".join(found)
    return Answer(model.name, body)


def flaws(shape, value, path, root=True):
    """Every difference between a value and its botocore shape, each a line that begins with the path to it."""
    if value is None:
        yield f"{path}: null, where AWS leaves the member out"
    elif not isinstance(value, TYPES[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield f"{path}: {value!r} is no {shape.type_name}"
    elif shape.type_name == "structure":
        yield from _flaws_of_structure(shape, value, path, root)
    elif shape.type_name == "list":
        yield from _flaws_of_size(shape, len(value), path)
        for at, element in enumerate(value):
            yield from flaws(shape.member, element, f"{path}[{at}]", root=False)
    elif shape.type_name == "map":
        yield from _flaws_of_size(shape, len(value), path)
        for key, element in value.items():
            yield from flaws(shape.key, key, f"{path} key", root=False)
            yield from flaws(shape.value, element, f"{path}.{key}", root=False)
    elif shape.type_name == "string":
        yield from _flaws_of_size(shape, len(value), path)
        yield from _flaws_of_text(shape, value, path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _flaws_of_size(shape, value, path)


# Required by the model, and left out by AWS all the same: until there are artifacts, and for a version of a group.
NOT_ALWAYS_THERE = {("DescribeTrainingJobResponse", "ModelArtifacts"), ("DescribeModelPackageOutput", "ModelPackageName")}
NUMBER = (int, float)
TYPES = {
    "structure": dict, "map": dict, "list": list, "string": str, "blob": str, "boolean": bool,
    "integer": int, "long": int, "float": NUMBER, "double": NUMBER, "timestamp": NUMBER,
}  # fmt: skip


def _flaws_of_structure(shape, value, path, root):
    if not value and not root:
        yield f"{path}: an empty structure, where AWS leaves the member out"
    for name in shape.required_members:
        if name not in value and (shape.name, name) not in NOT_ALWAYS_THERE:
            yield f"{path}.{name}: required, and not there"
    for name, member in value.items():
        if name in shape.members:
            yield from flaws(shape.members[name], member, f"{path}.{name}", root=False)
        else:
            yield f"{path}.{name}: not in the model"


def _flaws_of_size(shape, size, path):
    if size < shape.metadata.get("min", size):
        yield f"{path}: {size} is under the minimum {shape.metadata['min']}"
    if size > shape.metadata.get("max", size):
        yield f"{path}: {size} is over the maximum {shape.metadata['max']}"


def _flaws_of_text(shape, value, path):
    if value not in shape.metadata.get("enum", [value]):
        yield f"{path}: {value!r} is none of {', '.join(shape.metadata['enum'])}"
    pattern = shape.metadata.get("pattern", "")
    # Python's re has no Unicode categories (\p), and takes [ within a class for a mistake.
    if pattern and "\\p" not in pattern and not re.fullmatch(pattern, value, re.DOTALL):
        yield f"{path}: {value!r} does not fit {pattern}"
