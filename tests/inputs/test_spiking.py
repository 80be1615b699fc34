"""Values into neurons that spike already: a scale is a weight, an offset is nothing that they have."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import snnc
from snnc.frontend import load_model
from snnc.sim.step_floats import run_in_floats

nir = pytest.importorskip("nir")
pytest.importorskip("lava")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Leaky neurons behind an affine layer, read out by a leaky integrator."""
    r = np.random.default_rng(0)
    lif = {"tau": np.full(8, 0.01), "r": np.ones(8), "v_leak": np.zeros(8)}
    readout = {"tau": np.full(3, 0.02), "r": np.ones(3), "v_leak": np.zeros(3)}
    nodes = {
        "input": nir.Input({"input": np.array([6])}),
        "fc": nir.Affine(r.normal(0, 0.6, (8, 6)), r.normal(0, 0.1, 8)),
        "lif": nir.LIF(v_threshold=np.full(8, 0.3), **lif),
        "last": nir.Linear(r.normal(size=(3, 8))),
        "li": nir.LI(**readout),
        "output": nir.Output({"output": np.array([3])}),
    }
    names = list(nodes)
    path = tmp_path / "net.nir"
    nir.write(path, nir.NIRGraph(nodes, list(pairwise(names))))
    return path


def test_values_keep_their_0(model: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(0, 1, (8, 30, 6)).astype(np.float32)
    bundle = snnc.compile(model, "loihi", tmp_path / "out", calibration=x, dt=1e-3)
    grid = bundle.manifest.input.grid
    assert grid is not None and grid.offset == (0.0,) and max(-grid.low, grid.high) == 255
    # Half as many counts: the same spikes but for rounding.
    coarse = snnc.compile(
        model, "loihi", tmp_path / "coarse", calibration=x, dt=1e-3, input_scale=grid.scale[0] * 2
    )
    spikes = [int(b.run(x).events["lif"].sum()) for b in (bundle, coarse)]
    assert min(spikes) > 40 and abs(spikes[0] - spikes[1]) <= 2, spikes
    assert bundle.verify(x, samples=3, engine="lava-inprocess").equal


def test_what_a_reset_changes_is_measured_on_the_values(model: Path, tmp_path: Path) -> None:
    """N785 counts spikes of the network in floats, which takes values, not their counts."""
    x = np.random.default_rng(1).normal(0, 1, (8, 30, 6))
    bundle = snnc.compile(model, "loihi", tmp_path / "out", calibration=x, dt=1e-3)
    (note,) = (n for n in bundle.notes if n.code == "N785")
    found = run_in_floats(load_model(model, dt=1e-3).graph, x).spikes["lif"]
    assert f"in place of {np.count_nonzero(found)})" in note.what and np.count_nonzero(found) > 40


@pytest.mark.parametrize("target", ["loihi1", "sanafe"])
def test_a_step_carries_one_spike(model: Path, tmp_path: Path, target: str) -> None:
    """A frame of such a network is a step: where spikes are binary, counts are 0 and 1."""
    x = np.random.default_rng(1).uniform(0, 1, (8, 30, 6))
    bundle = snnc.compile(model, target, tmp_path / "out", calibration=x, dt=1e-3)
    grid = bundle.manifest.input.grid
    assert grid is not None and (grid.low, grid.high) == (0, 1)


def test_an_offset_is_refused(model: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(0, 1, (8, 30, 6))
    with pytest.raises(snnc.UserError, match="D652"):
        snnc.compile(
            model, "loihi", tmp_path / "out", calibration=x, dt=1e-3, input_scale=0.1, input_offset=-5
        )
    assert not (tmp_path / "out").exists()
