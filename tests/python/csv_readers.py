"""Reads the CSV files that tests/tests/csv_readers.rs had written, by pandas and by XGBoost's own parser, and compares.

A case is a folder: `train.csv`, and `expected.json` with the rows' values as doubles in hex, or null where one is missing, and which columns
hold float32: what is read of their text is a double that rounds to the value.
"""
import json
import math
import sys
import warnings
from pathlib import Path

import numpy
import pandas
import xgboost

# Newer releases are exact without being told, and warn when they are.
EXACT = {} if tuple(map(int, pandas.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}

warnings.filterwarnings("ignore", message=".*Text file input has been deprecated.*")


def near(read, exact):
    """XGBoost reads float32, by a parser that may miss the nearest by a few units in the last place."""
    exact = numpy.float32(exact)
    return abs(read - exact) <= 4 * numpy.spacing(abs(exact))


def check(case):
    expected = json.loads((case / "expected.json").read_text())
    single = expected["single"]
    expected = [[None if value is None else float.fromhex(value) for value in row] for row in expected["rows"]]
    path = case / "train.csv"
    table = pandas.read_csv(path, header=None, skip_blank_lines=False, **EXACT)
    assert table.shape == (len(expected), len(expected[0])), (case, table.shape)
    for row, values in enumerate(expected):
        for column, value in enumerate(values):
            read = table.iat[row, column]
            if single[column]:
                read = numpy.float32(read)
            same = math.isnan(read) if value is None else float(read) == value
            assert same, f"{case}: pandas reads {read!r} in row {row}, column {column}, not {value!r}"

    matrix = xgboost.DMatrix(f"{path}?format=csv&label_column=0")
    features, labels = matrix.get_data(), matrix.get_label()
    features.sort_indices()
    assert len(labels) == len(expected), (case, len(labels))
    for row, values in enumerate(expected):
        assert near(labels[row], values[0]), f"{case}: XGBoost reads the label {labels[row]!r}, not {values[0]!r}"
        there = slice(features.indptr[row], features.indptr[row + 1])
        read = dict(zip(features.indices[there].tolist(), features.data[there]))
        for column, value in enumerate(values[1:]):
            same = column not in read if value is None else column in read and near(read[column], value)
            assert same, f"{case}: XGBoost reads {read.get(column)!r} in row {row}, feature {column}, not {value!r}"


cases = sorted(Path(sys.argv[1]).iterdir())
for case in cases:
    check(case)
print(f"{len(cases)} files read alike")
