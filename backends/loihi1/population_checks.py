"""What can be wrong with one population."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.backends.limit_messages import OWN_PASSES
from snnc.errors import Diagnostic, counted
from snnc.ir import STANDARD, Code, IntegerNeuron, Integers, Limit, Program, ProgramPopulation, Reset

from .bounds import arriving, largest_current, saturates_below
from .limit_messages import below, exceeds, where_is
from .registers import LARGEST_STATE, UNIT, flat, registers
from .target import (
    BIAS_EXPONENT,
    BIAS_MANTISSA,
    DENDRITIC_INPUT,
    INPUT_SHIFT,
    MAX_DECAY,
    MAX_THRESHOLD_MANTISSA,
    STATE_BITS,
)

SCALE = f"{OWN_PASSES}, or train with weights and thresholds of like size"
STATE = Limit(LARGEST_STATE, "units of the potential", STATE_BITS.source)


def check_population(
    program: Program, population: ProgramPopulation, shapes_fit: bool
) -> Iterator[Diagnostic]:
    """Everything about one population; sums only where the shapes of all projections fit.

    A readout's own dynamics are the host's; its compartments only add up.
    """
    neuron = population.neuron
    if neuron is None:
        return
    where = where_is(population)
    found = [*_dynamics(neuron, where)]
    if neuron.threshold is not None:
        found += [*_fields(neuron, where), *_threshold(neuron.threshold, where)]
    yield from found
    if found or not shapes_fit:
        return
    yield from _sums(program, population, neuron, where)
    if neuron.threshold is not None:
        yield from _constants(program, population, neuron, where)


def _dynamics(neuron: IntegerNeuron, where: str) -> Iterator[Diagnostic]:
    """What the chip's compartments do in another way, or not at all."""
    if neuron.model != STANDARD:
        what = f"a neuron of the model {neuron.model}, loihi1 has {STANDARD}"
        yield Diagnostic("D426", what, where, help="use another target")
    if neuron.code is not Code.RATE:
        what = f"neurons of the code {neuron.code.value}"
        why = "a compartment of Loihi 1 sends one binary spike where it crosses its threshold"
        yield Diagnostic("D426", what, where, why, "use --code rate")
    if neuron.threshold is not None and neuron.reset is not Reset.ZERO:
        yield Diagnostic(
            "D425",
            f"reset {neuron.reset.value}, loihi1 has zero only",
            where,
            "a compartment of Loihi 1 clears its potential when it fires (both emulators: v = 0)",
            "use a hard reset: --set 'set-neurons{reset=zero}', as loihi1's own pipeline does, or "
            "train for it: snnc.SpikingNeuron(..., reset='zero')",
        )
    if neuron.bias_interval != 1 and neuron.threshold is not None and neuron.code is Code.RATE:
        yield Diagnostic(
            "D434",
            f"a bias that is added in one of {counted(neuron.bias_interval, 'step')}",
            where,
            "a compartment of Loihi 1 adds its bias in every step",
            "use --code rate",
        )


def _fields(neuron: IntegerNeuron, where: str) -> Iterator[Diagnostic]:
    """Fields that the chip's registers cannot hold."""
    decays = (("current", neuron.current_decay), ("potential", neuron.potential_decay))
    for what, value in decays:
        if value > MAX_DECAY.value:
            yield exceeds("D403", f"{what} decay", value, MAX_DECAY, where, "use a slower decay")
        if value < 0:
            yield below("D403", f"{what} decay", value, 0, where, "use a decay of 0 or more")
    if neuron.state_bits != STATE_BITS.value:
        yield Diagnostic(
            "D404",
            f"state of {neuron.state_bits} bits, loihi1 has {STATE_BITS.value}",
            where,
            f"stated by {STATE_BITS.source}",
            OWN_PASSES,
        )
    if not 0 <= neuron.input_shift <= INPUT_SHIFT.value:
        yield Diagnostic(
            "D405",
            f"input shift {neuron.input_shift} is not in 0 to {INPUT_SHIFT.value} on loihi1",
            where,
            f"stated by {INPUT_SHIFT.source}",
            OWN_PASSES,
        )
    start = int(np.abs(neuron.start_value).max())
    if start > LARGEST_STATE:
        yield exceeds("D408", "start value", start, STATE, where, SCALE)
    mantissa = int(np.abs(neuron.bias_mantissa).max())
    if mantissa > BIAS_MANTISSA.value:
        cure = f"train with smaller biases, or {OWN_PASSES}"
        yield exceeds("D409", "bias mantissa", mantissa, BIAS_MANTISSA, where, cure)
    if neuron.bias_exponent > BIAS_EXPONENT.value:
        yield exceeds("D410", "bias exponent", neuron.bias_exponent, BIAS_EXPONENT, where, SCALE)
    if neuron.bias_exponent < 0:
        yield below("D410", "bias exponent", neuron.bias_exponent, 0, where, SCALE)


def _threshold(threshold: Integers, where: str) -> Iterator[Diagnostic]:
    smallest, largest = int(threshold.min()), int(threshold.max())
    most = MAX_THRESHOLD_MANTISSA.value * UNIT
    if largest > most:
        limit = Limit(most, "units of the potential", MAX_THRESHOLD_MANTISSA.source)
        yield exceeds("D406", "threshold", largest, limit, where, SCALE)
    if smallest < 1:
        cure = SCALE
        yield below("D407", "threshold", smallest, 1, where, cure)


def _sums(
    program: Program, population: ProgramPopulation, neuron: IntegerNeuron, where: str
) -> Iterator[Diagnostic]:
    """Accumulators that the worst input would make wrap."""
    step = arriving(program, population)
    worst = int(np.maximum(-step.low, step.high).max(initial=0))
    if worst > DENDRITIC_INPUT.value:
        cure = "use smaller weights, or fewer of them: larger values wrap on the chip"
        yield exceeds("D430", "input of one step", worst, DENDRITIC_INPUT, where, cure)
    if neuron.threshold is None or worst > DENDRITIC_INPUT.value:
        return
    bias = flat(neuron.bias_mantissa << neuron.bias_exponent, population)
    current = int((largest_current(neuron, step) + np.abs(bias)).max())
    if current > LARGEST_STATE:
        cure = "use smaller weights, or a faster decay of the current: larger values wrap on the chip"
        yield exceeds("D431", "current with its bias", current, STATE, where, cure)


def _constants(
    program: Program, population: ProgramPopulation, neuron: IntegerNeuron, where: str
) -> Iterator[Diagnostic]:
    """Thresholds and biases that lie between those of the chip."""
    whole = not saturates_below(neuron, population, arriving(program, population))
    try:
        found = registers(population, whole)
    except ValueError as problem:
        yield Diagnostic(
            "D428",
            str(problem),
            where,
            f"stated by {MAX_THRESHOLD_MANTISSA.source}",
            f"{OWN_PASSES}, which make such thresholds; where a network brings its own >=, --set "
            "'set-neurons{comparison=>}' changes what the network computes",
        )
        return
    least = int(found.threshold.min()) * UNIT
    if least < UNIT:
        what = "threshold, as the chip compares it,"
        cure = SCALE
        yield below("D407", what, least, UNIT, where, cure)
