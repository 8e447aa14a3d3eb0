"""What dev/quickstart left behind, seen by boto3 and pandas: argv is the endpoint URL and the quickstart's folder.

The expectations are the quickstart's promise (README) and the article's column lists. Only the verdict on the second model is refit's own:
what the registry and the endpoint have is held to it.
"""

import json
import sys
from pathlib import Path

import boto3
import pandas as pd

MODELS = ["arr-delay-ewr", "arr-delay-jfk", "arr-delay-lga"]
TUNING_COLUMNS = "datetime tuningjob metric layer objective eval_metric eval_metric_value trainingjobcount".split()
EVALUATION_COLUMNS = "datetime testing trainingjob objective hyperparameter_tuning_metric mae rmse stdev_error".split()

url, folder = sys.argv[1], Path(sys.argv[2])
aws = dict(
    endpoint_url=url, region_name="us-east-1", aws_access_key_id="refit-local", aws_secret_access_key="refit-local"
)
sagemaker = boto3.client("sagemaker", **aws)
runtime = boto3.client("sagemaker-runtime", **aws)
s3 = boto3.client("s3", **aws)


def tuning_jobs_of(model):
    summaries = sagemaker.list_hyper_parameter_tuning_jobs(NameContains=model, SortBy="CreationTime", SortOrder="Ascending")
    names = [job["HyperParameterTuningJobName"] for job in summaries["HyperParameterTuningJobSummaries"]]
    return [sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name) for name in names]


def verdict_on(model, tuning_job):
    """What the report says of a tuning job's best model and its champion."""
    (report,) = folder.glob(f"work/models/{model}/{tuning_job['BestTrainingJob']['TrainingJobName']}/report.json")
    return json.loads(report.read_text())["evaluation"]["champion"]["comparison"]["verdict"]


history = pd.read_csv(folder / "work/logs/tuningjobhistory.csv")
assert list(history.columns)[:8] == TUNING_COLUMNS, list(history.columns)
pd.to_datetime(history["datetime"], format="%Y/%m/%d %H:%M:%S")
assert len(history) == 2 * len(MODELS), history

for model in MODELS:
    first, second = tuning_jobs_of(model)
    for job in (first, second):
        assert job["HyperParameterTuningJobStatus"] == "Completed", job
        assert job["TrainingJobStatusCounters"]["Completed"] == 8, job["TrainingJobStatusCounters"]
    assert "WarmStartConfig" not in first, first
    parents = second["WarmStartConfig"]["ParentHyperParameterTuningJobs"]
    assert [parent["HyperParameterTuningJobName"] for parent in parents] == [first["HyperParameterTuningJobName"]], parents

    rows = history[history["metric"] == model]
    assert set(rows["tuningjob"]) == {job["HyperParameterTuningJobName"] for job in (first, second)}
    for job in (first, second):
        best = job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        row = rows[rows["tuningjob"] == job["HyperParameterTuningJobName"]].iloc[0]
        assert abs(row["eval_metric_value"] - best) < 1e-5 * abs(best), (row, best)

    evaluations = pd.read_csv(folder / f"work/models/{model}/evaluationhistory.csv")
    assert list(evaluations.columns)[:8] == EVALUATION_COLUMNS, list(evaluations.columns)
    assert len(evaluations) == 2 and evaluations["testing"].dtype == bool and not evaluations["testing"].any(), evaluations
    assert (evaluations["rmse"] >= evaluations["mae"]).all(), evaluations

    packages = sagemaker.list_model_packages(ModelPackageGroupName=model)["ModelPackageSummaryList"]
    assert [package["ModelPackageVersion"] for package in packages] == [1, 2], packages
    # The trials run side by side, so which are tried is chance, and the second model may be worse than the first.
    statuses = [package["ModelApprovalStatus"] for package in packages]
    assert statuses == ["Approved", "Rejected" if verdict_on(model, second) == "worse" else "Approved"], packages

endpoints = sagemaker.list_endpoints()["Endpoints"]
assert [endpoint["EndpointStatus"] for endpoint in endpoints] == ["InService"], endpoints
endpoint = endpoints[0]["EndpointName"]

buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
assert len(buckets) == 1, buckets
served = [item["Key"] for item in s3.list_objects_v2(Bucket=buckets[0], Prefix="models/")["Contents"]]
assert served == [f"models/{model}.tar.gz" for model in MODELS], served

for model in MODELS:
    files = sorted((folder / f"work/datasets/{model}").glob("*/evaluation.csv"))
    with open(files[-1]) as lines:
        rows = [line.rstrip("\n").split(",") for _, line in zip(range(50), lines)]
    body = "\n".join(",".join(row[1:]) for row in rows)
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint, TargetModel=f"{model}.tar.gz", ContentType="text/csv", Accept="text/csv", Body=body
    )
    predictions = [float(value) for value in answer["Body"].read().decode().replace("\n", ",").split(",")]
    assert len(predictions) == len(rows), (len(predictions), len(rows))
    labels = [float(row[0]) for row in rows]
    mean = sum(labels) / len(labels)
    error = sum((p - y) ** 2 for p, y in zip(predictions, labels))
    assert error < sum((mean - y) ** 2 for y in labels), f"{model} is no better than the mean of these rows"
    print(f"{model}: {len(predictions)} predictions, served by {endpoint}")
