"""What can be wrong with the neurons of a population, and with the weights into it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import Diagnostic
from snnc.ir import STANDARD, Code, Encoding, Extent, Kind, Limit, Program, ProgramPopulation

from .limit_messages import GRADED, OWN_PASSES, exceeds, where_in
from .stored import Activation, activation, base, bias, rounds, stored
from .target import ACTIVATION_BITS, CAPABILITIES, INPUT_SPIKES, LARGEST_WEIGHT, LEVELS, STEP, THRESHOLD

INT32 = 2**31 - 1
FEWER = "use fewer inputs, or smaller weights"


def check_neurons(program: Program) -> Iterator[Diagnostic]:
    """Every population but the input."""
    for population in program.populations:
        if population.kind is Kind.NEURONS:
            yield from _hidden(program, population)
        elif population.kind is Kind.READOUT:
            yield from _readout(program, population)


def _hidden(program: Program, population: ProgramPopulation) -> Iterator[Diagnostic]:
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
    if neuron.levels not in ACTIVATION_BITS:
        what = f"activations of {neuron.levels} levels, akida has 1, 3 or {LEVELS.value}"
        cure = f"train with snnc.QuantizedReLU({LEVELS.value}), or without levels"
        yield Diagnostic("D481", what, where, f"stated by {CAPABILITIES}: 1, 2 or 4 bits", cure)
        return
    yield from _sums(program, population, where)


def _sums(program: Program, population: ProgramPopulation, where: str) -> Iterator[Diagnostic]:
    """Weights, thresholds and how far sums go."""
    into, neuron = program.into(population.name), population.dynamics
    found = stored(into)
    if not found.bits:
        what = f"weights up to {found.largest} of what its neurons add up, akida has "
        what += f"{LARGEST_WEIGHT.value}"
        why = f"stated by {LARGEST_WEIGHT.source}; all connections into a population share one scale"
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
    yield from _width(act, where)
    extent = _reached(program, population)
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


def _reached(program: Program, population: ProgramPopulation) -> Extent:
    """How far what arrives in a step can go."""
    total = Extent.of(0, 0, population.shape)
    for p in program.into(population.name):
        source = program.by_name[p.source]
        most = INPUT_SPIKES.value if source.neuron is None else source.neuron.levels
        most = 1 if source.encoding is Encoding.SPREAD else most
        total = total + Extent.of(0, most, source.shape).through(p.op, population.shape).shifted(
            p.exponent
        )
    return total


def _readout(program: Program, population: ProgramPopulation) -> Iterator[Diagnostic]:
    """Whether what arrives in one step fits 32 bits; its register is the host's."""
    where, neuron = where_in(population.origin, population.name), population.dynamics
    if neuron.model != STANDARD:
        return
    extent = _reached(program, population)
    far = float(max(extent.high.max(initial=0), -extent.low.min(initial=0))) * 2.0**neuron.input_shift
    if far > INT32:
        limit = Limit(INT32, "units of what arrives in a step", "docs/numerics.md, Synapses")
        yield exceeds("D423", "what arrives can reach", round(far), limit, where, FEWER)
        return
    from .layout import chain_of

    found = stored(program.into(population.name))
    if chain_of(program) is not None and not found.bits:
        what = f"weights up to {found.largest} of what it adds up, akida has {LARGEST_WEIGHT.value}"
        yield Diagnostic("D414", what, where, f"stated by {LARGEST_WEIGHT.source}", OWN_PASSES)
