"""Objects: put, read, described, copied, deleted. Expectations: the API reference of each operation, and hashlib."""

import datetime
import hashlib
import http.client
import urllib.parse

import pytest
from botocore.config import Config
from checks import refused

BODY = b"a,b\n1,2\n"


def test_an_object_comes_back_as_it_was_put(s3, bucket):
    key = "a/b c+ü&?=%.csv"
    settings = {
        "ContentType": "text/csv",
        "ContentEncoding": "identity",
        "ContentLanguage": "de",
        "ContentDisposition": 'attachment; filename="a.csv"',
        "CacheControl": "max-age=60",
        "Expires": datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        "Metadata": {"origin": "x", "note": "two words"},
    }
    put = s3.put_object(Bucket=bucket, Key=key, Body=BODY, **settings)
    assert put["ETag"] == f'"{hashlib.md5(BODY).hexdigest()}"' and put["ServerSideEncryption"] == "AES256"
    assert "VersionId" not in put
    got, head = s3.get_object(Bucket=bucket, Key=key), s3.head_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == BODY
    for answer in (got, head):
        assert {name: answer[name] for name in settings} == settings
        assert (answer["ContentLength"], answer["ETag"], answer["AcceptRanges"]) == (len(BODY), put["ETag"], "bytes")
        age = datetime.datetime.now(datetime.timezone.utc) - answer["LastModified"]
        assert datetime.timedelta(seconds=-5) < age < datetime.timedelta(minutes=5)
        assert "VersionId" not in answer and "DeleteMarker" not in answer


def test_an_empty_object_and_the_defaults(s3, bucket):
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    got = s3.get_object(Bucket=bucket, Key="empty")
    assert (got["Body"].read(), got["ContentLength"], got["ContentType"]) == (b"", 0, "binary/octet-stream")
    assert got["Metadata"] == {}


def test_the_answer_has_the_headers_that_the_request_asks_for(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ContentType="text/csv")
    got = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/plain", ResponseCacheControl="no-store")
    assert (got["ContentType"], got["CacheControl"]) == ("text/plain", "no-store")


def test_an_object_that_is_not_there(s3, bucket):
    assert refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="none").status == 404
    assert refused("404", s3.head_object, Bucket=bucket, Key="none").status == 404
    source = {"Bucket": bucket, "Key": "none"}
    assert refused("NoSuchKey", s3.copy_object, Bucket=bucket, Key="k", CopySource=source).status == 404
    assert s3.delete_object(Bucket=bucket, Key="none")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_what_an_object_cannot_be(s3, bucket):
    put = {"Bucket": bucket, "Key": "k", "Body": BODY}
    assert refused("KeyTooLongError", s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"").status == 400
    s3.put_object(Bucket=bucket, Key="k" * 1024, Body=b"")
    assert refused("MetadataTooLarge", s3.put_object, **put, Metadata={"long": "x" * 2048}).status == 400
    assert refused("AccessControlListNotSupported", s3.put_object, **put, ACL="public-read").status == 400
    s3.put_object(**put, ACL="bucket-owner-full-control", ServerSideEncryption="AES256", StorageClass="STANDARD")


@pytest.mark.parametrize(
    "setting",
    [
        {"Tagging": "a=b"},
        {"ServerSideEncryption": "aws:kms"},
        {"StorageClass": "GLACIER"},
        {"WebsiteRedirectLocation": "/x"},
        {"ObjectLockLegalHoldStatus": "ON"},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_a_setting_that_would_be_forgotten_is_refused(s3, bucket, setting):
    refusal = refused("NotImplemented", s3.put_object, Bucket=bucket, Key="k", Body=b"", **setting)
    assert refusal.status == 501 and "refit-local does not have" in refusal.message


@pytest.mark.parametrize(
    ("operation", "named", "more"),
    [
        ("get_bucket_acl", "acl", {}),
        ("get_bucket_cors", "cors", {}),
        ("get_bucket_encryption", "encryption", {}),
        ("get_bucket_lifecycle_configuration", "lifecycle", {}),
        ("get_bucket_tagging", "tagging", {}),
        ("get_object_acl", "acl", {"Key": "k"}),
        ("get_object_attributes", "GetObjectAttributes", {"Key": "k", "ObjectAttributes": ["ETag"]}),
        ("get_object_tagging", "tagging", {"Key": "k"}),
        ("put_bucket_tagging", "tagging", {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}),
        ("put_object_tagging", "tagging", {"Key": "k", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}),
        ("restore_object", "restore", {"Key": "k", "RestoreRequest": {"Days": 1}}),
    ],
)
def test_an_operation_that_is_not_there_is_named(s3, bucket, operation, named, more):
    refusal = refused("NotImplemented", getattr(s3, operation), Bucket=bucket, **more)
    assert refusal.status == 501 and named in refusal.message


def test_a_copy_brings_or_replaces_the_metadata(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, ContentType="text/csv", Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": "source"}
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(BODY).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="copy")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (BODY, "text/csv", {"a": "1"})
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    head = s3.head_object(Bucket=bucket, Key="copy")
    assert (head["ContentType"], head["Metadata"]) == ("binary/octet-stream", {"b": "2"})
    # The source may be gone: a copy is an object of its own.
    s3.delete_object(Bucket=bucket, Key="source")
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == BODY


def test_a_copy_to_itself_changes_something(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Metadata={"a": "1"})
    itself = {"Bucket": bucket, "Key": "k", "CopySource": {"Bucket": bucket, "Key": "k"}}
    assert refused("InvalidRequest", s3.copy_object, **itself).status == 400
    s3.copy_object(**itself, MetadataDirective="REPLACE", Metadata={"a": "2"})
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (BODY, {"a": "2"})


def test_many_objects_are_deleted_at_once(s3, bucket):
    for key in ("one", "two", "three"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "one"}, {"Key": "never"}]})
    assert sorted(each["Key"] for each in answer["Deleted"]) == ["never", "one"] and "Errors" not in answer
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "two"}], "Quiet": True})
    assert "Deleted" not in quiet and "Errors" not in quiet
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["three"]
    many = [{"Key": str(number)} for number in range(1001)]
    assert refused("MalformedXML", s3.delete_objects, Bucket=bucket, Delete={"Objects": many}).status == 400


def test_the_server_says_continue_before_the_body_and_refuses_without_it(account, bucket):
    """boto3 sends Expect: 100-continue with every body; here the wire shows that a refusal comes instead of it."""
    s3 = account.client("s3", Config(signature_version="s3v4"))
    missing = s3.generate_presigned_url("put_object", Params={"Bucket": f"{bucket}-none", "Key": "k"})
    there = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    assert _status_line(account.endpoint_url, missing) == 404
    assert _status_line(account.endpoint_url, there) == 100


def _status_line(endpoint_url, url):
    """The status of the first answer to a PUT that waits to be told to go on."""
    host, parts = urllib.parse.urlsplit(endpoint_url).netloc, urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.putrequest("PUT", f"{parts.path}?{parts.query}")
    connection.putheader("Content-Length", "4")
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    line = connection.sock.makefile("rb").readline()
    connection.close()
    return int(line.split()[1])
