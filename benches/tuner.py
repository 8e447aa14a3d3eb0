"""refit-local's tuner beside Optuna's samplers, over the same objective: a training job of the running refit-local.

    tuner.py http://127.0.0.1:PORT RESULTS.json

Ours is a tuning job of 20 training jobs, one at a time. A sampler of Optuna chooses from the same ranges with the same scaling, and each
of its trials is a training job with the same data, rounds and static hyperparameters. So every value comes from the same trainer. Two searches run
at once, each training on one thread. Prints a table and writes the medians over the seeds.
"""

import io
import json
import math
import os
import pathlib
import statistics
import sys
import time
import uuid
import warnings
from concurrent.futures import ProcessPoolExecutor

os.environ.update(OMP_NUM_THREADS="1", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
warnings.simplefilter("ignore")

import boto3
import numpy as np
import optuna
import pyarrow.parquet
import sklearn.datasets
from sklearn.model_selection import train_test_split
from tqdm import tqdm

SEEDS = range(10)
JOBS = 20
MOST_JOBS = 40
BUCKET = "tuner-bench"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
# Name, least, greatest, whether logarithmic.
CONTINUOUS = [
    ("eta", 0.01, 0.5, True),
    ("min_child_weight", 1, 120, True),
    ("subsample", 0.5, 1, False),
    ("colsample_bytree", 0.5, 1, False),
    ("alpha", 0.001, 1000, True),
    ("lambda", 0.001, 1000, True),
]
INTEGER = [("max_depth", 1, 10, False)]
SAMPLERS = {"tpe": optuna.samplers.TPESampler, "gp": optuna.samplers.GPSampler}


def flights():
    """Arrival delays of Newark's flights in May, by what is known at departure."""
    path = pathlib.Path(__file__).parents[1] / "examples/data/flights.parquet"
    table = pyarrow.parquet.read_table(path)
    columns = [name for name, kind in zip(table.column_names, table.schema.types) if pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind)]
    data = {name: table[name].to_numpy() for name in columns}
    month = table["time_hour"].to_numpy().astype("datetime64[M]")
    rows = (table["origin"].to_numpy() == "EWR") & (month == np.datetime64("2013-05")) & ~np.isnan(data["arr_delay"].astype(float))
    known = [name for name in columns if name not in ("arr_delay", "arr_time", "air_time")]
    return np.column_stack([data[name][rows] for name in known])[:4000].astype(float), data["arr_delay"][rows][:4000].astype(float)


DATASETS = {
    "flights": (flights, "reg:squarederror", "rmse"),
    "diabetes": (lambda: sklearn.datasets.load_diabetes(return_X_y=True), "reg:squarederror", "rmse"),
    "breast-cancer": (lambda: sklearn.datasets.load_breast_cancer(return_X_y=True), "binary:logistic", "logloss"),
}


def client(url, service):
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="refit-local", aws_secret_access_key="refit-local")


def upload(url):
    s3 = client(url, "s3")
    s3.create_bucket(Bucket=BUCKET)
    for name, (load, _, _) in DATASETS.items():
        features, labels = load()
        parts = train_test_split(np.column_stack([labels, features]), test_size=0.3, random_state=0)
        for channel, part in zip(("train", "validation"), parts):
            text = io.StringIO()
            np.savetxt(text, part, delimiter=",", fmt="%.9g")
            s3.put_object(Bucket=BUCKET, Key=f"{name}/{channel}/data.csv", Body=text.getvalue().replace("nan", ""))


def definition(dataset):
    def channel(name):
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{dataset}/{name}/"}
        return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}

    _, objective, metric = DATASETS[dataset]
    static = {"num_round": "80", "objective": objective, "eval_metric": metric, "nthread": "1"}
    return static, {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [channel("train"), channel("validation")],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


def ended(describe, status):
    while (answer := describe())[status] in ("InProgress", "Stopping"):
        time.sleep(0.01)
    assert answer[status] == "Completed", answer.get("FailureReason")
    return answer


def tune(url, dataset, seed, jobs, parent=None, target=None):
    """A tuning job: its name, and the objectives in the order of the training jobs."""
    sagemaker = client(url, "sagemaker")
    static, rest = definition(dataset)

    def ranges(given):
        scale = {True: "Logarithmic", False: "Linear"}
        return [{"Name": n, "MinValue": str(a), "MaxValue": str(b), "ScalingType": scale[log]} for n, a, b, log in given]

    config = {
        "Strategy": "Bayesian",
        "RandomSeed": seed,
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": f"validation:{DATASETS[dataset][2]}"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {"ContinuousParameterRanges": ranges(CONTINUOUS), "IntegerParameterRanges": ranges(INTEGER)},
    }
    if target is not None:
        config["TuningJobCompletionCriteria"] = {"TargetObjectiveMetricValue": target}
    name = uuid.uuid4().hex[:30]
    request = {"TrainingJobDefinition": {"StaticHyperParameters": static, **rest}, "HyperParameterTuningJobConfig": config}
    if parent:
        parents = [{"HyperParameterTuningJobName": parent}]
        request["WarmStartConfig"] = {"WarmStartType": "IdenticalDataAndAlgorithm", "ParentHyperParameterTuningJobs": parents}
    sagemaker.create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **request)
    ended(lambda: sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name), "HyperParameterTuningJobStatus")
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(HyperParameterTuningJobName=name)
    summaries = [summary for page in pages for summary in page["TrainingJobSummaries"]]
    return name, [summary["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for summary in summaries]


def train(sagemaker, dataset, chosen):
    static, rest = definition(dataset)
    name = uuid.uuid4().hex
    hyperparameters = static | {key: str(value) for key, value in chosen.items()}
    sagemaker.create_training_job(TrainingJobName=name, HyperParameters=hyperparameters, **rest)
    job = ended(lambda: sagemaker.describe_training_job(TrainingJobName=name), "TrainingJobStatus")
    metric = f"validation:{DATASETS[dataset][2]}"
    return next(final["Value"] for final in job["FinalMetricDataList"] if final["MetricName"] == metric)


def sample(url, dataset, sampler, seed):
    import torch

    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sagemaker = client(url, "sagemaker")

    def objective(trial):
        chosen = {name: trial.suggest_float(name, least, most, log=log) for name, least, most, log in CONTINUOUS}
        chosen |= {name: trial.suggest_int(name, least, most, log=log) for name, least, most, log in INTEGER}
        return train(sagemaker, dataset, chosen)

    study = optuna.create_study(sampler=SAMPLERS[sampler](seed=seed))
    study.optimize(objective, n_trials=JOBS)
    return study.best_value


def jobs_to(target, values):
    return next((count for count, value in enumerate(values, 1) if value <= target), MOST_JOBS + 1)


def measure(url, dataset, who, seed):
    """The best value of 20 jobs; ours tells besides how many jobs two more searches need to find one as good, cold and warm."""
    if who != "ours":
        return {"best": sample(url, dataset, who, seed)}
    name, values = tune(url, dataset, seed, JOBS)
    target = min(values)
    cold = tune(url, dataset, seed + 1000, MOST_JOBS, target=target)[1]
    warm = tune(url, dataset, seed + 1000, MOST_JOBS, parent=name, target=target)[1]
    return {"best": target, "cold": jobs_to(target, cold), "warm": jobs_to(target, warm)}


def main(url, results):
    upload(url)
    cases = [(dataset, who, seed) for dataset in DATASETS for who in ("ours", *SAMPLERS) for seed in SEEDS]
    with ProcessPoolExecutor(2) as pool:
        searches = pool.map(measure, [url] * len(cases), *zip(*cases))
        measured = dict(zip(cases, tqdm(searches, "searches", len(cases), mininterval=10)))

    def median(dataset, who, what):
        return statistics.median(measured[dataset, who, seed][what] for seed in SEEDS)

    print(f"optuna {optuna.__version__}; medians over {len(SEEDS)} seeds of the best of {JOBS} jobs, and of the jobs to reach a parent's best")
    print(f"{'':14}{'metric':>9}{'ours':>10}{'TPE':>10}{'GP':>10}{'cold':>7}{'warm':>7}")
    medians = {}
    for dataset in DATASETS:
        best = {who: median(dataset, who, "best") for who in ("ours", *SAMPLERS)}
        jobs = {start: median(dataset, "ours", start) for start in ("cold", "warm")}
        medians[dataset] = best | jobs
        print(f"{dataset:14}{DATASETS[dataset][2]:>9}" + "".join(f"{value:10.5f}" for value in best.values()), end="")
        print("".join(f"{count:7.1f}" for count in jobs.values()))
        assert all(math.isfinite(value) for value in best.values())
    pathlib.Path(results).write_text(json.dumps(medians))


if __name__ == "__main__":
    main(*sys.argv[1:])
