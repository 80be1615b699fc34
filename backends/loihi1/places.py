"""Where the compartments of a program lie: parts of populations on cores, and what cores have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Shape
from snnc.placement import along_curve

from .target import (
    COMPARTMENTS,
    CORES,
    DECAY_PAIRS,
    INPUT_AXONS,
    OUTPUT_AXONS,
    SYNAPSE_FORMATS,
    SYNAPTIC_MEMORY,
    THRESHOLDS,
)

ORDER, TRAFFIC = "order", "traffic"
"""Ways of cutting: neurons as they come, or so that few messages are sent."""

RESOURCES = {
    "compartments": COMPARTMENTS,
    "input axons": INPUT_AXONS,
    "output axons": OUTPUT_AXONS,
    "synaptic memory": SYNAPTIC_MEMORY,
    "thresholds": THRESHOLDS,
    "decay pairs": DECAY_PAIRS,
    "synapse formats": SYNAPSE_FORMATS,
}
"""What a core has, by the names that messages use."""


@dataclass(frozen=True)
class Part:
    """Neurons ``first`` to ``first + count`` of a population, at ``offset`` and after in their core.

    They are numbers in the order in which the population is cut (:func:`in_order`).
    """

    population: str
    first: int
    count: int
    offset: int


@dataclass(frozen=True)
class Core:
    """What lies on one core, and what it takes of each resource."""

    parts: tuple[Part, ...] = ()
    use: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Split:
    """A program's cores, and how many channels of a pixel lay side by side when they were cut."""

    cores: tuple[Core, ...]
    together: int = 0


TOGETHER = (0, 1, 2, 4, 8, 16, 32, 64, 128)
"""What is tried; 8 channels with thresholds of their own are what a core's table holds."""

WAYS = {ORDER: (0,), TRAFFIC: TOGETHER}
"""By the option ``placement``."""


def in_order(shape: Shape, together: int) -> NDArray[np.int64]:
    """A population's neurons in the order in which cores take them.

    Args:
        shape: of the population.
        together: 0 leaves all neurons in C order. Otherwise so many channels come before the next ones:
            pixel by pixel along a Hilbert curve, so that a core has all of them for a region, and a
            spike has to be sent to few cores. Populations without pixels stay in C order.
    """
    count = int(np.prod(shape, dtype=np.int64))
    if not together or len(shape) != 3:
        return np.arange(count)
    channels, height, width = shape
    # Of a side of more than 64 pixels some share a place of the curve: they stay in their order.
    pixels = np.argsort(along_curve(height, width), kind="stable")
    neurons = np.arange(count).reshape(channels, -1)[:, pixels]
    groups = (neurons[first : first + together] for first in range(0, channels, together))
    return np.concatenate([group.T.reshape(-1) for group in groups])


def summary(cores: tuple[Core, ...]) -> str:
    """Cores used, and of each resource that can run out the fullest core."""
    fills = []
    for name in ("compartments", "input axons", "output axons", "synaptic memory"):
        used = [dict(core.use)[name] for core in cores]
        fills.append(f"{name} {max(used)} of {RESOURCES[name].value}")
    return f"{len(cores)} of {CORES.value} cores; in the fullest core {', '.join(fills)}"
