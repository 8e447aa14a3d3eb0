"""Amazon's Python client against refit-local's S3 and STS.

    boto3_s3.py ENDPOINT_URL [ACCESS_KEY SECRET_KEY ACCOUNT]

Ends with `ok` and exit code 0 if every answer was the one AWS documents.
"""

import base64
import hashlib
import io
import sys
import uuid
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
ACCESS_KEY, SECRET_KEY, ACCOUNT = (sys.argv[2:] + ["refit-local", "refit-local", "123456789012"])[:3]


def client(service, **more):
    settings = dict(
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(retries={"total_max_attempts": 1}),
    )
    return boto3.client(service, **{**settings, **more})


def refused(code, status, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        got = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        assert got == (code, status), f"expected {(code, status)}, got {got}: {error}"
        return error.response
    raise AssertionError(f"expected {code}, but the call went through")


def buckets(s3, bucket):
    s3.create_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"
    assert bucket in [each["Name"] for each in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=ACCOUNT)
    refused("403", 403, s3.head_bucket, Bucket=bucket, ExpectedBucketOwner="999999999999")
    refused("404", 404, s3.head_bucket, Bucket=f"no-{bucket}")


def objects(s3, bucket):
    body = b"a,b\n1,2\n"
    put = s3.put_object(Bucket=bucket, Key="a/b c+ü.csv", Body=body, ContentType="text/csv", Metadata={"origin": "x"})
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    assert put["ChecksumCRC32"] == crc, put
    got = s3.get_object(Bucket=bucket, Key="a/b c+ü.csv")
    assert got["Body"].read() == body
    assert (got["ContentType"], got["Metadata"], got["ContentLength"]) == ("text/csv", {"origin": "x"}, len(body))
    assert got["ChecksumCRC32"] == crc
    part = s3.get_object(Bucket=bucket, Key="a/b c+ü.csv", Range="bytes=2-4")
    assert (part["Body"].read(), part["ContentRange"]) == (body[2:5], f"bytes 2-4/{len(body)}")
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
    refused("InvalidRange", 416, s3.get_object, Bucket=bucket, Key="a/b c+ü.csv", Range="bytes=99-")
    refused("304", 304, s3.get_object, Bucket=bucket, Key="a/b c+ü.csv", IfNoneMatch=put["ETag"])
    refused("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key="none")
    refused("404", 404, s3.head_object, Bucket=bucket, Key="none")
    refused("NoSuchBucket", 404, s3.get_object, Bucket=f"no-{bucket}", Key="none")
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    refused("BadDigest", 400, s3.put_object, Bucket=bucket, Key="wrong", Body=body, ChecksumSHA256=wrong)
    refused("BadDigest", 400, s3.put_object, Bucket=bucket, Key="wrong", Body=body, ChecksumCRC32="AAAAAA==")
    md5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    refused("BadDigest", 400, s3.put_object, Bucket=bucket, Key="wrong", Body=body, ContentMD5=md5)
    refused("404", 404, s3.head_object, Bucket=bucket, Key="wrong")
    sha = base64.b64encode(hashlib.sha256(body).digest()).decode()
    s3.put_object(Bucket=bucket, Key="sha", Body=body, ChecksumSHA256=sha)
    assert s3.head_object(Bucket=bucket, Key="sha", ChecksumMode="ENABLED")["ChecksumSHA256"] == sha


def conditions(s3, bucket):
    first = s3.put_object(Bucket=bucket, Key="c", Body=b"1", IfNoneMatch="*")
    refused("PreconditionFailed", 412, s3.put_object, Bucket=bucket, Key="c", Body=b"2", IfNoneMatch="*")
    second = s3.put_object(Bucket=bucket, Key="c", Body=b"2", IfMatch=first["ETag"])
    refused("PreconditionFailed", 412, s3.put_object, Bucket=bucket, Key="c", Body=b"3", IfMatch=first["ETag"])
    refused("NoSuchKey", 404, s3.put_object, Bucket=bucket, Key="nowhere", Body=b"3", IfMatch=first["ETag"])
    source = {"Bucket": bucket, "Key": "c"}
    copy = dict(Bucket=bucket, Key="copy", CopySource=source)
    refused("PreconditionFailed", 412, s3.copy_object, **copy, CopySourceIfMatch=first["ETag"])
    s3.copy_object(**copy, CopySourceIfMatch=second["ETag"])
    refused("PreconditionFailed", 412, s3.copy_object, **copy, IfNoneMatch="*")
    refused("InvalidRequest", 400, s3.copy_object, Bucket=bucket, Key="c", CopySource=source)
    refused("PreconditionFailed", 412, s3.delete_object, Bucket=bucket, Key="c", IfMatch=first["ETag"])
    refused("AccessDenied", 403, s3.put_object, Bucket=bucket, Key="c", Body=b"", ExpectedBucketOwner="999999999999")


def settings(s3, bucket):
    put = dict(Bucket=bucket, Key="s", Body=b"s")
    s3.put_object(**put, ACL="bucket-owner-full-control", ServerSideEncryption="AES256", StorageClass="STANDARD")
    refused("AccessControlListNotSupported", 400, s3.put_object, **put, ACL="public-read")
    for setting in (dict(Tagging="a=b"), dict(ServerSideEncryption="aws:kms"), dict(StorageClass="GLACIER")):
        refused("NotImplemented", 501, s3.put_object, **put, **setting)
    refused("MetadataTooLarge", 400, s3.put_object, **put, Metadata={"long": "x" * 2048})
    refused("NotImplemented", 501, s3.get_bucket_policy, Bucket=bucket)


def listings(s3, bucket):
    keys = ["l/a", "l/b/1", "l/b/2", "l/c", "l/d e", "l/é"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for operation in ("list_objects", "list_objects_v2"):
        pages = s3.get_paginator(operation).paginate(
            Bucket=bucket, Prefix="l/", Delimiter="/", PaginationConfig={"PageSize": 1}
        )
        found, prefixes = [], []
        for page in pages:
            found += [each["Key"] for each in page.get("Contents", [])]
            prefixes += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
        assert found == ["l/a", "l/c", "l/d e", "l/é"], (operation, found)
        assert prefixes == ["l/b/"], (operation, prefixes)
        pages = s3.get_paginator(operation).paginate(Bucket=bucket, Prefix="l/", PaginationConfig={"PageSize": 2})
        assert [each["Key"] for page in pages for each in page["Contents"]] == keys, operation
    after = s3.list_objects_v2(Bucket=bucket, Prefix="l/", StartAfter="l/c")
    assert [each["Key"] for each in after["Contents"]] == ["l/d e", "l/é"]


def versions(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    one = s3.put_object(Bucket=bucket, Key="v", Body=b"one")["VersionId"]
    two = s3.put_object(Bucket=bucket, Key="v", Body=b"two")["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="v", VersionId=one)["Body"].read() == b"one"
    copied = s3.copy_object(Bucket=bucket, Key="v", CopySource={"Bucket": bucket, "Key": "v", "VersionId": one})
    assert copied["CopySourceVersionId"] == one
    assert s3.get_object(Bucket=bucket, Key="v")["Body"].read() == b"one"
    marker = s3.delete_object(Bucket=bucket, Key="v")
    assert marker["DeleteMarker"] is True
    gone = refused("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key="v")
    assert gone["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    refused("MethodNotAllowed", 405, s3.get_object, Bucket=bucket, Key="v", VersionId=marker["VersionId"])
    refused("NoSuchVersion", 404, s3.get_object, Bucket=bucket, Key="v", VersionId="0" * 32)
    found = s3.list_object_versions(Bucket=bucket, Prefix="v")
    assert [each["VersionId"] for each in found["Versions"]] == [copied["VersionId"], two, one]
    assert [each["IsLatest"] for each in found["DeleteMarkers"]] == [True]
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
    paged = [each for page in pages for each in page.get("Versions", []) + page.get("DeleteMarkers", [])]
    everything = s3.list_object_versions(Bucket=bucket)
    assert len(paged) == len(everything["Versions"]) + len(everything["DeleteMarkers"])
    s3.delete_object(Bucket=bucket, Key="v", VersionId=marker["VersionId"])
    assert s3.get_object(Bucket=bucket, Key="v")["Body"].read() == b"one"


def uploads(s3, bucket):
    body = bytes(range(256)) * (48 * 1024)
    config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config)
    head = s3.head_object(Bucket=bucket, Key="big")
    assert head["ETag"].endswith('-3"') and head["ContentLength"] == len(body), head
    target = io.BytesIO()
    s3.download_fileobj(bucket, "big", target, Config=config)
    assert target.getvalue() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "big copy", Config=config)
    assert s3.get_object(Bucket=bucket, Key="big copy")["Body"].read() == body
    part = s3.get_object(Bucket=bucket, Key="big", PartNumber=3)
    assert part["PartsCount"] == 3 and part["Body"].read() == body[10 << 20 :]
    begun = s3.create_multipart_upload(Bucket=bucket, Key="small")
    upload = dict(Bucket=bucket, Key="small", UploadId=begun["UploadId"])
    parts = [s3.upload_part(**upload, PartNumber=number, Body=b"x") for number in (1, 2)]
    listed = s3.list_parts(**upload)["Parts"]
    assert [each["PartNumber"] for each in listed] == [1, 2]
    named = [{"PartNumber": number + 1, "ETag": part["ETag"]} for number, part in enumerate(parts)]
    refused("EntityTooSmall", 400, s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": named})
    refused("InvalidPartOrder", 400, s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": named[::-1]})
    assert [each["Key"] for each in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["small"]
    s3.abort_multipart_upload(**upload)
    refused("NoSuchUpload", 404, s3.list_parts, **upload)


def presigned(s3, bucket):
    import urllib.request

    s3.put_object(Bucket=bucket, Key="signed", Body=b"signed")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "signed"})
    assert urllib.request.urlopen(url).read() == b"signed"


def signatures(bucket):
    unknown = client("s3", aws_access_key_id="nobody")
    refused("InvalidAccessKeyId", 403, unknown.list_objects_v2, Bucket=bucket)
    wrong = client("s3", aws_secret_access_key="wrong")
    refused("SignatureDoesNotMatch", 403, wrong.list_objects_v2, Bucket=bucket)
    assert client("sts").get_caller_identity()["Account"] == ACCOUNT
    refused("InvalidClientTokenId", 403, client("sts", aws_access_key_id="nobody").get_caller_identity)
    refused("SignatureDoesNotMatch", 403, client("sts", aws_secret_access_key="wrong").get_caller_identity)
    models = client("sagemaker", aws_access_key_id="nobody")
    refused("UnrecognizedClientException", 400, models.list_models)
    models = client("sagemaker", aws_secret_access_key="wrong")
    refused("InvalidSignatureException", 400, models.list_models)
    runtime = client("sagemaker-runtime", aws_secret_access_key="wrong")
    refused("InvalidSignatureException", 403, runtime.invoke_endpoint, EndpointName="e", Body=b"")


def remove(s3, bucket):
    refused("BucketNotEmpty", 409, s3.delete_bucket, Bucket=bucket)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
        assert len(answer["Deleted"]) == len(objects) and "Errors" not in answer, answer
    s3.delete_bucket(Bucket=bucket)
    refused("NoSuchBucket", 404, s3.list_objects_v2, Bucket=bucket)


def main():
    s3, bucket = client("s3"), f"boto3-{uuid.uuid4().hex[:12]}"
    buckets(s3, bucket)
    objects(s3, bucket)
    conditions(s3, bucket)
    settings(s3, bucket)
    listings(s3, bucket)
    versions(s3, bucket)
    uploads(s3, bucket)
    presigned(s3, bucket)
    signatures(bucket)
    remove(s3, bucket)
    print("ok")


main()
