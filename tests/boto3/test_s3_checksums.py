"""Checksums. Expectations: hashlib, zlib, a table-driven CRC, and the user guide's "Checking object integrity"."""

import base64
import hashlib
import zlib

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from checks import refused

BODY = b"The quick brown fox jumps over the lazy dog"


def crc(data, polynomial, bits):
    """The reflected CRC with all bits set at both ends: CRC-32C and CRC-64/NVME by their reversed polynomials."""
    remainder = mask = (1 << bits) - 1
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = (remainder >> 1) ^ (polynomial if remainder & 1 else 0)
    return (remainder ^ mask).to_bytes(bits // 8, "big")


DIGESTS = {
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "CRC32C": lambda data: crc(data, 0x82F63B78, 32),
    "CRC64NVME": lambda data: crc(data, 0x9A6C9329AC4BC9B5, 64),
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
}


def digest(algorithm, data):
    return base64.b64encode(DIGESTS[algorithm](data)).decode()


def test_the_table_driven_crcs_have_their_check_values():
    """The check values of the catalogue of CRC algorithms, for "123456789"."""
    assert crc(b"123456789", 0x82F63B78, 32).hex() == "e3069283"
    assert crc(b"123456789", 0x9A6C9329AC4BC9B5, 64).hex() == "ae8b14860a799888"


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_a_checksum_in_a_header_is_checked_kept_and_told(s3, bucket, algorithm):
    put, name = {"Bucket": bucket, "Key": algorithm, "Body": BODY}, f"Checksum{algorithm}"
    answer = s3.put_object(**put, **{name: digest(algorithm, BODY)})
    assert answer[name] == digest(algorithm, BODY) and answer["ChecksumType"] == "FULL_OBJECT"
    for call in (s3.get_object, s3.head_object):
        told = call(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED")
        assert told[name] == digest(algorithm, BODY)
    # A range is not what the checksum is of.
    assert name not in s3.head_object(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED", Range="bytes=0-1")
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ([algorithm], "FULL_OBJECT")
    refusal = refused("BadDigest", s3.put_object, **{**put, "Key": "wrong"}, **{name: digest(algorithm, b"other")})
    assert refusal.status == 400
    assert refused("404", s3.head_object, Bucket=bucket, Key="wrong").status == 404


def put_with_trailer(account, bucket, key, algorithm, claimed):
    """A PUT whose checksum comes behind its body, as botocore sends it over TLS."""
    trailer = f"x-amz-checksum-{algorithm.lower()}"
    chunks = b"%x\r\n%s\r\n0\r\n%s:%s\r\n\r\n" % (len(BODY), BODY, trailer.encode(), claimed.encode())
    headers = {
        "Content-Encoding": "aws-chunked",
        "X-Amz-Decoded-Content-Length": str(len(BODY)),
        "X-Amz-Trailer": trailer,
    }
    request = AWSRequest("PUT", f"{account.endpoint_url}/{bucket}/{key}", headers=headers, data=chunks)
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    S3SigV4Auth(Credentials(account.access_key, account.secret_key), "s3", "us-east-1").add_auth(request)
    assert request.headers["X-Amz-Content-SHA256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    return URLLib3Session().send(request.prepare())


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_a_checksum_in_a_trailer_is_checked_and_kept(account, bucket, algorithm):
    refusal = put_with_trailer(account, bucket, "k", algorithm, digest(algorithm, b"other"))
    assert refusal.status_code == 400 and b"<Code>BadDigest</Code>" in refusal.content
    assert refused("404", account.s3.head_object, Bucket=bucket, Key="k").status == 404
    assert put_with_trailer(account, bucket, "k", algorithm, digest(algorithm, BODY)).status_code == 200
    got = account.s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[f"Checksum{algorithm}"] == digest(algorithm, BODY) and got["Body"].read() == BODY
    assert got.get("ContentEncoding", "") == ""


def test_an_object_without_a_checksum_gets_crc64nvme(account, bucket):
    s3 = account.client("s3", config=Config(request_checksum_calculation="when_required"))
    answer = s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert answer["ChecksumCRC64NVME"] == digest("CRC64NVME", BODY)
    assert "ChecksumCRC32" not in answer


def test_content_md5_is_checked(s3, bucket):
    def md5(data):
        return base64.b64encode(hashlib.md5(data).digest()).decode()

    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ContentMD5=md5(BODY))
    assert refused("BadDigest", s3.put_object, Bucket=bucket, Key="k", Body=BODY, ContentMD5=md5(b"other")).status == 400


def test_one_checksum_only(s3, bucket):
    both = {"ChecksumSHA1": digest("SHA1", BODY), "ChecksumSHA256": digest("SHA256", BODY)}
    assert refused("InvalidRequest", s3.put_object, Bucket=bucket, Key="k", Body=BODY, **both).status == 400


def test_a_copy_keeps_the_checksum_or_gets_another(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumSHA256=digest("SHA256", BODY))
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "k"}}
    assert s3.copy_object(**copy)["CopyObjectResult"]["ChecksumSHA256"] == digest("SHA256", BODY)
    result = s3.copy_object(**copy, ChecksumAlgorithm="SHA1")["CopyObjectResult"]
    assert result["ChecksumSHA1"] == digest("SHA1", BODY) and "ChecksumSHA256" not in result
