"""Neurons and images are simulated some at a time: it changes no integer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import snnc
from snnc.sim import spiking


def test_any_parts_give_the_same_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all neurons at once, and with 5 of them, which divide no population, an image at a time."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(3, 4, 3, 2, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4 * 9, 7),
        nn.ReLU(),
        nn.Linear(7, 3),
    )
    x = np.random.default_rng(0).poisson(0.7, (9, 2, 2, 6, 6)).astype(np.uint8)
    files = []
    for together in (2**14, 5):
        monkeypatch.setattr(spiking, "IN_CACHE", together)
        monkeypatch.setattr(spiking, "VALUES_TOGETHER", together)
        folder = tmp_path / str(together)
        made = snnc.compile(net, "reference", folder, code="rate", steps_per_frame=4, calibration=x)
        assert any(note.code == "N783" for note in made.notes)  # biases moved
        files.append([(folder / name).read_bytes() for name in ("program.json", "weights.npz")])
    assert files[0] == files[1]
