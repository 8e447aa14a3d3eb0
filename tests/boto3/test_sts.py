"""STS: who am I, and being a role for a while. Limits are those of botocore's service model, words those of AWS."""

import datetime
import re

import pytest
from checks import fresh, refused
from signing import knock

ROLE = "arn:aws:iam::{account}:role/{name}"


def assume(account, **settings):
    arguments = {"RoleArn": ROLE.format(account=account.id, name="retrain"), "RoleSessionName": "nightly", **settings}
    return account.sts.assume_role(**arguments)


def keys(credentials):
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


def test_an_account_says_who_it_is(accounts):
    for account in accounts:
        who = account.sts.get_caller_identity()
        assert (who["Account"], who["UserId"]) == (account.id, account.id)
        assert who["Arn"] == f"arn:aws:iam::{account.id}:root"


def test_a_role_says_who_it_is(account):
    answer = assume(account, RoleArn=ROLE.format(account=account.id, name="teams/ml/retrain"))
    user, credentials = answer["AssumedRoleUser"], answer["Credentials"]
    assert user["Arn"] == f"arn:aws:sts::{account.id}:assumed-role/retrain/nightly"
    assert re.fullmatch(r"AROA[A-Z0-9]{17}:nightly", user["AssumedRoleId"])
    assert re.fullmatch(r"ASIA[A-Z0-9]{16}", credentials["AccessKeyId"])
    assert len(credentials["SecretAccessKey"]) == 40
    left = credentials["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=58) < left <= datetime.timedelta(hours=1)
    who = account.client("sts", **keys(credentials)).get_caller_identity()
    assert (who["Account"], who["Arn"], who["UserId"]) == (account.id, user["Arn"], user["AssumedRoleId"])
    assert assume(account)["AssumedRoleUser"]["AssumedRoleId"] == user["AssumedRoleId"], "a role has one id"


def test_a_role_signs_for_every_service(account, bucket):
    role = keys(assume(account)["Credentials"])
    s3 = account.client("s3", **role)
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"1"
    group = fresh("group")
    account.client("sagemaker", **role).create_model_package_group(ModelPackageGroupName=group)
    listed = account.sagemaker.list_model_package_groups(NameContains=group)["ModelPackageGroupSummaryList"]
    assert [each["ModelPackageGroupName"] for each in listed] == [group]
    runtime = account.client("sagemaker-runtime", **role)
    assert "none" in refused("ValidationError", runtime.invoke_endpoint, EndpointName="none", Body=b"1").message


@pytest.mark.parametrize(
    "service, without, wrong",
    [
        ("s3", ("InvalidAccessKeyId", 403), ("InvalidToken", 400)),
        ("sts", ("InvalidClientTokenId", 403), ("InvalidClientTokenId", 403)),
        ("sagemaker", ("UnrecognizedClientException", 400), ("UnrecognizedClientException", 400)),
        ("sagemaker-runtime", ("UnrecognizedClientException", 403), ("UnrecognizedClientException", 403)),
    ],
)
def test_a_session_needs_its_own_token(account, service, without, wrong):
    mine, other = (keys(assume(account)["Credentials"]) for _ in range(2))

    code, status = without
    assert refused(code, knock(account, service, **{**mine, "aws_session_token": None})).status == status
    code, status = wrong
    for token in [other["aws_session_token"], "nonsense", mine["aws_session_token"][:-4]]:
        assert refused(code, knock(account, service, **{**mine, "aws_session_token": token})).status == status


def test_how_long_a_session_lasts(account):
    for seconds in [900, 43_200]:
        expires = assume(account, DurationSeconds=seconds)["Credentials"]["Expiration"]
        left = expires - datetime.datetime.now(datetime.timezone.utc)
        assert abs(left.total_seconds() - seconds) < 60
    # botocore checks the minimum itself.
    refusal = refused("ValidationError", assume, account=account, DurationSeconds=43_201)
    assert "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200" in refusal.message
    role = account.client("sts", **keys(assume(account)["Credentials"]))
    arguments = {"RoleArn": ROLE.format(account=account.id, name="next"), "RoleSessionName": "chained"}
    assert role.assume_role(**arguments)["AssumedRoleUser"]["Arn"].endswith("assumed-role/next/chained")
    refusal = refused("ValidationError", role.assume_role, **arguments, DurationSeconds=3601)
    assert "1 hour session limit for roles assumed by role chaining" in refusal.message


def test_what_no_role_or_session_is(account):
    for arn in ["arn:aws:iam::123456789012:user/somebody", "arn:aws:iam::12345:role/retrain", "retrain-role-of-nobody"]:
        assert arn in refused("ValidationError", assume, account=account, RoleArn=arn).message
    refusal = refused("ValidationError", assume, account=account, RoleSessionName="no spaces")
    assert "at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*" in refusal.message
    refusal = refused("ValidationError", assume, account=account, RoleSessionName="n" * 65)
    assert "Member must have length less than or equal to 64" in refusal.message


@pytest.mark.parametrize(
    "name, value",
    [
        ("Policy", "{}"),
        ("PolicyArns", [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]),
        ("Tags", [{"Key": "team", "Value": "ml"}]),
        ("ExternalId", "external"),
        ("SourceIdentity", "somebody"),
        ("SerialNumber", "arn:aws:iam::123456789012:mfa/user"),
    ],
)
def test_what_would_be_forgotten_is_refused_by_name(account, name, value):
    assert f"AssumeRole's {name}:" in refused("ValidationError", assume, account=account, **{name: value}).message


def test_another_accounts_role_is_not_for_everybody(account, other_account):
    arn = ROLE.format(account=other_account.id, name="deploy")
    refusal = refused("AccessDenied", assume, account=account, RoleArn=arn)
    assert refusal.status == 403
    expected = f"User: arn:aws:iam::{account.id}:root is not authorized to perform: sts:AssumeRole on resource: {arn}"
    assert refusal.message == expected
