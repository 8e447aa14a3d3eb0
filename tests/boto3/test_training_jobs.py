"""Training jobs: the operations, the container's data formats, hyperparameters and metrics, and how jobs end.

Expectations: SageMaker's service model and API reference, the developer guide (cdf-training, xgboost), and the source of the XGBoost container.
"""

import gzip
import io
import json
import tarfile

import jobs
import pytest
from checks import fresh, refused, waited


@pytest.fixture
def bucket(s3, bucket):
    jobs.data(s3, bucket)
    return bucket


def reason(job):
    """The message of the container in a FailureReason."""
    assert job["TrainingJobStatus"] == "Failed" == job["SecondaryStatus"]
    head, tail = "AlgorithmError: framework error: \nsagemaker_algorithm_toolkit.exceptions.UserError: ", ", exit code: 1"
    text = job["FailureReason"]
    assert text.startswith(head) and text.endswith(tail), text
    return text.removeprefix(head).removesuffix(tail)


def metrics(job):
    return {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}


def test_a_training_job_trains_and_tells_how(sagemaker, s3, bucket):
    # As Estimator.fit sends it: with a debugger hook and a profiler, which are accepted and left alone.
    hook = {"S3OutputPath": f"s3://{bucket}/", "CollectionConfigurations": []}
    profiler = {"S3OutputPath": f"s3://{bucket}/", "DisableProfiler": False}
    request = jobs.training(bucket, {"eval_metric": "rmse,mae"}, DebugHookConfig=hook, ProfilerConfig=profiler)
    name = request["TrainingJobName"]
    arn = sagemaker.create_training_job(**request)["TrainingJobArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}"
    job = jobs.trained(sagemaker, name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert set(metrics(job)) == {"train:rmse", "train:mae", "validation:rmse", "validation:mae"}
    assert all(metric["Timestamp"] >= job["TrainingStartTime"] for metric in job["FinalMetricDataList"])
    transitions = job["SecondaryStatusTransitions"]
    assert [each["Status"] for each in transitions] == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert all(one["EndTime"] == other["StartTime"] for one, other in zip(transitions, transitions[1:]))
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"] <= job["LastModifiedTime"]
    assert "TuningJobArn" not in job and "FailureReason" not in job
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert artifact == f"s3://{bucket}/output/{name}/output/model.tar.gz"
    archive = s3.get_object(Bucket=bucket, Key=artifact.removeprefix(f"s3://{bucket}/"))["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == ["xgboost-model"]


def test_names_are_unique_and_follow_the_model(sagemaker, bucket):
    request = jobs.training(bucket)
    sagemaker.create_training_job(**request)
    assert request["TrainingJobName"] in refused("ResourceInUse", sagemaker.create_training_job, **request).message
    refused("ValidationException", sagemaker.create_training_job, **jobs.training(bucket, TrainingJobName="no_underscores"))
    refused("ValidationException", sagemaker.create_training_job, **jobs.training(bucket, TrainingJobName="x" * 64))
    # The model names ResourceNotFound, but AWS answers so (aws/aws-sdk issue 165).
    missing = refused("ValidationException", sagemaker.describe_training_job, TrainingJobName=fresh("nobody"))
    assert missing.message == "Requested resource not found."
    refused("ValidationException", sagemaker.stop_training_job, TrainingJobName=fresh("nobody"))


@pytest.mark.parametrize(
    "change, said",
    [
        ({"AlgorithmSpecification": {"TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/linear:1", "TrainingInputMode": "File"}}, "linear"),
        ({"AlgorithmSpecification": {"TrainingImage": jobs.IMAGE, "TrainingInputMode": "Pipe"}}, "Pipe"),
        ({"AlgorithmSpecification": {"TrainingImage": jobs.IMAGE, "TrainingInputMode": "Floppy"}}, "Floppy"),
        ({"HyperParameters": {"num_round": "1" * 2501}}, "hyperParameters"),
        ({"RoleArn": "the-role-of-all-roles-of-mine"}, "roleArn"),
    ],
)  # fmt: skip
def test_what_would_not_be_honoured_is_refused(sagemaker, bucket, change, said):
    message = refused("ValidationException", sagemaker.create_training_job, **{**jobs.training(bucket), **change}).message
    assert said in message, message


@pytest.mark.parametrize("kind", ["AugmentedManifestFile", "Converse"])
def test_other_kinds_of_s3_data_are_refused_by_name(sagemaker, bucket, kind):
    channel = jobs.channel(bucket, "train")
    channel["DataSource"]["S3DataSource"]["S3DataType"] = kind
    request = jobs.training(bucket, InputDataConfig=[channel])
    assert kind in refused("ValidationException", sagemaker.create_training_job, **request).message


# The container's hyperparameter_validation.py and metrics.
@pytest.mark.parametrize(
    "hyperparameters, said",
    [
        ({"num_round": "0"}, "Hyperparameter num_round: 0 is not in [1, +inf)"),
        ({"eta": "1.5"}, "Hyperparameter eta: 1.5 is not in [0, 1]"),
        ({"subsample": "0"}, "Hyperparameter subsample: 0 is not in (0, 1]"),
        ({"max_depth": "deep"}, "could not parse value"),
        ({"booster": "boost"}, "Hyperparameter booster: boost is not in"),
        ({"verbosity": "4"}, "Hyperparameter verbosity: 4 is not in [0, 3]"),
        ({"eat": "0.1"}, "Extraneous hyperparameter found: eat"),
        ({"objective": "multi:softprob"}, "Require input for parameter 'num_class' for multi-classification"),
        ({"monotone_constraints": "(1,0)"}, "monotone_constraints can be used only when the tree_method parameter is set"),
        ({"eval_metric": "auc"}, "Metric 'auc' can only be applied for classification and ranking problems."),
        ({"eval_metric": "rmse@2"}, "Metric 'rmse@2' is not supported."),
        ({"learning_rate": "0.1", "eta": "0.1"}, "eta is given twice"),
        ({"_kfold": "5"}, "_kfold"),
        ({"objective": "binary:logistic"}, "label must be in [0,1]"),
        ({"eval_metric": "accuracy"}, "Classification metrics can't handle a mix of continuous and binary targets"),
    ],
)
def test_hyperparameters_fail_as_in_the_container(sagemaker, bucket, hyperparameters, said):
    job = jobs.train(sagemaker, bucket, hyperparameters)
    if said.startswith("Classification"):
        # scikit-learn's own words, which the container does not know as the caller's fault.
        assert job["FailureReason"].startswith("AlgorithmError: framework error: ") and said in job["FailureReason"]
    else:
        assert said in reason(job)


def test_the_required_hyperparameter(sagemaker, bucket):
    assert reason(jobs.train(sagemaker, bucket, HyperParameters={"eta": "0.1"})) == "Missing required hyperparameter: num_round"


def test_channels_fail_as_in_the_container(sagemaker, s3, bucket):
    only = jobs.channel(bucket, "validation")
    assert reason(jobs.train(sagemaker, bucket, InputDataConfig=[only])) == "Missing required channel: train"
    s3.put_object(Bucket=bucket, Key="test/data.csv", Body="1,2\n")
    extra = [jobs.channel(bucket, "train"), jobs.channel(bucket, "test")]
    assert reason(jobs.train(sagemaker, bucket, InputDataConfig=extra)) == "Extraneous channel found: test"
    missing = jobs.train(sagemaker, bucket, InputDataConfig=[{**jobs.channel(bucket, "nothing"), "ChannelName": "train"}])
    assert missing["FailureReason"].startswith("ClientError: Data download failed")
    s3.put_object(Bucket=bucket, Key="header/data.csv", Body="delay,wind\n1,2\n")
    s3.put_object(Bucket=bucket, Key="hidden/.data.csv", Body="1,2\n")

    def failed(folder, **members):
        channel = {**jobs.channel(bucket, folder), "ChannelName": "train", **members}
        return reason(jobs.train(sagemaker, bucket, InputDataConfig=[channel]))

    assert "line 1, field 1: 'delay' is not a finite number" in failed("header")
    assert failed("hidden") == "Hidden file found in the data path! Remove that before training."
    assert "image/png is not an accepted ContentType" in failed("train", ContentType="image/png")
    assert "recordio-protobuf" in failed("train", ContentType="application/x-recordio-protobuf")
    assert "label_size must be equal to 1" in failed("train", ContentType="text/csv; label_size=2")


def validation_rmse(sagemaker, bucket, train, **validation):
    return metrics(jobs.train(sagemaker, bucket, InputDataConfig=[train, {**jobs.channel(bucket, "validation"), **validation}]))["validation:rmse"]


def test_every_way_to_the_same_rows_gives_the_same_model(sagemaker, s3, bucket):
    """gzip, a manifest, shards, semicolons and libsvm: 'validation:rmse' is that of the plain file."""
    plain, text = jobs.channel(bucket, "train"), jobs.csv(0, 300)
    expected = validation_rmse(sagemaker, bucket, plain)

    def put(folder, body, **members):
        s3.put_object(Bucket=bucket, Key=f"{folder}/data", Body=body)
        return {**jobs.channel(bucket, folder), "ChannelName": "train", **members}

    assert validation_rmse(sagemaker, bucket, put("gzip", gzip.compress(text.encode()), CompressionType="Gzip")) == expected
    assert validation_rmse(sagemaker, bucket, put("semicolons", text.replace(",", ";"))) == expected
    rows = [row.split(",") for row in text.splitlines()]
    libsvm = "\n".join(" ".join([row[0]] + [f"{at}:{cell}" for at, cell in enumerate(row[1:]) if cell]) for row in rows)
    assert validation_rmse(sagemaker, bucket, put("libsvm", libsvm, ContentType="text/libsvm")) == expected
    sharded = jobs.channel(bucket, "train")
    sharded["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    assert validation_rmse(sagemaker, bucket, sharded) == expected
    for part, lines in enumerate((text.splitlines()[:100], text.splitlines()[100:])):
        s3.put_object(Bucket=bucket, Key=f"parts/{part}", Body="\n".join(lines))
    s3.put_object(Bucket=bucket, Key="manifest.json", Body=json.dumps([{"prefix": f"s3://{bucket}/parts/"}, "0", "1"]))
    manifest = jobs.channel(bucket, "train")
    manifest["DataSource"]["S3DataSource"] |= {"S3DataType": "ManifestFile", "S3Uri": f"s3://{bucket}/manifest.json"}
    assert validation_rmse(sagemaker, bucket, manifest) == expected


def test_weights_are_the_second_column_if_asked(sagemaker, s3, bucket):
    rows = [row.split(",", 1) for row in jobs.csv(0, 300).splitlines()]
    s3.put_object(Bucket=bucket, Key="ones/data", Body="\n".join(f"{label},1,{rest}" for label, rest in rows))
    ones = {**jobs.channel(bucket, "ones"), "ChannelName": "train"}
    weighted = jobs.train(sagemaker, bucket, {"csv_weights": "1"}, InputDataConfig=[ones])
    assert metrics(weighted)["train:rmse"] == metrics(jobs.train(sagemaker, bucket, InputDataConfig=[jobs.channel(bucket, "train")]))["train:rmse"]


def test_several_instances_are_one(sagemaker, bucket):
    resources = {"InstanceCount": 4, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
    job = jobs.train(sagemaker, bucket, ResourceConfig=resources)
    assert job["TrainingJobStatus"] == "Completed" and job["ResourceConfig"]["InstanceCount"] == 4


def test_the_containers_own_metrics(sagemaker, s3, bucket):
    rows = "\n".join(f"{index % 2},{index % 2 + index % 5 / 10},{index % 3}" for index in range(60))
    s3.put_object(Bucket=bucket, Key="binary/data", Body=rows)
    binary = [{**jobs.channel(bucket, "binary"), "ChannelName": name} for name in ("train", "validation")]
    names = "accuracy,balanced_accuracy,f1,f1_binary,f1_macro,precision,precision_macro,precision_micro,recall,recall_macro,recall_micro,auc"
    job = jobs.train(sagemaker, bucket, {"objective": "binary:logistic", "eval_metric": names, "num_round": "20"}, InputDataConfig=binary)
    found = metrics(job)
    assert set(found) == {f"{channel}:{name}" for channel in ("train", "validation") for name in names.split(",")}
    assert set(found.values()) == {1.0}, "the first feature tells the class"


def test_early_stopping_watches_the_last_metric(sagemaker, bucket):
    job = jobs.train(sagemaker, bucket, {"num_round": "2000", "eta": "1", "eval_metric": "mae,rmse", "early_stopping_rounds": "2"})
    assert job["TrainingJobStatus"] == "Completed" and job["TrainingTimeInSeconds"] < 60


def test_a_job_is_stopped_between_rounds(sagemaker, bucket):
    request = jobs.training(bucket, {"num_round": "1000000"})
    name = request["TrainingJobName"]
    sagemaker.create_training_job(**request)
    waited(lambda: sagemaker.describe_training_job(TrainingJobName=name), lambda job: job["SecondaryStatus"] == "Training")
    sagemaker.stop_training_job(TrainingJobName=name)
    job = jobs.trained(sagemaker, name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert [each["Status"] for each in job["SecondaryStatusTransitions"]][-3:] == ["Stopping", "Uploading", "Stopped"]
    assert "Stopped" in refused("ValidationException", sagemaker.stop_training_job, TrainingJobName=name).message


def test_a_job_stops_at_its_longest_time(sagemaker, bucket):
    job = jobs.train(sagemaker, bucket, {"num_round": "1000000"}, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_jobs_are_listed_filtered_and_sorted(sagemaker, bucket):
    # API reference, ListTrainingJobs: by CreationTime ascending if nobody says.
    marker = fresh("list")[-8:]
    names = [f"{letter}-{marker}" for letter in "bca"]
    for name in names:
        jobs.train(sagemaker, bucket, TrainingJobName=name)
    failed = jobs.train(sagemaker, bucket, {"eta": "2"}, TrainingJobName=f"d-{marker}")
    assert failed["TrainingJobStatus"] == "Failed"

    def listed(**filters):
        pages = sagemaker.get_paginator("list_training_jobs").paginate(NameContains=marker, **filters, PaginationConfig={"PageSize": 2})
        return [summary["TrainingJobName"][0] for page in pages for summary in page["TrainingJobSummaries"]]

    assert listed() == list("bcad")
    assert listed(SortBy="Name") == list("abcd")
    assert listed(SortBy="Name", SortOrder="Descending") == list("dcba")
    assert listed(StatusEquals="Failed") == ["d"]
    first = sagemaker.describe_training_job(TrainingJobName=names[0])["CreationTime"]
    assert listed(CreationTimeAfter=first)[-3:] == list("cad")
    refused("ValidationException", sagemaker.list_training_jobs, SortBy="Colour")


def test_tags_come_with_the_job(sagemaker, bucket):
    request = jobs.training(bucket, Tags=[{"Key": "team", "Value": "delays"}])
    arn = sagemaker.create_training_job(**request)["TrainingJobArn"]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "delays"}]
