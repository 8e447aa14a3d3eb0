"""The data of these tests: a formula of three features, some of them missing; and XGBoost itself on it."""

import io
import math
import tarfile
from urllib.parse import urlparse

import numpy as np
import xgboost

TRAIN, VALIDATION = range(600), range(600, 800)


def features(index):
    a, b, c = index * 37 % 101 / 101, index * 53 % 97 / 97, index * 11 % 13
    return math.nan if index % 7 == 0 else a, b, float(c)


def label(index):
    return 3 * (index * 37 % 101 / 101) - 2 * (index * 53 % 97 / 97) + (index * 11 % 13) / 10 + math.sin(index) / 10


def text(value):
    return "" if math.isnan(value) else repr(value)


def csv(rows, labelled=True):
    """As the container reads it: no header, the label first, an empty field for what is missing."""
    lines = ([label(row), *features(row)] if labelled else features(row) for row in rows)
    return "\n".join(",".join(map(text, line)) for line in lines)


def booster(session, artifact):
    """The model of an artifact in S3, read by Python's XGBoost."""
    url = urlparse(artifact)
    packed = session.boto_session.client("s3").get_object(Bucket=url.netloc, Key=url.path[1:])["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        (member,) = archive.getmembers()
        model = bytearray(archive.extractfile(member).read())
    return xgboost.Booster(model_file=model)


def predictions(booster, rows):
    return booster.predict(xgboost.DMatrix(np.array([features(row) for row in rows], dtype=np.float32)))


def rmse(booster, rows):
    labels = np.array([label(row) for row in rows])
    return float(np.sqrt(np.mean((predictions(booster, rows) - labels) ** 2)))


def answered(answer):
    """The predictions of a CSV answer."""
    rows = answer if isinstance(answer, list) else answer.decode().replace("\n", ",").strip(",").split(",")
    flat = [value for row in rows for value in (row if isinstance(row, list) else [row])]
    return np.array([float(value) for value in flat], dtype=np.float32)
