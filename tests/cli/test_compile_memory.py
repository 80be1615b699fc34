"""What a compile takes of memory, by weight and neuron: as docs/scale.md says, with a margin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

BYTES_OF_A_WEIGHT, BYTES_OF_A_NEURON = 28, 200
OTHER = 40 * 2**20
"""585 MiB for this network. Measured: 425 MiB; and 983 with the simulator's tables joined, all graphs
kept until the end and the model's weights in float64 alone."""


def wide(width: int) -> nn.Module:
    """Two convolutions of ``width`` channels and two matrices, for images of 3x32x32."""
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(4),
        nn.Flatten(),
        nn.Linear(64 * width, 32 * width),
        nn.ReLU(),
        nn.Linear(32 * width, 10),
    )


def compiled(folder: Path, width: int) -> tuple[int, int, int]:
    """Most bytes of a compile in a process of its own, weights, neurons."""
    torch.manual_seed(0)
    net, place = wide(width), folder / str(width)
    place.mkdir()
    archive, data = place / "net.pt2", place / "data.npz"
    torch.export.save(torch.export.export(net, (torch.zeros(1, 3, 32, 32),)), archive)
    np.savez(data, x=np.random.default_rng(0).poisson(0.5, (2, 1, 3, 32, 32)).astype(np.uint8))
    options = ["--target", "reference", "--code", "rate", "--steps-per-frame", "8"]
    command = [sys.executable, "-m", "snnc", "compile", str(archive), *options]
    command += ["--calibration", str(data), "-o", str(place / "bundle")]
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0
    weights = sum(p.numel() for p in net.parameters() if p.ndim > 1)
    return usage.ru_maxrss * 2**10, weights, 2 * width * 32 * 32 + 32 * width + 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is kibibytes on Linux")
def test_a_large_network_takes_so_much_a_weight_and_neuron(tmp_path: Path) -> None:
    """The same network twice, 2 channels wide and 96: 19 million weights and 195,000 neurons more."""
    small, large = compiled(tmp_path, 2), compiled(tmp_path, 96)
    memory, weights, neurons = (b - a for a, b in zip(small, large, strict=True))
    most = BYTES_OF_A_WEIGHT * weights + BYTES_OF_A_NEURON * neurons + OTHER
    assert memory < most, f"{memory / 2**20:.0f} MiB more, where {most / 2**20:.0f} are enough"
