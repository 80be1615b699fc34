"""What a run of a program showed, whichever engine ran it: the common ground of comparisons."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LATENCY, ENERGY = "latency", "energy"
"""Roles of what an engine reports: of one sample, all its frames, on the chip."""

FRAME_LATENCY, FRAME_ENERGY = "frame latency", "frame energy"
"""The same of one frame."""

FRAME_INSTRUCTIONS = "frame instructions"
"""Instructions that a processor executes for a frame, where a simulator counts them."""


@dataclass(frozen=True)
class Measured:
    """One thing that an engine says about a run beside its spikes.

    Attributes:
        name: what it is ("energy of synapses").
        value: in ``unit``.
        unit: SI where there is one, empty for a plain number.
        source: which tool and model say so, and over what ("mean of 20 samples").
        role: ``LATENCY``, the seconds that the chip takes for a sample, ``ENERGY``, the joules that it
            takes for that, or those of a frame, or ``FRAME_INSTRUCTIONS``: what ``snnc targets --for``
            shows. Empty for all else, and for times of the computer that the engine runs on.
        estimated: a model of ours says so, from what the engine ran; ``source`` says which.
    """

    name: str
    value: float
    unit: str
    source: str
    role: str = ""
    estimated: bool = False


@dataclass(frozen=True)
class Trace:
    """Arrays (samples, steps, \\*shape), int32, by population name.

    ``spikes`` has every population but the readout (payload of the spike, 0 for none), ``potentials``
    the readout's potential after each step, and every population's where states were recorded
    (``docs/numerics.md``, "Hidden potentials"). ``measured`` is what an engine reports besides, and
    nothing is compared with it. ``unread`` says, where an engine was asked for all potentials, of which
    populations it has none to show that could be compared, and why.
    """

    spikes: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    potentials: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    measured: tuple[Measured, ...] = ()
    unread: dict[str, str] = field(default_factory=dict)
