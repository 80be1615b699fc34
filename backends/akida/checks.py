"""Every reason why a program does not fit Akida 1.0, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import Diagnostic, counted
from snnc.ir import (
    Encoding,
    Identity,
    Kind,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Shape,
    SignMode,
    size,
)
from snnc.ir.scaling import weights_of

from .layout import CONVOLUTION, Chain, chain_of, frame_size, members, weights_in
from .limit_messages import GRADED, OWN_PASSES, SMALLER, exceeds, where_in
from .neuron_checks import check_neurons
from .target import CAPABILITIES, INPUTS, LARGEST_WEIGHT, LAYERS, WEIGHT_BITS, WEIGHTS

WHOLE_WEIGHTS = (
    f"weights of {WEIGHT_BITS.value} bits are whole numbers from -{LARGEST_WEIGHT.value} to "
    f"{LARGEST_WEIGHT.value} ({LAYERS}), all into a population on one scale"
)


def check(program: Program) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    if program.steps_per_frame != 1:
        what = f"{program.steps_per_frame} steps a frame, akida has 1"
        why = "a layer adds up a frame and puts out its levels at once"
        yield Diagnostic("D482", what, program.name, why, "use --steps-per-frame 1")
    misshapen = list(_shapes(program))
    yield from misshapen
    if misshapen:
        return
    for projection in program.projections:
        yield from _connection(program, projection)
    neurons = list(check_neurons(program))
    yield from neurons
    if not neurons:
        yield from _sizes(program)


def _shapes(program: Program) -> Iterator[Diagnostic]:
    """Operations that do not give their target's shape, or hold no weights."""
    for p in program.projections:
        where = where_in(p.origin, p.label)
        if isinstance(p.op, Identity):
            why = "akida has a weight at every synapse; snnc's passes write one there"
            yield Diagnostic("D415", "a connection without weights", where, why, OWN_PASSES)
            continue
        neurons, given = size(program.by_name[p.target].shape), _out_shape(program, p)
        if given is None or size(given) != neurons:
            fact = "cannot take its source's shape" if given is None else f"gives {size(given)} values"
            what = f"{fact}, its target has {counted(neurons, 'neuron')}"
            cure = "please report this: no pass of snnc may produce it"
            yield Diagnostic("D416", what, where, help=cure)


def _out_shape(program: Program, p: ProgramProjection) -> Shape | None:
    try:
        return p.op.out_shape(program.by_name[p.source].shape)
    except ValueError:
        return None


def _connection(program: Program, p: ProgramProjection) -> Iterator[Diagnostic]:
    """Widths and payloads of one connection; a readout's weights are the host's in a loop."""
    where, source = where_in(p.origin, p.label), program.by_name[p.source]
    on_card = program.by_name[p.target].kind is Kind.NEURONS
    if on_card and p.weight_bits > WEIGHT_BITS.value:
        cure = f"use --weight-bits {WEIGHT_BITS.value}"
        yield exceeds("D413", "weight bits", p.weight_bits, WEIGHT_BITS, where, cure)
    if on_card and p.sign_mode is not SignMode.MIXED and np.abs(weights_of(p.op)).max(initial=0) > 128:
        what = f"{p.sign_mode.value} weights use the bit that is the sign's on akida"
        yield Diagnostic("D414", what, where, WHOLE_WEIGHTS, OWN_PASSES)
    if not p.graded and _most_sent(source) > 1:
        what = f"payloads up to {_most_sent(source)} would count as one"
        yield Diagnostic("D444", what, where, "akida multiplies every level by the weight", GRADED)


def _most_sent(population: ProgramPopulation) -> int:
    """The largest payload that a population sends."""
    if population.neuron is None:
        return 1 if population.encoding is Encoding.SPREAD else LARGEST_WEIGHT.value
    return population.neuron.levels


def _sizes(program: Program) -> Iterator[Diagnostic]:
    """Inputs of dense layers, and weights of all."""
    chain = chain_of(program)
    if chain is None:
        yield from _frame_size(program)
        return
    for place in chain.places:
        inputs = size(place.given)
        if place.kind != CONVOLUTION and inputs > INPUTS.value:
            where = place.projection.origin or place.projection.label
            yield exceeds("D401", "inputs of a dense layer", inputs, INPUTS, where, SMALLER)
    total = sum(weights_in(program, place) for place in chain.places)
    if total > WEIGHTS.value:
        yield exceeds("D402", "number of weights", total, WEIGHTS, program.name, _cure(chain))


def _cure(chain: Chain) -> str:
    unrolled = [p for p in chain.places if p.why_dense]
    if not unrolled:
        return SMALLER
    found = "; ".join(f"{p.projection.origin or p.population}: {p.why_dense}" for p in unrolled)
    return f"use convolutions that the chip has ({CAPABILITIES}): others become dense layers ({found})"


def _frame_size(program: Program) -> Iterator[Diagnostic]:
    inputs, units = frame_size(program)
    cure = "use a chain without loops and shortcuts, which keeps its convolutions, or a smaller network"
    if inputs > INPUTS.value:
        what = "inputs of the dense layer of a frame"
        yield exceeds("D401", what, inputs, INPUTS, program.name, cure)
    elif inputs * units > WEIGHTS.value:
        what = "weights of the dense layer of a frame"
        yield exceeds("D402", what, inputs * units, WEIGHTS, program.name, cure)
    bits = sorted({m.dynamics.levels for m in members(program)})
    if len(bits) > 1:
        levels = " and ".join(map(str, bits))
        what = f"populations with {levels} levels in a network with loops or shortcuts"
        why = "the host closes its loops: all populations are one layer, with one number of levels"
        yield Diagnostic("D481", what, program.name, why, "give all activations the same levels")
