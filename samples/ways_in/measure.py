"""What a way in gives, against the network that went in."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import snnc
from snnc.api.inputs import model_source
from snnc.sim.analog import run_frames

from .networks import FRAMES, TRAINING, as_values, digits
from .torch_ways import Way

TARGET = "loihi"
CALIBRATED_ON = 256


@dataclass(frozen=True)
class Found:
    """Of one way.

    Attributes:
        largest: difference between an answer of torch (float32) and of the graph (float64), relative to
            the largest answer.
        images: that were compared.
        decisions: of the graph that are torch's.
        kept: decisions of the compiled integers that are torch's; None where nothing was compiled.
        code: that ``auto`` took.
    """

    largest: float
    images: int
    decisions: int
    kept: int | None = None
    code: str = ""


def frames_of(way: Way, net: nn.Module, images: NDArray[np.int64]) -> NDArray[Any]:
    """Images as frames: one, or for a rollout the same four times; normalised where it takes these."""
    given = as_values(images) if way.values else images
    return given[:, None].repeat(FRAMES if isinstance(net, snnc.Rollout) else 1, axis=1)


def answers(net: nn.Module, frames: NDArray[Any]) -> NDArray[np.float64]:
    """Torch's, after each frame: (samples, frames, 10)."""
    x = torch.tensor(frames, dtype=torch.float32)
    with torch.no_grad():
        found = net(x) if isinstance(net, snnc.Rollout) else net(x[:, 0])[:, None]
    return np.asarray(found.numpy(), np.float64)


def measure(way: Way, *, integers: bool) -> Found:
    """Make the form in a folder of its own, read it, and compile it where ``integers`` says so."""
    net = way.net()
    images = digits()[0]
    frames = frames_of(way, net, images[TRAINING:])
    with tempfile.TemporaryDirectory() as place:
        model = way.make(net, Path(place))
        graph = model_source(model, **way.options).load().graph
        ours, theirs = run_frames(graph, frames)[graph.readout.name], answers(net, frames)
        largest = float(np.abs(ours.reshape(theirs.shape) - theirs).max() / np.abs(theirs).max())
        classes = theirs[:, -1].argmax(axis=1)
        same = int((ours[:, -1].reshape(len(ours), -1).argmax(axis=1) == classes).sum())
        if not integers:
            return Found(largest, len(frames), same)
        counts = frames_of(way, net, images[:CALIBRATED_ON])
        bundle = snnc.compile(model, TARGET, Path(place) / "out", calibration=counts, **way.options)
        predictions = bundle.run(frames).predictions[:, -1]
        kept = int((np.asarray(predictions) == classes).sum())
        return Found(largest, len(frames), same, kept, bundle.manifest.code)
