"""Requests that are not signed as they must be. Codes, statuses and words are AWS's, as its documentation and the reports
of its users have them: "Common errors" of each API, "Error responses" of S3, IAM's "Troubleshoot Signature Version 4"."""

import datetime
import urllib.error
import urllib.request

import pytest
from backend import ask
from botocore import UNSIGNED
from botocore.config import Config
from checks import fresh, refused
from signing import knock, signed_at


@pytest.mark.parametrize(
    "service, code, status",
    [
        ("s3", "InvalidAccessKeyId", 403),
        ("sts", "InvalidClientTokenId", 403),
        ("sagemaker", "UnrecognizedClientException", 400),
        ("sagemaker-runtime", "UnrecognizedClientException", 403),
    ],
)
def test_an_unknown_access_key(account, service, code, status):
    assert refused(code, knock(account, service, aws_access_key_id="AKIANOBODY")).status == status


@pytest.mark.parametrize(
    "service, code, status",
    [
        ("s3", "SignatureDoesNotMatch", 403),
        ("sts", "SignatureDoesNotMatch", 403),
        ("sagemaker", "InvalidSignatureException", 400),
        ("sagemaker-runtime", "InvalidSignatureException", 403),
    ],
)
def test_a_wrong_secret(account, service, code, status):
    refusal = refused(code, knock(account, service, aws_secret_access_key="wrong"))
    assert refusal.status == status
    assert refusal.message.startswith("The request signature we calculated does not match the signature you provided.")


@pytest.mark.parametrize(
    "service, code, status",
    [
        ("s3", "InvalidToken", 400),
        ("sts", "InvalidClientTokenId", 403),
        ("sagemaker", "UnrecognizedClientException", 400),
        ("sagemaker-runtime", "UnrecognizedClientException", 403),
    ],
)
def test_a_session_token_that_nobody_gave(account, service, code, status):
    assert refused(code, knock(account, service, aws_session_token="bm90aGluZw==")).status == status


@pytest.mark.parametrize("minutes, words", [(-20, "Signature expired: "), (20, "Signature not yet current: ")])
@pytest.mark.parametrize(
    "service, code, status, tolerance",
    [
        ("sts", "SignatureDoesNotMatch", 403, 15),
        ("sagemaker", "InvalidSignatureException", 400, 5),
        ("sagemaker-runtime", "InvalidSignatureException", 403, 5),
    ],
)
def test_a_clock_that_is_wrong(account, service, code, status, tolerance, minutes, words):
    with signed_at(datetime.timedelta(minutes=minutes)):
        refusal = refused(code, knock(account, service))
    assert refusal.status == status
    sign = "-" if minutes < 0 else "+"
    assert refusal.message.startswith(words) and refusal.message.endswith(f" {sign} {tolerance} min.)")


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_that_is_wrong_by_s3s_rule(account, minutes):
    with signed_at(datetime.timedelta(minutes=minutes)):
        refusal = refused("RequestTimeTooSkewed", knock(account, "s3"))
    assert refusal.status == 403
    assert refusal.response["Error"]["MaxAllowedSkewMilliseconds"] == "900000"


def test_a_clock_within_the_tolerance(account, bucket):
    with signed_at(datetime.timedelta(minutes=-4)):
        assert account.sts.get_caller_identity()["Account"] == account.id
        assert account.sagemaker.list_models()["Models"] is not None
        account.s3.list_objects_v2(Bucket=bucket)


def unsigned(account, service):
    return account.client(service, Config(signature_version=UNSIGNED))


def test_no_signature(account, bucket):
    assert refused("AccessDenied", unsigned(account, "s3").list_objects_v2, Bucket=bucket).status == 403
    assert refused("MissingAuthenticationToken", unsigned(account, "sts").get_caller_identity).status == 403
    assert refused("MissingAuthenticationTokenException", unsigned(account, "sagemaker").list_models).status == 400
    runtime = unsigned(account, "sagemaker-runtime").invoke_endpoint
    assert refused("MissingAuthenticationTokenException", runtime, EndpointName="none", Body=b"1").status == 403


def test_an_authorization_that_is_incomplete(endpoint_url):
    target = {"X-Amz-Target": "SageMaker.ListModels"}
    for given, missing in [
        ("Bearer token", ["'Credential'", "'Signature'", "'SignedHeaders'", "'X-Amz-Date'"]),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host", ["'Signature'", "'X-Amz-Date'"]),
    ]:
        status, text = ask(endpoint_url, "POST", "/", {}, {**target, "Authorization": given})
        assert status == 400 and "IncompleteSignature" in text, text
        assert all(name in text for name in missing), text
        assert "token" not in text.replace("AuthenticationToken", ""), "a secret of the caller is not repeated"


def test_a_credential_for_another_day_or_end(endpoint_url):
    def asked(credential):
        authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature=00"
        headers = {"X-Amz-Target": "SageMaker.ListModels", "X-Amz-Date": "20260102T030405Z"}
        return ask(endpoint_url, "POST", "/", {}, {**headers, "Authorization": authorization})

    status, text = asked("refit-local/20260101/us-east-1/sagemaker/aws4_request")
    assert status == 400 and "Date in Credential scope does not match" in text
    status, text = asked("refit-local/20260102/us-east-1/sagemaker/aws5_request")
    assert status == 400 and "valid terminator: 'aws4_request'" in text
    status, text = asked("refit-local/20260102")
    assert status == 400 and "exactly 5 slash-delimited elements" in text


def test_signature_version_2_is_not_supported(endpoint_url, account, bucket):
    s3 = account.client("s3", Config(signature_version="s3"))
    refusal = refused("InvalidRequest", s3.list_objects_v2, Bucket=bucket)
    assert refusal.status == 400 and "Please use AWS4-HMAC-SHA256" in refusal.message


def test_a_body_that_was_changed_on_the_way(account):
    def changed(request, **_):
        request.body = b'{"MaxResults": 99}'
        request.headers["Content-Length"] = str(len(request.body))

    sagemaker = account.client("sagemaker")
    sagemaker.meta.events.register("before-send", changed)
    refused("InvalidSignatureException", sagemaker.list_models, MaxResults=1)


def test_a_target_that_was_changed_on_the_way(account):
    def changed(request, **_):
        request.headers["X-Amz-Target"] = "SageMaker.DeleteModel"

    sagemaker = account.client("sagemaker")
    sagemaker.meta.events.register("before-send", changed)
    refused("InvalidSignatureException", sagemaker.list_models)


def test_an_s3_header_that_was_added_on_the_way(account, bucket):
    def added(request, **_):
        request.headers["x-amz-meta-added"] = "later"

    s3 = account.client("s3")
    s3.meta.events.register("before-send", added)
    refusal = refused("AccessDenied", s3.put_object, Bucket=bucket, Key="key", Body=b"1")
    assert refusal.response["Error"]["HeadersNotSigned"] == "x-amz-meta-added"


def test_an_unknown_operation_is_named(endpoint_url, account):
    """No default answer: what is not there is refused by its name, in each protocol."""
    assert "CreateDomain" in refused(
        "UnknownOperationException",
        account.sagemaker.create_domain,
        DomainName="d",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": "arn:aws:iam::123456789012:role/SageMakerRole"},
        SubnetIds=["subnet-1"],
        VpcId="vpc-1",
    ).message
    assert "GetFederationToken" in refused("InvalidAction", account.sts.get_federation_token, Name="nobody").message
    runtime = account.runtime.invoke_endpoint_async
    refusal = refused("UnknownOperationException", runtime, EndpointName="e", InputLocation="s3://b/k")
    assert "/endpoints/e/async-invocations" in refusal.message
    refused("NotImplemented", account.s3.get_bucket_website, Bucket=fresh("bucket"))
    other = account.client("dynamodb")
    assert "dynamodb" in refused("UnknownOperationException", other.list_tables).message


def test_pages_of_other_sites_are_refused(endpoint_url):
    """What a browser adds when another site's page, or one whose name was bound to 127.0.0.1, sends a request."""
    port = endpoint_url.rsplit(":", 1)[1]
    for headers in [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{int(port) + 1}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.example"},
        {"Host": f"rebound.example:{port}"},
    ]:
        for path in ["/", "/bucket/key", "/endpoints/e/invocations", "/_refit/hazards", "/_refit/clock"]:
            for method in ["GET", "POST", "PUT", "DELETE"]:
                status, text = ask(endpoint_url, method, path, None if method == "GET" else {}, headers)
                assert status == 403 and text.startswith("refit-local"), (headers, method, path, status, text)
    own = {"Origin": endpoint_url, "Sec-Fetch-Site": "same-origin"}
    assert ask(endpoint_url, "GET", "/_refit/hazards", headers=own) == (200, '{"hazards":[]}')
    assert ask(endpoint_url, "GET", "/", headers={"Sec-Fetch-Site": "none", "Accept": "text/html"})[0] == 200


def test_a_cross_site_form_changes_nothing(endpoint_url):
    """A form can be posted anywhere, but not with JSON's content type."""
    request = urllib.request.Request(
        endpoint_url + "/_refit/hazards",
        data=b'{"effect": "Throttle"}',
        method="POST",
        headers={"Content-Type": "text/plain"},
    )
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=30)
    assert refusal.value.code == 415
    assert ask(endpoint_url, "GET", "/_refit/hazards") == (200, '{"hazards":[]}')
