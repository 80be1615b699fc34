"""Programs and recordings of lava-dl's networks, and how a quantity of both is compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.frontend import ModelSource
from snnc.ir import Program

Ints = NDArray[np.int64]
FIRED = 128
"""What Loihi shows as the potential of a neuron that just fired, ``refDelay << 7``; Lava shows 0."""


@dataclass(frozen=True)
class Row:
    """One quantity of one layer.

    Attributes:
        network, layer, quantity: ``spikes``, ``current`` or ``potential``.
        steps: how many were compared.
        values: that were compared.
        differ: of these.
        shown: potentials of 128 of neurons that fired in the step, which are not compared.
    """

    network: str
    layer: str
    quantity: str
    steps: int
    values: int
    differ: int
    shown: int = 0


def program_of(path: Path, reset_interval: int | None = None) -> Program:
    """The program of a file."""
    ready = ModelSource(path, reset_interval=reset_interval).load_integers()
    assert ready is not None
    return ready.program


def early(program: Program, start: int = 0) -> Program:
    """The same with biases after step ``start``; lava-dl's reader has them from step 1 on (N776)."""
    changed = (
        p if p.neuron is None else replace(p, neuron=replace(p.neuron, bias_start=start))
        for p in program.populations
    )
    return replace(program, populations=tuple(changed))


def recorded(path: Path) -> Ints:
    """A recording, time first, then channels, height, width; lava-dl has these four backwards."""
    return np.asarray(np.load(path), np.int64).T


def difference(
    network: str,
    layer: str,
    quantity: str,
    ours: NDArray[Any],
    truth: Ints,
    fired: NDArray[Any] | None = None,
) -> Row:
    """Compare one quantity; ``fired``: our spikes in the same steps, where the chip shows 128."""
    truth = truth.reshape(ours.shape)
    left = np.zeros(ours.shape, bool) if fired is None else (fired != 0) & (truth == FIRED)
    differ = int(np.count_nonzero((ours != truth) & ~left))
    shown = int(left.sum())
    return Row(network, layer, quantity, len(ours), ours.size - shown, differ, shown)
