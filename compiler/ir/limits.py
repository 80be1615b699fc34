"""The limits that passes and checks ask a target for: an enumeration, each with its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Limit:
    """One limit of a target: its value, its unit and where it is stated.

    ``cure`` is what to do about it, for messages, where the target itself has an answer (an option).
    """

    value: int
    unit: str
    source: str
    cure: str = ""


class LimitName(Enum):
    """A limit that a target can state; one that it does not state does not exist for it.

    Each member has ``text`` (its name in messages), ``meaning`` with its unit, and ``least`` and
    ``most``, between which its value makes sense. 0 is a limit like any other: no delays, no relays.
    """

    DELAY = ("delay", "largest delay of a connection on top of the hop, in time steps", 0)
    RELAY_NEURONS = ("relay neurons", "relay neurons for delays beyond the largest, if 0: none", 0)
    WEIGHT_BITS = ("weight bits", "bits of a weight, with its sign", 1, 32)
    WEIGHT_EXPONENT = ("weight exponent", "largest power of 2 that weights are shifted by", -31, 31)
    LOWEST_WEIGHT_EXPONENT = ("lowest weight exponent", "the smallest such power", -31, 31)
    THRESHOLD = ("threshold mantissa", "largest threshold before the shift into the potential", 1)
    LEAST_THRESHOLD = ("least threshold", "smallest threshold to aim at, in units of the potential", 1)
    BIAS = ("bias mantissa", "largest bias before its exponent, either sign", 0)
    READOUT_BIAS = ("readout bias mantissa", "the same of the readout where it differs", 0)
    BIAS_EXPONENT = ("bias exponent", "largest power of 2 that biases are shifted by", 0, 31)
    DECAY = ("decay", "largest decay of potential and current, in 1/4096 a step", 0, 4096)
    CURRENT_DECAY = ("current decay", "the same of the current where it differs", 0, 4096)
    LEAST_CURRENT_DECAY = ("least current decay", "smallest decay of the current", 0, 4095)
    STATE_BITS = ("state bits", "bits of the potential, with its sign", 2, 32)
    READOUT_STATE_BITS = ("readout state bits", "the same of the readout where it differs", 2, 32)
    DENDRITIC_INPUT = ("dendritic input", "input of a neuron in one step, in units of weights", 1)
    GRADED_INPUT = ("graded input", "the same for neurons that take payloads", 1)
    INPUT_SPIKES = ("input spikes", "largest count on an input in one frame", 0)
    LEAST_INPUT = ("least input", "smallest such count", -(2**31), 0)
    NEURONS = ("neurons", "neurons of a chip", 1)

    def __init__(self, text: str, meaning: str, least: int, most: int = 2**63 - 1) -> None:
        self.text, self.meaning, self.least, self.most = text, meaning, least, most
