"""Who the clients of these tests are."""

from checks import refused


def test_an_access_key_is_its_accounts(accounts):
    assert len({account.id for account in accounts}) == len(accounts) >= 2
    for account in accounts:
        assert account.sts.get_caller_identity()["Account"] == account.id


def test_a_bucket_is_its_owners_alone(account, other_account, bucket):
    assert bucket in [each["Name"] for each in account.s3.list_buckets()["Buckets"]]
    assert bucket not in [each["Name"] for each in other_account.s3.list_buckets()["Buckets"]]
    assert refused("AccessDenied", other_account.s3.list_objects_v2, Bucket=bucket).status == 403
