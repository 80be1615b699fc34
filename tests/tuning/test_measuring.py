"""Worker processes, what rows are judged by, and what is said of the data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from snnc.bundle.data import Data
from snnc.distributing import Place
from snnc.errors import CompilerBug, UserError
from snnc.frontend import load_model
from snnc.progress import quiet
from snnc.tuning import Judged, Setting
from snnc.tuning.judging import about, unseen
from snnc.tuning.tune import measure_all

SETTINGS = (Setting("rate", 1, 8), Setting("rate", 2, 8))
MODEL = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model.pt"


class Dying:
    """A bench whose workers are killed, as by a system that is out of memory."""

    def row(self, _setting: Setting) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Buggy:
    """A bench that breaks an invariant at its second setting."""

    def row(self, setting: Setting) -> int:
        if setting.steps_per_frame == 2:
            raise CompilerBug("pass p", ["one thing", "another"])
        return 1


def test_a_worker_that_is_killed_gives_a_message() -> None:
    with pytest.raises(UserError, match="D619") as refused:
        measure_all(cast("Any", Dying()), SETTINGS, Place(2), quiet)
    assert "fewer than 2" in str(refused.value) and not active_children()
    assert refused.value.diagnostics[0].where in [" ".join(s.options) for s in SETTINGS]


def test_a_bug_in_a_worker_is_that_bug() -> None:
    with pytest.raises(CompilerBug, match="pass p broke the network: one thing; another") as bug:
        measure_all(cast("Any", Buggy()), SETTINGS, Place(2), quiet)
    assert bug.value.problems == ("one thing", "another") and not active_children()


def test_judged_by_labels_decisions_or_error() -> None:
    answers = np.array([[[0.0, 1.0]], [[3.0, 1.0]]])  # two samples of one frame decide 1 and 0
    data = Data(np.zeros((2, 1, 3), np.int64), np.array([1, 1]))
    decided = np.array([[1], [1]])
    labelled = Judged(data, answers, "")
    assert labelled.measure == "accuracy" and labelled.accuracy(decided) == [1.0]
    assert labelled.agreement(decided) == [0.5]
    bare = Judged(Data(data.x, None), answers, "")
    assert bare.measure == "agreement" and bare.accuracy(decided) is None
    single = Judged(data, answers[..., :1], "")
    assert single.measure == "error"
    assert single.accuracy(decided) is None and single.agreement(decided) is None
    # Answers 0 and 3 spread by 1.5; each off by 3.
    assert single.error(answers[..., :1] + 3.0) == [2.0]


def test_samples_that_calibration_saw_are_not_judged() -> None:
    x = np.arange(20).reshape(20, 1, 1)
    data = Data(x, np.arange(20))
    left, notes = unseen(data, x, "d")
    assert len(left.x) == 5 and [n.code for n in notes] == ["N790"]
    assert left.y is not None and (left.x.ravel() == left.y).all()
    others, notes = unseen(data, x + 100, "d")
    assert others is data and not notes
    # Part of another file: 6 samples in all, 3 of them would be set aside, too few.
    left, notes = unseen(data, x[:6], "d")
    assert sorted(left.x.ravel()) == list(range(6, 20))
    few, notes = unseen(Data(x[:6], None), x[:6], "d")
    assert len(few.x) == 6 and [n.code for n in notes] == ["N791"]
    assert unseen(data, None, "d") == (data, [])


def test_what_is_said_of_the_data() -> None:
    model = load_model(MODEL)
    x = np.full((2, 1, 2, 16, 16), 3)
    judged = Judged(Data(x, np.array([0, 10])), np.zeros((2, 1, 10)), "d")
    found = [n.code for n in about(model, judged, x - 1, True)]
    assert found == ["N710", "N729", "N793"]
    assert about(model, Judged(Data(x, None), judged.answers, "d"), x, False) == []
    spiking = replace(model, graph=replace(model.graph, trained_steps=4))
    found = [n.code for n in about(spiking, Judged(Data(x, None), judged.answers, "d"), x, False)]
    assert found == ["N792"]


SCRIPT = """
import numpy as np
import snnc

print("once")
counts = np.random.default_rng(0).poisson(0.3, (4, 4, 2, 16, 16))
few = dict(code="graded", steps_per_frame=1, weight_bits=[8, 4])
front = snnc.tune({model!r}, "reference", counts, workers=2, **few)
print(sorted(row.setting.weight_bits for row in front.rows))
"""


def test_a_script_of_a_newcomer_is_not_run_by_workers(tmp_path: Path) -> None:
    """Without ``if __name__ == "__main__"``: Python's own pool would run it again in each of them."""
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT.format(model=str(MODEL)))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["once", "[4, 4, 8, 8]"]  # 31 and 255 levels
