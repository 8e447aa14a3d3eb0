"""Buckets: made, found, counted, removed. Expectations: the API reference of each operation."""

from checks import fresh, refused


def test_a_bucket_is_made_once_and_again_by_its_owner(s3, other_account):
    name = fresh("bucket")
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"
    s3.create_bucket(Bucket=name)
    assert refused("BucketAlreadyExists", other_account.s3.create_bucket, Bucket=name).status == 409
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None


def test_a_bucket_of_another_region_or_with_an_open_acl_is_refused(s3):
    elsewhere = {"LocationConstraint": "eu-west-1"}
    refused("IllegalLocationConstraintException", s3.create_bucket, Bucket=fresh("b"), CreateBucketConfiguration=elsewhere)
    refused("AccessControlListNotSupported", s3.create_bucket, Bucket=fresh("b"), ACL="public-read")
    refused("NotImplemented", s3.create_bucket, Bucket=fresh("b"), ObjectLockEnabledForBucket=True)
    assert refused("InvalidBucketName", s3.create_bucket, Bucket="UPPER-CASE").status == 400


def test_buckets_are_listed_by_name_and_page(s3, account):
    names = sorted(fresh("listed") for _ in range(3))
    for name in names:
        s3.create_bucket(Bucket=name)
    first = s3.list_buckets(Prefix="listed-", MaxBuckets=1)
    assert len(first["Buckets"]) == 1 and first["ContinuationToken"] and first["Prefix"] == "listed-"
    assert first["Owner"]["ID"]
    pages = s3.get_paginator("list_buckets").paginate(Prefix="listed-", PaginationConfig={"PageSize": 2})
    found = [bucket["Name"] for page in pages for bucket in page["Buckets"]]
    assert found == sorted(found) and set(names) <= set(found)


def test_a_bucket_that_is_not_there(s3):
    name = fresh("none")
    assert refused("404", s3.head_bucket, Bucket=name).status == 404
    for call in (s3.list_objects_v2, s3.list_objects, s3.list_object_versions, s3.list_multipart_uploads):
        assert refused("NoSuchBucket", call, Bucket=name).status == 404
    for call in (s3.get_bucket_location, s3.get_bucket_versioning, s3.get_bucket_policy, s3.delete_bucket):
        assert refused("NoSuchBucket", call, Bucket=name).status == 404
    refused("NoSuchBucket", s3.put_object, Bucket=name, Key="k", Body=b"")
    refused("NoSuchBucket", s3.create_multipart_upload, Bucket=name, Key="k")


def test_only_an_empty_bucket_is_removed(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert refused("BucketNotEmpty", s3.delete_bucket, Bucket=bucket).status == 409
    s3.delete_object(Bucket=bucket, Key="k")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="open")
    s3.upload_part(Bucket=bucket, Key="open", UploadId=upload["UploadId"], PartNumber=1, Body=b"part")
    s3.delete_bucket(Bucket=bucket)
    refused("404", s3.head_bucket, Bucket=bucket)


def test_the_expected_owner_is_checked(account, bucket):
    s3, mine, wrong = account.s3, {"ExpectedBucketOwner": account.id}, {"ExpectedBucketOwner": "999999999999"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **mine)
    assert s3.get_object(Bucket=bucket, Key="k", **mine)["Body"].read() == b"x"
    assert refused("403", s3.head_bucket, Bucket=bucket, **wrong).status == 403
    for call, more in [
        (s3.get_object, {"Key": "k"}),
        (s3.put_object, {"Key": "k", "Body": b"y"}),
        (s3.delete_object, {"Key": "k"}),
        (s3.list_objects_v2, {}),
        (s3.copy_object, {"Key": "c", "CopySource": {"Bucket": bucket, "Key": "k"}}),
        (s3.create_multipart_upload, {"Key": "k"}),
        (s3.get_bucket_policy, {}),
    ]:
        assert refused("AccessDenied", call, Bucket=bucket, **more, **wrong).status == 403
    source = {"Bucket": bucket, "Key": "k"}
    refused("AccessDenied", s3.copy_object, Bucket=bucket, Key="c", CopySource=source, ExpectedSourceBucketOwner="999999999999")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
