"""Tuning jobs: the operations, the strategies and their rules, completion, and warm starts.

Expectations: SageMaker's service model and API reference, and the developer guide (automatic-model-tuning-*).
"""

import jobs
import pytest
from checks import fresh, refused


@pytest.fixture
def bucket(s3, bucket):
    jobs.data(s3, bucket)
    return bucket


CATEGORIES = {
    "CategoricalParameterRanges": [
        {"Name": "max_depth", "Values": ["1", "3"]},
        {"Name": "grow_policy", "Values": ["depthwise", "lossguide"]},
    ]
}


def refusal(sagemaker, code="ValidationException", **settings):
    return refused(code, sagemaker.create_hyper_parameter_tuning_job, **settings).message


def status(job):
    return job["HyperParameterTuningJobStatus"]


def name(job):
    return job["HyperParameterTuningJobName"]


def test_a_tuning_job_finds_the_best_of_its_training_jobs(sagemaker, bucket):
    job = jobs.tune(sagemaker, bucket, jobs=5)
    assert status(job) == "Completed", job.get("FailureReason")
    children = jobs.children(sagemaker, name(job), PaginationConfig={"PageSize": 2})
    assert len(children) == 5
    assert job["TrainingJobStatusCounters"] == {"Completed": 5, "InProgress": 0, "RetryableError": 0, "NonRetryableError": 0, "Stopped": 0}
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 5, "Pending": 0, "Failed": 0}
    assert jobs.value(job["BestTrainingJob"]) == min(map(jobs.value, children))
    assert "OverallBestTrainingJob" not in job and "WarmStartConfig" not in job
    assert job["TrainingJobDefinition"]["StaticHyperParameters"]["_tuning_objective_metric"] == "validation:rmse"
    # Names: <tuning job>-NNN-<8 hex>; the default order is Name ascending.
    names = [child["TrainingJobName"] for child in children]
    assert names == sorted(names) and all(child.startswith(f"{name(job)}-00{at}-") for at, child in enumerate(names, 1))
    for child in children:
        tuned = child["TunedHyperParameters"]
        assert 0.1 <= float(tuned["eta"]) <= 0.5 and tuned["max_depth"] in map(str, range(1, 7))
        training = sagemaker.describe_training_job(TrainingJobName=child["TrainingJobName"])
        assert training["HyperParameters"].items() >= tuned.items()
        assert training["TuningJobArn"] == job["HyperParameterTuningJobArn"]


def test_children_are_sorted_and_filtered(sagemaker, bucket):
    job = jobs.tune(sagemaker, bucket, jobs=4)
    ascending = [jobs.value(child) for child in jobs.children(sagemaker, name(job), SortBy="FinalObjectiveMetricValue")]
    assert ascending == sorted(ascending) and len(ascending) == 4
    assert len(jobs.children(sagemaker, name(job), StatusEquals="Completed")) == 4
    assert jobs.children(sagemaker, name(job), StatusEquals="Failed") == []
    created = [child["CreationTime"] for child in jobs.children(sagemaker, name(job), SortBy="CreationTime", SortOrder="Descending")]
    assert created == sorted(created, reverse=True)


def test_names_are_unique_whatever_their_case(sagemaker, bucket):
    request = jobs.tuning(bucket, jobs=1)
    sagemaker.create_hyper_parameter_tuning_job(**request)
    request["HyperParameterTuningJobName"] = request["HyperParameterTuningJobName"].upper()
    refusal(sagemaker, "ResourceInUse", **request)
    nobody = {"HyperParameterTuningJobName": fresh("nobody")}
    for call in ("describe_hyper_parameter_tuning_job", "stop_hyper_parameter_tuning_job", "list_training_jobs_for_hyper_parameter_tuning_job"):
        refused("ResourceNotFound", getattr(sagemaker, call), **nobody)


def test_a_job_is_stopped_listed_and_deleted(sagemaker, bucket):
    request = jobs.tuning(bucket, jobs=50, static={"num_round": "1000000"})
    sagemaker.create_hyper_parameter_tuning_job(**request)
    own = {"HyperParameterTuningJobName": request["HyperParameterTuningJobName"]}
    refused("ValidationException", sagemaker.delete_hyper_parameter_tuning_job, **own)
    sagemaker.stop_hyper_parameter_tuning_job(**own)
    job = jobs.tuned(sagemaker, own["HyperParameterTuningJobName"])
    assert status(job) == "Stopped"
    children = jobs.children(sagemaker, name(job))
    assert {child["TrainingJobStatus"] for child in children} <= {"Stopped"}
    refused("ValidationException", sagemaker.stop_hyper_parameter_tuning_job, **own)
    listed = sagemaker.list_hyper_parameter_tuning_jobs(NameContains=name(job), StatusEquals="Stopped")
    assert [summary["HyperParameterTuningJobName"] for summary in listed["HyperParameterTuningJobSummaries"]] == [name(job)]
    sagemaker.delete_hyper_parameter_tuning_job(**own)
    refused("ResourceNotFound", sagemaker.describe_hyper_parameter_tuning_job, **own)
    for child in children:
        sagemaker.describe_training_job(TrainingJobName=child["TrainingJobName"])
    sagemaker.delete_hyper_parameter_tuning_job(**own)


def test_a_random_seed_repeats_the_search(sagemaker, bucket):
    def chosen(seed, strategy):
        limits = {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 1}
        job = jobs.tune(sagemaker, bucket, RandomSeed=seed, Strategy=strategy, ResourceLimits=limits)
        return [child["TunedHyperParameters"] for child in jobs.children(sagemaker, name(job))]

    for strategy in ("Random", "Bayesian"):
        assert chosen(7, strategy) == chosen(7, strategy)
        assert chosen(7, strategy) != chosen(8, strategy)


def test_grid_tries_every_combination_once(sagemaker, bucket):
    limits = {"MaxParallelTrainingJobs": 2}
    job = jobs.tune(sagemaker, bucket, Strategy="Grid", ranges=CATEGORIES, ResourceLimits=limits)
    tried = [tuple(sorted(child["TunedHyperParameters"].items())) for child in jobs.children(sagemaker, name(job))]
    assert status(job) == "Completed" and len(tried) == len(set(tried)) == 4
    # API reference: only categories, and the number of jobs, if given, is that of the combinations.
    assert "Grid" in refusal(sagemaker, **jobs.tuning(bucket, Strategy="Grid"))
    assert "4" in refusal(sagemaker, **jobs.tuning(bucket, Strategy="Grid", ranges=CATEGORIES, jobs=3))


def test_hyperband_stops_what_falls_behind(sagemaker, bucket):
    band = {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 9}}
    static = {"num_round": "9", "eval_metric": "rmse"}
    job = jobs.tune(sagemaker, bucket, jobs=12, Strategy="Hyperband", StrategyConfig=band, static=static, RandomSeed=1)
    assert status(job) == "Completed", job.get("FailureReason")
    counters = job["TrainingJobStatusCounters"]
    assert counters["Stopped"] > 0 and counters["Stopped"] + counters["Completed"] == 12
    # API reference, HyperbandStrategyConfig.
    assert "MaxResource" in refusal(sagemaker, **jobs.tuning(bucket, Strategy="Hyperband"))
    off = jobs.tuning(bucket, Strategy="Hyperband", StrategyConfig=band, TrainingJobEarlyStoppingType="Auto")
    assert "TrainingJobEarlyStoppingType" in refusal(sagemaker, **off)
    assert "StrategyConfig" in refusal(sagemaker, **jobs.tuning(bucket, StrategyConfig=band))


def test_early_stopping_stops_what_is_worse_than_the_median(sagemaker, bucket):
    ranges = {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.001", "MaxValue": "0.9"}]}
    limits = {"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 1}
    job = jobs.tune(sagemaker, bucket, ranges=ranges, ResourceLimits=limits, TrainingJobEarlyStoppingType="Auto", RandomSeed=3)
    stopped = jobs.children(sagemaker, name(job), StatusEquals="Stopped")
    assert status(job) == "Completed" and stopped, "of ten some are worse than the median"
    assert {child["ObjectiveStatus"] for child in stopped} == {"Succeeded"}, "the metric of a stopped job counts"


def test_completion_criteria_end_a_job(sagemaker, bucket):
    reached = jobs.tune(sagemaker, bucket, jobs=50, TuningJobCompletionCriteria={"TargetObjectiveMetricValue": 1000.0})
    assert status(reached) == "Completed" and len(jobs.children(sagemaker, name(reached))) < 10
    limits = {"MaxNumberOfTrainingJobs": 60, "MaxParallelTrainingJobs": 1}
    three = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}
    stuck = jobs.tune(sagemaker, bucket, ResourceLimits=limits, TuningJobCompletionCriteria=three, RandomSeed=3)
    assert status(stuck) == "Completed" and stuck["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"] == 3
    converged = {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}
    job = jobs.tune(sagemaker, bucket, ResourceLimits=limits, TuningJobCompletionCriteria=converged, RandomSeed=3)
    assert status(job) == "Completed" and len(jobs.children(sagemaker, name(job))) < 60
    assert job["TuningJobCompletionDetails"]["ConvergenceDetectedTime"] > job["CreationTime"]


@pytest.mark.parametrize(
    "code, settings, said",
    [
        ("ValidationException", {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:loss"}}, "validation:loss"),
        ("ValidationException", {"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:rmse"}}, "Maximize"),
        ("ValidationException", {"ranges": {"IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "5", "MaxValue": "4"}]}}, "max_depth"),
        ("ValidationException", {"static": {"eta": "0.1"}}, "eta"),
        ("ValidationException", {"ResourceLimits": {"MaxParallelTrainingJobs": 1}}, "would not end"),
        ("ValidationException", {"Strategy": "Guess"}, "Guess"),
        ("ResourceLimitExceeded", {"ResourceLimits": {"MaxNumberOfTrainingJobs": 751, "MaxParallelTrainingJobs": 1}}, "750"),
        ("ResourceLimitExceeded", {"ResourceLimits": {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 101}}, "100"),
        ("ValidationException", {"ResourceLimits": {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 1, "MaxRuntimeInSeconds": 15768001}}, "maxRuntimeInSeconds"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused(sagemaker, bucket, code, settings, said):
    assert said in refusal(sagemaker, code, **jobs.tuning(bucket, **settings))


def test_what_is_not_emulated_is_refused_by_name(sagemaker, bucket):
    request = jobs.tuning(bucket)
    assert "Autotune" in refusal(sagemaker, **request, Autotune={"Mode": "Enabled"})
    definitions = [{**request.pop("TrainingJobDefinition"), "DefinitionName": "one"}]
    assert "TrainingJobDefinitions" in refusal(sagemaker, **request, TrainingJobDefinitions=definitions)


def test_a_job_of_failures_fails_and_says_so(sagemaker, bucket):
    job = jobs.tune(sagemaker, bucket, jobs=2, static={"objective": "binary:logistic"})
    assert status(job) == "Failed" and job["FailureReason"].startswith("All training jobs failed.")
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 2 and "BestTrainingJob" not in job


def test_a_warm_start_begins_with_its_parents(sagemaker, bucket):
    parent = jobs.tune(sagemaker, bucket, jobs=4)
    transfer = jobs.tune(sagemaker, bucket, parents=[name(parent)])
    assert status(transfer) == "Completed" and "OverallBestTrainingJob" not in transfer
    assert transfer["WarmStartConfig"]["ParentHyperParameterTuningJobs"] == [{"HyperParameterTuningJobName": name(parent)}]
    identical = jobs.tune(sagemaker, bucket, parents=[name(parent), name(transfer)], warm_start="IdenticalDataAndAlgorithm")
    every = [child for job in (parent, transfer, identical) for child in jobs.children(sagemaker, name(job))]
    overall = identical["OverallBestTrainingJob"]
    assert jobs.value(overall) == min(map(jobs.value, every))
    assert overall["TuningJobName"] in (name(parent), name(transfer), name(identical))


def test_a_warm_start_has_rules(sagemaker, s3, bucket):
    parent = name(jobs.tune(sagemaker, bucket, jobs=1))

    def warm(**settings):
        return refusal(sagemaker, **jobs.tuning(bucket, **{"parents": [parent], **settings}))

    assert "nobody" in warm(parents=["nobody"])
    warm(parents=[parent] * 6)
    assert "Grid" in warm(Strategy="Grid", ranges=CATEGORIES, jobs=4)
    assert "objective" in warm(HyperParameterTuningJobObjective={"Type": "Minimize", "MetricName": "validation:mae"})
    assert "number of static and tunable" in warm(static={"gamma": "1"})
    whole = {"IntegerParameterRanges": [{"Name": name, "MinValue": "0", "MaxValue": "1"} for name in ("eta", "max_depth")]}
    assert "eta" in warm(ranges=whole)
    s3.put_object(Bucket=bucket, Key="other/data.csv", Body=jobs.csv(0, 100))
    request = jobs.tuning(bucket, parents=[parent], warm_start="IdenticalDataAndAlgorithm")
    source = request["TrainingJobDefinition"]["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3Uri"] = f"s3://{bucket}/other/"
    assert "input data" in refusal(sagemaker, **request)
    request["WarmStartConfig"]["WarmStartType"] = "TransferLearning"
    sagemaker.create_hyper_parameter_tuning_job(**request)
    running = jobs.tuning(bucket, static={"num_round": "1000000"})
    sagemaker.create_hyper_parameter_tuning_job(**running)
    assert "InProgress" in warm(parents=[running["HyperParameterTuningJobName"]])
    sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=running["HyperParameterTuningJobName"])
    jobs.tuned(sagemaker, running["HyperParameterTuningJobName"])
