"""What ``make prove`` shows, for a kind of neuron for each way of computing; the rest takes minutes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from . import c_code, claims, compiled_kernel, fast, lava, lava_stock, normative
from .claims import PROVED, Claim
from .implementations import EVERY, IMPLEMENTATIONS, SMALL
from .scene import KINDS, Kind, Scene, unknown_neuron

CHEAP = [(each.name, claim) for each in IMPLEMENTATIONS for claim in each.cheap]
CHECKS = [check for each in IMPLEMENTATIONS for check in each.checks]


@pytest.mark.parametrize(
    ("name", "claim"), CHEAP, ids=[f"{name}: {claim.name}" for name, claim in CHEAP]
)
def test_proved(name: str, claim: Claim) -> None:
    verdict = claim.check()
    assert verdict.what == PROVED, f"{name}: {verdict}"


@pytest.mark.parametrize("check", CHECKS, ids=[check.__name__ for check in CHECKS])
def test_computed_through(check: Callable[[], int]) -> None:
    assert check() > 100_000


REAL = [
    ("fast, wide", fast.wide_scene, lambda kind, given: compiled_kernel.real_step(kind, given, False)),
    (
        "fast, narrow",
        fast.narrow_scene,
        lambda kind, given: compiled_kernel.real_step(kind, given, True),
    ),
    ("Lava", unknown_neuron, lava.real_step),
]


@pytest.mark.parametrize("kind", EVERY, ids=[kind.name for kind in EVERY])
@pytest.mark.parametrize(("name", "scene", "real"), REAL, ids=[row[0] for row in REAL])
def test_the_real_code_does_what_was_proved_of_it(
    name: str,
    scene: Callable[..., Scene],
    real: Callable[..., dict[str, int]],
    kind: Kind,
) -> None:
    """States at the ends of their ranges; in the kernel a vector and a neuron behind it."""
    if name == "fast, narrow" and kind not in SMALL:
        return
    _agree(kind, scene(kind), real, 200)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler: apt-get install gcc")
def test_the_c_compiler_does_what_was_proved_of_its_text() -> None:
    for kind in KINDS:
        _agree(kind, c_code.scene(kind, c_code.Text()), c_code.real_step, 3)


@pytest.mark.parametrize("kind", lava_stock.KINDS, ids=[kind.name for kind in lava_stock.KINDS])
def test_lavas_own_neurons_do_what_was_proved_of_them(kind: Kind) -> None:
    _agree(kind, lava_stock.scene(kind), lava_stock.real_step, 200)


def _agree(kind: Kind, scene: Scene, real: Callable[..., dict[str, int]], count: int) -> None:
    drawn = scene.draw(count, seed=7)
    assert len(drawn) == count
    for state in drawn:
        given = claims._all(scene, state)
        wanted, found = normative.real_step(kind, given), real(kind, given)
        assert {name: wanted[name] for name in found if name in wanted} == found, given


def test_the_c_text_is_the_same_for_other_numbers() -> None:
    """What literals stand for is read off one text; another has them in the same places."""
    for kind in KINDS:
        for text in c_code.texts(kind):
            one, other = (
                c_code.template(c_code.written(c_code.sample(kind, text, numbers))[0], numbers)
                for numbers in (
                    c_code.numbers_of(text, c_code.SAMPLE),
                    c_code.numbers_of(text, c_code.OTHER),
                )
            )
            assert one == other


def test_the_command_writes_its_list(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.prove",
            "--only",
            "Loihi 1",
            "--json",
            str(tmp_path / "prove.json"),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((tmp_path / "prove.json").read_text())
    assert [row["result"] for row in rows] == ["proved", "not run here", "not run here"]
    assert "Loihi 1, thresholds" in done.stdout
