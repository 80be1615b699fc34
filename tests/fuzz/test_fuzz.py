"""Some hundred cases with a seed of their own each time, and those that were found once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .__main__ import plan_of
from .changes import CONTENT, PLACES
from .kinds import KINDS, ORDER
from .plan import read_plan

CASES = 230
REGRESSIONS = Path(__file__).with_name("regressions.jsonl")
PATIENCE = 8.0
"""The machine may be busy with other tests."""


def _fuzz(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz", "--output", str(folder / "fuzz.json")]
    command += ["--patience", str(PATIENCE), *more]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_new_seed(tmp_path: Path) -> None:
    """Replay a failure with the seed and the number that it names."""
    done = _fuzz(tmp_path, "--cases", str(CASES))
    sys.stdout.write(done.stdout)
    found = json.loads((tmp_path / "fuzz.json").read_text())
    assert done.returncode == 0, (found["seed"], list(found["found"]))
    totals = found["totals"]
    assert totals["cases"] == CASES and totals["refused"] > CASES // 2 and totals["accepted"] > 10
    assert totals["unmade"] <= CASES // 50, found["unmade"]


def test_what_was_found_once(tmp_path: Path) -> None:
    """Plans that ended badly before; a change of a list that they point into makes others of them."""
    files = []
    for line in REGRESSIONS.read_text().splitlines():
        plan = json.loads(line)
        files.append(tmp_path / f"{plan.pop('name')}.json")
        files[-1].write_text(json.dumps(plan))
    done = _fuzz(tmp_path, "--replay", *map(str, files))
    assert done.returncode == 0, [
        line for line in done.stdout.splitlines() if line.startswith("faulty")
    ]
    assert len(files) > 40


def test_plans_hang_on_nothing_but_their_seed_and_number() -> None:
    again = plan_of(5, 1234)
    assert again == plan_of(5, 1234) == read_plan(again.as_json())
    assert again != plan_of(6, 1234)


def test_every_kind_comes_as_often_as_it_weighs() -> None:
    assert Counter(ORDER) == {kind.name: kind.weight for kind in KINDS}
    assert [plan_of(1, n).kind for n in range(5)] == list(ORDER[:5])


def test_every_kind_has_what_it_names() -> None:
    for kind in KINDS:
        assert set(kind.changes) <= CONTENT.keys() | PLACES.keys()


@pytest.mark.slow
def test_every_command_takes_files_that_nobody_changed(tmp_path: Path) -> None:
    """Otherwise the run would show nothing: a command that always refuses has no fault."""
    done = _fuzz(tmp_path, "--whole")
    assert done.returncode == 0, done.stdout
