"""Conditional reads, writes, copies and deletes. Expectations: the user guide's "Conditional requests"."""

import datetime
import socket
import urllib.parse

from botocore.config import Config
from checks import refused

EARLIER = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
LATER = datetime.datetime(2040, 1, 1, tzinfo=datetime.timezone.utc)


def test_reads_by_etag_and_date(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    for call in (s3.get_object, s3.head_object):
        asked = {"Bucket": bucket, "Key": "k"}
        precondition, not_modified = ("PreconditionFailed", "304") if call == s3.get_object else ("412", "304")
        for holds in ({"IfMatch": etag}, {"IfNoneMatch": '"other"'}, {"IfModifiedSince": EARLIER}, {"IfUnmodifiedSince": LATER}):
            call(**asked, **holds)
        assert refused(precondition, call, **asked, IfMatch='"other"').status == 412
        assert refused(precondition, call, **asked, IfUnmodifiedSince=EARLIER).status == 412
        assert refused(not_modified, call, **asked, IfNoneMatch=etag).status == 304
        assert refused(not_modified, call, **asked, IfModifiedSince=LATER).status == 304
        # The ETag's condition overrules the date's.
        call(**asked, IfMatch=etag, IfUnmodifiedSince=EARLIER)
        assert refused(not_modified, call, **asked, IfNoneMatch=etag, IfModifiedSince=EARLIER).status == 304


def test_a_put_once(s3, bucket):
    put = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**put, Body=b"1", IfNoneMatch="*")
    refusal = refused("PreconditionFailed", s3.put_object, **put, Body=b"2", IfNoneMatch="*")
    assert refusal.status == 412
    assert s3.get_object(**put)["Body"].read() == b"1"
    s3.delete_object(**put)
    s3.put_object(**put, Body=b"3", IfNoneMatch="*")
    assert refused("NotImplemented", s3.put_object, **put, Body=b"4", IfNoneMatch='"etag"').status == 501


def test_a_put_over_what_was_read(s3, bucket):
    put = {"Bucket": bucket, "Key": "k"}
    first = s3.put_object(**put, Body=b"1")["ETag"]
    second = s3.put_object(**put, Body=b"2", IfMatch=first)["ETag"]
    assert refused("PreconditionFailed", s3.put_object, **put, Body=b"3", IfMatch=first).status == 412
    s3.delete_object(**put)
    assert refused("NoSuchKey", s3.put_object, **put, Body=b"3", IfMatch=second).status == 404


def test_a_versioned_key_under_a_delete_marker_is_absent(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put = {"Bucket": bucket, "Key": "k"}
    etag = s3.put_object(**put, Body=b"1", IfNoneMatch="*")["ETag"]
    s3.delete_object(**put)
    assert refused("NoSuchKey", s3.put_object, **put, Body=b"2", IfMatch=etag).status == 404
    s3.put_object(**put, Body=b"2", IfNoneMatch="*")


def test_the_end_of_an_upload(s3, bucket):
    def complete(**condition):
        begun = s3.create_multipart_upload(Bucket=bucket, Key="k")
        upload = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
        part = s3.upload_part(**upload, PartNumber=1, Body=b"part")
        named = {"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}
        return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [named]}, **condition)

    etag = complete(IfNoneMatch="*")["ETag"]
    assert refused("PreconditionFailed", complete, IfNoneMatch="*").status == 412
    assert refused("PreconditionFailed", complete, IfMatch='"other"').status == 412
    complete(IfMatch=etag)
    s3.delete_object(Bucket=bucket, Key="k")
    assert refused("NoSuchKey", complete, IfMatch=etag).status == 404


def test_copies_by_source_and_by_target(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="source", Body=b"1")["ETag"]
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "source"}}
    for holds in (
        {"CopySourceIfMatch": etag},
        {"CopySourceIfNoneMatch": '"other"'},
        {"CopySourceIfModifiedSince": EARLIER},
        {"CopySourceIfUnmodifiedSince": LATER},
        {"CopySourceIfMatch": etag, "CopySourceIfUnmodifiedSince": EARLIER},
    ):
        s3.copy_object(**copy, **holds)
    for fails in (
        {"CopySourceIfMatch": '"other"'},
        {"CopySourceIfNoneMatch": etag},
        {"CopySourceIfModifiedSince": LATER},
        {"CopySourceIfUnmodifiedSince": EARLIER},
        {"IfNoneMatch": "*"},
        {"IfMatch": '"other"'},
    ):
        assert refused("PreconditionFailed", s3.copy_object, **copy, **fails).status == 412
    s3.copy_object(**copy, IfMatch=etag)
    assert refused("NoSuchKey", s3.copy_object, **{**copy, "Key": "new"}, IfMatch=etag).status == 404
    s3.copy_object(**{**copy, "Key": "new"}, IfNoneMatch="*")


def test_deletes(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    assert refused("PreconditionFailed", s3.delete_object, Bucket=bucket, Key="k", IfMatch='"other"').status == 412
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag)
    assert refused("NoSuchKey", s3.delete_object, Bucket=bucket, Key="k", IfMatch="*").status == 404
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    objects = [{"Key": "a", "ETag": etag}, {"Key": "b", "ETag": '"other"'}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [each["Key"] for each in answer["Deleted"]] == ["a"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("b", "PreconditionFailed")]


def test_a_deletion_while_a_conditional_write_is_under_way_is_a_conflict(account, s3, bucket):
    """The write has begun when the server says Continue; it ends after the deletion."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    signer = account.client("s3", Config(signature_version="s3v4"))
    url = signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k", "IfNoneMatch": "*"})
    parts, server = urllib.parse.urlsplit(url), urllib.parse.urlsplit(account.endpoint_url)
    head = (
        f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {server.netloc}\r\nIf-None-Match: *\r\n"
        "Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((server.hostname, server.port), timeout=30) as connection:
        connection.sendall(head.encode())
        answer = connection.makefile("rb")
        assert answer.readline().split()[1] == b"100"
        answer.readline()
        s3.delete_object(Bucket=bucket, Key="k")
        connection.sendall(b"new")
        assert answer.readline().split()[1] == b"409"
        assert b"ConditionalRequestConflict" in answer.read(2000)
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="k")
