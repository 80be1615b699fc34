"""Networks over lines (Conv1d and what goes with it), from the model file to Lava."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from snnc.backends.loihi.layout import projection_places
from snnc.bundle.folder import read_bundle
from snnc.ir import SparseLinear, read_program
from snnc.sim import simulate
from tests.by_options import compile_model, verify_bundle

LINE = (2, 16)


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    """A bundle of a pickled Conv1d network; its input shape is that of the calibration data."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv1d(2, 6, 3, padding=1),
        nn.BatchNorm1d(6),
        nn.ReLU(),
        nn.Conv1d(6, 6, 3, stride=2, dilation=2, padding=2, groups=2),
        nn.ReLU(),
        nn.AvgPool1d(3, 2, padding=1, count_include_pad=False),
        nn.Flatten(),
        nn.Linear(24, 3),
    )
    torch.save(net, tmp_path / "net.pt")
    np.savez(tmp_path / "data.npz", x=np.random.default_rng(0).poisson(0.6, (8, 3, *LINE)))
    compile_model(
        tmp_path / "net.pt",
        "loihi",
        tmp_path / "b",
        calibration=tmp_path / "data.npz",
        steps_per_frame=8,
    )
    return tmp_path / "b"


def test_what_is_emitted(compiled: Path) -> None:
    bundle, _ = read_bundle(compiled)
    files = (compiled / "program.json").read_bytes(), (compiled / "weights.npz").read_bytes()
    program = read_program(*files)
    assert [p.shape for p in program.populations] == [LINE, (6, 16), (6, 8), (3,)]
    places = projection_places(program)
    # A line has no rows and columns: its convolutions are emitted as matrices.
    assert [isinstance(p.op, SparseLinear) for p in program.projections] == [True, True, False]
    assert [place.process for place in places] == ["Sparse", "Sparse", "Dense"]
    assert bundle.manifest.input.shape == LINE
    spikes = np.random.default_rng(1).poisson(0.5, (1, 24, *LINE))
    assert simulate(program, spikes).spikes["4"].any()


@pytest.mark.lava
def test_lava_gives_the_same_spikes(compiled: Path) -> None:
    data = compiled.parent / "data.npz"
    verified = verify_bundle(compiled, data=data, samples=2, engine="lava-inprocess")
    assert verified.comparison.mismatches == 0
    assert not verified.payload_differences
    assert all(p.spikes for p in verified.comparison.populations if p.quantity == "spikes")
