"""Inputs that break one constraint each, made from botocore's service model."""

import re
from typing import Any, NamedTuple

SAMPLES = [
    "a", "aaa", "1", "s3://bucket/key", "arn:aws:iam::123456789012:role/role", "a" * 20,
    "arn:aws:sagemaker:us-east-1:123456789012:model-package/group/1", "arn:aws:sagemaker:us-east-1:123456789012:model/m",
    "arn:aws:sagemaker:us-east-1:123456789012:inference-experiment/e", "sg-1", "subnet-1", "/a", "Tags.a", "EnvVar",
    "arn:aws:sagemaker:us-east-1:123456789012:training-plan/" + "a" * 20, "1.5", "a/b", "sha256:" + "a" * 64, "a.b", "k:v",
    "arn:aws:sagemaker:us-east-1:123456789012:experiment/e", "arn:aws:sagemaker:us-east-1:aws:hub-content/hub/Model/m/1.0.0",
    "arn:aws:sns:us-east-1:123456789012:topic", "arn:aws:lambda:us-east-1:123456789012:function:f", "00:00", "Mon:00:00",
    "arn:aws:sagemaker:us-east-1:123456789012:model-card/c", "fs-0123456789", "arn:aws:sagemaker:us-east-1:123456789012:algorithm/a",
    "arn:aws:sagemaker:us-east-1:123456789012:hub-content/hub/DataSet/d/1.0.0", "4K", "1.0.0", "mig-1g.5gb",
    "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/a", "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/g",
]  # fmt: skip
# What no name or ARN holds, then what the widest patterns do not match.
MISFITS = ["!", "-", " ", "\x01", "\n", ""]
# Unicode categories, which Python's re does not have, by some of their characters.
CATEGORIES = {r"\p{L}": "a-zA-Z", r"\p{M}": "", r"\p{Z}": " ", r"\p{S}": "+=", r"\p{N}": "0-9", r"\p{P}": "!\\-.,:/",
              r"\p{Alnum}": "a-zA-Z0-9"}  # fmt: skip


class Broken(NamedTuple):
    path: str  # where AWS says that it is
    rule: str
    input: dict


class Step(NamedTuple):
    shape: Any
    name: str = ""  # a structure's member; a list's element or a map's value has none


def fits(shape, text):
    pattern = shape.metadata.get("pattern")
    if not pattern:
        return True
    # Java's quantified end of text.
    pattern = re.sub(r"\$\{\d+,\d+\}$", "", pattern)
    for category, characters in CATEGORIES.items():
        pattern = pattern.replace(category, characters)
    return re.fullmatch(pattern, text) is not None


def sample(shape):
    """A value that keeps every constraint, with required members only."""
    limits = shape.metadata
    low, high = limits.get("min", 0), limits.get("max", 1 << 30)
    match shape.type_name:
        case "structure":
            return {name: sample(shape.members[name]) for name in shape.required_members}
        case "list":
            return [sample(shape.member)] * max(low, 1)
        case "map":
            return {f"{sample(shape.key)}{number}": sample(shape.value) for number in range(max(low, 1))}
        case "boolean":
            return True
        case "integer" | "long" | "float" | "double":
            return min(max(low, 1), high)
        case "timestamp":
            return 1_700_000_000
    if "enum" in limits:
        return limits["enum"][0]
    for text in SAMPLES:
        text = text.ljust(low, "a")
        if low <= len(text) <= high and fits(shape, text):
            return text
    raise AssertionError(f"no sample fits {shape.name}: {limits}")


def broken_inputs(operation):
    """Every input that breaks one constraint of the operation, all else being right."""
    return list(_below(operation.input_shape, [Step(operation.input_shape)]))


def _below(shape, steps):
    yield from _values(shape, steps)
    if any(step.shape.name == shape.name for step in steps[:-1]):
        return
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                if name in shape.required_members:
                    without = {other: value for other, value in sample(shape).items() if other != name}
                    yield Broken(_path([*steps, Step(member, name)]), "required", _around(steps, without))
                yield from _below(member, [*steps, Step(member, name)])
        case "list":
            yield from _below(shape.member, [*steps, Step(shape.member)])
        case "map":
            yield from _below(shape.value, [*steps, Step(shape.value)])


def _values(shape, steps):
    """Inputs with another value where the steps lead, which breaks one of the shape's own constraints."""
    if len(steps) == 1:
        return
    limits, kind = shape.metadata, shape.type_name
    wrong = {}
    if kind in ("integer", "long", "float", "double"):
        wrong |= {"min": limits["min"] - 1} if "min" in limits else {}
        wrong |= {"max": limits["max"] + 1} if "max" in limits else {}
        # botocore cannot send anything else as a float.
        wrong |= {"type": "text"} if kind in ("integer", "long") else {}
    elif kind == "string":
        right = sample(shape)
        if limits.get("min", 0) > 0:
            wrong["min"] = right[: limits["min"] - 1]
        if "max" in limits:
            wrong["max"] = right + "a" * (limits["max"] + 1 - len(right))
        if "enum" in limits:
            wrong["enum"] = "NoneOfThese"
        misfit = next((text for text in (right + each for each in MISFITS) if "enum" not in limits and not fits(shape, text)), None)
        if misfit is not None and len(misfit) <= limits.get("max", 1 << 30):
            wrong["pattern"] = misfit
        wrong["type"] = 7
    elif kind == "list":
        if limits.get("min", 0) > 0:
            wrong["min"] = sample(shape)[: limits["min"] - 1]
        if "max" in limits:
            wrong["max"] = [sample(shape.member)] * (limits["max"] + 1)
    elif kind == "map":
        if limits.get("min", 0) > 0:
            wrong["min"] = {}
        if "max" in limits:
            wrong["max"] = {f"{sample(shape.key)}{number}": sample(shape.value) for number in range(limits["max"] + 1)}
    elif kind == "boolean":
        wrong["type"] = "text"
    for rule, value in wrong.items():
        yield Broken(_path(steps), rule, _around(steps, value))


def _around(steps, value):
    """The operation's input that holds the value where the steps lead."""
    for parent, step in zip(reversed(steps[:-1]), reversed(steps[1:])):
        whole = sample(parent.shape)
        match parent.shape.type_name:
            case "structure":
                whole[step.name] = value
            case "list":
                whole[0] = value
            case "map":
                whole[next(iter(whole))] = value
        value = whole
    return value


def _path(steps):
    """AWS's name of the place: structures in a list are numbered, plain values are reported at their list or map."""
    path = ""
    for parent, step in zip(steps, steps[1:]):
        if step.name:
            name = step.name[0].lower() + step.name[1:]
            path = f"{path}.{name}" if path else name
        elif parent.shape.type_name == "list" and step.shape.type_name in ("structure", "list", "map"):
            path += ".1.member"
    return path
