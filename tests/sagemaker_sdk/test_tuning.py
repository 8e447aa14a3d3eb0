"""HyperparameterTuner: cold, warm from a parent, attached, stopped."""

import data
import numpy as np
import pytest
from checks import fresh
from sagemaker.parameter import CategoricalParameter, ContinuousParameter, IntegerParameter
from sagemaker.tuner import HyperparameterTuner, WarmStartConfig, WarmStartTypes

RANGES = {
    "eta": ContinuousParameter(0.05, 0.5, scaling_type="Logarithmic"),
    "max_depth": IntegerParameter(2, 6),
    "grow_policy": CategoricalParameter(["depthwise", "lossguide"]),
}


def tuner_of(estimator, **settings):
    settings = {"max_jobs": 4, "max_parallel_jobs": 2, "objective_type": "Minimize", **settings}
    return HyperparameterTuner(estimator, "validation:rmse", RANGES, **settings)


@pytest.fixture(scope="module")
def cold(estimator, inputs):
    tuner = tuner_of(estimator())
    tuner.fit(inputs, job_name=fresh("cold"))
    return tuner


def test_fit_waits_until_every_training_job_has_ended(cold):
    described = cold.describe()
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert described["TrainingJobStatusCounters"]["Completed"] == 4
    assert "WarmStartConfig" not in described and "OverallBestTrainingJob" not in described


def test_analytics_has_a_row_for_every_training_job(cold):
    frame = cold.analytics().dataframe()
    assert len(frame) == 4 and frame["TrainingJobName"].is_unique
    assert (frame["TrainingJobStatus"] == "Completed").all()
    assert frame["eta"].between(0.05, 0.5).all()
    assert frame["max_depth"].between(2, 6).all() and (frame["max_depth"] % 1 == 0).all()
    assert frame["grow_policy"].isin(["depthwise", "lossguide"]).all()
    assert (frame["TrainingEndTime"] >= frame["TrainingStartTime"]).all()
    best = frame.loc[frame["FinalObjectiveValue"].idxmin()]
    assert cold.best_training_job() == best["TrainingJobName"]
    ranges = cold.analytics().tuning_ranges
    assert (float(ranges["eta"]["MinValue"]), float(ranges["eta"]["MaxValue"])) == (0.05, 0.5)


def test_the_objective_is_what_xgboost_says_of_the_artifact(cold, session):
    frame = cold.analytics().dataframe()
    for _, job in frame.iterrows():
        booster = data.booster(session, f"s3://{session.default_bucket()}/output/{job['TrainingJobName']}/output/model.tar.gz")
        assert job["FinalObjectiveValue"] == pytest.approx(data.rmse(booster, data.VALIDATION), rel=1e-4)


def test_the_best_estimator_knows_its_model(cold, session):
    best = cold.best_estimator()
    name = cold.best_training_job()
    assert best.latest_training_job.name == name
    assert best.model_data == f"s3://{session.default_bucket()}/output/{name}/output/model.tar.gz"
    hyperparameters = best.hyperparameters()
    row = cold.analytics().dataframe().set_index("TrainingJobName").loc[name]
    assert float(hyperparameters["eta"]) == pytest.approx(row["eta"])
    assert hyperparameters["num_round"] == "20"
    assert data.booster(session, best.model_data).num_boosted_rounds() == 20


def test_attach_finds_the_same_tuner(cold, session):
    attached = HyperparameterTuner.attach(cold.latest_tuning_job.name, sagemaker_session=session)
    assert attached.best_training_job() == cold.best_training_job()
    assert (attached.max_jobs, attached.max_parallel_jobs, attached.objective_type) == (4, 2, "Minimize")
    ranges = attached.hyperparameter_ranges()
    assert [(each["Name"], float(each["MaxValue"])) for each in ranges["ContinuousParameterRanges"]] == [("eta", 0.5)]
    assert [each["Name"] for each in ranges["IntegerParameterRanges"]] == ["max_depth"]
    assert ranges["CategoricalParameterRanges"][0]["Values"] == ["depthwise", "lossguide"]
    assert attached.estimator.hyperparameters() == {"objective": "reg:squarederror", "eval_metric": "rmse", "num_round": "20"}


def test_a_transfer_learning_tuner_learns_from_its_parent(cold, inputs):
    parent = cold.latest_tuning_job.name
    warm_start = WarmStartConfig(WarmStartTypes.TRANSFER_LEARNING, parents={parent})
    warm = tuner_of(cold.estimator, warm_start_config=warm_start, max_jobs=2)
    warm.fit(inputs, job_name=fresh("transfer"))
    described = warm.describe()
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert described["WarmStartConfig"]["WarmStartType"] == "TransferLearning"
    assert described["WarmStartConfig"]["ParentHyperParameterTuningJobs"] == [{"HyperParameterTuningJobName": parent}]
    assert "OverallBestTrainingJob" not in described, "only IdenticalDataAndAlgorithm has one"
    assert len(warm.analytics().dataframe()) == 2


def test_an_identical_tuner_counts_its_parents_best(cold, inputs):
    warm = cold.identical_dataset_and_algorithm_tuner()
    warm.max_jobs = 2
    warm.fit(inputs, job_name=fresh("identical"))
    described = warm.describe()
    assert described["WarmStartConfig"]["WarmStartType"] == "IdenticalDataAndAlgorithm"
    objectives = [*warm.analytics().dataframe()["FinalObjectiveValue"], *cold.analytics().dataframe()["FinalObjectiveValue"]]
    overall = described["OverallBestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert np.isclose(overall, min(objectives))


def test_a_tuning_job_is_stopped(estimator, inputs):
    tuner = tuner_of(estimator(num_round=1_000_000), max_jobs=50)
    tuner.fit(inputs, job_name=fresh("stopped"), wait=False)
    tuner.stop_tuning_job()
    tuner.wait()
    assert tuner.describe()["HyperParameterTuningJobStatus"] == "Stopped"
