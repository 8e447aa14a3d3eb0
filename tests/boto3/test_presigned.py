"""Presigned requests. Codes and words are those of S3's "Error responses" and of STS."""

import datetime
import urllib.error
import urllib.request

import pytest
from botocore.config import Config
from signing import signed_at

KEY = "folder/what +~é is this?.csv"


@pytest.fixture
def signer(account):
    return account.client("s3", Config(signature_version="s3v4", s3={"addressing_style": "path"}))


def send(url, method="GET", body=None, headers=None):
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def refusal(answer, status, code):
    assert answer[0] == status and f"<Code>{code}</Code>".encode() in answer[1], answer
    return answer[1].decode()


def url(signer, bucket, method="get_object", **settings):
    return signer.generate_presigned_url(method, Params={"Bucket": bucket, "Key": KEY}, **settings)


def test_an_object_is_put_and_read_by_url(signer, bucket):
    assert send(url(signer, bucket, "put_object"), "PUT", b"1,2\n")[0] == 200
    assert send(url(signer, bucket)) == (200, b"1,2\n")
    assert send(url(signer, bucket, "head_object"), "HEAD") == (200, b"")
    assert send(url(signer, bucket, "delete_object"), "DELETE")[0] == 204
    refusal(send(url(signer, bucket)), 404, "NoSuchKey")


def test_a_url_is_good_for_its_method_and_object_only(signer, bucket):
    good = url(signer, bucket)
    refusal(send(good, "DELETE"), 403, "SignatureDoesNotMatch")
    refusal(send(good.replace("/folder/", "/other/")), 403, "SignatureDoesNotMatch")
    refusal(send(good + "&versionId=1"), 403, "SignatureDoesNotMatch")
    refusal(send(good.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200")), 403, "SignatureDoesNotMatch")


def test_a_url_expires(signer, bucket):
    with signed_at(datetime.timedelta(minutes=-2)):
        old = url(signer, bucket, ExpiresIn=60)
    text = refusal(send(old), 403, "AccessDenied")
    assert "<Message>Request has expired</Message>" in text and "<X-Amz-Expires>60</X-Amz-Expires>" in text
    with signed_at(datetime.timedelta(minutes=-2)):
        still = url(signer, bucket, ExpiresIn=600)
    refusal(send(still), 404, "NoSuchKey")


def test_a_url_of_the_future(signer, bucket):
    with signed_at(datetime.timedelta(minutes=20)):
        early = url(signer, bucket)
    refusal(send(early), 403, "RequestTimeTooSkewed")


def test_parameters_that_cannot_be(signer, bucket):
    good = url(signer, bucket)
    long = url(signer, bucket, ExpiresIn=604_801)
    assert "must be less than a week" in refusal(send(long), 400, "AuthorizationQueryParametersError")
    for old, new in [
        ("X-Amz-Expires=3600", "X-Amz-Expires=soon"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=-1"),
        ("&X-Amz-Expires=3600", ""),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        ("%2Faws4_request", "%2Faws5_request"),
    ]:
        assert old in good
        refusal(send(good.replace(old, new)), 400, "AuthorizationQueryParametersError")


def test_other_keys(account, bucket):
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    nobody = account.client("s3", config, aws_access_key_id="AKIANOBODY")
    refusal(send(url(nobody, bucket)), 403, "InvalidAccessKeyId")
    wrong = account.client("s3", config, aws_secret_access_key="wrong")
    refusal(send(url(wrong, bucket)), 403, "SignatureDoesNotMatch")


def test_who_am_i_can_be_presigned(account):
    """What clusters take for a proof of identity: GetCallerIdentity as a URL."""
    who = account.sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")
    status, body = send(who)
    assert status == 200 and f"<Account>{account.id}</Account>".encode() in body
    refusal(send(who.replace("GetCallerIdentity", "GetSessionToken")), 403, "SignatureDoesNotMatch")
