"""Versioning. Expectations: the user guide's "Retaining multiple versions of objects", and the API reference."""

import pytest
from checks import refused


def versioning(s3, bucket, status):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


@pytest.fixture
def versioned(s3, bucket):
    versioning(s3, bucket, "Enabled")
    return bucket


def put(s3, bucket, body, key="k"):
    return s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")


def read(s3, bucket, **version):
    return s3.get_object(Bucket=bucket, Key="k", **version)["Body"].read()


def test_the_status_of_a_bucket(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    for status in ("Enabled", "Suspended", "Enabled"):
        versioning(s3, bucket, status)
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status
    on = {"Status": "On"}
    refusal = refused("IllegalVersioningConfigurationException", s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=on)
    assert refusal.status == 400


def test_every_version_is_kept(s3, versioned):
    one, two = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    assert one != two and read(s3, versioned) == b"2"
    assert read(s3, versioned, VersionId=one) == b"1"
    assert s3.head_object(Bucket=versioned, Key="k", VersionId=one)["VersionId"] == one
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == two
    assert refused("NoSuchVersion", s3.get_object, Bucket=versioned, Key="k", VersionId="0" * 32).status == 404


def test_a_deletion_puts_a_marker_on_top_and_removing_it_brings_the_object_back(s3, versioned):
    one = put(s3, versioned, b"1")
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert marker["DeleteMarker"] is True and marker["VersionId"] not in (None, one)
    gone = refused("NoSuchKey", s3.get_object, Bucket=versioned, Key="k")
    headers = gone.response["ResponseMetadata"]["HTTPHeaders"]
    assert (gone.status, headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == (404, "true", marker["VersionId"])
    of_marker = {"Bucket": versioned, "Key": "k", "VersionId": marker["VersionId"]}
    refusal = refused("MethodNotAllowed", s3.get_object, **of_marker)
    assert refusal.status == 405 and refusal.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    assert refused("405", s3.head_object, **of_marker).status == 405
    assert "Contents" not in s3.list_objects_v2(Bucket=versioned)
    undone = s3.delete_object(**of_marker)
    assert undone["DeleteMarker"] is True and undone["VersionId"] == marker["VersionId"]
    assert read(s3, versioned) == b"1"
    removed = s3.delete_object(Bucket=versioned, Key="k", VersionId=one)
    assert removed["VersionId"] == one and "DeleteMarker" not in removed
    refused("NoSuchKey", s3.get_object, Bucket=versioned, Key="k")


def test_removing_the_current_version_uncovers_the_one_before(s3, versioned):
    put(s3, versioned, b"1")
    two = put(s3, versioned, b"2")
    s3.delete_object(Bucket=versioned, Key="k", VersionId=two)
    assert read(s3, versioned) == b"1"
    assert s3.list_object_versions(Bucket=versioned)["Versions"][0]["IsLatest"] is True


def test_the_null_version_is_what_was_there_before_and_what_suspension_writes(s3, bucket):
    put(s3, bucket, b"before")
    versioning(s3, bucket, "Enabled")
    kept = put(s3, bucket, b"kept")
    assert read(s3, bucket, VersionId="null") == b"before"
    versioning(s3, bucket, "Suspended")
    assert put(s3, bucket, b"over null") == "null"
    assert read(s3, bucket, VersionId="null") == read(s3, bucket) == b"over null"
    assert read(s3, bucket, VersionId=kept) == b"kept"
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert (marker["DeleteMarker"], marker["VersionId"]) == (True, "null")
    listed = s3.list_object_versions(Bucket=bucket)
    assert [each["VersionId"] for each in listed["Versions"]] == [kept]
    assert [each["VersionId"] for each in listed["DeleteMarkers"]] == ["null"]


def test_an_old_version_is_copied_to_the_top(s3, versioned):
    one = put(s3, versioned, b"1")
    put(s3, versioned, b"2")
    copied = s3.copy_object(Bucket=versioned, Key="k", CopySource={"Bucket": versioned, "Key": "k", "VersionId": one})
    assert copied["CopySourceVersionId"] == one and copied["VersionId"] not in (None, one)
    assert read(s3, versioned) == b"1"


def test_versions_are_listed_newest_first_and_by_page(s3, versioned):
    ids = {key: [put(s3, versioned, b"x", key) for _ in range(3)][::-1] for key in ("a", "b/c", "b/d", "e")}
    ids["a"].insert(0, s3.delete_object(Bucket=versioned, Key="a")["VersionId"])

    def found(size, **more):
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=versioned, **more, PaginationConfig={"PageSize": size}
        )
        versions, prefixes = {}, []
        for page in pages:
            each = page.get("Versions", []) + page.get("DeleteMarkers", [])
            assert len(each) + len(page.get("CommonPrefixes", [])) <= size
            # Within a page, markers come apart from versions.
            for one in sorted(each, key=lambda one: ids[one["Key"]].index(one["VersionId"])):
                versions.setdefault(one["Key"], []).append(one["VersionId"])
            prefixes += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        return versions, prefixes

    for size in (1, 2, 5, 1000):
        assert found(size) == (ids, [])
        assert found(size, Prefix="b/") == ({key: ids[key] for key in ("b/c", "b/d")}, [])
        assert found(size, Delimiter="/") == ({key: ids[key] for key in ("a", "e")}, ["b/"])
    marked = s3.list_object_versions(Bucket=versioned, KeyMarker="b/d", VersionIdMarker=ids["b/d"][0])
    assert [one["VersionId"] for one in marked["Versions"]] == ids["b/d"][1:] + ids["e"]
    assert refused("InvalidArgument", s3.list_object_versions, Bucket=versioned, VersionIdMarker="x").status == 400


def test_many_versions_are_deleted_at_once(s3, versioned):
    one, two = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    objects = [{"Key": "k", "VersionId": version} for version in (one, two)]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": objects})
    assert sorted(each["VersionId"] for each in answer["Deleted"]) == sorted([one, two])
    marker = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}]})["Deleted"][0]
    assert marker["DeleteMarker"] is True and marker["DeleteMarkerVersionId"]
    assert refused("BucketNotEmpty", s3.delete_bucket, Bucket=versioned).status == 409
