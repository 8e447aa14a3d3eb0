"""Ranges and parts of an object. Expectations: RFC 9110 and the API reference of GetObject."""

import pytest
from checks import refused

BODY = bytes(range(256)) * 5000  # more than two of the server's blocks


@pytest.fixture(scope="module")
def stored(s3):
    from checks import fresh

    name = fresh("ranges")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=BODY)
    s3.put_object(Bucket=name, Key="empty", Body=b"")
    return {"Bucket": name, "Key": "k"}


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-0", 0, 0),
        ("2-4", 2, 4),
        ("524280-524300", 524280, 524300),
        ("5-", 5, len(BODY) - 1),
        ("-7", len(BODY) - 7, len(BODY) - 1),
        ("10-99999999", 10, len(BODY) - 1),
        ("-99999999", 0, len(BODY) - 1),
    ],
)
def test_a_range_is_answered_with_what_it_is(s3, stored, asked, first, last):
    got = s3.get_object(**stored, Range=f"bytes={asked}")
    assert got["Body"].read() == BODY[first : last + 1]
    assert got["ContentRange"] == f"bytes {first}-{last}/{len(BODY)}" and got["ContentLength"] == last - first + 1
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    head = s3.head_object(**stored, Range=f"bytes={asked}")
    assert (head["ContentRange"], head["ContentLength"]) == (got["ContentRange"], got["ContentLength"])
    assert head["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_a_range_that_is_not_there(s3, stored):
    for asked in (f"bytes={len(BODY)}-", "bytes=99999999-", "bytes=-0"):
        assert refused("InvalidRange", s3.get_object, **stored, Range=asked).status == 416
    for asked in ("bytes=0-0", "bytes=-1"):
        assert refused("InvalidRange", s3.get_object, **{**stored, "Key": "empty"}, Range=asked).status == 416


@pytest.mark.parametrize("asked", ["bytes=3-1", "bytes=0-1,4-5", "bytes=", "bytes=-", "bytes=a-b", "bytes", "lines=0-1", "0-1"])
def test_what_is_no_range_is_ignored(s3, stored, asked):
    # As observed of S3: noobaa-core 9889 (the end before the start), moto 6778 and versitygw 1120 (unreadable), riak_cs 304 (several).
    got = s3.get_object(**stored, Range=asked)
    assert got["Body"].read() == BODY and "ContentRange" not in got
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 200
    head = s3.head_object(**stored, Range=asked)
    assert head["ContentLength"] == len(BODY) and head["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_object_that_was_put_at_once_is_its_first_part(s3, stored):
    got = s3.get_object(**stored, PartNumber=1)
    assert got["Body"].read() == BODY and got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert refused("InvalidPartNumber", s3.get_object, **stored, PartNumber=2).status == 416
    assert refused("InvalidRequest", s3.get_object, **stored, PartNumber=1, Range="bytes=0-1").status == 400
