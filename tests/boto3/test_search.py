"""Search. What the operators and properties mean is from the documentation of Filter and SearchExpression in botocore's model."""

import datetime

import pytest
from checks import fresh, refused
from test_registry import SPECIFICATION, register


@pytest.fixture(scope="module")
def group(sagemaker):
    """A group of four versions: 1 and 3 approved, rmse 4, 3, 2, 1 and the note only on the first."""
    name = fresh("searched")
    sagemaker.create_model_package_group(ModelPackageGroupName=name, Tags=[{"Key": "team", "Value": "delay"}])
    for number in range(1, 5):
        metadata = {"rmse": str(5 - number), **({"note": "first one"} if number == 1 else {})}
        arn = register(sagemaker, name, CustomerMetadataProperties=metadata, Domain=f"domain {number % 2}")
        if number % 2:
            sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    return name


@pytest.fixture
def found(sagemaker, group):
    """Searches the group's versions by an expression; gives their numbers, ascending."""

    def search(expression=None, **members):
        own = {"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": group}
        whole = {"Filters": [own], **({"SubExpressions": [expression]} if expression else {})}
        pages = sagemaker.get_paginator("search").paginate(
            Resource="ModelPackage",
            SearchExpression=whole,
            **{"SortBy": "ModelPackageVersion", "SortOrder": "Ascending", "MaxResults": 3, **members},
        )
        return [result["ModelPackage"]["ModelPackageVersion"] for page in pages for result in page["Results"]]

    return search


@pytest.mark.parametrize(
    "name, operator, value, numbers",
    [
        ("ModelPackageVersion", "Equals", "2", [2]),
        ("ModelPackageVersion", None, "2", [2]),
        ("ModelPackageVersion", "NotEquals", "2", [1, 3, 4]),
        ("ModelPackageVersion", "GreaterThan", "2", [3, 4]),
        ("ModelPackageVersion", "GreaterThanOrEqualTo", "2", [2, 3, 4]),
        ("ModelPackageVersion", "LessThan", "2.5", [1, 2]),
        ("ModelPackageVersion", "LessThanOrEqualTo", "2", [1, 2]),
        ("ModelApprovalStatus", "Equals", "Approved", [1, 3]),
        ("ModelApprovalStatus", "NotEquals", "Approved", [2, 4]),
        ("ModelApprovalStatus", "In", "Approved,Rejected", [1, 3]),
        ("Domain", "Contains", "ain 1", [1, 3]),
        ("CustomerMetadataProperties.note", "Exists", None, [1]),
        ("CustomerMetadataProperties.note", "NotExists", None, [2, 3, 4]),
        ("CustomerMetadataProperties.rmse", "Equals", "3", [2]),
        ("CertifyForMarketplace", "Equals", "false", [1, 2, 3, 4]),
        ("InferenceSpecification.SupportedContentTypes", "Equals", "text/csv", [1, 2, 3, 4]),
        ("InferenceSpecification.Containers.ModelDataUrl", "Contains", "models/", [1, 2, 3, 4]),
        ("Tags.team", "Equals", "delay", [1, 2, 3, 4]),
        ("Tags.team", "Equals", "other", []),
        ("CreationTime", "GreaterThan", "2001-02-03T04:05:06", [1, 2, 3, 4]),
        ("CreationTime", "LessThan", "2001-02-03T04:05:06", []),
    ],
)
def test_operators(found, name, operator, value, numbers):
    given = {"Name": name, "Operator": operator, "Value": value}
    filter = {member: each for member, each in given.items() if each is not None}
    assert found({"Filters": [filter]}) == numbers


def test_expressions_are_joined_by_and_or_or(found):
    approved = {"Name": "ModelApprovalStatus", "Operator": "Equals", "Value": "Approved"}
    late = {"Name": "ModelPackageVersion", "Operator": "GreaterThan", "Value": "2"}
    assert found({"Filters": [approved, late]}) == [3]
    assert found({"Filters": [approved, late], "Operator": "Or"}) == [1, 3, 4]
    first = {"Filters": [{"Name": "CustomerMetadataProperties.note", "Operator": "Exists"}]}
    assert found({"SubExpressions": [first, {"Filters": [approved, late]}], "Operator": "Or"}) == [1, 3]
    nested = {"NestedPropertyName": "InferenceSpecification.Containers"}
    url = {"Name": "InferenceSpecification.Containers.ModelDataUrl", "Operator": "Contains", "Value": "s3://models"}
    image = {"Name": "InferenceSpecification.Containers.Image", "Operator": "Contains", "Value": "xgboost"}
    assert found({"NestedFilters": [{**nested, "Filters": [url, image]}]}) == [1, 2, 3, 4]
    other = {**image, "Value": "pytorch"}
    assert found({"NestedFilters": [{**nested, "Filters": [url, other]}]}) == []


def test_results_are_sorted_by_any_property_and_paged(found):
    assert found(SortBy="CustomerMetadataProperties.rmse") == [4, 3, 2, 1]
    assert found(SortBy="CustomerMetadataProperties.rmse", SortOrder="Descending") == [1, 2, 3, 4]
    # Approved ones were changed after they were made, so by the time of the last change, newest first, 4 leads.
    assert found(SortBy="LastModifiedTime", SortOrder="Descending")[0] == 4
    assert found(MaxResults=1) == [1, 2, 3, 4]


def test_records_are_whole_and_counted(sagemaker, group):
    expression = {"Filters": [{"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": group}]}
    answer = sagemaker.search(Resource="ModelPackageGroup", SearchExpression=expression)
    (record,) = answer["Results"]
    assert record["ModelPackageGroup"]["ModelPackageGroupName"] == group
    assert record["ModelPackageGroup"]["Tags"] == [{"Key": "team", "Value": "delay"}]
    assert answer["TotalHits"] == {"Value": 1, "Relation": "EqualTo"} and "NextToken" not in answer
    newest = sagemaker.search(Resource="ModelPackage", SearchExpression=expression, MaxResults=1)
    assert newest["TotalHits"]["Value"] == 4
    assert newest["Results"][0]["ModelPackage"]["InferenceSpecification"] == SPECIFICATION
    nothing = {"Filters": [{"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": fresh("nothing")}]}
    assert sagemaker.search(Resource="ModelPackageGroup", SearchExpression=nothing)["Results"] == []


def test_a_token_belongs_to_its_search(sagemaker, group):
    expression = {"Filters": [{"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": group}]}
    query = {"Resource": "ModelPackage", "SearchExpression": expression, "MaxResults": 1}
    token = sagemaker.search(**query)["NextToken"]
    refused("ValidationException", sagemaker.search, **query, SortOrder="Ascending", NextToken=token)


def test_visibility_conditions_leave_out_other_values_of_a_tag(sagemaker, group):
    expression = {"Filters": [{"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": group}]}

    def seen(key, value):
        conditions = [{"Key": f"Tags.{key}", "Value": value}]
        answer = sagemaker.search(Resource="ModelPackageGroup", SearchExpression=expression, VisibilityConditions=conditions)
        return len(answer["Results"])

    assert (seen("team", "delay"), seen("team", "other"), seen("colour", "red")) == (1, 0, 1)


def test_models_are_found(sagemaker):
    name = fresh("Searched")
    container = {"Image": SPECIFICATION["Containers"][0]["Image"], "ModelDataUrl": "s3://models/model.tar.gz"}
    role = "arn:aws:iam::123456789012:role/SageMaker"
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    expression = {"Filters": [{"Name": "ModelName", "Operator": "Equals", "Value": name}]}
    (record,) = sagemaker.search(Resource="Model", SearchExpression=expression)["Results"]
    # Of a model, Search shows the model dashboard's record.
    assert record["Model"]["Model"]["PrimaryContainer"]["ModelDataUrl"] == "s3://models/model.tar.gz"


@pytest.mark.parametrize("resource", ["TrainingJob", "HyperParameterTuningJob", "Endpoint", "Model", "ModelPackage", "ModelPackageGroup"])
def test_every_resource_there_is_can_be_searched(sagemaker, resource):
    since = datetime.datetime(2001, 1, 1).isoformat()
    expression = {"Filters": [{"Name": "CreationTime", "Operator": "GreaterThan", "Value": since}]}
    for page in sagemaker.get_paginator("search").paginate(Resource=resource, SearchExpression=expression, MaxResults=100):
        assert all(set(record) == {resource} for record in page["Results"])


def test_a_resource_that_is_not_there_is_refused_by_name(sagemaker):
    for resource in ("Pipeline", "Experiment", "FeatureGroup", "ModelCard"):
        assert resource in refused("ValidationException", sagemaker.search, Resource=resource).message


@pytest.mark.parametrize(
    "filter, word",
    [
        ({"Name": "Colour", "Operator": "Equals", "Value": "red"}, "Colour"),
        ({"Name": "ModelApprovalStatus", "Operator": "GreaterThan", "Value": "A"}, "ModelApprovalStatus"),
        ({"Name": "ModelPackageVersion", "Operator": "Contains", "Value": "1"}, "ModelPackageVersion"),
        ({"Name": "ModelPackageVersion", "Operator": "Equals", "Value": "one"}, "ModelPackageVersion"),
        ({"Name": "CreationTime", "Operator": "LessThan", "Value": "yesterday"}, "CreationTime"),
        ({"Name": "ModelPackageVersion", "Operator": "Equals"}, "ModelPackageVersion"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(sagemaker, group, filter, word):
    refusal = refused("ValidationException", sagemaker.search, Resource="ModelPackage", SearchExpression={"Filters": [filter]})
    assert word in refusal.message


def test_an_expression_has_at_most_fifty_parts(sagemaker):
    filters = [{"Name": "Domain", "Operator": "Exists"}] * 17
    sub = {"Filters": filters}
    refused("ValidationException", sagemaker.search, Resource="ModelPackage", SearchExpression={"SubExpressions": [sub] * 3})
