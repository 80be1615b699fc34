"""What a compile says that the integers keep of a NIR network with spiking neurons."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

import snnc
from snnc.frontend import load_model
from snnc.sim.step_floats import run_in_floats
from snnc.workflows.calibrating import drawn_order


def lossy(place: Path) -> tuple[Path, Any]:
    """Weights that are small beside the threshold, and answers that are close to each other."""
    rng = np.random.default_rng(0)
    inputs, hidden, answers = 16, 24, 4

    def neurons(size: int) -> nir.LIF:
        ones = np.ones(size)
        given = {"tau": 0.02 * ones, "r": ones, "v_leak": 0 * ones, "v_threshold": ones}
        return nir.LIF(**given, v_reset=0 * ones)

    nodes = {
        "input": nir.Input({"input": np.array([inputs])}),
        "w1": nir.Linear(rng.normal(0, 9, (hidden, inputs)).astype(np.float32)),
        "l1": neurons(hidden),
        "w2": nir.Linear(rng.normal(0, 9, (answers, hidden)).astype(np.float32)),
        "l2": neurons(answers),
        "output": nir.Output({"output": np.array([answers])}),
    }
    names = list(nodes)
    nir.write(place / "net.nir", nir.NIRGraph(nodes, list(pairwise(names))))
    return place / "net.nir", (rng.random((96, 40, inputs)) < 0.3).astype(np.int64)


@pytest.mark.parametrize(
    ("bits", "cure"), [(3, "use more --weight-bits or train with"), (8, "train with weights on the")]
)
def test_what_is_lost_is_said(bits: int, cure: str, tmp_path: Path) -> None:
    path, x = lossy(tmp_path)
    bundle = snnc.compile(
        path,
        "reference",
        tmp_path / "net.bundle",
        dt=1e-3,
        reset="zero",
        calibration=x,
        weight_bits=bits,
    )
    kept = bundle.manifest.kept
    assert kept is not None and kept.samples == 24 and kept.aside
    (said,) = (note for note in bundle.notes if note.code == "N781")
    assert f"on {1 - (kept.decisions or 0.0):.1%} of samples" in said.what and cure in said.help
    first, last = kept.populations[:2]
    assert [first.population, last.population] == ["l1", "l2"]
    assert 0 < first.error < (0.1 if bits == 8 else 0.6)


def test_numbers_of_spikes_are_compared_not_their_steps(tmp_path: Path) -> None:
    """By hand: what each neuron sends in a run, in floats and in integers."""
    path, x = lossy(tmp_path)
    bundle = snnc.compile(
        path, "reference", tmp_path / "net.bundle", dt=1e-3, reset="zero", calibration=x
    )
    judged = x[drawn_order(len(x))[-24:]]
    graph = load_model(path, dt=1e-3, reset="zero").graph
    floats = run_in_floats(graph, judged).spikes["l1"]
    start = bundle.program.by_name["l1"].start
    sent = bundle.run(judged, record=["l1"]).spikes["l1"][:, start : start + x.shape[1]]
    meant, found = (np.count_nonzero(v, axis=1) for v in (floats, sent))
    error = np.sqrt(np.mean((meant - found) ** 2) / np.mean(meant**2))
    kept = bundle.manifest.kept
    assert kept is not None
    assert kept.populations[0].error == pytest.approx(error, rel=1e-9)
