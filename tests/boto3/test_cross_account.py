"""What one account may do with another's model package group: what the group's policy grants, and nothing else.

The actions and resources are those of the SageMaker developer guide, "Deploy a model version from a different account"."""

import json

import pytest
from checks import fresh, refused
from test_registry import SPECIFICATION, register

ROLE = "arn:aws:iam::{}:role/SageMaker"


@pytest.fixture
def group(sagemaker):
    """A group of the default account by its ARN, with one version."""
    name = fresh("Shared")
    arn = sagemaker.create_model_package_group(ModelPackageGroupName=name)["ModelPackageGroupArn"]
    register(sagemaker, name)
    return arn


def packages(group):
    return group.replace("model-package-group", "model-package") + "/*"


def version(group):
    return group.replace("model-package-group", "model-package") + "/1"


def grant(sagemaker, group, account, *statements):
    """Puts a policy of (effect, action, resource) for an account."""
    statements = [
        {"Sid": f"S{number}", "Effect": effect, "Principal": {"AWS": f"arn:aws:iam::{account.id}:root"},
         "Action": f"sagemaker:{action}", "Resource": resource}
        for number, (effect, action, resource) in enumerate(statements)
    ]  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    sagemaker.put_model_package_group_policy(ModelPackageGroupName=group.rsplit("/", 1)[1], ResourcePolicy=policy)


def calls(client, group):
    """Everything that can be granted: the action, where, and the call."""
    arn, all_of_it = version(group), packages(group)
    specification = {"ModelPackageGroupName": group, "InferenceSpecification": SPECIFICATION}
    container = {"ModelPackageName": arn}
    role = ROLE.format("210987654321")
    return [
        ("DescribeModelPackageGroup", group, client.describe_model_package_group, {"ModelPackageGroupName": group}),
        ("DescribeModelPackage", all_of_it, client.describe_model_package, {"ModelPackageName": arn}),
        ("ListModelPackages", all_of_it, client.list_model_packages, {"ModelPackageGroupName": group}),
        ("UpdateModelPackage", all_of_it, client.update_model_package, {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"}),
        ("CreateModelPackage", all_of_it, client.create_model_package, specification),
        ("CreateModel", all_of_it, client.create_model,
         {"ModelName": fresh("model"), "ExecutionRoleArn": role, "Containers": [container]}),
    ]  # fmt: skip


def test_nothing_is_allowed_without_a_policy_not_even_to_know(other_account, group):
    for action, _, call, arguments in calls(other_account.sagemaker, group):
        refusal = refused("AccessDeniedException", call, **arguments)
        assert refusal.status == 400
        assert f"User: arn:aws:iam::{other_account.id}:root is not authorized to perform: sagemaker:{action}" in refusal.message
    missing = group + "-that-is-not-there"
    refused("AccessDeniedException", other_account.sagemaker.describe_model_package_group, ModelPackageGroupName=missing)
    refused("AccessDeniedException", other_account.sagemaker.list_tags, ResourceArn=group)
    refused("AccessDeniedException", other_account.sagemaker.delete_model_package, ModelPackageName=version(group))


def test_each_action_is_granted_for_itself(sagemaker, other_account, group):
    for granted in [action for action, *_ in calls(other_account.sagemaker, group)]:
        for action, resource, call, arguments in calls(other_account.sagemaker, group):
            grant(sagemaker, group, other_account, ("Allow", granted, group), ("Allow", granted, packages(group)))
            if action == granted:
                call(**arguments)
            else:
                refused("AccessDeniedException", call, **arguments)


def test_the_guides_policy_lets_an_account_find_decide_and_deploy(sagemaker, other_account, group):
    allowed = [("Allow", action, resource) for action, resource, *_ in calls(other_account.sagemaker, group)]
    grant(sagemaker, group, other_account, *allowed)
    other = other_account.sagemaker
    listed = other.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    assert [package["ModelPackageArn"] for package in listed] == [version(group)]
    other.update_model_package(ModelPackageArn=version(group), ModelApprovalStatus="Approved")
    package = sagemaker.describe_model_package(ModelPackageName=version(group))
    assert package["ModelApprovalStatus"] == "Approved"
    assert package["LastModifiedBy"]["IamIdentity"]["Arn"] == f"arn:aws:iam::{other_account.id}:root"
    second = other.create_model_package(ModelPackageGroupName=group, InferenceSpecification=SPECIFICATION)["ModelPackageArn"]
    assert second == packages(group).replace("*", "2")
    assert sagemaker.describe_model_package(ModelPackageName=second)["ModelPackageVersion"] == 2
    # What is not granted stays the owner's.
    refused("AccessDeniedException", other.delete_model_package, ModelPackageName=second)
    # A version of the other account is not in its own lists.
    assert other.list_model_packages(ModelPackageType="Both", NameContains="shared")["ModelPackageSummaryList"] == []


def test_a_client_token_is_its_accounts(sagemaker, other_account, group):
    grant(sagemaker, group, other_account, ("Allow", "CreateModelPackage", packages(group)))
    token = fresh("token")
    own = register(sagemaker, group, ClientToken=token)
    others = register(other_account.sagemaker, group, ClientToken=token)
    assert own != others
    assert register(other_account.sagemaker, group, ClientToken=token) == others


def test_a_deny_wins_for_the_owner_too(sagemaker, account, group):
    grant(sagemaker, group, account, ("Deny", "UpdateModelPackage", packages(group)))
    refusal = refused(
        "AccessDeniedException", sagemaker.update_model_package, ModelPackageArn=version(group), ModelApprovalStatus="Approved"
    )
    assert "with an explicit deny in a resource-based policy" in refusal.message
    sagemaker.describe_model_package(ModelPackageName=version(group))


def test_a_policy_ends_with_its_deletion(sagemaker, other_account, group):
    grant(sagemaker, group, other_account, ("Allow", "DescribeModelPackageGroup", group))
    other_account.sagemaker.describe_model_package_group(ModelPackageGroupName=group)
    sagemaker.delete_model_package_group_policy(ModelPackageGroupName=group.rsplit("/", 1)[1])
    refused("AccessDeniedException", other_account.sagemaker.describe_model_package_group, ModelPackageGroupName=group)


def test_names_are_each_accounts_own(sagemaker, other_account):
    name = fresh("Same")
    for client in (sagemaker, other_account.sagemaker):
        client.create_model_package_group(ModelPackageGroupName=name)
        assert register(client, name).endswith("/1")
