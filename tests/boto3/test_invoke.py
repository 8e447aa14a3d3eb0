"""InvokeEndpoint: what containers read, answer and refuse, and which models they keep.

Expected scores are arithmetic on models of one split a tree; expected texts are those of the container's source
(aws/sagemaker-xgboost-container: serve.py for one model, handler_service.py for many).
"""

import gzip
import json
import math
import struct
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from checks import refused
from hosting import Hosting, variant
from stumps import model, pickled, stump, tree

LIMIT = 6 * 1024 * 1024
FIXTURES = Path(__file__).parents[2] / "crates/booster/tests/fixtures"


@pytest.fixture
def hosting(account, bucket):
    return Hosting(account, bucket)


@pytest.fixture
def single(hosting):
    """An endpoint of one model: 1.5 left of 0.5, 2.5 right of it."""
    return hosting.serving(hosting.single(stump(1.5, 2.5)))


@pytest.fixture
def multi(hosting):
    """An endpoint of many models, with the same one at a.tar.gz."""
    hosting.put("models/a.tar.gz", stump(1.5, 2.5))
    return hosting.serving(hosting.multi("models/"))


def softmax(margins):
    exponentials = [math.exp(margin) for margin in margins]
    return [each / sum(exponentials) for each in exponentials]


def classes():
    """Three classes with the margins (0, 1, 2) to the left and (2, 1, 0) to the right."""
    trees = [tree(number, 0, 0.5, float(number), float(2 - number)) for number in range(3)]
    return json.dumps(model(trees, objective="multi:softprob", classes=3, base_score=0.5)).encode()


def model_error(status, call, **arguments):
    """The message of the container's refusal."""
    refusal = refused("ModelError", call, **arguments)
    assert refusal.status == 424 and refusal.response["OriginalStatusCode"] == status, refusal
    message = refusal.response["OriginalMessage"]
    assert message in refusal.message and f"({status}) from primary" in refusal.message
    assert refusal.response["LogStreamArn"].startswith("arn:aws:logs:us-east-1:")
    return message


def test_one_model_answers_a_line_a_row(hosting, single):
    assert hosting.invoke(single, "0,9\n1,9\n0.5,9\n,9") == "1.5\n2.5\n2.5\n1.5\n"


def test_many_models_answer_on_one_line(hosting, multi):
    assert hosting.invoke(multi, "0,9\n1,9", "a.tar.gz") == "1.5,2.5"
    assert hosting.invoke(multi, "0,9\n", "a.tar.gz") == "1.5"
    assert hosting.invoke(multi, "0,9\n", "/a.tar.gz") == "1.5"


def test_json_by_accept(hosting, single, multi):
    body = "0,9\n1,9"
    assert json.loads(hosting.invoke(single, body, Accept="application/json")) == {
        "predictions": [{"score": 1.5}, {"score": 2.5}]
    }
    assert json.loads(hosting.invoke(multi, body, "a.tar.gz", Accept="application/json")) == [1.5, 2.5]


def test_without_accept_each_container_has_its_default(hosting, single, multi):
    request = {"ContentType": "text/csv", "Body": "0,9"}
    answer = hosting.runtime.invoke_endpoint(EndpointName=single, **request)
    assert (answer["ContentType"], answer["Body"].read()) == ("text/csv", b"1.5\n")
    answer = hosting.runtime.invoke_endpoint(EndpointName=multi, TargetModel="a.tar.gz", **request)
    assert (answer["ContentType"], answer["Body"].read()) == ("application/json", b"[1.5]")
    csv = hosting.serving(hosting.multi("models/", Environment={"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}))
    answer = hosting.runtime.invoke_endpoint(EndpointName=csv, TargetModel="a.tar.gz", **request)
    assert (answer["ContentType"], answer["Body"].read()) == ("text/csv", b"1.5")


def test_classes(hosting):
    left, right = softmax([0, 1, 2]), softmax([2, 1, 0])
    single = hosting.serving(hosting.single(classes()))
    lines = hosting.invoke(single, "0,0\n1,0").splitlines()
    assert [[float(score) for score in line.split(",")] for line in lines] == [pytest.approx(left), pytest.approx(right)]
    predictions = json.loads(hosting.invoke(single, "0,0", Accept="application/json"))["predictions"]
    assert predictions == [{"score": pytest.approx(left)}]
    hosting.put("classes/a.tar.gz", classes())
    multi = hosting.serving(hosting.multi("classes/"))
    text = hosting.invoke(multi, "0,0\n1,0", "a.tar.gz")
    assert text.startswith("[") and "],[" in text, "Python's lists, joined by commas"
    assert json.loads(f"[{text}]") == [pytest.approx(left), pytest.approx(right)]
    assert json.loads(hosting.invoke(multi, "0,0", "a.tar.gz", Accept="application/json")) == [pytest.approx(left)]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/csv", "0,9\n1,9"),
        ("csv", "0;9\n1;9"),
        ("text/csv; label_size=1; charset=utf-8", "0\t9\n1\t9\n"),
        ("text/libsvm", "0:0 1:9\n0:1 1:9"),
        ("text/x-libsvm", "1:0 2:9\n1:1 2:9"),
        ("libsvm", "7 0:0\n7 0:1"),
        ("application/jsonlines", '{"features": [0, 9]}\n{"features": [1, null]}'),
        ("application/jsonlines", '{"data": {"features": {"values": [0, 9]}}}\n{"data": {"features": {"keys": [0], "shape": [2], "values": [1]}}}'),
    ],
)  # fmt: skip
def test_content_types(hosting, single, multi, content_type, body):
    assert hosting.invoke(single, body, ContentType=content_type) == "1.5\n2.5\n"
    assert hosting.invoke(multi, body, "a.tar.gz", ContentType=content_type) == "1.5,2.5"


def test_without_content_type_it_is_libsvm(hosting, single):
    answer = hosting.runtime.invoke_endpoint(EndpointName=single, Body="0:1")
    assert answer["Body"].read() == b"2.5\n"


def test_an_empty_payload_has_no_content(hosting, single, multi):
    for request in ({"EndpointName": single}, {"EndpointName": multi, "TargetModel": "a.tar.gz"}):
        answer = hosting.runtime.invoke_endpoint(ContentType="text/csv", Body=b"", **request)
        assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Body"].read()) == (204, b"")


def test_content_types_that_are_not_read(hosting, single, multi):
    accepted = "is not an accepted ContentType: csv, libsvm, parquet, recordio-protobuf, text/csv"
    for content_type, words in [
        ("application/json", accepted),
        ("application/octet-stream", accepted),
        ("text/csv; label_size=2", "label_size must be equal to 1"),
        ("application/x-parquet", "Content-type application/x-parquet is not supported."),
        ("application/x-recordio-protobuf", "Content-type application/x-recordio-protobuf is not supported."),
    ]:
        assert words in model_error(415, hosting.invoke, endpoint=single, body="0,9", ContentType=content_type)
    request = {"endpoint": multi, "body": "0,9", "target": "a.tar.gz"}
    assert accepted in model_error(400, hosting.invoke, ContentType="application/json", **request)
    assert "Prediction failed" in model_error(503, hosting.invoke, ContentType="application/x-parquet", **request)


def test_payloads_that_are_not_what_they_say(hosting, single, multi):
    for content_type, body, words in [
        ("text/csv", "0,x", "Loading csv data failed with Exception, please ensure data is in csv format:"),
        ("text/csv", "0,1\n2", "Loading csv data failed"),
        ("text/csv", "\n", "Loading csv data failed"),
        ("text/csv", b"\xff,1", "Loading csv data failed"),
        ("text/libsvm", "0,1", "Loading libsvm data failed with Exception, please ensure data is in libsvm format:"),
    ]:
        assert words in model_error(415, hosting.invoke, endpoint=single, body=body, ContentType=content_type)
        request = {"endpoint": multi, "body": body, "target": "a.tar.gz", "ContentType": content_type}
        assert json.loads(model_error(503, hosting.invoke, **request))["message"] == "Prediction failed"


def test_rows_of_another_width(hosting, single, multi):
    """A model that was not pickled has its width checked by XGBoost, which lets rows be narrower."""
    assert hosting.invoke(single, "1") == "2.5\n"
    for request in ({"endpoint": single}, {"endpoint": multi, "target": "a.tar.gz"}):
        message = model_error(400, hosting.invoke, body="0,1,2", **request)
        assert message.startswith("Unable to evaluate payload provided: ") and "Number of columns" in message


def test_rows_of_another_width_for_a_pickled_model(hosting):
    """The container checks those itself, with a column to spare: `x == y or x == y + 1` of serve_utils.py."""
    single = hosting.serving(hosting.single(pickled(1.5, 2.5, features=3)))
    assert hosting.invoke(single, "0,1,2") == "1.5\n"
    assert hosting.invoke(single, "1,1") == "2.5\n"
    for body, width in [("1", 1), ("1,1,1,1", 4)]:
        words = f"Feature size of csv inference data {width} is not consistent with feature size of trained model 3."
        assert words in model_error(400, hosting.invoke, endpoint=single, body=body)
    assert hosting.invoke(single, "0:1 3:9", ContentType="text/libsvm") == "2.5\n", "the fourth column is left out"
    words = "Feature size of libsvm inference data 5 is larger than feature size of trained model 3."
    assert words in model_error(400, hosting.invoke, endpoint=single, body="0:1 4:9", ContentType="text/libsvm")


def test_accepts_that_are_not_written(hosting, single, multi):
    words = "Accept type text/html is not supported. Please use supported accept types: ['application/json',"
    assert words in model_error(406, hosting.invoke, endpoint=single, body="0,9", Accept="text/html")
    assert model_error(500, hosting.invoke, endpoint=single, body="0,9", Accept="application/jsonlines")
    request = {"endpoint": multi, "target": "a.tar.gz", "body": "0,9"}
    for accept in ("text/html", "application/jsonlines"):
        words = f"Encoding to accept type {accept} failed with exception: {accept} is not an accepted Accept type."
        assert words in model_error(415, hosting.invoke, Accept=accept, **request)


def test_predictions_are_those_of_xgboost_itself(hosting):
    """Models that XGBoost 1.2.1 pickled, and what Python's Booster.predict said of them; early stopping is honoured."""
    paths = ["binary-logistic/model.pickle4", "early stopping/model.pickle4"]
    with tarfile.open(FIXTURES / "1.2.1.tar.gz") as archive:
        index = json.loads(archive.extractfile("index.json").read())
        for path in paths:
            hosting.put(f"real/{path}.tar.gz", archive.extractfile(path).read())
    values, width = floats(index["rows"]), index["columns"]
    rows = [values[at : at + width] for at in range(0, len(values), width)]
    body = "\n".join(",".join("" if math.isnan(value) else repr(value) for value in row) for row in rows)
    endpoint = hosting.serving(hosting.multi("real/"))
    for path in paths:
        [case] = [case for case in index["cases"] if path in case["files"]]
        expected = floats(case["outputs"][case["files"][path]]["predictions"])
        assert json.loads(hosting.invoke(endpoint, body, f"{path}.tar.gz", Accept="application/json")) == expected


def floats(bits):
    """The single-precision numbers with these bits."""
    return list(struct.unpack(f"<{len(bits)}f", struct.pack(f"<{len(bits)}I", *bits)))


def test_the_target_model_belongs_to_endpoints_of_many(hosting, single, multi):
    message = refused("ValidationError", hosting.invoke, endpoint=single, body="0,9", target="a.tar.gz").message
    assert message == f"Endpoint {single} is not a multi-model endpoint and does not support target model header."
    assert "target model" in refused("ValidationError", hosting.invoke, endpoint=multi, body="0,9").message
    message = refused("ValidationError", hosting.invoke, endpoint=multi, body="0,9", target="missing.tar.gz").message
    assert "Failed to download model data" in message and "models/missing.tar.gz" in message, message


def test_headers(hosting, single):
    answer = hosting.runtime.invoke_endpoint(
        EndpointName=single,
        ContentType="text/csv",
        Accept="text/csv",
        Body="0,9",
        TargetVariant="AllTraffic",
        InferenceId="id-1",
        CustomAttributes="trace=1",
    )
    assert (answer["InvokedProductionVariant"], answer["CustomAttributes"]) == ("AllTraffic", "trace=1")
    for named, headers in [
        ("Variant nobody not found", {"TargetVariant": "nobody"}),
        ("'targetVariant'", {"TargetVariant": "-"}),
        ("'customAttributes'", {"CustomAttributes": "x" * 1025}),
        ("'inferenceId'", {"InferenceId": "x" * 65}),
        ("target container hostname", {"TargetContainerHostname": "first"}),
        ("inference component", {"InferenceComponentName": "first"}),
        ("SessionId", {"SessionId": "NEW_SESSION"}),
    ]:
        message = refused("ValidationError", hosting.invoke, endpoint=single, body="0,9", **headers).message
        assert named in message, message
    message = refused("ValidationError", hosting.invoke, endpoint="nobody", body="0,9").message
    assert message.startswith("Endpoint nobody of account"), message


def test_the_limit_of_a_payload(hosting, single):
    assert hosting.invoke(single, f"1.{'0' * (LIMIT - 4)},9") == "2.5\n", "as long as it may be"
    message = refused("ValidationError", hosting.invoke, endpoint=single, body="0" * (LIMIT + 1)).message
    assert str(LIMIT) in message, message


def test_a_model_is_loaded_once_and_kept(hosting, multi):
    assert hosting.invoke(multi, "0,9", "a.tar.gz") == "1.5"
    hosting.put("models/a.tar.gz", stump(7.5, 8.5))
    assert hosting.invoke(multi, "0,9", "a.tar.gz") == "1.5", "an instance keeps the bytes it loaded"
    hosting.s3.delete_object(Bucket=hosting.bucket, Key="models/a.tar.gz")
    assert hosting.invoke(multi, "0,9", "a.tar.gz") == "1.5"
    hosting.put("models/team/b.tar.gz", stump(3.5, 4.5))
    assert hosting.invoke(multi, "0,9", "team/b.tar.gz") == "3.5", "a new model needs no update"


def test_without_a_cache_every_invocation_loads(hosting):
    hosting.put("fresh/a.tar.gz", stump(1.5, 2.5))
    endpoint = hosting.serving(hosting.multi("fresh/", cache="Disabled"))
    assert hosting.invoke(endpoint, "0,9", "a.tar.gz") == "1.5"
    hosting.put("fresh/a.tar.gz", stump(7.5, 8.5))
    assert hosting.invoke(endpoint, "0,9", "a.tar.gz") == "7.5"
    hosting.s3.delete_object(Bucket=hosting.bucket, Key="fresh/a.tar.gz")
    refused("ValidationError", hosting.invoke, endpoint=endpoint, body="0,9", target="a.tar.gz")


def test_a_model_that_cannot_be_loaded_may_be_mended(hosting, multi):
    request = {"endpoint": multi, "body": "0,9", "target": "bad.tar.gz"}
    refused("ValidationError", hosting.invoke, **request)
    hosting.put("models/bad.tar.gz", b"no model")
    assert model_error(500, hosting.invoke, **request).startswith("Unable to load model: ")
    hosting.s3.put_object(Bucket=hosting.bucket, Key="models/bad.tar.gz", Body=gzip.compress(b"no archive"))
    assert model_error(500, hosting.invoke, **request).startswith("Unable to load model: ")
    hosting.put("models/bad.tar.gz", stump(1.5, 2.5))
    assert hosting.invoke(**request) == "1.5"


def test_instances_have_copies_of_their_own(hosting):
    hosting.put("copies/a.tar.gz", stump(1.5, 2.5))
    endpoint = hosting.serving(variant(hosting.multi("copies/"), count=3))
    assert {hosting.invoke(endpoint, "0,9", "a.tar.gz") for _ in range(10)} == {"1.5"}
    hosting.put("copies/a.tar.gz", stump(7.5, 8.5))
    answers = {hosting.invoke(endpoint, "0,9", "a.tar.gz") for _ in range(10)}
    assert answers == {"1.5"}, "requests go to the instance that has the model, as long as it is not crowded"


def test_first_calls_at_the_same_time(hosting, multi):
    hosting.put("models/together.tar.gz", stump(1.5, 2.5))
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(hosting.invoke, multi, "0,9", "together.tar.gz") for _ in range(32)]
        assert {call.result() for call in calls} == {"1.5"}


def test_another_account_has_no_such_endpoint(hosting, single, other_account):
    request = {"EndpointName": single, "ContentType": "text/csv", "Body": "0,9"}
    message = refused("ValidationError", other_account.runtime.invoke_endpoint, **request).message
    assert f"Endpoint {single} of account {other_account.id} not found" in message
