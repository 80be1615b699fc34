"""Some hundred cases with a seed of their own each time, and those that were found once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .__main__ import plan_of
from .changes import CONTENT, PLACES
from .kinds import KINDS, ORDER
from .plan import read_plan

CASES = 150
REGRESSIONS = Path(__file__).with_name("regressions.jsonl")
PATIENCE = 8.0
"""The machine may be busy with other tests."""


@dataclass(frozen=True)
class Done:
    """What one run of the command said: of fixed plans, of whole files, of new cases."""

    fixed: str
    whole: str
    report: dict[str, Any]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """All at once: what takes longest is to get ready."""
    folder = tmp_path_factory.mktemp("fuzz")
    files = []
    for line in REGRESSIONS.read_text().splitlines():
        plan = json.loads(line)
        files.append(folder / f"{plan.pop('name')}.json")
        files[-1].write_text(json.dumps(plan))
    command = [
        sys.executable,
        "-m",
        "tests.fuzz",
        "--output",
        str(folder / "fuzz.json"),
        "--whole",
        "few",
    ]
    command += ["--patience", str(PATIENCE), "--cases", str(CASES), "--replay", *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True)
    sys.stdout.write(ran.stdout)
    fixed, _, rest = ran.stdout.partition("files as they are")
    return Done(fixed, rest.partition("case ")[0], json.loads((folder / "fuzz.json").read_text()))


def _faulty(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("faulty")]


@pytest.mark.slow
def test_a_new_seed(done: Done) -> None:
    """Replay a failure with the seed and the number that it names."""
    assert not done.report["found"], (done.report["seed"], done.report["found"])
    totals = done.report["totals"]
    assert totals["cases"] == CASES and totals["refused"] > CASES // 2 and totals["accepted"] > 10
    assert totals["unmade"] <= CASES // 50, done.report["unmade"]


@pytest.mark.slow
def test_what_was_found_once(done: Done) -> None:
    """Plans that ended badly before; a change of a list that they point into makes others of them."""
    assert not _faulty(done.fixed)
    assert done.fixed.count("\nrefused: ") > 40


@pytest.mark.slow
def test_commands_take_files_that_nobody_changed(done: Done) -> None:
    """Otherwise the run would show nothing: a command that always refuses has no fault."""
    assert "exit " not in done.whole and not _faulty(done.whole)


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
