"""How wide each population's registers have to be in C, by range proofs, for ever and for any input.

Where nothing can wrap or saturate, a register takes the narrowest type that holds what was proved, and
its arithmetic needs no check. Where something can, the population keeps 32 bits and the checks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from snnc.ir import Code, Encoding, IntegerNeuron, Kind, Program, ProgramPopulation, Target
from snnc.verify.known import Range
from snnc.verify.ranges import bounded

from .table import SIGNED, narrowest

FRAMES = 2**60
"""So many frames, and twice as many: a register that is bounded alike in both is so for ever. A
potential that gains anything at all in a frame gains more than a register holds in so many."""

SAFE_BITS, SAFE_BIAS = 30, 2**29
"""A potential that saturates at this width and a bias below this: 32 bits hold their sum."""


@dataclass(frozen=True)
class Width:
    """The registers of one population.

    Attributes:
        checked: something can wrap: everything is computed as docs/numerics.md says it.
        saturates: the potential alone can leave its register, where it saturates.
        potential, current: their C types.
        largest: the largest magnitude of the potential.
    """

    checked: bool
    saturates: bool
    potential: str
    current: str
    largest: int


def widths(program: Program, low: int, high: int) -> dict[str, Width]:
    """The registers of every population with neurons, by name.

    Args:
        program: any program that was validated.
        low, high: payloads or counts of the input, low <= 0 <= high, in any step.
    """
    neurons = {p.name: p.neuron for p in program.populations if p.neuron is not None}
    if not all(_regular(program, p) for p in program.populations):
        return {name: unproved(neuron) for name, neuron in neurons.items()}
    # An input that comes once a frame is taken for one that may come at every step.
    populations = tuple(
        replace(p, encoding=Encoding.GRADED) if p.encoding is Encoding.ONCE else p
        for p in program.populations
    )
    whole, target = replace(program, populations=populations), Target("c")
    wraps: set[str] = set()
    while True:
        found, later = (
            bounded(whole, target, low, high, frames, wraps).ranges for frames in (FRAMES, 2 * FRAMES)
        )
        parted: dict[str, list[tuple[Range, Range]]] = {name: [] for name in neurons}
        for once, again in zip(found, later, strict=True):
            parted[once.population].append((once, again))
        made = {name: _width(neuron, parted[name]) for name, neuron in neurons.items()}
        more = {name for name, width in made.items() if width.checked} - wraps
        if not more:
            return made
        wraps |= more


def unproved(neuron: IntegerNeuron) -> Width:
    """The registers of neurons of which nothing is known but their own width."""
    most = 2 ** (neuron.state_bits - 1) - 1
    return Width(True, True, narrowest(-most, most, SIGNED), "int32_t", most)


def _width(neuron: IntegerNeuron, ranges: list[tuple[Range, Range]]) -> Width:
    """The registers of neurons whose ranges are these, after ``FRAMES`` and twice as many."""
    by_name = {once.register: once for once, _ in ranges}
    current, potential = by_name["current"], by_name["potential"]
    sums = all(once.holds for once, _ in ranges if once.register != "potential")
    ever = all(
        once.holds and (once.low, once.high) == (again.low, again.high) for once, again in ranges
    )
    if not sums or not (ever or _saturates(neuron)):
        return unproved(neuron)
    kind = narrowest(current.low, current.high, SIGNED)
    if not ever:
        return replace(unproved(neuron), checked=False, current=kind)
    low = min(potential.low, int(neuron.start_value.min()))
    high = max(potential.high, int(neuron.start_value.max()))
    return Width(False, False, narrowest(low, high, SIGNED), kind, max(-low, high))


def _regular(program: Program, p: ProgramPopulation) -> bool:
    """Whether its frames begin where the proofs take them to begin: as of every compiled program."""
    neuron, frame = p.neuron, program.steps_per_frame
    if neuron is None or not neuron.clear_interval:
        return True
    if neuron.code is Code.FRAME and neuron.clear_interval != frame:
        return False
    if neuron.code is Code.GRADED and frame % neuron.clear_interval:
        return False
    begins = (neuron.clear_offset - p.start - 1) % neuron.clear_interval
    return p.kind is Kind.INPUT or neuron.clear_interval != frame or begins == 0


def _saturates(neuron: IntegerNeuron) -> bool:
    """Whether its potential saturates before it could wrap."""
    bias = int(np.abs(neuron.bias_mantissa).max()) << neuron.bias_exponent
    return neuron.state_bits <= SAFE_BITS and bias < SAFE_BIAS
