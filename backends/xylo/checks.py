"""Every reason why a program does not fit Xylo 2, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import Diagnostic
from snnc.ir import Kind, Program, ProgramPopulation, ProgramProjection, size

from .layout import HIDDEN, INPUT, OUTPUT, kind_of, lay_out, matrix_name, on_chip, whole_weights
from .messages import NO_OUTPUTS, OWN_PASSES, SMALLER, exceeds, named
from .neuron import NEURON
from .population_checks import check_populations, check_sizes, strangers
from .target import DELAY, FAN_OUT, SYNAPSES, WEIGHT_BITS, WEIGHT_EXPONENT, WEIGHT_SHIFT


def check(program: Program) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    strange = list(strangers(program))
    yield from strange
    sizes = list(check_sizes(program))
    yield from sizes
    yield from check_populations(program)
    for projection in on_chip(program):
        yield from _connection(program, projection)
    yield from _outputs(program)
    if sizes:
        return  # matrices of far too many neurons would fill the memory
    weights = [d for p in on_chip(program) for d in _weights(program, p)]
    yield from weights
    # What a neuron model cannot follow is said by the compiler, for every target.
    sound = not any(_unsound(p) for p in program.populations)
    if sound and not strange and not weights:
        yield from _matrices(program)


def _unsound(population: ProgramPopulation) -> bool:
    neuron = population.neuron
    ours = neuron is not None and neuron.model == NEURON.name
    return ours and neuron is not None and next(NEURON.problems(neuron), None) is not None


def _connection(program: Program, p: ProgramProjection) -> Iterator[Diagnostic]:
    """Delay, payloads, widths and exponent of one connection."""
    where = named(p.origin, p.label)
    source = program.by_name[p.source]
    if p.delay != DELAY.value:
        cure = "shorten the rollout's delays: every connection takes one step already"
        yield exceeds("D411", "delay", p.delay, DELAY, where, cure)
    if source.kind is Kind.NEURONS and not p.graded:
        what = "several spikes in one step would count as one"
        why = "Xylo adds the weight once for each of them"
        yield Diagnostic("D444", what, where, why, OWN_PASSES)
    if p.weight_bits > WEIGHT_BITS.value:
        yield exceeds("D413", "weight bits", p.weight_bits, WEIGHT_BITS, where, OWN_PASSES)
    if p.exponent > WEIGHT_EXPONENT.value:
        yield exceeds("D412", "weight exponent", p.exponent, WEIGHT_EXPONENT, where, OWN_PASSES)


def _weights(program: Program, p: ProgramProjection) -> Iterator[Diagnostic]:
    """Whether the chip can say the weights, and between which neurons they are."""
    where, source = named(p.origin, p.label), program.by_name[p.source]
    try:
        weights = whole_weights(program, p)
    except ValueError as problem:
        what = f"weight exponent {p.exponent}: {problem}"
        yield Diagnostic("D421", what, where, "Xylo shifts weights to the left only", OWN_PASSES)
        return
    expected = (size(source.shape), size(program.by_name[p.target].shape))
    if weights.shape != expected:
        what = f"weights of shape {weights.shape} between {expected[0]} and {expected[1]} neurons"
        yield Diagnostic("D416", what, where, help="please report this: no pass of snnc may produce it")


def _outputs(program: Program) -> Iterator[Diagnostic]:
    """What output neurons cannot hear, and that nothing but the readout hears them."""
    for p in program.projections:
        source, target = (kind_of(program.by_name[name]) for name in (p.source, p.target))
        where = named(p.origin, p.label)
        cure = NO_OUTPUTS
        if target == OUTPUT and source in (INPUT, OUTPUT):
            what = f"output neurons receive {'the input' if source == INPUT else 'output neurons'}"
            yield Diagnostic("D446", what, where, "they receive from hidden neurons only", cure)
        elif source == OUTPUT and target is not None:
            why = "the spikes of output neurons leave the chip, and nothing on it receives them"
            yield Diagnostic("D446", "neurons receive output neurons", where, why, cure)


def _matrices(program: Program) -> Iterator[Diagnostic]:
    """Whether each matrix fits 8 bits with one shift, and the recurrent one its memory."""
    layout = lay_out(program)
    low, high = -(2 ** (WEIGHT_BITS.value - 1)), 2 ** (WEIGHT_BITS.value - 1) - 1
    for name, matrix in layout.matrices.items():
        stored = matrix.weights
        if stored.size and (stored.min() < low or stored.max() > high):
            within = [p.label for p in on_chip(program) if matrix_name(program, p) == name]
            yield Diagnostic(
                "D414",
                f"weights {stored.min()} to {stored.max()} of the {name} matrix, not {low} to {high}",
                ", ".join(within),
                f"{WEIGHT_BITS.value} bits ({WEIGHT_BITS.source}), and one shift for the whole matrix, "
                f"here {matrix.shift}, at most {WEIGHT_SHIFT.value}",
                "merge connections between the same neurons (they share a weight), leave --passes out",
            )
    spoken = np.count_nonzero(layout.matrices[HIDDEN].whole, axis=1)
    for place in layout.of(HIDDEN):
        worst = int(spoken[place.where].max(initial=0))
        if worst > FAN_OUT.value:
            where = named(program.by_name[place.population].origin, place.population)
            cure = "prune connections, or use a narrower next layer"
            yield exceeds("D450", "fan-out", worst, FAN_OUT, where, cure)
    total = int(spoken.sum())
    if total > SYNAPSES.value:
        yield exceeds("D451", "number of recurrent connections", total, SYNAPSES, program.name, SMALLER)
