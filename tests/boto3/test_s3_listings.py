"""Listings of current objects. Expectations: the API reference of ListObjects and ListObjectsV2."""

import pytest
from checks import fresh, refused

KEYS = ["a", "a-b", "a/", "a/b", "a/b/c", "a/d e", "a/é", "b", "b+c", "ü/x"]
OPERATIONS = ["list_objects", "list_objects_v2"]


@pytest.fixture(scope="module")
def listed(s3):
    name = fresh("listings")
    s3.create_bucket(Bucket=name)
    for key in KEYS:
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
    return name


def entries(page):
    return [each["Key"] for each in page.get("Contents", [])], [each["Prefix"] for each in page.get("CommonPrefixes", [])]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(("prefix", "delimiter"), [("", None), ("", "/"), ("a/", "/"), ("a", "-"), ("a/b", "/"), ("none", None)])
def test_pages_give_everything_once_and_in_order(s3, listed, operation, size, prefix, delimiter):
    more = {"Delimiter": delimiter} if delimiter else {}
    pages = list(
        s3.get_paginator(operation).paginate(Bucket=listed, Prefix=prefix, **more, PaginationConfig={"PageSize": size})
    )
    keys, prefixes = [], []
    for page in pages:
        some_keys, some_prefixes = entries(page)
        assert len(some_keys) + len(some_prefixes) <= size
        keys += some_keys
        prefixes += some_prefixes
    below = [key for key in KEYS if key.startswith(prefix)]
    rolled = {key: key[: key.index(delimiter, len(prefix)) + 1] for key in below if delimiter and delimiter in key[len(prefix) :]}
    assert keys == [key for key in sorted(below, key=str.encode) if key not in rolled]
    assert prefixes == sorted(set(rolled.values()), key=str.encode)
    assert all(page["IsTruncated"] for page in pages[:-1]) and not pages[-1]["IsTruncated"]


def test_an_object_in_a_listing(s3, account, listed):
    first = s3.list_objects_v2(Bucket=listed, MaxKeys=1)
    assert (first["Name"], first["MaxKeys"], first["KeyCount"], first["IsTruncated"]) == (listed, 1, 1, True)
    each = first["Contents"][0]
    head = s3.head_object(Bucket=listed, Key="a")
    assert (each["Key"], each["Size"], each["ETag"], each["StorageClass"]) == ("a", 1, head["ETag"], "STANDARD")
    assert "Owner" not in each
    owner = s3.list_objects_v2(Bucket=listed, MaxKeys=1, FetchOwner=True)["Contents"][0]["Owner"]
    assert owner == s3.list_objects(Bucket=listed, MaxKeys=1)["Contents"][0]["Owner"]


def test_where_a_listing_begins(s3, listed):
    assert entries(s3.list_objects_v2(Bucket=listed, StartAfter="a/b"))[0] == KEYS[4:]
    assert entries(s3.list_objects(Bucket=listed, Marker="a/b"))[0] == KEYS[4:]
    # Between keys, and inside a common prefix.
    assert entries(s3.list_objects_v2(Bucket=listed, StartAfter="a/c"))[0] == KEYS[5:]
    assert entries(s3.list_objects_v2(Bucket=listed, StartAfter="a/b", Delimiter="/")) == (["b", "b+c"], ["a/", "ü/"])


def test_v1_names_the_next_marker_only_with_a_delimiter(s3, listed):
    assert "NextMarker" not in s3.list_objects(Bucket=listed, MaxKeys=2)
    assert s3.list_objects(Bucket=listed, MaxKeys=3, Delimiter="/")["NextMarker"] == "a/"


def test_keys_are_encoded_when_asked(s3, listed):
    """botocore asks for it always and decodes what comes, unless the caller asks: then it is left as it came."""
    raw = s3.list_objects_v2(Bucket=listed, Prefix="a/", EncodingType="url")
    assert (raw["EncodingType"], raw["Prefix"]) == ("url", "a/")
    assert entries(raw)[0] == ["a/", "a/b", "a/b/c", "a/d%20e", "a/%C3%A9"]
    assert refused("InvalidArgument", s3.list_objects_v2, Bucket=listed, EncodingType="base64").status == 400


def test_what_cannot_be_listed(s3, listed):
    assert refused("InvalidArgument", s3.list_objects_v2, Bucket=listed, ContinuationToken="nonsense").status == 400
    assert refused("InvalidArgument", s3.list_objects_v2, Bucket=listed, MaxKeys=-1).status == 400
    empty = s3.list_objects_v2(Bucket=listed, MaxKeys=0)
    assert "Contents" not in empty and not empty["IsTruncated"]
    assert s3.list_objects_v2(Bucket=listed, MaxKeys=5000)["MaxKeys"] == 1000
