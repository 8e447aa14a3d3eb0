"""Extracts what refit-local checks of its inputs from botocore's service models: members.csv and shapes.csv, beside this file.

    dev/python crates/local/src/sagemaker/service_model/extract.py

members.csv says what is made of what: the members of a structure, `[]` of a list, `{key}` and `{value}` of a map, and the
input of an operation, which has no member's name. shapes.csv has the limits of every shape. The first line of both names
botocore's version. `--check` writes nothing and fails when the files are not what this botocore gives.
"""

import csv
import io
import sys
from pathlib import Path

import botocore
import botocore.session

# What the service models call them, in the order of refit-local's dispatch.
OPERATIONS = {
    "sagemaker": """
        CreateHyperParameterTuningJob DescribeHyperParameterTuningJob ListHyperParameterTuningJobs
        ListTrainingJobsForHyperParameterTuningJob StopHyperParameterTuningJob DeleteHyperParameterTuningJob
        CreateTrainingJob DescribeTrainingJob ListTrainingJobs StopTrainingJob
        CreateModelPackageGroup DescribeModelPackageGroup ListModelPackageGroups DeleteModelPackageGroup
        PutModelPackageGroupPolicy GetModelPackageGroupPolicy DeleteModelPackageGroupPolicy
        CreateModelPackage DescribeModelPackage BatchDescribeModelPackage ListModelPackages UpdateModelPackage DeleteModelPackage
        CreateModel DescribeModel ListModels DeleteModel
        CreateEndpointConfig DescribeEndpointConfig ListEndpointConfigs DeleteEndpointConfig
        CreateEndpoint UpdateEndpoint UpdateEndpointWeightsAndCapacities DescribeEndpoint ListEndpoints DeleteEndpoint
        Search AddTags ListTags DeleteTags
    """,
    "sagemaker-runtime": "InvokeEndpoint",
}


class Extract:
    def __init__(self):
        self.members, self.shapes = [], {}

    def operation(self, service, model):
        # The two services use the same names for different shapes.
        self.prefix = "" if service.service_name == "sagemaker" else f"{service.service_name}."
        self.members.append((model.name, "", self.name(model.input_shape), ""))
        self.shape(model.input_shape)

    def name(self, shape):
        return self.prefix + shape.name

    def shape(self, shape):
        if self.name(shape) in self.shapes:
            return
        limits = shape.metadata
        number = {name: limits.get(name, "") for name in ("min", "max")}
        self.shapes[self.name(shape)] = (
            shape.type_name, number["min"], number["max"], "|".join(limits.get("enum", [])), limits.get("pattern", ""),
        )  # fmt: skip
        for name, member in self.parts(shape):
            required = "yes" if name in limits.get("required", []) else ""
            self.members.append((self.name(shape), name, self.name(member), required))
        for _, member in self.parts(shape):
            self.shape(member)

    def parts(self, shape):
        if shape.type_name == "structure":
            return shape.members.items()
        if shape.type_name == "list":
            return [("[]", shape.member)]
        if shape.type_name == "map":
            return [("{key}", shape.key), ("{value}", shape.value)]
        return []


def table(header, rows):
    text = io.StringIO()
    text.write(f"# botocore {botocore.__version__}\n")
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def files():
    """The two files as this botocore gives them."""
    extract, session = Extract(), botocore.session.get_session()
    for service, operations in OPERATIONS.items():
        model = session.get_service_model(service)
        for operation in operations.split():
            extract.operation(model, model.operation_model(operation))
    return {
        "members.csv": table(("shape", "member", "of", "required"), extract.members),
        "shapes.csv": table(
            ("shape", "type", "min", "max", "enum", "pattern"),
            ((name, *limits) for name, limits in extract.shapes.items()),
        ),
    }


def main(check):
    for name, text in files().items():
        path = Path(__file__).with_name(name)
        if not check:
            path.write_text(text)
        elif path.read_text() != text:
            sys.exit(f"{name} is not what botocore {botocore.__version__} gives: run this without --check")


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
