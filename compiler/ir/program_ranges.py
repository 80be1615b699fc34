"""The range of every number in a program, with its reason: what ``validate`` refuses beyond.

These ranges are also the hypotheses of ``make prove``, and the table in ``docs/numerics.md`` is made of
them. Within them the reference simulator's 64 bits hold every intermediate result exactly, so that
every engine can be held to it. Targets have narrower limits of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from .fixed_point import DECAY_SHIFT
from .relays import LARGEST_PAYLOAD

STEPS = 2**16
"""Longest time that a program may speak of. A rollout of 16 frames of 4,096 steps is within, and a run
of so many steps ends; a number from a damaged file could make it last for days."""

WORD = 2**31 - 1
"""Largest number of a 32-bit register, in which sums, currents and potentials are kept."""

DIMENSIONS = 8
"""Most axes of a population: numpy 1.26 has 32, and samples, steps and windows need some."""


@dataclass(frozen=True)
class Range:
    """The whole numbers that one field may hold.

    Attributes:
        owner: class that has the field.
        field: its name.
        low, high: ends, both included.
        reason: why not beyond, a sentence without its stop.
    """

    owner: str
    field: str
    low: int
    high: int
    reason: str

    @property
    def ends(self) -> str:
        """Both ends in words, as documents have them: ``0 to 2^16 - 1``."""
        return f"{_power(self.low)} to {_power(self.high)}"

    @property
    def row(self) -> str:
        """Its row in the table of ``docs/numerics.md``."""
        return f"| `{self.owner}.{self.field}` | {self.ends} | {self.reason} |"


LARGEST_PLAIN = 4096


def _power(number: int) -> str:
    """A number, by its power of two where it is large."""
    if abs(number) <= LARGEST_PLAIN:
        return str(number)
    size = abs(number)
    bits = size.bit_length()
    text = f"2^{bits - 1}" if size == 1 << (bits - 1) else f"2^{bits} - 1"
    if number > 0:
        return text
    return f"-({text})" if " " in text else f"-{text}"


_NEURON, _POPULATION, _PROJECTION = "IntegerNeuron", "ProgramPopulation", "ProgramProjection"
_TIME = f"no time in a program is longer than {STEPS} steps: a run has to end"

RANGES = (
    Range(
        _NEURON,
        "current_decay",
        0,
        2**DECAY_SHIFT - 1,
        "decays are fractions of 4096, and one is added to this one (lava-nc 0.10.0, ds_offset)",
    ),
    Range(_NEURON, "potential_decay", 0, 2**DECAY_SHIFT, "decays are fractions of 4096"),
    Range(
        _NEURON,
        "input_shift",
        0,
        31,
        "what arrives has 32 bits: nothing of it is left after a larger shift",
    ),
    Range(
        _NEURON,
        "state_bits",
        2,
        32,
        "a register has a sign and a digit; engines compute in 32 bits",
    ),
    Range(
        _NEURON,
        "threshold",
        1,
        WORD,
        "a neuron counts thresholds in its potential, which has 32 bits: 0 cannot be counted with",
    ),
    Range(
        _NEURON,
        "start_value",
        -WORD,
        WORD,
        "it is put into the potential, whose register ends at 2^(state_bits - 1) - 1",
    ),
    Range(_NEURON, "bias_mantissa", -WORD, WORD, "biases are kept in 32 bits"),
    Range(
        _NEURON,
        "bias_exponent",
        0,
        31,
        "the bias is added in 32 bits: nothing of it is left after a larger shift",
    ),
    Range(
        _NEURON, "bias_start", 0, STEPS - 1, f"steps are counted from 1, frames begin after 0; {_TIME}"
    ),
    Range(_NEURON, "bias_interval", 1, STEPS, f"every this many steps; {_TIME}"),
    Range(_NEURON, "clear_interval", 0, STEPS, f"every this many steps, 0 for never; {_TIME}"),
    Range(_NEURON, "clear_offset", 0, STEPS, f"the step after the population's start; {_TIME}"),
    Range(
        _NEURON,
        "levels",
        0,
        LARGEST_PAYLOAD,
        "a spike's payload has 24 bits with its sign; 0 in the code rate",
    ),
    Range(_NEURON, "unit", 1, 2**53, "formats have it as a float of 64 bits, exact up to 2^53"),
    Range(_NEURON, "constants", -(2**63), 2**63 - 1, "a neuron model computes in 64 bits"),
    Range(_POPULATION, "shape", 1, WORD, "neurons are numbered in 32 bits, from 0 on"),
    Range(_POPULATION, "start", 0, STEPS - 1, f"the smallest start is 0; {_TIME}"),
    Range(_PROJECTION, "weight_bits", 1, 32, "weights are kept in 32 bits at the most"),
    Range(
        _PROJECTION,
        "exponent",
        -31,
        31,
        "a sum has 32 bits: nothing of it is left after a larger shift",
    ),
    Range(_PROJECTION, "delay", 0, STEPS - 1, f"the hop's own step is not counted; {_TIME}"),
    Range("Program", "steps_per_frame", 1, STEPS, _TIME),
)
"""Every field with a number, in the order of the classes. What two fields allow together comes on top:
``start_value`` within its register (:func:`register_end`), weights on the grid of ``weight_bits`` and
``sign_mode``."""

_BY_NAME = {(each.owner, each.field): each for each in RANGES}


def range_of(owner: str, field: str) -> Range:
    """The range of one field of a class."""
    return _BY_NAME[owner, field]


def register_end(state_bits: int) -> int:
    """Largest potential that a register keeps; the smallest is its negative."""
    return int((1 << (state_bits - 1)) - 1)
