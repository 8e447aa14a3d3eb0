"""Tags of resources."""

import pytest
from checks import fresh, refused
from test_registry import register


@pytest.fixture
def group(sagemaker):
    """A group's ARN."""
    return sagemaker.create_model_package_group(ModelPackageGroupName=fresh("tagged"))["ModelPackageGroupArn"]


def tags(**values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


def test_tags_are_added_overwritten_and_deleted(sagemaker, group):
    assert sagemaker.add_tags(ResourceArn=group, Tags=tags(a="1", b="2"))["Tags"] == tags(a="1", b="2")
    sagemaker.add_tags(ResourceArn=group, Tags=tags(b="3", c=""))
    assert sagemaker.list_tags(ResourceArn=group)["Tags"] == tags(a="1", b="3", c="")
    sagemaker.delete_tags(ResourceArn=group, TagKeys=["a", "c", "never-there"])
    assert sagemaker.list_tags(ResourceArn=group) | {"ResponseMetadata": None} == {"Tags": tags(b="3"), "ResponseMetadata": None}


def test_a_resource_has_at_most_fifty_tags(sagemaker, group):
    fifty = {f"key-{number:02}": "value" for number in range(50)}
    sagemaker.add_tags(ResourceArn=group, Tags=tags(**fifty))
    refused("ValidationException", sagemaker.add_tags, ResourceArn=group, Tags=tags(one_more="value"))
    # Overwriting adds none.
    sagemaker.add_tags(ResourceArn=group, Tags=tags(**{"key-00": "other"}))
    assert len(sagemaker.list_tags(ResourceArn=group)["Tags"]) == 50


def test_reserved_and_repeated_keys_are_refused(sagemaker, group):
    for wrong in (tags(**{"aws:cloudformation:stack": "s"}), tags(a="1") + tags(a="2")):
        refused("ValidationException", sagemaker.add_tags, ResourceArn=group, Tags=wrong)
    name = fresh("refused")
    refused("ValidationException", sagemaker.create_model_package_group, ModelPackageGroupName=name, Tags=tags(**{"AWS:x": "y"}))
    refused("ValidationException", sagemaker.describe_model_package_group, ModelPackageGroupName=name)


def test_what_is_not_there_has_no_tags(sagemaker, account, group):
    for wrong in (group + "-missing", f"arn:aws:sagemaker:us-east-1:{account.id}:notebook-instance/n", group.replace("us-east-1", "eu-west-1")):
        for call, more in ((sagemaker.list_tags, {}), (sagemaker.add_tags, {"Tags": tags(a="1")}), (sagemaker.delete_tags, {"TagKeys": ["a"]})):
            refused("ValidationException", call, ResourceArn=wrong, **more)


def test_a_version_has_the_tags_of_its_group(sagemaker, group):
    sagemaker.add_tags(ResourceArn=group, Tags=tags(team="delay"))
    version = register(sagemaker, group)
    assert sagemaker.list_tags(ResourceArn=version)["Tags"] == tags(team="delay")
    refused("ValidationException", sagemaker.add_tags, ResourceArn=version, Tags=tags(a="1"))


def test_tags_go_with_their_resource(sagemaker, group):
    name = group.rsplit("/", 1)[1]
    sagemaker.add_tags(ResourceArn=group, Tags=tags(a="1"))
    sagemaker.delete_model_package_group(ModelPackageGroupName=name)
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    assert sagemaker.list_tags(ResourceArn=group)["Tags"] == []
