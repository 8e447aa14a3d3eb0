"""Requests for training and tuning jobs on a small data set of this module's own, and waiting for their ends."""

import copy
import math

from checks import fresh, waited

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
BUSY = ("InProgress", "Stopping")


def csv(start, end):
    rows = []
    for index in range(start, end):
        a, b = index * 37 % 101 / 101, index * 53 % 97 / 97
        rows.append(f"{3 * a - 2 * b + math.sin(index) / 10},{'' if index % 7 == 0 else a},{b}")
    return "\n".join(rows)


def data(s3, bucket):
    s3.put_object(Bucket=bucket, Key="train/data.csv", Body=csv(0, 300))
    s3.put_object(Bucket=bucket, Key="validation/data.csv", Body=csv(300, 400))


def channel(bucket, name, **more):
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{name}/", "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}, **more}


def definition(bucket):
    """What training jobs and the definitions of tuning jobs have in common."""
    return {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [channel(bucket, "train"), channel(bucket, "validation")],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/output"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }


def training(bucket, hyperparameters=(), **members):
    """A CreateTrainingJob request; `members` replace those it would have."""
    chosen = {"num_round": "5", "objective": "reg:squarederror", **dict(hyperparameters)}
    return {"TrainingJobName": fresh("train"), "HyperParameters": chosen, **definition(bucket), **members}


def tuning(bucket, jobs=3, ranges=None, static=(), parents=(), warm_start="TransferLearning", **config):
    """A CreateHyperParameterTuningJob request; `config` replaces members of HyperParameterTuningJobConfig."""
    eta = {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5", "ScalingType": "Logarithmic"}
    depth = {"Name": "max_depth", "MinValue": "1", "MaxValue": "6"}
    request = {
        "HyperParameterTuningJobName": fresh("tune"),
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": ranges or {"ContinuousParameterRanges": [eta], "IntegerParameterRanges": [depth]},
            **config,
        },
        "TrainingJobDefinition": {"StaticHyperParameters": {"num_round": "5", **dict(static)}, **definition(bucket)},
    }
    if parents:
        names = [{"HyperParameterTuningJobName": parent} for parent in parents]
        request["WarmStartConfig"] = {"WarmStartType": warm_start, "ParentHyperParameterTuningJobs": names}
    return copy.deepcopy(request)


def trained(sagemaker, name):
    return waited(lambda: sagemaker.describe_training_job(TrainingJobName=name), lambda job: job["TrainingJobStatus"] not in BUSY)


def train(sagemaker, bucket, hyperparameters=(), **members):
    """Runs a training job to its end."""
    request = training(bucket, hyperparameters, **members)
    sagemaker.create_training_job(**request)
    return trained(sagemaker, request["TrainingJobName"])


def tuned(sagemaker, name):
    def describe():
        return sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

    return waited(describe, lambda job: job["HyperParameterTuningJobStatus"] not in BUSY)


def tune(sagemaker, bucket, **settings):
    """Runs a tuning job to its end."""
    request = tuning(bucket, **settings)
    sagemaker.create_hyper_parameter_tuning_job(**request)
    return tuned(sagemaker, request["HyperParameterTuningJobName"])


def children(sagemaker, name, **sorting):
    paginator = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
    pages = paginator.paginate(HyperParameterTuningJobName=name, **sorting)
    return [summary for page in pages for summary in page["TrainingJobSummaries"]]


def value(summary):
    return summary["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
