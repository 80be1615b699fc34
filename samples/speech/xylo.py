"""A recurrent network of Xylo's own neurons: trained in floats, handed over as NIR.

The rate code has no loops on Xylo, which has no delays (docs/xylo.md): a loop needs a step, and a frame
lasts several. Here a frame is one step, and the network is trained with the neuron that the chip has,
without its rounding::

    i <- (i + a) (1 - 2^-SYN)        a: what arrives
    v <- v (1 - 2^-MEM) + i
    n  = clip(floor(v), 0, 31)       spikes; the threshold is 1
    v <- v - n

``input -> h1 -> h2 -> answer``, h2 to itself one step later; the host sums the answer over steps.
A neuron may reach 64 others: h2 has 64 neurons, h1 is free.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, cast

import nir
import numpy as np
import torch
from torch import Tensor, nn

BANDS, H1, H2, CLASSES = 16, 128, 64, 10
SYN, MEM = 1, 3
MOST = 31
STEP = 1.0
"""Seconds, of the file: only ratios to time constants count."""


class Spikes(torch.autograd.Function):
    """``clip(floor(v), 0, 31)``; backwards a line through the steps, less below half a threshold.

    Line and tail are ours: rockpool has pulses of an exponential at each threshold.
    """

    @staticmethod
    def forward(context: Any, v: Tensor) -> Tensor:
        """Spikes of potentials in thresholds, any shape."""
        context.save_for_backward(v)
        return v.floor().clamp(0, MOST)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        """1 from half a threshold to 31, ``exp(2 v - 1)`` below."""
        (v,) = context.saved_tensors
        slope = torch.exp((2 * v - 1).clamp(max=0)) * (v < MOST + 1)
        return cast(Tensor, gradient * slope)


class XyloNetwork(nn.Module):
    """The network in floats; weights only, no biases."""

    def __init__(self) -> None:
        super().__init__()
        self.w1 = nn.Linear(BANDS, H1, bias=False)
        self.w2 = nn.Linear(H1, H2, bias=False)
        self.loop = nn.Linear(H2, H2, bias=False)
        self.out = nn.Linear(H2, CLASSES, bias=False)
        with torch.no_grad():
            self.w1.weight.mul_(0.5)
            self.loop.weight.mul_(0.5)

    def forward(self, frames: Tensor) -> Tensor:
        """Counts (batch, frames, 16) to answers after each frame, (batch, frames, 10)."""
        batch = len(frames)
        i1 = v1 = frames.new_zeros(batch, H1)
        i2 = v2 = sent = frames.new_zeros(batch, H2)
        answer, answers = frames.new_zeros(batch, CLASSES), []
        for frame in frames.unbind(1):
            i1, v1, first = _step(i1, v1, self.w1(frame))
            i2, v2, sent = _step(i2, v2, self.w2(first) + self.loop(sent))
            answer = answer + self.out(sent)
            answers.append(answer)
        return torch.stack(answers, 1)

    def write(self, path: Path) -> None:
        """As NIR, weights such that ``bit-shift-decays`` finds these again.

        That pass multiplies weights by ``2^SYN / (2^SYN - 1)``: what a spike brings by CubaLIF's
        equations, whose current does not decay before it is used.
        """
        kept = (2**SYN - 1) / 2**SYN

        def neurons(size: int) -> Any:
            ones = np.ones(size)
            times = {"tau_syn": STEP * 2**SYN * ones, "tau_mem": STEP * 2**MEM * ones}
            gains = {"r": 2.0**MEM * ones, "w_in": 2.0**SYN * ones}
            return nir.CubaLIF(**times, **gains, v_leak=0 * ones, v_threshold=ones)

        def matrix(layer: nn.Linear, factor: float = 1.0) -> Any:
            return nir.Linear(weight=factor * layer.weight.detach().double().numpy())

        nodes = {
            "input": nir.Input(input_type={"input": np.array([BANDS])}),
            "w1": matrix(self.w1, kept),
            "h1": neurons(H1),
            "w2": matrix(self.w2, kept),
            "h2": neurons(H2),
            "loop": matrix(self.loop, kept),
            "out": matrix(self.out),
            "answer": nir.I(r=np.full(CLASSES, 1 / STEP)),
            "output": nir.Output(output_type={"output": np.array([CLASSES])}),
        }
        chain = ["input", "w1", "h1", "w2", "h2", "out", "answer", "output"]
        edges = [*itertools.pairwise(chain), ("h2", "loop"), ("loop", "h2")]
        nir.write(path, nir.NIRGraph(nodes=nodes, edges=edges))


def _step(i: Tensor, v: Tensor, arriving: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Current, potential, spikes."""
    i = (i + arriving) * (1 - 2.0**-SYN)
    v = v * (1 - 2.0**-MEM) + i
    spikes = cast(Tensor, Spikes.apply(v))  # type: ignore[no-untyped-call]
    return i, v - spikes, spikes
