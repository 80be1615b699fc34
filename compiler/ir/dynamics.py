"""What neurons do, and how their spikes carry values: the words that graph and program share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

STANDARD = "standard"
"""The neuron model of ``docs/numerics.md``."""

SEVERAL_SPIKES, MOST_SPIKES = "several-spikes", "most_spikes"
"""The neuron model of ``several_spikes.py``, and its constant: the most spikes in one step."""


class Kind(Enum):
    """What a population is for."""

    INPUT = "input"
    NEURONS = "neurons"
    READOUT = "readout"


class Reset(Enum):
    """What a spike does to the potential: subtract the threshold (soft), or set to zero (hard)."""

    SUBTRACT = "subtract"
    ZERO = "zero"


class Comparison(Enum):
    """When a neuron fires: above the threshold, or at it already."""

    GREATER = ">"
    GREATER_EQUAL = ">="


class Encoding(Enum):
    """How an input's event counts reach the chip within a frame.

    GRADED: one spike at every step of the frame, whose payload is the count.
    SPREAD: as many binary spikes as the count, spread evenly over the steps of the frame.
    ONCE: one spike at the first step of the frame, whose payload is the count.
    CHANGE: the same with the difference to the last frame's count; no spike where there is none.
    """

    GRADED = "graded"
    SPREAD = "spread"
    ONCE = "once"
    CHANGE = "change"


class Code(Enum):
    """How spikes carry the activations of a network that was converted (``docs/numerics.md``).

    RATE: integrate and fire with soft reset; the number of spikes approximates the activation.
    FRAME: integrate one frame, fire the next, one spike a level: exact for activations with levels.
    GRADED: the same with one spike that carries the level.
    DELTA: the same with the difference to the last frame's level; no spike where there is none.
    """

    RATE = "rate"
    FRAME = "frame"
    GRADED = "graded"
    DELTA = "delta"

    @property
    def one_spike(self) -> bool:
        """Whether one spike says all of a frame: a level, or by how much it has changed."""
        return self in (Code.GRADED, Code.DELTA)

    @property
    def exact(self) -> bool:
        """Whether spikes carry activations that have levels without loss."""
        return self is not Code.RATE


@dataclass(frozen=True)
class Neuron:
    """Dynamics of a spiking population, per time step.

    Attributes:
        reset: what a spike does to the potential.
        comparison: ``>`` or ``>=`` against the threshold.
        start_value: potential before the first step, as a fraction of the threshold.
        current_kept: fraction of the synaptic current that the next step keeps (0: no memory).
        potential_kept: fraction of the potential that the next step keeps (1: no leak).
        restart: whether every frame begins with no current and the start value.
        model, constants: as in the program's ``IntegerNeuron``; a target's own pass sets them.
    """

    reset: Reset = Reset.SUBTRACT
    comparison: Comparison = Comparison.GREATER
    start_value: float = 0.5
    current_kept: float = 0.0
    potential_kept: float = 1.0
    restart: bool = False
    model: str = STANDARD
    constants: Mapping[str, int] = field(default_factory=dict)
