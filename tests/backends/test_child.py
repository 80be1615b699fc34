"""Engines in child processes: arrays there and back, progress, and every way to fail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.backends.child import run_script
from snnc.errors import UserError

DOUBLE = """
import json, pathlib, sys
import numpy
job = pathlib.Path(sys.argv[1])
settings = json.loads((job / "settings.json").read_text())
found = {}
with numpy.load(job / "input.npz", allow_pickle=False) as arrays:
    for number in range(len(arrays["x"])):
        print("something else")
        print("done", number + 1, flush=True)
    found = {"y": arrays["x"] * settings["factor"]}
numpy.savez(job / "output.npz", **found)
"""


def run(tmp_path: Path, code: str, said: list[int] | None = None, limit: float = 60) -> NDArray[Any]:
    script = tmp_path / "script.py"
    script.write_text(code)
    found = run_script(
        Path(sys.executable),
        script,
        engine="toy",
        arrays={"x": np.arange(6).reshape(3, 2)},
        settings={"factor": 2},
        samples=3,
        time_limit=limit,
        progress=None if said is None else said.append,
        cure="ask the vendor",
    )
    return found["y"]


def test_there_and_back(tmp_path: Path) -> None:
    said: list[int] = []
    assert np.array_equal(run(tmp_path, DOUBLE, said), [[0, 2], [4, 6], [8, 10]])
    assert said == [1, 2, 3]


def message(tmp_path: Path, code: str, limit: float = 60) -> str:
    with pytest.raises(UserError) as failed:
        run(tmp_path, code, limit=limit)
    return str(failed.value)


def test_a_failure_shows_its_last_lines(tmp_path: Path) -> None:
    text = message(tmp_path, "print('done 1', flush=True)\nraise SystemExit('no such chip')")
    assert "D608" in text and "exit status 1 after 1 of 3 samples" in text
    assert "no such chip" in text and "ask the vendor" in text


def test_a_child_that_is_killed(tmp_path: Path) -> None:
    text = message(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert "was killed by signal 9 after 0 of 3 samples" in text and "not enough memory" in text


def test_a_compilers_first_lines_are_shown(tmp_path: Path) -> None:
    code = "import sys\nfor n in range(40): print(f'line {n}', file=sys.stderr)\nsys.exit(1)"
    text = message(tmp_path, code)
    assert "line 0" in text and "line 39" in text and "... 25 lines ..." in text


def test_no_results(tmp_path: Path) -> None:
    assert "ended without its results" in message(tmp_path, "pass")


def test_results_that_are_no_arrays(tmp_path: Path) -> None:
    code = "import pathlib, sys; (pathlib.Path(sys.argv[1]) / 'output.npz').write_text('hello')"
    assert "D608" in message(tmp_path, code)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    code = (
        "import numpy, pathlib, sys\n"
        "numpy.savez(pathlib.Path(sys.argv[1]) / 'output.npz', y=numpy.array([{}], dtype=object))"
    )
    assert "D608" in message(tmp_path, code)


def test_the_time_is_limited(tmp_path: Path) -> None:
    text = message(tmp_path, "import time; time.sleep(60)", limit=0.5)
    assert "D606" in text and "stopped after 0.5 s with 0 of 3 samples" in text


def test_an_interpreter_that_is_gone(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("pass")
    with pytest.raises(UserError, match="D607"):
        run_script(
            tmp_path / "python",
            script,
            engine="toy",
            arrays={},
            settings={},
            samples=1,
            time_limit=5,
        )
