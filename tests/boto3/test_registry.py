"""The model registry. Texts and defaults are those of AWS's documentation and of botocore's model."""

import pytest
from checks import fresh, refused

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2"
SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://models/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


def register(sagemaker, group, **members):
    request = {"ModelPackageGroupName": group, "InferenceSpecification": SPECIFICATION, **members}
    return sagemaker.create_model_package(**request)["ModelPackageArn"]


def versions(pages):
    return [package["ModelPackageVersion"] for page in pages for package in page["ModelPackageSummaryList"]]


@pytest.fixture
def group(sagemaker):
    name = fresh("Group")
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


def test_a_group_is_found_by_name_and_arn_whatever_the_case(sagemaker, account):
    name = fresh("Group")
    arn = sagemaker.create_model_package_group(
        ModelPackageGroupName=name, ModelPackageGroupDescription="arrival delays", Tags=[{"Key": "team", "Value": "delay"}]
    )["ModelPackageGroupArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:{account.id}:model-package-group/{name.lower()}"
    for given in (name, name.lower(), arn):
        group = sagemaker.describe_model_package_group(ModelPackageGroupName=given)
        assert (group["ModelPackageGroupName"], group["ModelPackageGroupArn"]) == (name, arn)
        assert group["ModelPackageGroupDescription"] == "arrival delays"
        assert group["ModelPackageGroupStatus"] == "Completed"
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "delay"}]
    again = refused("ValidationException", sagemaker.create_model_package_group, ModelPackageGroupName=name.upper())
    # What the SageMaker Python SDK looks for (session.py).
    assert "already exists" in again.message


def test_a_group_goes_only_when_it_is_empty(sagemaker, group):
    arn = register(sagemaker, group)
    refused("ConflictException", sagemaker.delete_model_package_group, ModelPackageGroupName=group)
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    for call in (sagemaker.describe_model_package_group, sagemaker.delete_model_package_group, sagemaker.list_model_packages):
        assert "does not exist" in refused("ValidationException", call, ModelPackageGroupName=group).message


def test_versions_are_numbered_and_no_number_is_given_twice(sagemaker, group):
    arns = [register(sagemaker, group) for _ in range(3)]
    assert [arn.rsplit("/", 1)[1] for arn in arns] == ["1", "2", "3"]
    sagemaker.delete_model_package(ModelPackageName=arns[2])
    assert register(sagemaker, group).endswith("/4")
    missing = refused("ValidationException", sagemaker.describe_model_package, ModelPackageName=arns[2])
    assert "does not exist" in missing.message


def test_a_version_shows_what_it_was_given(sagemaker, account, group):
    given = {
        "ModelPackageDescription": "a description",
        "ModelApprovalStatus": "Rejected",
        "MetadataProperties": {"CommitId": "0123abcd", "GeneratedBy": "a pipeline"},
        "ModelMetrics": {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://m/quality.json"}}},
        "CustomerMetadataProperties": {"rmse": "17.4"},
        "Domain": "MACHINE_LEARNING",
        "Task": "REGRESSION",
        "SkipModelValidation": "All",
        "SourceUri": "s3://m/model",
        "ModelLifeCycle": {"Stage": "Development", "StageStatus": "Approved", "StageDescription": "looked at"},
        "ModelCard": {"ModelCardContent": '{"model_overview": {}}', "ModelCardStatus": "Draft"},
        "DriftCheckBaselines": {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://m/b.json"}}},
    }
    arn = register(sagemaker, group, **given)
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    assert {name: package[name] for name in given} == given
    assert package["InferenceSpecification"] == SPECIFICATION
    assert (package["ModelPackageGroupName"], package["ModelPackageVersion"]) == (group, 1)
    assert package["ModelPackageStatus"] == "Completed"
    assert package["CreatedBy"]["IamIdentity"]["Arn"] == f"arn:aws:iam::{account.id}:root"
    assert "LastModifiedTime" not in package and "ApprovalDescription" not in package
    metadata_only = sagemaker.describe_model_package(ModelPackageName=arn, IncludedData="MetadataOnly")
    assert metadata_only["ModelCard"] == {"ModelCardContent": "{}", "ModelCardStatus": "Draft"}


def test_empty_optional_structures_are_absent(sagemaker, group):
    arn = register(sagemaker, group, ModelMetrics={"Bias": {}}, MetadataProperties={}, DriftCheckBaselines={"Bias": {}})
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    assert not {"ModelMetrics", "MetadataProperties", "DriftCheckBaselines"} & set(package)


def test_a_client_token_registers_once(sagemaker, group):
    token = fresh("token")
    arn = register(sagemaker, group, ClientToken=token)
    assert register(sagemaker, group, ClientToken=token) == arn
    refused("ConflictException", register, sagemaker=sagemaker, group=group, ClientToken=token, Domain="OTHER")
    sagemaker.delete_model_package(ModelPackageName=arn)
    assert register(sagemaker, group, ClientToken=token).endswith("/2")


def test_a_group_that_is_made_again_is_another_for_its_tokens(sagemaker, group):
    token = fresh("token")
    first = register(sagemaker, group, ClientToken=token, ModelPackageDescription="first")
    sagemaker.delete_model_package(ModelPackageName=first)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    second = register(sagemaker, group, ModelPackageDescription="second")
    assert second == first
    assert register(sagemaker, group, ClientToken=token, ModelPackageDescription="first").endswith("/2")


@pytest.mark.parametrize(
    "members, words",
    [
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "Tags"),
        ({"ModelPackageName": "both"}, "Both ModelPackageName and ModelPackageGroupName are provided"),
        ({"CertifyForMarketplace": True}, "CertifyForMarketplace"),
        ({"ValidationSpecification": {"ValidationRole": "arn:aws:iam::123456789012:role/r", "ValidationProfiles": [
            {"ProfileName": "p", "TransformJobDefinition": {
                "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/p"}}},
                "TransformOutput": {"S3OutputPath": "s3://b/o"},
                "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1}}}]}}, "ValidationSpecification"),
    ],
)  # fmt: skip
def test_what_does_not_go_with_a_version_is_refused(sagemaker, group, members, words):
    refusal = refused("ValidationException", register, sagemaker=sagemaker, group=group, **members)
    assert words in refusal.message


def test_a_package_needs_a_name_and_something_to_run(sagemaker, group):
    refused("ValidationException", sagemaker.create_model_package, InferenceSpecification=SPECIFICATION)
    refused("ValidationException", sagemaker.create_model_package, ModelPackageGroupName=group)


def test_unversioned_packages_have_names_and_tags_and_no_approval(sagemaker, account):
    name = fresh("Package")
    request = {"ModelPackageName": name, "InferenceSpecification": SPECIFICATION}
    arn = sagemaker.create_model_package(**request, Tags=[{"Key": "a", "Value": "b"}])["ModelPackageArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:{account.id}:model-package/{name.lower()}"
    assert "already exists" in refused("ValidationException", sagemaker.create_model_package, **request).message
    for given in (name, arn):
        package = sagemaker.describe_model_package(ModelPackageName=given)
        assert package["ModelPackageName"] == name
        assert not {"ModelPackageVersion", "ModelPackageGroupName", "ModelApprovalStatus"} & set(package)
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    refused("ValidationException", sagemaker.update_model_package, ModelPackageArn=arn, ModelApprovalStatus="Approved")
    other = {**request, "ModelPackageName": fresh("Package"), "ModelApprovalStatus": "Approved"}
    refused("ValidationException", sagemaker.create_model_package, **other)
    # The default of ListModelPackages is the unversioned ones.
    listed = sagemaker.list_model_packages(NameContains=name)["ModelPackageSummaryList"]
    assert [package["ModelPackageName"] for package in listed] == [name]
    assert sagemaker.list_model_packages(NameContains=name, ModelPackageType="Versioned")["ModelPackageSummaryList"] == []
    sagemaker.delete_model_package(ModelPackageName=name)
    refused("ValidationException", sagemaker.describe_model_package, ModelPackageName=name)


def test_a_version_waits_for_approval_and_every_decision_may_be_reversed(sagemaker, group):
    arn = register(sagemaker, group)
    assert sagemaker.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"] == "PendingManualApproval"
    for status in ("Approved", "Rejected", "Approved", "PendingManualApproval", "Rejected"):
        answer = sagemaker.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=f"now {status}"
        )
        assert answer["ModelPackageArn"] == arn
        package = sagemaker.describe_model_package(ModelPackageName=arn)
        assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == (status, f"now {status}")
    assert package["LastModifiedTime"] >= package["CreationTime"] and package["LastModifiedBy"]


def test_an_update_changes_what_it_names(sagemaker, group):
    properties = {"rmse": "17.4", "note": "first"}
    arn = register(sagemaker, group, CustomerMetadataProperties=properties, ModelApprovalStatus="Approved")
    sagemaker.update_model_package(
        ModelPackageArn=arn, CustomerMetadataProperties={"rmse": "16"}, CustomerMetadataPropertiesToRemove=["note", "other"]
    )
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    assert package["CustomerMetadataProperties"] == {"rmse": "16"}
    assert package["ModelApprovalStatus"] == "Approved" and package["InferenceSpecification"] == SPECIFICATION
    stage = {"Stage": "Production", "StageStatus": "Live"}
    sagemaker.update_model_package(ModelPackageArn=arn, ModelLifeCycle=stage, CustomerMetadataPropertiesToRemove=["rmse"])
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    assert package["ModelLifeCycle"] == stage and "CustomerMetadataProperties" not in package
    many = {f"key-{number}": "value" for number in range(30)}
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties=many)
    more = {f"more-{number}": "value" for number in range(21)}
    refusal = refused("ValidationException", sagemaker.update_model_package, ModelPackageArn=arn, CustomerMetadataProperties=more)
    assert "50" in refusal.message


def test_inference_specifications_are_added_up_to_fifteen(sagemaker, group):
    arn = register(sagemaker, group)

    def named(start, end):
        return [{"Name": f"spec-{number}", "Containers": [{"Image": IMAGE}]} for number in range(start, end)]

    sagemaker.update_model_package(ModelPackageArn=arn, AdditionalInferenceSpecificationsToAdd=named(0, 10))
    for wrong in (named(9, 10), named(10, 16)):
        refused("ValidationException", sagemaker.update_model_package, ModelPackageArn=arn, AdditionalInferenceSpecificationsToAdd=wrong)
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    assert [each["Name"] for each in package["AdditionalInferenceSpecifications"]] == [f"spec-{number}" for number in range(10)]


def test_lists_page_in_every_order_and_filter(sagemaker, group):
    arns = [register(sagemaker, group) for _ in range(7)]
    for arn in arns[1::2]:
        sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    pages = sagemaker.get_paginator("list_model_packages").paginate
    for order, numbers in (("Ascending", [1, 2, 3, 4, 5, 6, 7]), ("Descending", [7, 6, 5, 4, 3, 2, 1])):
        for by in ("Name", "CreationTime"):
            query = {"ModelPackageGroupName": group, "SortBy": by, "SortOrder": order, "MaxResults": 2}
            assert versions(pages(**query)) == numbers
            approved = [number for number in numbers if number % 2 == 0]
            assert versions(pages(**query, ModelApprovalStatus="Approved")) == approved
    # botocore's documentation: by creation time, ascending.
    assert versions([sagemaker.list_model_packages(ModelPackageGroupName=group)]) == [1, 2, 3, 4, 5, 6, 7]
    assert versions(pages(ModelPackageGroupName=group, ModelPackageType="Unversioned")) == []


def test_a_token_belongs_to_its_query(sagemaker, group):
    for _ in range(3):
        register(sagemaker, group)
    query = {"ModelPackageGroupName": group, "MaxResults": 1}
    token = sagemaker.list_model_packages(**query)["NextToken"]
    assert versions([sagemaker.list_model_packages(**{**query, "MaxResults": 5}, NextToken=token)]) == [2, 3]
    for other in ({"SortOrder": "Descending"}, {"ModelApprovalStatus": "Approved"}, {"NextToken": "AAAA"}):
        refused("ValidationException", sagemaker.list_model_packages, **{**query, "NextToken": token, **other})


def test_groups_are_listed_oldest_first(sagemaker):
    part = fresh("listed")
    names = [f"{part}-{letter}" for letter in "bac"]
    for name in names:
        sagemaker.create_model_package_group(ModelPackageGroupName=name)
    listed = sagemaker.list_model_package_groups(NameContains=part.upper())["ModelPackageGroupSummaryList"]
    assert [group["ModelPackageGroupName"] for group in listed] == names
    by_name = sagemaker.list_model_package_groups(NameContains=part, SortBy="Name", SortOrder="Descending", MaxResults=2)
    assert [group["ModelPackageGroupName"] for group in by_name["ModelPackageGroupSummaryList"]] == [names[2], names[0]]
    after = listed[-1]["CreationTime"]
    assert [group["ModelPackageGroupName"] for group in sagemaker.list_model_package_groups(
        NameContains=part, CreationTimeAfter=after)["ModelPackageGroupSummaryList"]][-1:] == names[-1:]  # fmt: skip
    shared = sagemaker.list_model_package_groups(CrossAccountFilterOption="CrossAccount")
    assert shared["ModelPackageGroupSummaryList"] == []


def test_a_batch_describes_what_is_there_and_says_what_is_not(sagemaker, group):
    arn = register(sagemaker, group)
    missing = arn.rsplit("/", 1)[0] + "/9"
    answer = sagemaker.batch_describe_model_package(ModelPackageArnList=[arn, missing])
    assert answer["ModelPackageSummaries"][arn]["ModelPackageVersion"] == 1
    assert answer["BatchDescribeModelPackageErrorMap"][missing]["ErrorCode"] == "ValidationException"
    assert "BatchDescribeModelPackageErrorMap" not in sagemaker.batch_describe_model_package(ModelPackageArnList=[arn])


def test_a_policy_is_checked_and_kept(sagemaker, account, other_account, group):
    arn = sagemaker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    refused("ValidationException", sagemaker.get_model_package_group_policy, ModelPackageGroupName=group)
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Sid": "Read", "Effect": "Allow", "Principal": '
        f'{{"AWS": "arn:aws:iam::{other_account.id}:root"}}, "Action": "sagemaker:DescribeModelPackageGroup", "Resource": "{arn}"}}]}}'
    )
    put = sagemaker.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy=policy)
    assert put["ModelPackageGroupArn"] == arn
    kept = sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)["ResourcePolicy"]
    assert kept == policy
    for wrong in ("{", "[]", '{"Version": "2012-10-17", "Statement": []}', policy.replace("Allow", "Maybe"),
                  policy.replace("model-package-group/", "model-package-group/other")):  # fmt: skip
        refused("ValidationException", sagemaker.put_model_package_group_policy, ModelPackageGroupName=group, ResourcePolicy=wrong)
    assert sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)["ResourcePolicy"] == policy
    sagemaker.delete_model_package_group_policy(ModelPackageGroupName=group)
    refused("ValidationException", sagemaker.get_model_package_group_policy, ModelPackageGroupName=group)
