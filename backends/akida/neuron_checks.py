"""What can be wrong with the neurons of a population, and with the weights into it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import Diagnostic
from snnc.ir import STANDARD, Code, Encoding, Extent, Kind, Limit, Program, ProgramPopulation

from .chips import Chip
from .layout import in_a_row
from .limit_messages import GRADED, OWN_PASSES, exceeds, where_in
from .shifted_checks import check_shifted, check_sum
from .stored import Activation, activation, base, bias, rounds, stored_in
from .target import LEVELS, STEP, THRESHOLD

INT32 = 2**31 - 1
FEWER = "use fewer inputs, or smaller weights"


def check_neurons(program: Program, chip: Chip) -> Iterator[Diagnostic]:
    """Every population but the input."""
    for population in program.populations:
        if population.kind is Kind.NEURONS:
            yield from _hidden(program, population, chip)
        elif population.kind is Kind.READOUT:
            yield from _readout(program, population, chip)


def _hidden(program: Program, population: ProgramPopulation, chip: Chip) -> Iterator[Diagnostic]:
    where, neuron = where_in(population.origin, population.name), population.dynamics
    if neuron.model != STANDARD:
        return  # the compiler says so for every target without the model
    lacks = []
    if neuron.code is not Code.GRADED:
        lacks.append(f"its code is {neuron.code.value}")
    if neuron.clear_interval != 1:
        lacks.append(f"it keeps its potential for {neuron.clear_interval or 'all'} steps")
    if neuron.bias_interval != 1 and np.any(neuron.bias_mantissa):
        lacks.append(f"its bias comes every {neuron.bias_interval} steps")
    if lacks:
        why = "akida's neurons add up what arrives in one frame, and send that as a level"
        yield Diagnostic("D480", f"akida has no such neuron: {'; '.join(lacks)}", where, why, GRADED)
        return
    if not chip.has_levels(neuron.levels):
        what = f"activations of {neuron.levels} levels, {chip.target.name} has {chip.levels}"
        cure = f"train with snnc.QuantizedReLU({LEVELS.value}), or without levels"
        why = f"stated by {chip.capabilities}: {'1, 2 or 4 bits' if chip.version == 1 else '8 bits'}"
        yield Diagnostic("D481", what, where, why, cure)
        return
    yield from _sums(program, population, where, chip)


def _sums(
    program: Program, population: ProgramPopulation, where: str, chip: Chip
) -> Iterator[Diagnostic]:
    """Weights, thresholds and how far sums go."""
    into, neuron = program.into(population.name), population.dynamics
    found = stored_in(program, population.name, chip)
    if not chip.width(found.largest, found.least):
        what = f"weights up to {found.largest} of what its neurons add up, akida has "
        what += f"{chip.largest.value}"
        why = f"stated by {chip.largest.source}; all connections into a population share one scale"
        yield Diagnostic("D414", what, where, why, OWN_PASSES)
        return
    if rounds(into, found.power):
        what = "sums of several connections are rounded down one by one"
        why = "akida adds them up exactly, and rounds once"
        yield Diagnostic("D483", what, where, why, OWN_PASSES)
        return
    act = activation(neuron, found.power)
    if act.odd:
        unit = 1 << (neuron.input_shift + max(found.power, 0))
        what = f"a threshold that is not a multiple of {unit}"
        why = "weights of akida are whole units, in which the threshold is none"
        yield Diagnostic("D484", what, where, why, OWN_PASSES)
        return
    extent = _reached(program, population, chip)
    if chip.version == 1:
        yield from _width(act, where)
    else:
        told = list(check_shifted(act, neuron, where))
        yield from told
        if not told:
            added = int(np.abs(act.constant).max() + act.step.max())
            yield from check_sum(extent, found.power, added, where)
    fixed = base(neuron), bias(neuron)
    most = 2.0 ** (neuron.state_bits - 1) - 1
    far = float(max(extent.high.max(initial=0), -extent.low.min(initial=0))) * 2.0**neuron.input_shift
    far += float(np.abs(fixed[0]).max() + np.abs(fixed[1]).max())
    if far > most:
        limit = Limit(int(most), "units of the potential", f"the program: {neuron.state_bits} bits")
        yield exceeds("D423", "the potential can reach", round(far), limit, where, FEWER)


def _width(act: Activation, where: str) -> Iterator[Diagnostic]:
    """Whether the layer's variables hold threshold and step."""
    largest = int(act.step.max())
    if largest > STEP.value:
        yield exceeds("D406", "threshold", largest, STEP, where, OWN_PASSES)
    most = int(np.abs(act.threshold).max())
    if most > THRESHOLD.value:
        yield exceeds("D409", "threshold less bias", most, THRESHOLD, where, OWN_PASSES)


def _reached(program: Program, population: ProgramPopulation, chip: Chip) -> Extent:
    """How far what arrives in a step can go."""
    total = Extent.of(0, 0, population.shape)
    for p in program.into(population.name):
        source = program.by_name[p.source]
        least, most = chip.least_input.value, chip.most_input.value
        if source.neuron is not None or source.encoding is Encoding.SPREAD:
            least, most = 0, 1 if source.neuron is None else source.neuron.levels
        total = total + Extent.of(least, most, source.shape).through(p.op, population.shape).shifted(
            p.exponent
        )
    return total


def _readout(program: Program, population: ProgramPopulation, chip: Chip) -> Iterator[Diagnostic]:
    """Whether what arrives in one step fits 32 bits; its register is the host's."""
    where, neuron = where_in(population.origin, population.name), population.dynamics
    if neuron.model != STANDARD:
        return
    extent = _reached(program, population, chip)
    far = float(max(extent.high.max(initial=0), -extent.low.min(initial=0))) * 2.0**neuron.input_shift
    if far > INT32:
        limit = Limit(INT32, "units of what arrives in a step", "docs/numerics.md, Synapses")
        yield exceeds("D423", "what arrives can reach", round(far), limit, where, FEWER)
        return
    found = stored_in(program, population.name, chip)
    if in_a_row(program) and not chip.width(found.largest, found.least):
        what = f"weights up to {found.largest} of what it adds up, akida has {chip.largest.value}"
        yield Diagnostic("D414", what, where, f"stated by {chip.largest.source}", OWN_PASSES)
    elif in_a_row(program) and chip.version != 1:
        yield from check_sum(extent, found.power, 0, where)
