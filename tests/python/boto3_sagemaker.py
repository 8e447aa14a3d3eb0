"""SageMaker through boto3: tuning with a warm start, the registry, and a multi-model endpoint.

    boto3_sagemaker.py http://127.0.0.1:PORT

Needs a running refit-local with its default account. Everything it makes has a fresh name, so it can be run again.
Exits with 0 when every check held.
"""

import math
import sys
import time
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2"


def clients(endpoint_url):
    session = boto3.Session("refit-local", "refit-local", region_name="us-east-1")
    config = Config(retries={"max_attempts": 1})
    return [session.client(name, endpoint_url=endpoint_url, config=config) for name in ("sagemaker", "sagemaker-runtime", "s3")]


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code} expected")


def waited(describe, status, busy):
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        described = describe()
        if described[status] not in busy:
            return described
        time.sleep(0.1)
    raise AssertionError(f"still {described[status]}")


def row(index):
    a, b = index * 37 % 101 / 101, index * 53 % 97 / 97
    label = 3 * a - 2 * b + math.sin(index) / 10
    return label, "" if index % 7 == 0 else a, b


def csv(start, end, label=True):
    return "\n".join(",".join(str(field) for field in row(index)[0 if label else 1 :]) for index in range(start, end))


def tuning_request(bucket, name, parent=None, jobs=3):
    def channel(channel_name):
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{channel_name}/"}
        return {"ChannelName": channel_name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}

    request = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2},
            "TrainingJobEarlyStoppingType": "Off",
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5", "ScalingType": "Logarithmic"}
                ],
                "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "6"}],
            },
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"num_round": "10", "objective": "reg:squarederror", "eval_metric": "rmse"},
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "RoleArn": ROLE,
            "InputDataConfig": [channel("train"), channel("validation")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/output"},
            # What the SageMaker Python SDK sends in place of ResourceConfig.
            "HyperParameterTuningResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }
    if parent:
        request["WarmStartConfig"] = {
            "WarmStartType": "TransferLearning",
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent}],
        }
    return request


def tuning(sagemaker, bucket, unique):
    def ended(name):
        def describe():
            return sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

        return waited(describe, "HyperParameterTuningJobStatus", ("InProgress", "Stopping"))

    first, second = f"first-{unique}", f"second-{unique}"
    sagemaker.create_hyper_parameter_tuning_job(**tuning_request(bucket, first))
    refused("ResourceInUse", sagemaker.create_hyper_parameter_tuning_job, **tuning_request(bucket, first.upper()))
    job = ended(first)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    assert "OverallBestTrainingJob" not in job and "WarmStartConfig" not in job and "FailureReason" not in job
    assert job["TrainingJobDefinition"]["StaticHyperParameters"]["_tuning_objective_metric"] == "validation:rmse"

    def value(summary):
        return summary["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]

    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=first, PaginationConfig={"PageSize": 2}
    )
    children = [child for page in pages for child in page["TrainingJobSummaries"]]
    assert len(children) == 3
    assert value(job["BestTrainingJob"]) == min(value(child) for child in children)
    best = sagemaker.describe_training_job(TrainingJobName=job["BestTrainingJob"]["TrainingJobName"])
    assert [transition["Status"] for transition in best["SecondaryStatusTransitions"]] == [
        "Starting", "Downloading", "Training", "Uploading", "Completed",
    ]  # fmt: skip

    sagemaker.create_hyper_parameter_tuning_job(**tuning_request(bucket, second, parent=first))
    warm = ended(second)
    assert warm["HyperParameterTuningJobStatus"] == "Completed", warm.get("FailureReason")
    assert warm["WarmStartConfig"]["ParentHyperParameterTuningJobs"] == [{"HyperParameterTuningJobName": first}]

    stopped = f"stopped-{unique}"
    request = tuning_request(bucket, stopped, jobs=50)
    request["TrainingJobDefinition"]["StaticHyperParameters"]["num_round"] = "1000000"
    sagemaker.create_hyper_parameter_tuning_job(**request)
    sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=stopped)
    assert ended(stopped)["HyperParameterTuningJobStatus"] == "Stopped"
    listed = sagemaker.list_hyper_parameter_tuning_jobs(NameContains=unique)["HyperParameterTuningJobSummaries"]
    assert [summary["HyperParameterTuningJobName"] for summary in listed] == [first, second, stopped]
    refused("ResourceNotFound", sagemaker.describe_hyper_parameter_tuning_job, HyperParameterTuningJobName="nobody")
    message = refused("ValidationException", sagemaker.describe_training_job, TrainingJobName="-")
    assert message.startswith("1 validation error detected: Value '-' at 'trainingJobName'"), message
    return best["ModelArtifacts"]["S3ModelArtifacts"]


def registry(sagemaker, artifact, unique):
    group = f"group-{unique}"
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    found = sagemaker.search(
        Resource="ModelPackageGroup",
        SearchExpression={"Filters": [{"Name": "ModelPackageGroupName", "Value": group, "Operator": "Equals"}]},
    )["Results"]
    assert [result["ModelPackageGroup"]["ModelPackageGroupName"] for result in found] == [group]
    specification = {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": artifact}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    arns = [
        sagemaker.create_model_package(ModelPackageGroupName=group, InferenceSpecification=specification)["ModelPackageArn"]
        for _ in range(3)
    ]
    assert [arn.rsplit("/", 1)[1] for arn in arns] == ["1", "2", "3"]
    package = sagemaker.describe_model_package(ModelPackageName=arns[1])
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    sagemaker.update_model_package(ModelPackageArn=arns[1], ModelApprovalStatus="Approved")
    listed = sagemaker.list_model_packages(
        ModelPackageGroupName=group, ModelApprovalStatus="Approved", SortBy="CreationTime", SortOrder="Descending"
    )["ModelPackageSummaryList"]
    assert [summary["ModelPackageArn"] for summary in listed] == [arns[1]]
    refused("ConflictException", sagemaker.delete_model_package_group, ModelPackageGroupName=group)


def hosting(sagemaker, runtime, s3, bucket, artifact, unique):
    key = artifact.removeprefix(f"s3://{bucket}/")
    s3.copy_object(Bucket=bucket, Key="models/EWR.tar.gz", CopySource={"Bucket": bucket, "Key": key})
    name = f"mme-{unique}"
    container = {"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": f"s3://{bucket}/models/"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    for config in (name, f"{name}-2"):
        sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    described = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert "DataCaptureConfig" not in described
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    waiter_settings = {"Delay": 1, "MaxAttempts": 30}
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=waiter_settings)

    def scores(target):
        answer = runtime.invoke_endpoint(
            EndpointName=name, TargetModel=target, ContentType="text/csv", Body=csv(400, 500, label=False)
        )
        return [float(score) for score in answer["Body"].read().decode().split(",")]

    labels = [row(index)[0] for index in range(400, 500)]
    answered = scores("EWR.tar.gz")
    assert len(answered) == 100
    error = math.sqrt(sum((score - label) ** 2 for score, label in zip(answered, labels)) / 100)
    mean = sum(labels) / 100
    baseline = math.sqrt(sum((mean - label) ** 2 for label in labels) / 100)
    assert error < baseline, (error, baseline)
    refused("ValidationError", scores, target="missing.tar.gz")

    s3.delete_object(Bucket=bucket, Key="models/EWR.tar.gz")
    assert scores("EWR.tar.gz") == answered, "a loaded model is served on"
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-2")
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=waiter_settings)
    assert sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"] == f"{name}-2"
    refused("ValidationError", scores, target="EWR.tar.gz")
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=waiter_settings)


def main(endpoint_url):
    sagemaker, runtime, s3 = clients(endpoint_url)
    unique = uuid.uuid4().hex[:8]
    bucket = f"refit-boto3-{unique}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="train/data.csv", Body=csv(0, 400))
    s3.put_object(Bucket=bucket, Key="validation/data.csv", Body=csv(400, 500))
    artifact = tuning(sagemaker, bucket, unique)
    registry(sagemaker, artifact, unique)
    hosting(sagemaker, runtime, s3, bucket, artifact, unique)
    print("boto3: SageMaker tunes, registers and serves")


if __name__ == "__main__":
    main(sys.argv[1])
