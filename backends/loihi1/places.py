"""Where the compartments of a program lie: parts of populations on cores, and what cores have."""

from __future__ import annotations

from dataclasses import dataclass

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
    """Neurons ``first`` to ``first + count`` of a population, at ``offset`` and after in their core."""

    population: str
    first: int
    count: int
    offset: int


@dataclass(frozen=True)
class Core:
    """What lies on one core, and what it takes of each resource."""

    parts: tuple[Part, ...] = ()
    use: tuple[tuple[str, int], ...] = ()


def summary(cores: tuple[Core, ...]) -> str:
    """Cores used, and of each resource that can run out the fullest core."""
    fills = []
    for name in ("compartments", "input axons", "output axons", "synaptic memory"):
        used = [dict(core.use)[name] for core in cores]
        fills.append(f"{name} {max(used)} of {RESOURCES[name].value}")
    return f"{len(cores)} of {CORES.value} cores; in the fullest core {', '.join(fills)}"
