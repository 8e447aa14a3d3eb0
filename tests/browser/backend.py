"""What the console is looked at with: a small loop of real jobs, packages, endpoints and objects, made through boto3."""

import math
import time
import uuid

import boto3
from botocore.config import Config

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2"
METRIC = "validation:rmse"


def fresh(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def waited(what, until, seconds=300):
    """What `what` gives as soon as `until` holds of it."""
    deadline = time.monotonic() + seconds
    while not until(found := what()):
        assert time.monotonic() < deadline, f"still {found}"
        time.sleep(0.1)
    return found


def csv(start, end):
    def row(index):
        a, b = index * 37 % 101 / 101, index * 53 % 97 / 97
        return 3 * a - 2 * b + math.sin(index) / 10, a, b

    return "\n".join(",".join(map(str, row(index))) for index in range(start, end)).encode()


class Backend:
    """One account of a running refit-local, and a bucket with training data."""

    def __init__(self, endpoint_url):
        session = boto3.Session("refit-local", "refit-local", region_name="us-east-1")
        config = Config(retries={"max_attempts": 1})
        services = ("s3", "sagemaker", "sagemaker-runtime")
        clients = [session.client(name, endpoint_url=endpoint_url, config=config) for name in services]
        self.s3, self.sagemaker, self.runtime = clients
        self.url = endpoint_url
        self.bucket = fresh("models")
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_object(Bucket=self.bucket, Key="train/rows.csv", Body=csv(0, 400))
        self.s3.put_object(Bucket=self.bucket, Key="validation/rows.csv", Body=csv(400, 500))

    def tune(self, name, jobs=4, rounds=10, parallel=2):
        """Starts a tuning job, without waiting for it."""
        self.sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name,
            HyperParameterTuningJobConfig={
                "Strategy": "Random",
                "RandomSeed": 7,
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": METRIC},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": parallel},
                "ParameterRanges": {
                    "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.05", "MaxValue": "0.5"}],
                    "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "6"}],
                },
            },
            TrainingJobDefinition={
                "StaticHyperParameters": {"num_round": str(rounds), "objective": "reg:squarederror", "eval_metric": "rmse"},
                "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
                **self.training(),
            },
        )

    def training(self):
        def channel(name):
            source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/{name}/"}
            return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}

        return {
            "RoleArn": ROLE,
            "InputDataConfig": [channel("train"), channel("validation")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/output"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        }

    def tuned(self, name):
        """The tuning job, once it has ended."""

        def describe():
            return self.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

        return waited(describe, lambda job: job["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping"))

    def trials(self, name):
        pages = self.sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        pages = pages.paginate(HyperParameterTuningJobName=name)
        return [trial for page in pages for trial in page["TrainingJobSummaries"]]

    def register(self, group, artifact):
        """Registers an artifact, which then waits for approval. Returns the package's ARN."""
        if not self.sagemaker.list_model_package_groups(NameContains=group)["ModelPackageGroupSummaryList"]:
            self.sagemaker.create_model_package_group(ModelPackageGroupName=group)
        package = self.sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelPackageDescription="arrival delay, in minutes",
            InferenceSpecification={
                "Containers": [{"Image": IMAGE, "ModelDataUrl": artifact}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )
        return package["ModelPackageArn"]

    def package(self, arn):
        return self.sagemaker.describe_model_package(ModelPackageName=arn)

    def serve(self, name, artifact):
        """Brings a multi-model endpoint of two instances into service, with the artifact as `a.tar.gz` and `b.tar.gz`."""
        bucket, key = artifact.removeprefix("s3://").split("/", 1)
        for model in ("a", "b"):
            self.s3.copy_object(Bucket=self.bucket, Key=f"models/{model}.tar.gz", CopySource={"Bucket": bucket, "Key": key})
        container = {"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": f"s3://{self.bucket}/models/"}
        self.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        variant = {"VariantName": "all", "ModelName": name, "InitialInstanceCount": 2, "InstanceType": "ml.m5.large"}
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

        def status():
            return self.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]

        waited(status, lambda status: status == "InService")

    def invoke(self, endpoint, model):
        answer = self.runtime.invoke_endpoint(
            EndpointName=endpoint, TargetModel=model, ContentType="text/csv", Body=b"0.5,0.5"
        )
        return answer["Body"].read()
