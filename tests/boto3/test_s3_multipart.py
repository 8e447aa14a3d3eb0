"""Multipart uploads. Expectations: the user guide's "Multipart upload limits" and "Checking object integrity"."""

import base64
import hashlib
import io
import zlib

import pytest
from boto3.s3.transfer import TransferConfig
from checks import refused

MIB = 1024 * 1024
BODY = bytes(range(256)) * (48 * 1024)  # 12 MiB: three parts of 5 MiB at most
CONFIG = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
PARTS = [BODY[at : at + 5 * MIB] for at in range(0, len(BODY), 5 * MIB)]


def begin(s3, bucket, key="k", **settings):
    begun = s3.create_multipart_upload(Bucket=bucket, Key=key, **settings)
    return {"Bucket": bucket, "Key": key, "UploadId": begun["UploadId"]}


def part(s3, upload, number, body, **more):
    answer = s3.upload_part(**upload, PartNumber=number, Body=body, **more)
    kept = {name: value for name, value in answer.items() if name == "ETag" or name.startswith("Checksum")}
    return {"PartNumber": number, **kept}


def complete(s3, upload, parts, **more):
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **more)


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def test_boto3_uploads_downloads_and_copies_in_parts(s3, bucket):
    s3.upload_fileobj(io.BytesIO(BODY), bucket, "big", ExtraArgs={"Metadata": {"a": "1"}}, Config=CONFIG)
    head = s3.head_object(Bucket=bucket, Key="big")
    md5 = hashlib.md5(b"".join(hashlib.md5(each).digest() for each in PARTS)).hexdigest()
    assert (head["ETag"], head["ContentLength"], head["Metadata"]) == (f'"{md5}-3"', len(BODY), {"a": "1"})
    target = io.BytesIO()
    s3.download_fileobj(bucket, "big", target, Config=CONFIG)
    assert target.getvalue() == BODY
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy", Config=CONFIG)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == BODY
    for number, body in enumerate(PARTS, 1):
        got = s3.get_object(Bucket=bucket, Key="big", PartNumber=number)
        assert got["PartsCount"] == 3 and got["Body"].read() == body
    assert s3.head_object(Bucket=bucket, Key="big", PartNumber=3)["ContentLength"] == len(PARTS[2])
    refused("InvalidPartNumber", s3.get_object, Bucket=bucket, Key="big", PartNumber=4)
    # Copied at once it is one part, whose ETag is the MD5 of the whole.
    result = s3.copy_object(Bucket=bucket, Key="one", CopySource={"Bucket": bucket, "Key": "big"})["CopyObjectResult"]
    assert result["ETag"] == f'"{hashlib.md5(BODY).hexdigest()}"'


def test_a_part_may_be_replaced_and_left_out(s3, bucket):
    upload = begin(s3, bucket)
    part(s3, upload, 1, b"replaced")
    first = part(s3, upload, 1, PARTS[0])
    part(s3, upload, 2, b"left out")
    last = part(s3, upload, 7, b"end")
    listed = s3.list_parts(**upload)
    assert [(each["PartNumber"], each["Size"]) for each in listed["Parts"]] == [(1, 5 * MIB), (2, 8), (7, 3)]
    complete(s3, upload, [first, last])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == PARTS[0] + b"end"
    assert refused("NoSuchUpload", s3.list_parts, **upload).status == 404


def test_parts_are_listed_by_page(s3, bucket):
    upload = begin(s3, bucket)
    for number in (1, 2, 5, 9):
        part(s3, upload, number, b"x")
    pages = list(s3.get_paginator("list_parts").paginate(**upload, PaginationConfig={"PageSize": 3}))
    assert [[each["PartNumber"] for each in page["Parts"]] for page in pages] == [[1, 2, 5], [9]]
    assert [page["IsTruncated"] for page in pages] == [True, False]
    assert pages[0]["NextPartNumberMarker"] == 5 and pages[0]["Initiator" if "Initiator" in pages[0] else "Owner"]
    assert [each["PartNumber"] for each in s3.list_parts(**upload, PartNumberMarker=5)["Parts"]] == [9]


def test_uploads_are_listed_by_key_page_and_prefix(s3, bucket):
    begun = [(key, begin(s3, bucket, key)["UploadId"]) for key in ("b", "a/1", "a/2", "c", "b")]
    begun.sort(key=lambda each: each[0])  # stable: of one key, the oldest first

    def found(size, **more):
        pages = s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=bucket, **more, PaginationConfig={"PageSize": size}
        )
        uploads, prefixes = [], []
        for page in pages:
            uploads += [(each["Key"], each["UploadId"]) for each in page.get("Uploads", [])]
            prefixes += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
        return uploads, prefixes

    for size in (1, 2, 1000):
        assert found(size) == (begun, [])
        assert found(size, Prefix="a/") == (begun[:2], [])
        assert found(size, Delimiter="/") == (begun[2:], ["a/"])
    after = s3.list_multipart_uploads(Bucket=bucket, KeyMarker="b", UploadIdMarker=begun[2][1])
    assert [(each["Key"], each["UploadId"]) for each in after["Uploads"]] == begun[3:]


def test_what_completes_no_upload(s3, bucket):
    upload = begin(s3, bucket)
    one, two = part(s3, upload, 1, b"x"), part(s3, upload, 2, b"y")
    assert refused("EntityTooSmall", complete, s3=s3, upload=upload, parts=[one, two]).status == 400
    assert refused("InvalidPartOrder", complete, s3=s3, upload=upload, parts=[two, one]).status == 400
    assert refused("InvalidPart", complete, s3=s3, upload=upload, parts=[{**one, "PartNumber": 3}]).status == 400
    assert refused("InvalidPart", complete, s3=s3, upload=upload, parts=[{**one, "ETag": '"other"'}]).status == 400
    assert refused("MalformedXML", complete, s3=s3, upload=upload, parts=[]).status == 400
    refusal = refused("InvalidRequest", complete, s3=s3, upload=upload, parts=[one], MpuObjectSize=2)
    assert refusal.status == 400
    assert refused("InvalidArgument", s3.upload_part, **upload, PartNumber=0, Body=b"").status == 400
    assert refused("InvalidArgument", s3.upload_part, **upload, PartNumber=10001, Body=b"").status == 400
    complete(s3, upload, [one], MpuObjectSize=1)


def test_an_upload_that_is_aborted_or_another_keys(s3, bucket):
    upload = begin(s3, bucket)
    one = part(s3, upload, 1, b"x")
    refused("NoSuchUpload", s3.abort_multipart_upload, **{**upload, "Key": "other"})
    s3.abort_multipart_upload(**upload)
    for call, more in [
        (s3.abort_multipart_upload, {}),
        (s3.list_parts, {}),
        (s3.upload_part, {"PartNumber": 1, "Body": b"x"}),
        (s3.complete_multipart_upload, {"MultipartUpload": {"Parts": [one]}}),
    ]:
        assert refused("NoSuchUpload", call, **upload, **more).status == 404
    refused("404", s3.head_object, Bucket=bucket, Key="k")


def test_a_checksum_of_the_parts(s3, bucket):
    upload = begin(s3, bucket, ChecksumAlgorithm="SHA256")
    parts = [part(s3, upload, number, body, ChecksumAlgorithm="SHA256") for number, body in enumerate(PARTS, 1)]
    assert [each["ChecksumSHA256"] for each in parts] == [sha256(each) for each in PARTS]
    without = [{"PartNumber": each["PartNumber"], "ETag": each["ETag"]} for each in parts]
    refusal = refused("InvalidRequest", complete, s3=s3, upload=upload, parts=without)
    assert "must include the checksum for each part" in refusal.message
    wrong = [{**parts[0], "ChecksumSHA256": sha256(b"other")}, *parts[1:]]
    refused("InvalidPart", complete, s3=s3, upload=upload, parts=wrong)
    refused("InvalidRequest", complete, s3=s3, upload=upload, parts=parts, ChecksumType="FULL_OBJECT")
    done = complete(s3, upload, parts)
    composite = base64.b64encode(hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in PARTS)).digest())
    assert (done["ChecksumSHA256"], done["ChecksumType"]) == (f"{composite.decode()}-3", "COMPOSITE")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ChecksumType"]) == (done["ChecksumSHA256"], "COMPOSITE")


def test_a_checksum_of_the_whole(s3, bucket):
    upload = begin(s3, bucket, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts = [part(s3, upload, number, body) for number, body in enumerate(PARTS, 1)]
    whole = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
    refused("BadDigest", complete, s3=s3, upload=upload, parts=parts, ChecksumCRC32="AAAAAA==", ChecksumType="FULL_OBJECT")
    done = complete(s3, upload, parts, ChecksumCRC32=whole, ChecksumType="FULL_OBJECT")
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (whole, "FULL_OBJECT")


@pytest.mark.parametrize(("algorithm", "kind"), [("SHA256", "FULL_OBJECT"), ("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")])
def test_a_checksum_type_that_the_algorithm_does_not_have(s3, bucket, algorithm, kind):
    asked = {"Bucket": bucket, "Key": "k", "ChecksumAlgorithm": algorithm, "ChecksumType": kind}
    assert refused("InvalidRequest", s3.create_multipart_upload, **asked).status == 400


def test_a_part_with_another_checksum_than_the_uploads(s3, bucket):
    upload = begin(s3, bucket, ChecksumAlgorithm="SHA256")
    refusal = refused("InvalidRequest", s3.upload_part, **upload, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA1")
    assert "expected checksum Type: sha256, actual checksum Type: sha1" in refusal.message


def test_parts_are_copied_whole_and_by_range(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    source, upload = {"Bucket": bucket, "Key": "source"}, begin(s3, bucket)
    whole = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source)["CopyPartResult"]
    assert whole["ETag"] == f'"{hashlib.md5(BODY).hexdigest()}"'
    ranged = s3.upload_part_copy(**upload, PartNumber=2, CopySource=source, CopySourceRange="bytes=600000-600009")
    asked = {**upload, "PartNumber": 3, "CopySource": source}
    assert refused("InvalidArgument", s3.upload_part_copy, **asked, CopySourceRange="bytes=5-").status == 400
    assert refused("InvalidRange", s3.upload_part_copy, **asked, CopySourceRange=f"bytes=0-{len(BODY)}").status == 416
    assert refused("PreconditionFailed", s3.upload_part_copy, **asked, CopySourceIfMatch='"other"').status == 412
    results = [whole, ranged["CopyPartResult"]]
    names = ("ETag", "ChecksumCRC32")
    parts = [
        {"PartNumber": number, **{name: result[name] for name in names if name in result}}
        for number, result in enumerate(results, 1)
    ]
    complete(s3, upload, parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY + BODY[600000:600010]
