"""Bucket policies between two accounts. Expectations: the user guide's "Bucket policies" and the service authorization
reference, which says which action and which resource each operation needs."""

import json

import pytest
from checks import refused


def attach(s3, bucket, *statements):
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


@pytest.fixture
def grant(s3, bucket, other_account):
    """Lets the other account do these actions to the bucket and what is in it, and nothing else."""

    def grant(*actions, **more):
        resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
        statement = {"Effect": "Allow", "Principal": {"AWS": other_account.id}, "Action": actions, "Resource": resources}
        attach(s3, bucket, {**statement, **more})

    return grant


def operations(bucket):
    """Every operation on a bucket that another account's client can try, and the action it needs."""
    key, in_bucket = {"Bucket": bucket, "Key": "k"}, {"Bucket": bucket}
    upload = {**key, "UploadId": "none"}
    return [
        ("s3:GetObject", "get_object", key, None),
        ("s3:GetObject", "head_object", key, None),
        ("s3:GetObjectVersion", "get_object", {**key, "VersionId": "null"}, None),
        ("s3:PutObject", "put_object", {**key, "Body": b"theirs"}, None),
        ("s3:PutObject", "create_multipart_upload", key, None),
        ("s3:PutObject", "upload_part", {**upload, "PartNumber": 1, "Body": b""}, "NoSuchUpload"),
        ("s3:PutObject", "complete_multipart_upload", {**upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "x"}]}}, "NoSuchUpload"),
        ("s3:AbortMultipartUpload", "abort_multipart_upload", upload, "NoSuchUpload"),
        ("s3:ListMultipartUploadParts", "list_parts", upload, "NoSuchUpload"),
        ("s3:ListBucketMultipartUploads", "list_multipart_uploads", in_bucket, None),
        ("s3:ListBucket", "list_objects", in_bucket, None),
        ("s3:ListBucket", "list_objects_v2", in_bucket, None),
        ("s3:ListBucket", "head_bucket", in_bucket, None),
        ("s3:ListBucketVersions", "list_object_versions", in_bucket, None),
        ("s3:GetBucketLocation", "get_bucket_location", in_bucket, None),
        ("s3:GetBucketVersioning", "get_bucket_versioning", in_bucket, None),
        ("s3:DeleteObject", "delete_object", key, None),
        ("s3:DeleteObjectVersion", "delete_object", {**key, "VersionId": "null"}, None),
        ("s3:PutBucketVersioning", "put_bucket_versioning", {**in_bucket, "VersioningConfiguration": {"Status": "Enabled"}}, None),
    ]  # fmt: skip


NUMBER_OF_OPERATIONS = len(operations("b"))


@pytest.mark.parametrize("at", range(NUMBER_OF_OPERATIONS), ids=lambda at: "-".join(operations("b")[at][1::-1]))
def test_an_operation_needs_its_action(s3, other_account, bucket, grant, at):
    action, operation, arguments, then = operations(bucket)[at]
    call, code = getattr(other_account.s3, operation), "403" if operation.startswith("head") else "AccessDenied"
    s3.put_object(Bucket=bucket, Key="k", Body=b"mine")
    assert refused(code, call, **arguments).status == 403
    # Everything but the one action.
    grant("s3:*")
    denied = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    attach(s3, bucket, *policy, denied)
    assert refused(code, call, **arguments).status == 403
    grant(action)
    if then:
        refused(then, call, **arguments)
    else:
        call(**arguments)


def test_the_refusal_says_who_what_and_why(account, other_account, bucket):
    refusal = refused("AccessDenied", other_account.s3.get_object, Bucket=bucket, Key="k")
    assert refusal.message == (
        f"User: arn:aws:iam::{other_account.id}:root is not authorized to perform: s3:GetObject on resource: "
        f'"arn:aws:s3:::{bucket}/k" because no resource-based policy allows the s3:GetObject action'
    )
    attach(account.s3, bucket, {"Effect": "Deny", "Principal": "*", "Action": "s3:Get*", "Resource": f"arn:aws:s3:::{bucket}/*"})
    refusal = refused("AccessDenied", account.s3.get_object, Bucket=bucket, Key="k")
    assert refusal.message.endswith("with an explicit deny in a resource-based policy")


def test_who_may_not_list_is_not_told_what_is_missing(other_account, bucket, grant):
    grant("s3:GetObject")
    assert refused("AccessDenied", other_account.s3.get_object, Bucket=bucket, Key="none").status == 403
    grant("s3:GetObject", "s3:ListBucket")
    assert refused("NoSuchKey", other_account.s3.get_object, Bucket=bucket, Key="none").status == 404


def test_a_copy_needs_its_source_and_its_target(s3, other_account, bucket, grant):
    s3.put_object(Bucket=bucket, Key="source", Body=b"mine")
    theirs = f"{bucket}-theirs"
    other_account.s3.create_bucket(Bucket=theirs)
    copy = {"Bucket": theirs, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "source"}}
    refused("AccessDenied", other_account.s3.copy_object, **copy)
    grant("s3:GetObject")
    other_account.s3.copy_object(**copy)
    assert other_account.s3.get_object(Bucket=theirs, Key="copy")["Body"].read() == b"mine"
    refused("AccessDenied", s3.get_object, Bucket=theirs, Key="copy")
    back = {"Bucket": bucket, "Key": "back", "CopySource": {"Bucket": theirs, "Key": "copy"}}
    refused("AccessDenied", other_account.s3.copy_object, **back)
    grant("s3:PutObject")
    other_account.s3.copy_object(**back)
    assert s3.get_object(Bucket=bucket, Key="back")["Body"].read() == b"mine"


def test_a_prefix_is_granted_by_a_condition(s3, other_account, bucket, grant):
    s3.put_object(Bucket=bucket, Key="home/k", Body=b"")
    grant("s3:ListBucket", Condition={"StringLike": {"s3:prefix": "home/*"}})
    assert other_account.s3.list_objects_v2(Bucket=bucket, Prefix="home/")["KeyCount"] == 1
    refused("AccessDenied", other_account.s3.list_objects_v2, Bucket=bucket, Prefix="ho")
    refused("AccessDenied", other_account.s3.list_objects_v2, Bucket=bucket)


def test_conditional_writes_are_enforced(s3, bucket):
    """The example of "Enforce conditional writes on Amazon S3 buckets"."""
    resource = f"arn:aws:s3:::{bucket}/*"
    condition = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    attach(s3, bucket, {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": resource, "Condition": condition})
    refused("AccessDenied", s3.put_object, Bucket=bucket, Key="k", Body=b"")
    s3.put_object(Bucket=bucket, Key="k", Body=b"", IfNoneMatch="*")
    begun = s3.create_multipart_upload(Bucket=bucket, Key="m")
    s3.upload_part(Bucket=bucket, Key="m", UploadId=begun["UploadId"], PartNumber=1, Body=b"x")


def test_each_of_many_deletions_is_decided(s3, other_account, bucket):
    for key in ("theirs/k", "mine"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    attach(s3, bucket, {
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{other_account.id}:root"},
        "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/theirs/*",
    })  # fmt: skip
    answer = other_account.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "theirs/k"}, {"Key": "mine"}]})
    assert [each["Key"] for each in answer["Deleted"]] == ["theirs/k"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("mine", "AccessDenied")]


def test_the_policy_is_the_owners(s3, other_account, bucket, grant):
    assert refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket).status == 404
    assert refused("NoSuchBucketPolicy", s3.get_bucket_policy_status, Bucket=bucket).status == 404
    assert refused("AccessDenied", other_account.s3.get_bucket_policy, Bucket=bucket).status == 403
    grant("s3:*")
    text = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert json.loads(text)["Statement"][0]["Action"] == ["s3:*"]
    for operation, more in [("get_bucket_policy", {}), ("delete_bucket_policy", {}), ("put_bucket_policy", {"Policy": text})]:
        assert refused("MethodNotAllowed", getattr(other_account.s3, operation), Bucket=bucket, **more).status == 405
    # Whoever is shut out, root can repair it.
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    attach(s3, bucket, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything})
    refused("AccessDenied", s3.list_objects_v2, Bucket=bucket)
    assert s3.delete_bucket_policy(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    s3.list_objects_v2(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)


def test_a_policy_for_everybody_is_public(s3, bucket, grant):
    grant("s3:GetObject")
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    grant("s3:GetObject", Principal="*")
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True


@pytest.mark.parametrize(
    ("named", "changes"),
    [
        ("Effect", {"Effect": "Permit"}),
        ("principal", {"Principal": {"AWS": "nobody"}}),
        ("Principal", {"Principal": None}),
        ("action", {"Action": "sagemaker:*"}),
        ("resource", {"Resource": "arn:aws:s3:::another-bucket/*"}),
        ("Resources", {"Resources": "*"}),
        ("DateGreaterThan", {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}}),
        ("aws:SourceVpce", {"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_policy_that_is_not_understood_is_refused_by_name(s3, bucket, named, changes):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*", **changes}
    statement = {name: value for name, value in statement.items() if value is not None}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    refusal = refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=policy)
    assert refusal.status == 400 and named.lower() in refusal.message.lower()
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy="no json")
