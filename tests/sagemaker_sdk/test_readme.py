"""The example that refit-local's README gives to users of the SDK, as it stands there."""

import re
from pathlib import Path

import data
import pytest

README = Path(__file__).parents[2] / "crates/local/README.md"


def test_the_example_runs_in_a_fresh_folder(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names = {}
    exec(compile(example, str(README), "exec"), names)
    (predicted,) = data.answered(names["predictor"].predict("10,3", target_model="line.tar.gz"))
    # The rows are 2x + y.
    assert predicted == pytest.approx(23, abs=1)
    assert list(names["models"].list_models()) == ["line.tar.gz"]
    assert not list(tmp_path.iterdir())
