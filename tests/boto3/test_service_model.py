"""That refit-local checks its inputs against the service model that this botocore has."""

import importlib.util
from pathlib import Path

import botocore
import pytest

FOLDER = Path(__file__).parents[2] / "crates/local/src/sagemaker/service_model"


def extract():
    spec = importlib.util.spec_from_file_location("extract", FOLDER / "extract.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_what_botocore_says():
    for name, text in extract().files().items():
        table = (FOLDER / name).read_text()
        version = table.split("\n", 1)[0].removeprefix("# botocore ")
        if version != botocore.__version__:
            pytest.skip(f"{name} was extracted from botocore {version}, and this is {botocore.__version__}")
        assert table == text
