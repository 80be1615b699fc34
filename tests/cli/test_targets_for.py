"""``snnc targets --for MODEL``: one table to choose by, of our targets and of other packages'."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import snnc
from snnc.commands.app import app
from snnc.ir import ENERGY, FRAME_ENERGY, FRAME_LATENCY, LATENCY, Measured
from snnc.workflows.targets_for import Figure, of_a_frame
from tests.plugin_packages import install

from .test_commands import without_calibration

MODEL = Path(__file__).resolve().parents[2] / "samples" / "small_digits" / "model.pt"

VENDOR = '''
from dataclasses import replace

from snnc.backends.reference import ReferenceBackend
from snnc.errors import fail
from snnc.ir import ENERGY, LATENCY, Measured


class Chip(ReferenceBackend):
    """The reference's, with an engine that reports figures and a target that says nothing to buy."""

    name = "vendor-chip"
    target = replace(ReferenceBackend.target, name="vendor-chip", hardware="")

    def run(self, engine, folder, emitted, spikes, **how):
        found = super().run(engine, folder, emitted, spikes, **how)
        told = (Measured("time", 0.012, "s", "the vendor", LATENCY), Measured("x", 3.0, "", "no role"))
        return replace(found, measured=told)


class Full(Chip):
    """Its engine refuses what its checks let pass."""

    name = "vendor-full"
    target = replace(Chip.target, name="vendor-full")

    def run(self, *a, **how):
        raise fail("D499", "the chip is full", where="it", help="buy two")


class Shy(Chip):
    """Its engine fails for another reason."""

    name = "vendor-shy"
    target = replace(Chip.target, name="vendor-shy")

    def run(self, *a, **how):
        raise fail("D608", "the engine stopped", where="it")
'''


def test_each_target_says_whether_it_fits_and_what_it_keeps() -> None:
    found = snnc.targets_for(MODEL, targets=("nir", "reference"))
    assert [row.target for row in found.rows] == ["reference", "nir"]  # what fits comes first
    fits, refused = found.rows
    assert fits.fits and fits.differ == 0 and fits.engine == "reference snnc"
    assert fits.decisions is not None and fits.decisions > 0.9 and fits.judged == 16
    assert fits.latency is None and fits.energy is not None and fits.energy.how == "estimated"
    assert 1e-9 < fits.energy.value < 1e-6 and fits.hardware.startswith("nothing: it runs on any")
    assert not refused.fits and refused.why_not is not None and refused.why_not.code == "D417"
    assert refused.why_not.help and refused.others and refused.energy is None
    assert found.headline() == "model.pt fits 1 of 2 targets: reference"
    assert found.table().columns[0] == "target" and len(found.table().rows) == 2


def test_labels_are_used_where_there_are_some(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, (24, 12, 16)), rng.integers(0, 10, 24)
    (row,) = snnc.targets_for(MODEL, (x, y), targets="reference", samples=0).rows
    assert row.accuracy is not None and 0 <= row.accuracy[1] <= 1
    assert row.differ is None and row.energy is None and row.engine == ""  # no sample ran


def test_without_data_it_says_why_nothing_is_kept(tmp_path: Path) -> None:
    words = ["--target", "reference", "--samples", "0"]
    bare = without_calibration(tmp_path)
    done = CliRunner().invoke(app, ["targets", "--for", str(bare), *words])
    assert done.exit_code == 0 and "kept is not known without data: --data FILE.npz" in done.stdout
    done = CliRunner().invoke(app, ["targets", "--for", str(MODEL), *words])
    assert done.exit_code == 0 and "kept: decisions" in done.stdout
    assert "not known without data" not in done.stdout


def test_a_figure_is_of_one_frame() -> None:
    told = (Measured("x", 9.0, "s", "a"), Measured("y", 6.0, "s", "b", LATENCY))
    assert of_a_frame(told, LATENCY, FRAME_LATENCY, 12) == Figure(0.5, "measured", "b")
    assert of_a_frame(told, ENERGY, FRAME_ENERGY, 12) is None
    guessed = (Measured("x", 9.0, "s", "a model", FRAME_LATENCY, estimated=True),)
    assert of_a_frame(guessed, LATENCY, FRAME_LATENCY, 12) == Figure(9.0, "estimated", "a model")
    more = (*told, Measured("z", 0.25, "s", "c", FRAME_LATENCY))
    assert of_a_frame(more, LATENCY, FRAME_LATENCY, 12) == Figure(0.25, "measured", "c")


@pytest.mark.parametrize(("target", "timed"), [("cortex-m", True), ("riscv", False)])
def test_a_processors_time_is_estimated_where_its_cycles_are_known(target: str, timed: bool) -> None:
    (row,) = (found := snnc.targets_for(MODEL, targets=target, samples=1)).rows
    if not row.engine:
        pytest.skip(row.install)
    assert row.instructions is not None and row.instructions.how == "measured" and row.energy is None
    assert 1000 < row.instructions.value < 1e7 and "QEMU" in row.instructions.source
    assert (row.latency is not None) == timed
    assert found.as_json()["targets"][0]["instructions"]["value"] == row.instructions.value
    if row.latency is not None:
        assert row.latency.how == "estimated" and "16 MHz" in row.latency.source
        assert row.instructions.value / 16e6 < row.latency.value < 4 * row.instructions.value / 16e6


@pytest.fixture
def packages(tmp_path: Path) -> dict[str, str]:
    """An environment in which another package brings three targets."""
    entries = {"chip": "Chip", "full": "Full", "shy": "Shy"}
    points = {f"vendor-{name}": f"vendor_chips:{kind}" for name, kind in entries.items()}
    install(tmp_path, "vendor-chips", {"snnc.backends": points}, VENDOR)
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def asked(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "snnc", "targets", "--for", str(MODEL), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_targets_of_other_packages_are_in_the_table(packages: dict[str, str]) -> None:
    names = [word for n in ("chip", "full", "shy") for word in ("--target", f"vendor-{n}")]
    found: dict[str, Any] = json.loads(asked(packages, *names, "--json"))
    chip, shy, full = found["targets"]
    assert chip["latency"]["value"] == pytest.approx(0.001) and chip["latency"]["how"] == "measured"
    assert chip["energy"]["how"] == "estimated" and chip["hardware"] == ""
    assert full["target"] == "vendor-full" and not full["fits"] and full["why_not"]["code"] == "D499"
    assert shy["fits"] and shy["differ"] is None and shy["problem"]["code"] == "D608"
    text = asked(packages, *names)
    assert "the target does not say" in text and "vendor-full does not fit: D499" in text
    assert "1 ms" in text and "unknown" in text and "vendor-shy did not run: D608" in text


@pytest.mark.parametrize(("name", "code"), [("nowhere.npz", "D501"), ("flat.npz", "D508")])
def test_wrong_data_are_refused_once_and_not_for_each_target(
    tmp_path: Path, name: str, code: str
) -> None:
    np.savez(tmp_path / "flat.npz", x=np.zeros((4, 3, 7), np.uint8))
    words = ["targets", "--for", str(MODEL), "--data", str(tmp_path / name)]
    done = CliRunner().invoke(app, [*words, "--target", "reference", "--target", "cortex-m"])
    assert done.exit_code == 2 and not done.stdout, done.stdout
    assert code in done.stderr and "fit" not in done.stderr


def test_without_a_model_it_lists_the_targets() -> None:
    command = [sys.executable, "-m", "snnc", "targets"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "reference" in done.stdout and not done.stderr
    done = subprocess.run([*command, "install", "reference"], capture_output=True, text=True)
    assert done.returncode == 0 and "nothing to install" in done.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--for", "nowhere.pt"), "D101"),
        (("--for", str(MODEL), "--target", "nochip"), "D311"),
        (("--for", str(MODEL), "--samples", "-1"), "D305"),
        (("--json",), "D327"),
        (("--samples", "0"), "D327"),
        (("--for", str(MODEL), "install", "xylo"), "D327"),
    ],
)
def test_what_cannot_be_asked_is_refused(words: tuple[str, ...], code: str) -> None:
    command = [sys.executable, "-m", "snnc", "targets", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and f"error[{code}]" in done.stderr and not done.stdout
