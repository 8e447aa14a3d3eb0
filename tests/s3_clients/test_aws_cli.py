"""The AWS CLI: copies, synchronises, and asks the other services."""

import contextlib
import io
import json
import urllib.request

import pytest
from awscli.clidriver import create_clidriver
from checks import fresh

pytestmark = pytest.mark.usefixtures("in_environment")


def aws(*arguments):
    """Runs the command in this process, as its start takes longer than what it does."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = create_clidriver().main([str(argument) for argument in arguments])
    assert code == 0, err.getvalue()
    return out.getvalue()


def moved(output):
    """How many objects or files a sync says it moved."""
    return sum(line.lstrip("\r").startswith(("upload:", "download:", "copy:", "delete:")) for line in output.splitlines())


def test_a_large_file_goes_there_and_back(tmp_path, large, monkeypatch):
    # Left alone, the CLI presigns for us-east-1 by Signature Version 2, which S3 takes for no bucket made since June 2020.
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    aws("configure", "set", "default.s3.signature_version", "s3v4")
    bucket = fresh("cli")
    aws("s3", "mb", f"s3://{bucket}")
    (tmp_path / "large").write_bytes(large)
    aws("s3", "cp", tmp_path / "large", f"s3://{bucket}/in/large", "--no-progress")
    assert aws("s3", "ls", f"s3://{bucket}/in/").split()[2:] == [str(len(large)), "large"]
    head = json.loads(aws("s3api", "head-object", "--bucket", bucket, "--key", "in/large"))
    # 8 MiB a part.
    assert head["ContentLength"] == len(large) and head["ETag"].endswith('-3"')
    aws("s3", "cp", f"s3://{bucket}/in/large", f"s3://{bucket}/copied", "--no-progress")
    aws("s3", "mv", f"s3://{bucket}/copied", tmp_path / "back", "--no-progress")
    assert (tmp_path / "back").read_bytes() == large
    with urllib.request.urlopen(aws("s3", "presign", f"s3://{bucket}/in/large").strip()) as answer:
        assert answer.read() == large
    assert "remove_bucket" in aws("s3", "rb", f"s3://{bucket}", "--force")


def test_sync_moves_what_differs(bucket, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    names = ["a.txt", "b c.txt", "sub/ü+&=.txt"]
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    there = f"s3://{bucket}/synced"
    assert moved(aws("s3", "sync", source, there)) == 3
    assert moved(aws("s3", "sync", source, there)) == 0
    (source / "a.txt").write_text("longer than before")
    assert moved(aws("s3", "sync", source, there)) == 1
    aws("s3", "sync", there, target)
    assert {name: (target / name).read_text() for name in names} == {**{name: name for name in names}, "a.txt": "longer than before"}
    (source / "b c.txt").unlink()
    assert "delete:" in aws("s3", "sync", source, there, "--delete")
    assert moved(aws("s3", "sync", there, f"s3://{bucket}/copy")) == 2
    assert moved(aws("s3", "rm", there, "--recursive")) == 2


def test_other_services_are_asked(in_environment):
    assert json.loads(aws("sts", "get-caller-identity"))["Account"] == in_environment.id
    group = fresh("cli")
    aws("sagemaker", "create-model-package-group", "--model-package-group-name", group)
    listed = json.loads(aws("sagemaker", "list-model-package-groups", "--name-contains", group))
    assert [each["ModelPackageGroupName"] for each in listed["ModelPackageGroupSummaryList"]] == [group]
    aws("sagemaker", "delete-model-package-group", "--model-package-group-name", group)
