"""Warnings about a time step that hardly fits, silence, and cures that work on NIR's networks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.errors import Severity, UserError

from .test_nir import DATA, chain, load, save
from .test_nir_meaning import FRAMES, WEIGHT, neurons

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

ONE = np.ones(1)


def counting(r: float, weight: float = 1.0, threshold: float = 1.0) -> Any:
    return chain(nir.Linear(ONE[None] * weight), nir.IF(ONE * r, ONE * threshold))


def doubts(graph: Any, folder: Path, **options: Any) -> list[Any]:
    return [n for n in load(graph, folder, **options).notes if n.code == "N789"]


@pytest.mark.parametrize(
    ("r", "dt", "named"),
    [
        (1.0, 0.0099, "--dt 1 "),  # 0.0099 thresholds
        (1.0, 0.0101, None),
        (1e4, 1.0, "--dt 0.0001 "),
        (1e3, 1.0, None),  # 1000 thresholds
    ],
)
def test_what_a_spike_brings(r: float, dt: float, named: str | None, tmp_path: Path) -> None:
    found = doubts(counting(r), tmp_path, dt=dt)
    if named is None:
        assert not found
        return
    (doubt,) = found
    assert named in doubt.help and doubt.where == "if" and doubt.severity is Severity.WARNING


@pytest.mark.parametrize("target", ["reference", "fpga", "loihi"])
def test_small_weights_leave_room_for_a_threshold(target: str, tmp_path: Path) -> None:
    """A thousandth of the threshold a spike: its own best scale would fill the register."""
    bundle = snnc.compile(save(counting(1.0), tmp_path), target=target, dt=0.001)
    neuron = bundle.program.by_name["if"].dynamics
    assert neuron.threshold is not None and int(neuron.threshold.max()) < 2 ** (neuron.state_bits - 1)
    counts = np.ones((1, 2500, 1), np.int64)
    spikes = bundle.run(counts, record=["if"]).spikes["if"][0, :, 0]
    assert spikes.sum() in (2, 3)  # a spike in about a thousand steps


def test_weights_count_and_so_does_what_the_file_says(tmp_path: Path) -> None:
    assert not doubts(counting(1.0, weight=1000.0), tmp_path, dt=1e-4)
    assert not doubts(counting(1.0, weight=1e-4), tmp_path, dt=1.0)  # no other step would help
    graph = counting(1.0)
    graph.metadata = {"dt": 1e-4}
    assert not doubts(graph, tmp_path)


def test_several_nodes_are_named_once(tmp_path: Path) -> None:
    layers = [nir.Linear(ONE[None]), nir.IF(ONE, ONE)] * 2
    (doubt,) = doubts(chain(*layers, nir.Linear(ONE[None]), nir.IF(ONE, ONE)), tmp_path, dt=1e-5)
    assert doubt.where == "if, if_1, if_2"


@pytest.mark.parametrize(("dt", "rule", "forgets"), [(0.5, "euler", True), (0.49, "euler", False)])
def test_a_step_as_long_as_a_time_constant(dt: float, rule: str, forgets: bool, tmp_path: Path) -> None:
    found = doubts(chain(nir.Linear(WEIGHT), neurons("LIF", 0.0, {})), tmp_path, dt=dt)
    assert bool(found) == forgets
    if forgets:
        assert "potential keeps nothing" in found[0].what and "tau is 0.5 s" in found[0].what
        assert not doubts(
            chain(nir.Linear(WEIGHT), neurons("LIF", 0.0, {})),
            tmp_path,
            dt=dt,
            discretize="exponential",
        )


def test_a_current_that_keeps_nothing(tmp_path: Path) -> None:
    (doubt,) = doubts(chain(nir.Linear(WEIGHT), neurons("CubaLIF", 0.0, {})), tmp_path, dt=0.3)
    assert "its current keeps nothing" in doubt.what and "tau_syn is 0.3 s" in doubt.what


def test_a_refusal_names_the_step_too(tmp_path: Path) -> None:
    """Thresholds of 10^4 weights leave no room for 4000 spikes: the step is why."""
    graph = chain(nir.Linear(np.full((1, 4000), 0.66)), nir.IF(ONE, ONE))
    path = save(graph, tmp_path)
    with pytest.raises(UserError) as caught:
        snnc.compile(path, "loihi", tmp_path / "out", dt=1e-4)
    found = {d.code: d for d in caught.value.diagnostics}
    assert "N789" in found and "--dt 1 " in found["N789"].help
    assert not (tmp_path / "out").exists()
    assert snnc.compile(path, "loihi", tmp_path / "out", dt=1.0)


def test_a_run_without_a_spike_is_a_warning(tmp_path: Path) -> None:
    path = save(chain(nir.Linear(WEIGHT), neurons("IF", 0.0, {})), tmp_path)
    bundle = snnc.compile(path, "reference", tmp_path / "out", dt=0.1)
    quiet = bundle.run(np.zeros((2, 5, 3), np.int64))
    (told,) = (w for w in quiet.warnings if w.code == "N787")
    assert "on 2 samples of 5 frames" in told.what and "0.1 s" in told.why
    assert "N787" not in [w.code for w in bundle.run(FRAMES).warnings]


def growing(folder: Path, **options: Any) -> snnc.Bundle:
    """A readout that adds up a small and a large weight: its register is full after some frames."""
    out = nir.Linear(np.array([[1.0], [1e5]]))
    graph = chain(nir.Linear(ONE[None]), nir.IF(ONE, ONE * 0.5), out, nir.I(np.ones(2)))
    return snnc.compile(save(graph, folder), "loihi", folder / "out", dt=1.0, **options)


def test_frames_beyond_the_proof_are_cured_by_shorter_streams(tmp_path: Path) -> None:
    """Calibration changes no weight of a NIR network: it cannot lengthen what is proved."""
    bundle = growing(tmp_path)
    (claim,) = bundle.manifest.ranges.claims
    assert claim.frames is not None
    long = np.ones((1, claim.frames + 1, 1), np.int64)
    (told,) = (w for w in bundle.run(long).warnings if w.code == "N725")
    assert "--calibration" not in told.help and f"up to {claim.frames} frames" in told.help
    assert "N725" not in [w.code for w in bundle.run(long[:, 1:]).warnings]
    again = growing(tmp_path, calibration=long)
    assert [c.frames for c in again.manifest.ranges.claims] == [claim.frames]


def test_counts_beyond_the_proof_are_cured_by_calibration(tmp_path: Path) -> None:
    graph = chain(nir.Linear(ONE[None]), nir.LIF(ONE * 2, ONE, ONE * 0, ONE))
    path = save(graph, tmp_path)
    bundle = snnc.compile(path, "loihi", tmp_path / "out", dt=1.0)
    high = max(c.high for c in bundle.manifest.ranges.claims)
    data = np.full((1, 3, 1), high + 1)
    (told,) = (w for w in bundle.run(data).warnings if w.code == "N725")
    assert "--calibration data like these" in told.help


@pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no NIR files in {DATA}")
def test_an_overflow_of_the_first_frame_is_not_cured_by_calibration(tmp_path: Path) -> None:
    """NIR's networks have thresholds of their own, and no levels."""
    data = np.random.default_rng(0).integers(0, 300, (8, 40, 12))
    with pytest.raises(UserError) as caught:
        path = DATA / "braille_noDelay_bias_zero.nir"
        snnc.compile(path, "loihi", tmp_path / "out", dt=1e-4, calibration=data)
    cures = [d.help for d in caught.value.diagnostics if d.code == "D423"]
    assert cures and all("levels" not in cure and "--calibration" not in cure for cure in cures)
    assert all("--allow-overflow" in cure for cure in cures)
    snnc.compile(path, "loihi", tmp_path / "out", dt=1e-4, calibration=data, allow_overflow=True)


def looped(folder: Path, *sizes: str, calibration: Any) -> snnc.Bundle:
    """A neuron whose weights differ in size, so that its scale leaves room for few thresholds."""
    nodes = {
        "input": nir.Input({"input": ONE.astype(int)}),
        "small": nir.Linear(ONE[None] * 0.004),
        "large": nir.Linear(ONE[None] * -3.0),
        "if": nir.IF(ONE, ONE),
        "output": nir.Output({"output": ONE.astype(int)}),
    }
    edges = [("input", "small"), ("small", "if"), ("if", "large"), ("large", "if"), ("if", "output")]
    path = save(nir.NIRGraph(nodes, edges), folder)
    return snnc.compile(path, "loihi", folder / "out", dt=1.0, calibration=calibration, changes=sizes)


def test_more_room_lengthens_the_proof_of_neurons_that_fire(tmp_path: Path) -> None:
    """Smaller weights would change their spikes; the cure that is named is tried here."""
    data = np.ones((1, 40, 1), np.int64)
    bundle = looped(tmp_path, calibration=data)
    (short,) = (n for n in bundle.notes if n.code == "N732")
    assert short.where == "if" and "smaller weights" not in short.help
    (option,) = re.findall(r"--set '(quantize-weights\{headroom=\d+\})'", short.help)
    (warned,) = (w for w in bundle.run(data).warnings if w.code == "N725")
    assert option in warned.help and "smaller weights" not in warned.help
    better = looped(tmp_path, option, calibration=data)
    assert "N732" not in [n.code for n in better.notes]
    assert "N725" not in [w.code for w in better.run(data).warnings]


def test_room_is_no_fault(tmp_path: Path) -> None:
    """What fits is proved: little room alone is a note, with what was aimed at."""
    path = save(counting(1.0, weight=1e-3), tmp_path)
    bundle = snnc.compile(path, "loihi", tmp_path / "out", dt=1.0)
    (told,) = (n for n in bundle.notes if n.code == "N709")
    assert bundle.manifest.ranges.claims
    assert told.severity is Severity.NOTE and "64 are aimed at" in told.what and not told.help


def test_rounding_that_no_calibration_changes(tmp_path: Path) -> None:
    """Thresholds are the file's: the cure of other networks is not named."""
    weights = np.array([[1.0, 0.0], [1e-4, 0.0]])  # one neuron's only weight is far below the grid
    graph = chain(nir.Linear(weights), nir.IF(np.ones(2), np.ones(2)))
    path = save(graph, tmp_path)
    changes = "quantize-weights{per=population}"
    bundle = snnc.compile(path, "loihi", tmp_path / "out", dt=1.0, changes=changes, weight_bits=4)
    (told,) = (n for n in bundle.notes if n.code == "N703")
    assert told.severity is Severity.WARNING and "--calibration" not in told.help
